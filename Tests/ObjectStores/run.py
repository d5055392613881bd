"""Runs the tests of workspaces and inputs in an object store; called by scripts/test-s3."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from stores import REGION, Bucket, Proxy, Store

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests"))
from loop import run_tests, tests_in  # noqa: E402

FAST = ["--models", "seasonal-naive,line-30,theta", "--folds", "2", "--horizon", "30"]


class Bench:
    """A store, a bucket, a fleet, and horizonscale with an environment of its own."""

    def __init__(self, binary, folder, store):
        self.binary, self.folder, self.store = binary, pathlib.Path(folder), store
        self.fleet = self.folder / "fleet"
        self.bucket = None
        self.name = ""

    def begin(self, name):
        """A new bucket and new caches for a test."""
        self.name = re.sub("[^a-z0-9]", "-", name)
        self.bucket = Bucket(self.store, self.name[:50].strip("-"))
        self.caches = self.folder / "caches" / self.name
        self.at = f"s3://{self.bucket.name}/fleet"

    def environment(self, url=None, cache="a", **more):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        settings = {
            "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": url or self.store.url, "HORIZONSCALE_CACHE": str(self.caches / cache),
            "AWS_EC2_METADATA_DISABLED": "true", "HORIZONSCALE_S3_ATTEMPTS": "4"}
        settings.update({name: value for name, value in more.items() if value is not None})
        return kept | {name: value for name, value in settings.items() if more.get(name, value) is not None}

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.binary, *map(str, arguments)], env=self.environment(**environment), cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, code=0, **environment):
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"{arguments[0]} ended with {process.returncode}, not {code}:\n{err}{out[-500:]}"
        return Result(out, err)

    def make_run(self, *arguments, code=0, **environment):
        return self.run("run", self.fleet, "--workspace", self.at, *FAST, *arguments, code=code, **environment)

    def index(self):
        return json.loads(self.bucket.get("fleet/index.json"))

    def manifest(self, run):
        return json.loads(self.bucket.get(f"fleet/runs/{run}/run.json"))

    def latest(self):
        return self.bucket.get("fleet/latest").decode().strip().removeprefix("runs/")

    def require_whole(self):
        """What the index names is all there is, and is what it says."""
        names = {f"fleet/{entry['object']}" for entry in self.index()["files"]}
        there = set(self.bucket.keys("fleet/")) - {"fleet/index.json", "fleet/latest", "fleet/horizonscale.yaml"}
        assert there == names, (there - names, names - there)
        for entry in self.index()["files"]:
            assert len(self.bucket.get(f"fleet/{entry['object']}")) == entry["bytes"], entry
        assert not self.bucket.unfinished()


class Result:
    def __init__(self, out, err):
        self.out, self.err = out, err

    def says(self, *words):
        for word in words:
            assert word in self.err, f"'{word}' is missing in:\n{self.err}"
        return self


# --- A workspace and inputs in a store are as good as folders


def test_a_run_is_the_same_as_in_a_folder(bench):
    local = bench.folder / "local"
    bench.run("run", bench.fleet, "--workspace", local, *FAST)
    said = bench.make_run()
    name = bench.latest()
    here, there = json.loads((local / "runs" / name / "run.json").read_text()), bench.manifest(name)
    assert here["digest"] == there["digest"]
    assert f"{bench.at}/runs/{name}/report.html" in said.out and "/caches/" not in said.out + said.err
    bench.require_whole()
    for arguments in (["risk"], ["risk", "--format", "json"], ["ledger"], ["report", "--out", "-"]):
        assert bench.run(*arguments, "--workspace", bench.at, cache="b").out == bench.run(*arguments, "--workspace", local).out
    server = json.loads(bench.run("risk", "--format", "json", "--workspace", local).out)[0]
    for arguments in (["explain", server["server"], server["resource"]], ["explain", server["server"], server["resource"], "--json"]):
        assert bench.run(*arguments, "--workspace", bench.at, cache="b").out == bench.run(*arguments, "--workspace", local).out
    # Only what is needed is fetched: two files for a list.
    with Proxy(bench.store, lambda *_: None) as proxy:
        bench.run("risk", "--workspace", bench.at, url=proxy.url, cache="c")
        assert len({path for path in proxy.saw("GET", r"/runs/")}) == 2, proxy.seen
        assert not proxy.saw("GET", "forecasts") and not proxy.saw("PUT", ".")
    doctor = bench.run("doctor", "--deep", "--json", "--workspace", bench.at, cache="d")
    assert json.loads(doctor.out)["problems"] == 0, doctor.out


def test_inputs_may_lie_in_a_store(bench):
    bench.bucket.put_folder(bench.fleet, "export")
    (bench.folder / "small").mkdir(exist_ok=True)
    small = bench.folder / "small/one.csv"
    small.write_text("server,resource,time,value\n" + "".join(
        f"a,cpu,2025-{1 + d // 28:02}-{1 + d % 28:02},{d % 7}\n" for d in range(200)))
    bench.bucket.put("csv/2025/one.csv", small.read_bytes())
    bench.bucket.put("csv/notes.txt", b"none")
    local = bench.folder / "inputs-local"
    bench.run("run", bench.fleet, "--workspace", local, *FAST)
    runs = {}
    for given in (f"s3://{bench.bucket.name}/export/", f"s3://{bench.bucket.name}/export/*.parquet"):
        place = bench.folder / f"inputs-{len(runs)}"
        bench.run("run", given, "--workspace", place, *FAST)
        (run,) = (place / "runs").iterdir()
        runs[given] = json.loads((run / "run.json").read_text())
        assert not (place / ".scratch").exists()
    (run,) = (local / "runs").iterdir()
    here = json.loads((run / "run.json").read_text())
    for given, there in runs.items():
        # Inputs are named as they were given; all that counts is their content.
        assert {item["sha256"] for item in there["inputs"]} == {item["sha256"] for item in here["inputs"]}
        assert all(item["name"].startswith("s3://") for item in there["inputs"]), there["inputs"]
        outputs = [{item["name"]: item["sha256"] for item in run["outputs"] if item["name"] in DATA} for run in (here, there)]
        assert len(outputs[0]) == len(DATA) and outputs[0] == outputs[1]
    for given in ("csv/2025/one.csv", "csv", "csv/*/one.csv", "csv/**.csv"):
        said = bench.run("ingest", f"s3://{bench.bucket.name}/{given}", "--workspace", bench.folder / "inputs-csv")
        assert "200" in said.out
    bench.bucket.put("inventory/servers.csv", b"server,region\na,north\n")
    bench.run(
        "ingest", small, "--inventory", f"s3://{bench.bucket.name}/inventory/servers.csv", "--workspace",
        bench.folder / "inputs-csv")
    bench.bucket.put("csv/bad.csv", b"server,resource,time,value\na,cpu,2025-01-01,twelve\n")
    bench.run(
        "ingest", f"s3://{bench.bucket.name}/csv/bad.csv", "--workspace", bench.folder / "inputs-csv", code=65
    ).says(f"s3://{bench.bucket.name}/csv/bad.csv")


DATA = {"forecasts.parquet", "leaderboard.parquet", "decisions.parquet", "risks.parquet", "risks.csv", "risks.json"}


def test_the_next_run_scores_the_last_one_and_sends_only_what_is_new(bench):
    local = bench.folder / "next-local"
    for where in (local, bench.at):
        bench.run("run", bench.fleet, "--workspace", where, *FAST, "--as-of", "2025-09-30", cache="a")
        # Another machine makes the next one.
        bench.run("run", bench.fleet, "--workspace", where, *FAST, cache="b")
    assert sorted({key.split("/")[2] for key in bench.bucket.keys("fleet/runs/")}) == sorted(
        path.name for path in (local / "runs").iterdir())
    name = bench.latest()
    assert bench.manifest(name)["digest"] == json.loads((local / "runs" / name / "run.json").read_text())["digest"]
    assert bench.manifest(name)["ledger"]["rows"] > 0
    ledger = bench.run("ledger", "--workspace", bench.at, cache="c").out
    assert ledger == bench.run("ledger", "--workspace", local).out and len(ledger.splitlines()) > 3
    # The same again: the master has the bytes that it had.
    with Proxy(bench.store, lambda *_: None) as proxy:
        bench.run("ingest", bench.fleet, "--workspace", bench.at, url=proxy.url, cache="b")
        assert not proxy.saw("PUT", r"/part-"), proxy.saw("PUT", ".")
        assert not proxy.saw("GET", r"/part-|forecasts"), proxy.saw("GET", ".")
    bench.require_whole()


def test_expired_runs_are_removed(bench):
    for day in ("2025-09-05", "2025-09-12", "2025-09-30"):
        bench.make_run("--as-of", day)
    said = bench.make_run(HORIZONSCALE_KEEP_RUNS_DAYS="30").says("Removed 2 runs")
    assert "/caches/" not in said.err
    runs = {key.split("/")[2] for key in bench.bucket.keys("fleet/runs/")}
    assert {"2025-09-05", "2025-09-12"}.isdisjoint(runs) and "2025-09-30" in runs and len(runs) == 2
    assert any(key.startswith("fleet/ledger/made_at=2025-09-05") for key in bench.bucket.keys("fleet/ledger"))
    bench.require_whole()


def test_backtest_replay_and_settings_live_in_the_store(bench):
    bench.bucket.put("fleet/horizonscale.yaml", b"folds: 2\nhorizon: 30\nmodels: seasonal-naive,line-30\n")
    bench.run("ingest", bench.fleet, "--workspace", bench.at)
    bench.run("forecast", "--workspace", bench.at)
    assert bench.manifest(bench.latest())["horizon"] == 30
    assert bench.bucket.get("fleet/horizonscale.yaml").startswith(b"folds: 2")
    for _ in range(2):
        bench.run("backtest", "--keep-forecasts", "--workspace", bench.at)
        bench.require_whole()
    bench.run("backtest", "--workspace", bench.at)
    assert not [key for key in bench.bucket.keys("fleet/backtests/") if "backtest" in key.split("/")[-1]]
    bench.run("replay", "--at", "2025-09-30,2025-11-30", "--workspace", bench.at)
    shown = bench.run("replay", "--show", "--workspace", bench.at, cache="b")
    assert shown.out.strip()
    bench.require_whole()
    bench.bucket.put("fleet/horizonscale.yaml", b"colour: red\n")
    bench.run("forecast", "--workspace", bench.at, code=78).says(f"{bench.at}/horizonscale.yaml, line 1", "colour")


def test_the_dashboard_follows(bench):
    bench.make_run("--as-of", "2025-11-30")
    process = bench.start(
        "serve", "--listen", "127.0.0.1:0", "--workspace", bench.at, cache="b", HORIZONSCALE_S3_POLL="1")
    try:
        said = ""
        while not (found := re.search(r"at (http://127\.0\.0\.1:\d+)/", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        base = found[1]
        assert bench.at in said
        threading.Thread(target=process.stderr.read, daemon=True).start()

        def ask(path, method="GET", body=None):
            request = urllib.request.Request(base + path, method=method, data=body, headers={"Origin": base, "Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read()

        assert b"2025-11-30" in ask("/api/v1/summary")
        assert json.loads(ask("/api/v1/risks"))
        ask("/api/v1/scenarios/more", "PUT", b'{"title": "x", "changes": [{"capacity_percent": 20}]}')
        bench.make_run()
        wait_for(lambda: bench.latest().encode() in ask("/api/v1/summary"))
        wait_for(lambda: "fleet/scenarios/more.json" in bench.bucket.keys("fleet/scenarios"))
        ask("/api/v1/scenarios/more", "DELETE")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0
    assert not bench.bucket.keys("fleet/scenarios")
    assert not list((bench.caches / "b").glob("*/views/*"))


def wait_for(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come to hold"
        time.sleep(0.2)


# --- One writer


def test_of_writers_at_once_one_wins(bench):
    bench.run("ingest", bench.fleet, "--workspace", bench.at)
    writers = [bench.start("forecast", "--workspace", bench.at, *FAST, cache=f"machine-{k}") for k in range(4)]
    ends = [(process.communicate(timeout=300), process.returncode) for process in writers]
    codes = sorted(code for _, code in ends)
    # One that comes when the first has ended has the lock to itself.
    assert set(codes) == {0, 75} and codes.count(75) >= 1, ends
    for (_, err), code in ends:
        if code == 75:
            assert "in use by process" in err and f"aws s3 rm {bench.at}/lock" in err, err
    assert len(bench.index()["files"]) > 0 and "fleet/lock" not in bench.bucket.keys()
    bench.require_whole()


def test_the_lock_is_taken_by_one_of_many(bench):
    """Only the lock, many times: a writer that finds nothing to do."""
    bench.make_run()
    with Proxy(bench.store, lambda method, path: 5 if method == "DELETE" and path.endswith("/lock") else None) as proxy:
        writers = [
            bench.start("ingest", bench.fleet, "--workspace", bench.at, url=proxy.url, cache=f"machine-{k}") for k in range(8)]
        codes = sorted((process.communicate(timeout=300), process.returncode)[1] for process in writers)
    assert codes == [0] + [75] * 7, codes


def test_an_owner_elsewhere_is_believed(bench):
    owner = {"host": "elsewhere", "process": 1, "started": "2025-01-01T00:00:00Z", "cache": "x", "claim": "y"}
    bench.bucket.put("fleet/lock", json.dumps(owner).encode())
    bench.make_run(code=75).says("in use by process 1 on elsewhere since 2025-01-01T00:00:00Z", f"{bench.at}/lock")
    bench.bucket.put("fleet/lock", b"garbage")
    bench.make_run(code=75).says("in use", f"{bench.at}/lock")
    bench.bucket.remove("fleet/lock")
    bench.make_run()


def test_who_changes_a_workspace_without_the_lock_does_no_harm(bench):
    bench.make_run()
    changed = threading.Event()

    def rule(method, path):
        # While the new run is on its way, somebody else writes.
        if method == "PUT" and "forecasts" in path and not changed.is_set():
            changed.set()
            bench.bucket.put("fleet/index.json", bench.bucket.get("fleet/index.json") + b"\n")
        return None

    with Proxy(bench.store, rule) as proxy:
        said = bench.make_run(code=75, url=proxy.url).says("changed", "What was made is whole in")
    saved = re.search(r"whole in (\S+), a workspace", said.err)[1]
    assert bench.run("risk", "--workspace", saved).out
    assert bench.run("risk", "--workspace", bench.at, cache="b").out
    bench.make_run()
    bench.require_whole()


def test_a_prefix_with_others_objects_is_left_alone(bench):
    bench.bucket.put("fleet/runs/ours.txt", b"x")
    bench.make_run(code=73).says("no workspace of ours")
    assert bench.bucket.keys() == ["fleet/runs/ours.txt"]


# --- Faults


def held_up(reached, seconds):
    """A rule that says when a run is about to send its decisions, and makes it wait."""

    def rule(method, path):
        if method == "PUT" and "decisions" in path:
            reached.set()
            return seconds
        return None

    return rule


def test_killed_while_it_sends(bench):
    bench.make_run("--as-of", "2025-11-30")
    before = bench.run("risk", "--workspace", bench.at, cache="b").out
    reached = threading.Event()

    for cache in ("a", "other"):
        reached.clear()
        with Proxy(bench.store, held_up(reached, 30)) as proxy:
            process = bench.start("run", bench.fleet, "--workspace", bench.at, *FAST, url=proxy.url, cache=cache)
            assert reached.wait(120)
            time.sleep(0.3)
            process.kill()
            process.wait()
        # A reader with a cache and one without see the run before.
        assert bench.run("risk", "--workspace", bench.at, cache="b").out == before
        assert bench.run("risk", "--workspace", bench.at, cache=f"new-{cache}").out == before
        assert "fleet/lock" in bench.bucket.keys() and "fleet/pending.json" in bench.bucket.keys()
    # The owner has ended, which a process beside it can see, whatever its cache.
    bench.make_run(cache="a").says("which has ended, was taken over")
    assert bench.latest() != "2025-11-30"
    bench.require_whole()


def test_a_first_run_killed_while_it_sends(bench):
    reached = threading.Event()

    with Proxy(bench.store, held_up(reached, 30)) as proxy:
        process = bench.start("run", bench.fleet, "--workspace", bench.at, *FAST, url=proxy.url)
        assert reached.wait(120)
        process.kill()
        process.wait()
    bench.run("risk", "--workspace", bench.at, code=66).says("no workspace")
    bench.make_run()
    bench.require_whole()


def test_interrupted_while_it_sends(bench):
    bench.make_run("--as-of", "2025-11-30")
    reached = threading.Event()

    with Proxy(bench.store, held_up(reached, 2)) as proxy:
        process = bench.start("run", bench.fleet, "--workspace", bench.at, *FAST, url=proxy.url)
        assert reached.wait(120)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Interrupted" in err and "fleet/lock" not in bench.bucket.keys()
    assert bench.latest() == "2025-11-30"
    bench.make_run()
    bench.require_whole()


def test_a_store_that_is_busy_for_a_while(bench):
    count = {}

    def rule(method, path):
        # Each request is refused twice.
        key = (method, path.split("?")[0])
        count[key] = count.get(key, 0) + 1
        return "busy" if count[key] <= 2 else None

    bench.bucket.put_folder(bench.fleet, "export")
    with Proxy(bench.store, rule) as proxy:
        bench.run("run", f"s3://{bench.bucket.name}/export", "--workspace", bench.at, *FAST, url=proxy.url)
    bench.require_whole()


def test_a_store_that_stays_busy(bench):
    bench.make_run()
    begun = time.monotonic()
    with Proxy(bench.store, lambda *_: "busy") as proxy:
        bench.run("risk", "--workspace", bench.at, url=proxy.url, code=66).says(bench.at, "too busy", "HORIZONSCALE_S3_")
        bench.run("ingest", f"s3://{bench.bucket.name}/export", url=proxy.url, code=66).says("too busy")
    assert time.monotonic() - begun < 30
    # A run whose result cannot be sent keeps it here.
    full = lambda method, path: "busy" if method == "PUT" and "forecasts" in path else None  # noqa: E731
    with Proxy(bench.store, full) as proxy:
        said = bench.make_run(url=proxy.url, code=74).says("cannot be written", "What was made is whole in")
    assert bench.run("risk", "--workspace", re.search(r"whole in (\S+), a workspace", said.err)[1]).out
    bench.make_run()
    bench.require_whole()


def test_a_store_that_says_nothing(bench):
    bench.make_run()
    slow = {"HORIZONSCALE_S3_TIMEOUT": "1", "HORIZONSCALE_S3_ATTEMPTS": "2"}
    begun = time.monotonic()
    with Proxy(bench.store, lambda *_: "stall") as proxy:
        bench.run("risk", "--workspace", bench.at, url=proxy.url, code=66, **slow).says("sent nothing for 1 s", "TIMEOUT")
        bench.run("ingest", f"s3://{bench.bucket.name}/export", url=proxy.url, code=66, **slow).says("sent nothing for 1 s")
    assert time.monotonic() - begun < 20
    with Proxy(bench.store, lambda method, path: "stall" if "risks.parquet" in path else None) as proxy:
        bench.run("risk", "--workspace", bench.at, url=proxy.url, cache="b", code=66, **slow).says("sent nothing")


def test_an_answer_that_is_lost(bench):
    lost = set()

    def rule(method, path):
        # The work is done, but who asked does not learn of it.
        if method in ("PUT", "DELETE") and path.endswith(("/lock", "/index.json", "/latest")) and (method, path) not in lost:
            lost.add((method, path))
            return "drop"
        return None

    with Proxy(bench.store, rule) as proxy:
        bench.make_run(url=proxy.url)
    assert len(lost) == 4
    bench.require_whole()


def test_a_server_that_is_not_there(bench):
    url = "http://127.0.0.1:1"
    bench.run("risk", "--workspace", bench.at, url=url, code=66).says(bench.at, url, "cannot be reached")
    bench.run("ingest", f"s3://{bench.bucket.name}/x.csv", url=url, code=66).says(url, "cannot be reached")
    bench.make_run(url=url, code=74).says(bench.at, url, "cannot be reached")


def test_what_is_missing_is_named(bench):
    bench.run("risk", "--workspace", bench.at, code=66).says(f"no workspace at {bench.at}", "horizonscale run")
    bench.run("risk", "--workspace", "s3://no-such-bucket/x", code=66).says("no bucket 'no-such-bucket'")
    bench.run("run", bench.fleet, "--workspace", "s3://no-such-bucket/x", code=73).says("no bucket 'no-such-bucket'")
    for given in ("x.csv", "folder/", "*.csv"):
        bench.run("ingest", f"s3://{bench.bucket.name}/{given}", code=66).says(f"s3://{bench.bucket.name}/")
    bench.run("ingest", "s3://no-such-bucket/x.csv", code=66).says("no-such-bucket")
    bench.run("ingest", "s3://UPPER/x.csv", code=64).says("names no bucket")
    bench.run("risk", "--workspace", "s3://key:secret@bucket/x", code=64)
    bench.make_run()
    bench.run("explain", "nobody", "cpu", "--workspace", bench.at, code=66)
    for entry in bench.index()["files"]:
        if entry["path"].endswith("risks.parquet"):
            bench.bucket.put(f"fleet/{entry['object']}", b"x" * entry["bytes"])
    bench.run("risk", "--workspace", bench.at, cache="b", code=65).says("its digest differs")
    # Whoever has it in its cache does not fetch it.
    bench.run("risk", "--workspace", bench.at)


def test_keys_are_needed_and_checked(bench):
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    bench.run("risk", "--workspace", bench.at, code=78, **none).says("no keys", "AWS_ACCESS_KEY_ID")
    bench.run("ingest", f"s3://{bench.bucket.name}/x.csv", code=78, **none).says("no keys")
    bench.make_run()
    bench.run("risk", "--workspace", f"{bench.at}?anonymous=true", code=66, **none).says("denies it")
    for key in bench.bucket.keys():
        bench.bucket.s3.put_object_acl(Bucket=bench.bucket.name, Key=key, ACL="public-read")
    listed = bench.run("risk", "--workspace", f"{bench.at}?anonymous=true", **none).out
    assert listed == bench.run("risk", "--workspace", bench.at).out
    with Store(keys_after=5) as guarded:
        iam = guarded.client("iam")
        iam.create_user(UserName="reader")
        keys = iam.create_access_key(UserName="reader")["AccessKey"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}]}
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
        guarded.client().create_bucket(Bucket="guarded", CreateBucketConfiguration={"LocationConstraint": REGION})
        guarded.client().put_object(Bucket="guarded", Key="one.csv", Body=b"server,resource,time,value\na,cpu,2025-01-01,1\n")
        right = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
        at = "s3://guarded/fleet"
        # Signed as moto checks it: reading is allowed, so that what is missing is missing; writing is denied.
        bench.run("risk", "--workspace", at, url=guarded.url, code=66, **right).says("no workspace")
        bench.run("run", bench.fleet, "--workspace", at, url=guarded.url, code=74, **right).says("denies it", "s3:PutObject")
        wrong = right | {"AWS_SECRET_ACCESS_KEY": "wrong"}
        bench.run("risk", "--workspace", at, url=guarded.url, code=78, **wrong).says("does not take the keys")
        unknown = {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN", "AWS_SECRET_ACCESS_KEY": "x"}
        bench.run("risk", "--workspace", at, url=guarded.url, code=78, **unknown).says("does not take the keys")
        # An answer about an object's size has no body that could say why.
        bench.run("ingest", "s3://guarded/one.csv", url=guarded.url, code=66, **unknown).says("guarded", "denies it")


def test_a_large_object_goes_in_parts(bench):
    # Two requests' worth and more, through Arrow's uploads in parts and back.
    rows = ["server,resource,time,value\n"]
    for server in range(900):
        rows += [f"server-{server:05},cpu,2024-{1 + d // 28:02}-{1 + d % 28:02},{(server * 7919 + d * 104729) % 100003 / 1000}\n"
                 for d in range(336)]
    big = bench.folder / "big.csv"
    big.write_text("".join(rows))
    bench.run("ingest", big, "--workspace", bench.at, "--threads", 1)
    bench.run("ingest", big, "--workspace", bench.folder / "big-local")
    bench.bucket.put("export/big.csv", big.read_bytes())
    bench.run("ingest", f"s3://{bench.bucket.name}/export/big.csv", "--workspace", bench.folder / "big-there")
    manifests = [
        json.loads((bench.folder / name / "master/manifest.json").read_text()) for name in ("big-local", "big-there")]
    assert manifests[0]["readingCount"] == manifests[1]["readingCount"] == 900 * 336
    assert manifests[0]["inputs"][0]["sha256"] == manifests[1]["inputs"][0]["sha256"]
    bench.require_whole()
    bench.run("forecast", *FAST, "--workspace", bench.at, cache="b")
    assert max(entry["bytes"] for entry in bench.index()["files"]) > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(ROOT / ".build/release/horizonscale"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="horizonscale-s3-")
    with Store() as store, contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bench = Bench(options.binary, folder, store)
        subprocess.run(
            [options.binary, "synth", "--out", str(bench.fleet), "--servers", "12", "--days", "400", "--quiet"], check=True)

        def call(name, test):
            bench.begin(name)
            test(bench)

        sys.exit(1 if run_tests(tests_in(globals()), call, options.names) else 0)


if __name__ == "__main__":
    main()
