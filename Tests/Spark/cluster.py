"""A standalone Spark cluster on loopback that ends with the process that started it."""

import os
import re
import signal
import socket
import subprocess
import time

import pyspark

HOME = os.path.dirname(pyspark.__file__)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, folder, python, workers=2):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.environment = os.environ | {
            "SPARK_HOME": HOME, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python,
            "SPARK_LOCAL_DIRS": os.path.join(folder, "local"), "SPARK_NO_DAEMONIZE": "1",
        }
        self.processes = []
        self.start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(self.port), "--webui-port", "0")
        self.wait_for("master", "I have been elected leader")
        self.workers = [
            self.start(f"worker-{n}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0", "--cores", "1", "--memory", "1500m",
                       "--work-dir", os.path.join(folder, f"work-{n}"), self.url)
            for n in range(workers)
        ]
        for n in range(workers):
            self.wait_for(f"worker-{n}", "Successfully registered with master")

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.port}"

    def log(self, name):
        return os.path.join(self.folder, name + ".log")

    def start(self, name, *command):
        with open(self.log(name), "wb") as log:
            # A group of its own, so that an executor goes with its worker.
            process = subprocess.Popen([os.path.join(HOME, "bin", "spark-class"), *command], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.processes.append(process)
        return process

    def wait_for(self, name, words, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with open(self.log(name), errors="replace") as log:
                if re.search(words, log.read()):
                    return
            time.sleep(0.2)
        raise SystemExit(f"test-spark: {name} did not start; see {self.log(name)}")

    def submit(self, name, archive, *arguments):
        """A job under way; what it says goes into its log."""
        command = [
            os.path.join(HOME, "bin", "spark-submit"), "--master", self.url, "--archives", f"{archive}#horizonscale",
            "--conf", "spark.executor.memory=900m", "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1",
            "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=8",
            "--conf", "spark.sql.execution.arrow.maxRecordsPerBatch=20000", *arguments,
        ]
        with open(self.log(name), "wb") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def stop(self):
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
