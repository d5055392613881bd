"""S3 servers for the tests, and what stands between them and us: all on loopback, all ended with the test."""

import contextlib
import http.client
import http.server
import os
import re
import socket
import subprocess
import sys
import threading
import time

import boto3
import botocore.config

REGION = "eu-west-1"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Store:
    """A moto server. With `keys_after` requests, all later ones must be signed by keys that moto has given out."""

    def __init__(self, keys_after=None):
        self.port = free_port()
        env = dict(os.environ)
        if keys_after is not None:
            env["INITIAL_NO_AUTH_ACTION_COUNT"] = str(keys_after)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError("moto does not start")

    def client(self, what="s3", key="key", secret="secret"):
        config = botocore.config.Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(
            what, endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION, config=config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Bucket:
    """A bucket as an independent client sees it."""

    def __init__(self, store, name):
        self.s3, self.name = store.client(), name
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def keys(self, prefix=""):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def get(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def put(self, key, body):
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def remove(self, key):
        self.s3.delete_object(Bucket=self.name, Key=key)

    def put_folder(self, folder, prefix):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.s3.upload_file(str(path), self.name, f"{prefix}/{path.relative_to(folder)}")

    def unfinished(self):
        return self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])


BUSY = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
        b"<Message>Please reduce your request rate.</Message></Error>")


class Proxy:
    """Passes requests on to a store, but for those that a rule takes: `rule(method, path)` gives None to pass one on, 'busy',
    'stall', 'drop' (the answer is lost, the work is done), or seconds to wait before."""

    def __init__(self, store, rule):
        proxy = self
        self.seen = []
        self.rule = rule
        self.released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def content(self):
                if self.headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length") or 0))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def answer(self):
                body = self.content()
                proxy.seen.append((self.command, self.path))
                verdict = proxy.rule(self.command, self.path)
                if verdict == "busy":
                    self.send_response(503)
                    self.send_header("content-length", str(len(BUSY)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(BUSY)
                    return
                if verdict == "stall":
                    proxy.released.wait(60)
                    self.close_connection = True
                    return
                if isinstance(verdict, (int, float)):
                    proxy.released.wait(verdict)
                onward = http.client.HTTPConnection("127.0.0.1", store.port)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("expect", "transfer-encoding")}
                onward.request(self.command, self.path, body, headers)
                response = onward.getresponse()
                content = response.read()
                if verdict == "drop":
                    self.close_connection = True
                    return
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                length = response.getheader("content-length") if self.command == "HEAD" else str(len(content))
                self.send_header("content-length", length or "0")
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def handle(self):
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def saw(self, method, pattern):
        return [path for seen, path in self.seen if seen == method and re.search(pattern, path)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
