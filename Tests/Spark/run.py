"""Holds the Spark job against the single machine. Called by scripts/test-spark; ends with 'N passed, N failed'."""

import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq

from cluster import Cluster

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PRODUCT = os.path.join(ROOT, ".build/release/horizonscale")
JOB = os.path.join(ROOT, "integrations/spark/horizonscale_spark.py")
sys.path.append(os.path.join(ROOT, "Tests"))
from loop import run_tests, tests_in  # noqa: E402


def horizonscale(*arguments):
    subprocess.run([PRODUCT, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def children(pid):
    """A process and all below it."""
    below = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                fields = f.read().rsplit(")", 1)
        except OSError:
            continue
        below.setdefault(int(fields[1].split()[1]), []).append(int(stat.split("/")[2]))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += below.get(one, [])
    return found


class Bench:
    """A folder with what the tests share."""

    def __init__(self, folder):
        self.folder = folder
        self.archive = self.path("horizonscale.tar.gz")
        tree = sorted(glob.glob(os.path.join(ROOT, "dist/horizonscale-*/bin")))[-1]
        subprocess.run(["tar", "-czf", self.archive, "-C", os.path.dirname(tree), "bin", "lib"], check=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def fleet(self, servers, days=1095):
        name = f"fleet-{servers}-{days}"
        if not os.path.exists(self.path(name)):
            horizonscale("synth", "--out", self.path(name), "--servers", servers, "--days", days)
        return self.path(name)

    def workspace(self, name, fleet):
        horizonscale("ingest", fleet, "--workspace", self.path(name))
        return self.path(name)

    def submit(self, cluster, name, workspace, *arguments):
        return cluster.submit(name, self.archive, JOB, "--workspace", workspace, "--stage", self.path(f"stage-{name}"), "--binary", PRODUCT, *arguments)


def manifest(workspace):
    with open(os.path.join(workspace, "latest/run.json")) as f:
        return json.load(f)


def outputs(workspace):
    return {o["name"]: o["sha256"] for o in manifest(workspace)["outputs"] if o["name"] != "timings.parquet"}


def finished(process, cluster, name, seconds=1500):
    if process.wait(seconds) != 0:
        with open(cluster.log(name), errors="replace") as log:
            raise AssertionError(f"the job ended with {process.returncode}:\n" + "".join(log.readlines()[-30:]))


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def test_a_killed_worker_changes_nothing(bench, start):
    """500 servers; one of two workers is killed in the middle of the contest."""
    fleet = bench.fleet(500)
    horizonscale("run", fleet, "--workspace", bench.path("single"))
    workspace = bench.workspace("spark", fleet)
    cluster = start("killed")
    job = bench.submit(cluster, "killed", workspace)
    victim = cluster.workers[0]
    # One that is at work: a child of its executor plays a contest.
    end = time.monotonic() + 600
    while job.poll() is None and time.monotonic() < end:
        busy = [p for p in children(victim.pid) if is_contest(p)]
        if busy:
            break
        time.sleep(0.05)
    check(job.poll() is None, "the job ended before a worker could be killed: see " + cluster.log("killed"))
    time.sleep(1)
    for pid in children(victim.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    finished(job, cluster, "killed")
    check(outputs(bench.path("spark")) == outputs(bench.path("single")), "the tables differ from those of one machine")
    check(manifest(bench.path("spark"))["digest"] == manifest(bench.path("single"))["digest"], "the digests of the runs differ")


def is_contest(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            words = f.read().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"bin/horizonscale") and b"contest" in words


def series_of(master):
    found = set()
    for part in glob.glob(os.path.join(master, "resource=*/part-*.parquet")):
        resource = part.split("/")[-2].removeprefix("resource=")
        found |= {(s, resource) for s in pq.read_table(part, columns=["server"], partitioning=None)["server"].to_pylist()}
    return found


def test_what_fails_costs_its_series(bench, start):
    """A server that kills every worker that reads it, and one whose readings are no numbers: their rows are missing, all others there."""
    fleet = bench.fleet(40, 400)
    workspace = bench.workspace("failing", fleet)
    names = sorted(set(pq.read_table(os.path.join(fleet, "inventory.parquet"))["server"].to_pylist()))
    deadly, poisoned = names[7], names[21]
    lake = bench.path("lake")
    shutil.copytree(os.path.join(workspace, "master"), lake)
    part = os.path.join(lake, "resource=cpu/part-00000.parquet")
    table = pq.read_table(part, partitioning=None)
    value = [float("inf") if s == poisoned else v for s, v in zip(table["server"].to_pylist(), table["value"].to_pylist())]
    pq.write_table(table.set_column(table.schema.get_field_index("value"), "value", pa.array(value)), part)
    wrapper = bench.path("deadly-worker")
    with open(wrapper, "w") as f:
        f.write(f"""#!{sys.executable}
import os, signal, subprocess, sys
import pyarrow as pa

read = sys.stdin.buffer.read()
if {deadly!r} in pa.ipc.open_stream(read).read_all()["server"].to_pylist():
    os.kill(os.getpid(), signal.SIGSEGV)
sys.exit(subprocess.run([{PRODUCT!r}, *sys.argv[1:]], input=read).returncode)
""")
    os.chmod(wrapper, 0o755)
    cluster = start("failing")
    job = bench.submit(cluster, "failing", workspace, "--readings", lake, "--worker-binary", wrapper, "--", "--models", "fast")
    finished(job, cluster, "failing")
    forecasts = pq.read_table(os.path.join(workspace, "latest/forecasts.parquet"), columns=["server", "resource"]).to_pandas()
    there = set(map(tuple, forecasts.drop_duplicates().to_numpy()))
    wanted = {x for x in series_of(os.path.join(workspace, "master")) if x[0] != deadly} - {(poisoned, "cpu")}
    check(there == wanted, f"forecasts of {len(there)} series in place of {len(wanted)}; wrong: {sorted(there ^ wanted)[:5]}")
    notes = " ".join(manifest(workspace)["notes"])
    failed = sum(1 for s, _ in series_of(os.path.join(workspace, "master")) if s == deadly) + 1
    check(f"{failed} series failed in the workers" in notes, f"the run does not tell of them: {notes}")



def main():
    folder = tempfile.mkdtemp(prefix="horizonscale-spark-", dir=os.path.join(ROOT, ".build"))
    bench = Bench(folder)

    def call(_, test):
        with contextlib.ExitStack() as clusters:

            def start(name):
                cluster = Cluster(os.path.join(folder, f"cluster-{name}"), sys.executable)
                clusters.callback(cluster.stop)
                return cluster

            test(bench, start)

    failed = run_tests(tests_in(globals()), call, sys.argv[1:])
    if not failed:
        shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
