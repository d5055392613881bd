"""Breaks runs at random points and looks at what is left. Called by scripts/faults; ends with 'N passed, N failed'.

Each trial starts from a workspace with a finished run and breaks one of several commands: killed at a random file operation or moment, killed
with everything lost that was not synced, or with the disk full from a random write on. After it the finished run has its bytes and answers, and the same
command with --resume ends with the digest of one that was left alone. Python's standard library only.
"""

import argparse
import collections
import csv
import datetime
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PRODUCT = os.path.join(ROOT, ".build/release/horizonscale")
CALLS = "openat,rename,renameat2,mkdir,unlink,unlinkat,rmdir,fsync,symlink,write,pwrite64,ftruncate"
SERVERS, DAYS = 12, 120
# What may be there after a run that was killed: it is gone after the next one.
LEFT_FOR_THE_NEXT = {".folds"}


def run(*arguments, **options):
    return subprocess.run([PRODUCT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)


def must(*arguments):
    done = run(*arguments)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def digest_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def files_below(folder):
    return {os.path.relpath(os.path.join(place, name), folder): digest_of(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names}


def manifests(workspace):
    """Finished runs and their digests."""
    found = {}
    for name in sorted(os.listdir(os.path.join(workspace, "runs"))):
        path = os.path.join(workspace, "runs", name, "run.json")
        if not name.startswith(".") and os.path.exists(path):
            with open(path) as f:
                found[name] = json.load(f)["digest"]
    return found


def most_of_a_thread(lines, calls):
    """Of some calls in a trace, how many the thread with the most of them has made."""
    return max(collections.Counter(thread for thread, call in (line.split(None, 1) for line in lines) if call.startswith(calls)).values())


class Fleet:
    """Inputs, a workspace to start from, and what each command makes of it when it is left alone."""

    def __init__(self, folder):
        self.folder = folder
        self.write_inputs()
        must("run", self.path("old.csv"), "--models", "fast", "--workspace", self.path("start"), "--quiet")
        self.first = os.path.basename(os.readlink(self.path("start", "latest")))
        self.kept = files_below(self.path("start", "runs", self.first))
        self.commands = {
            # One that learns from the fleet, so that there are trainings to lose.
            "forecast": ["forecast", "--models", "seasonal-naive,theta,xgboost,ensemble"],
            "run": ["run", self.path("all.csv"), "--models", "fast"],
            "append": ["run", self.path("day.csv"), "--append", "--models", "fast"],
            "late": ["run", self.path("late.csv"), "--append", "--models", "fast"],
        }
        self.wanted, self.calls, self.writes, self.seconds = {}, {}, {}, {}
        for name, command in self.commands.items():
            self.start_over()
            begin = time.monotonic()
            must(*command, "--workspace", self.w, "--quiet", "--threads", "1")
            self.seconds[name] = time.monotonic() - begin
            self.wanted[name] = self.made()
            self.start_over()
            trace = self.path("count")
            subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", f"trace={CALLS}", PRODUCT, *command, "--workspace", self.w, "--quiet", "--threads", "1"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            with open(trace) as f:
                lines = f.read().splitlines()
            # Injections count the calls of each thread by itself: the first that comes so far meets them.
            self.calls[name] = most_of_a_thread(lines, "")
            self.writes[name] = most_of_a_thread(lines, ("write(", "pwrite64("))
            assert self.made() == self.wanted[name], f"{name} is not the same twice"

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @property
    def w(self):
        return self.path("w")

    def start_over(self):
        shutil.rmtree(self.w, ignore_errors=True)
        shutil.copytree(self.path("start"), self.w, symlinks=True)

    def made(self):
        """The digest of the run that a command has added; nil where there is none."""
        added = {name: digest for name, digest in manifests(self.w).items() if name != self.first}
        return next(iter(added.values()), None)

    def write_inputs(self):
        """CSV files of a fleet: all but the last two days and one in between, the day after, one that holds both, and all."""
        numbers = random.Random(7)
        header = ["server", "resource", "time", "value"]
        first = datetime.date(2025, 1, 1)
        rows = []
        for server in range(SERVERS):
            for resource in ("cpu", "disk", "memory"):
                level, growth = numbers.uniform(10, 70), numbers.uniform(0, 0.2)
                for day in range(DAYS):
                    value = max(0.0, min(100.0, level + growth * day + 5 * (day % 7 > 4) + numbers.gauss(0, 2)))
                    rows.append((f"srv-{server:02}", resource, day, (first + datetime.timedelta(day)).isoformat(), round(value, 3)))
        late = DAYS - 10
        for name, wanted in {
            "old.csv": lambda d: d < DAYS - 2 and d != late, "day.csv": lambda d: d == DAYS - 2, "all.csv": lambda d: True,
            "late.csv": lambda d: d in (late, DAYS - 2),
        }.items():
            with open(self.path(name), "w", newline="") as f:
                out = csv.writer(f)
                out.writerow(header)
                out.writerows((s, r, t, v) for s, r, d, t, v in rows if wanted(d))


def drop_what_was_not_synced(trace, workspace):
    """Empties every file of the workspace that was written to after its last fsync: what a power cut can leave.

    - Returns: How many.
    """
    dirty, named = set(), re.compile(r"^\d+ +(\w+)\((?:\d+<([^>]*)>)?(.*)")
    with open(trace, errors="surrogateescape") as f:
        for line in f:
            found = named.match(line)
            if not found:
                continue
            call, path, rest = found.groups()
            if call in ("write", "pwrite64", "ftruncate") and path:
                dirty.add(path)
            elif call == "fsync" and path:
                dirty.discard(path)
            elif call in ("rename", "renameat2"):
                names = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
                if len(names) == 2 and not line.rstrip().endswith("= -1"):
                    moved = {p for p in dirty if p == names[0] or p.startswith(names[0] + "/")}
                    dirty = (dirty - moved) | {names[1] + p[len(names[0]):] for p in moved}
    emptied = 0
    for path in dirty:
        if path.startswith(workspace + "/") and os.path.isfile(path):
            os.truncate(path, 0)
            emptied += 1
    return emptied


class Trial:
    def __init__(self, fleet, name, fault, numbers):
        self.fleet, self.name, self.fault = fleet, name, fault
        fleet.start_over()
        command = [PRODUCT, *fleet.commands[name], "--workspace", fleet.w, "--quiet", "--threads", "1"]
        trace = fleet.path("trace")
        if fault == "moment":
            self.at = numbers.uniform(0, fleet.seconds[name])
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(self.at)
            process.send_signal(signal.SIGKILL)
            _, self.said = process.communicate()
            self.code = process.returncode
            return
        if fault == "full":
            self.at = numbers.randint(1, fleet.writes[name])
            inject = f"write,pwrite64:error=ENOSPC:when={self.at}+"
        else:
            self.at = numbers.randint(1, fleet.calls[name])
            inject = f"{CALLS}:signal=SIGKILL:when={self.at}"
        done = subprocess.run(["strace", "-f", "-y", "-qq", "-s", "0", "-o", trace, "-e", f"trace={CALLS}", "-e", f"inject={inject}", *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.code, self.said = done.returncode, done.stderr
        if fault == "lost":
            self.emptied = drop_what_was_not_synced(trace, fleet.w)

    def check(self):
        """- Returns: What became of it, in a word. - Throws: AssertionError with what was lost."""
        fleet = self.fleet
        now = files_below(fleet.path("w", "runs", fleet.first))
        assert now == fleet.kept, f"the earlier run has changed: {sorted(k for k in fleet.kept if now.get(k) != fleet.kept[k])}"
        if self.fault == "full":
            assert self.code in (0, 73, 74), f"exit {self.code}: {self.said}"
            assert self.code == 0 or "No space left on device" in self.said, f"said: {self.said}"
        else:
            assert self.code in (0, -9, 137), f"exit {self.code}: {self.said}"
        must("risk", "--workspace", fleet.w)
        must("explain", "srv-03", "cpu", "--workspace", fleet.w)
        made = fleet.made()
        assert made in (None, fleet.wanted[self.name]), "a run is there that differs from one that was left alone"
        said = run(*fleet.commands[self.name], "--resume", "--workspace", fleet.w, "--threads", "2")
        assert said.returncode == 0, f"--resume ended with {said.returncode}: {said.stderr}"
        assert fleet.made() == fleet.wanted[self.name], "what was resumed differs from a run that was left alone"
        left = [n for place in (fleet.w, fleet.path("w", "runs")) for n in os.listdir(place) if n.startswith(".") or n == "lock"]
        assert set(left) <= LEFT_FOR_THE_NEXT, f"left behind: {left}"
        if made:
            return "was finished"
        return "went on" if "Going on" in said.stderr else "started over"


def main():
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="trials that are killed, half at a file operation, half at a moment (default: 200)")
    parser.add_argument("--lost", type=int, default=50, help="trials that lose what was not synced as well (default: 50)")
    parser.add_argument("--full", type=int, default=50, help="trials with a full disk (default: 50)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    numbers = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="horizonscale-faults-")
    fleet = Fleet(folder)
    names = list(fleet.commands)
    faults = ["kill"] * (options.kills // 2) + ["moment"] * (options.kills - options.kills // 2) + ["lost"] * options.lost + ["full"] * options.full
    counts, failed, emptied = collections.Counter(), 0, 0
    for k, fault in enumerate(faults):
        trial = Trial(fleet, names[k % len(names)], fault, numbers)
        emptied += getattr(trial, "emptied", 0)
        try:
            became = trial.check()
        except AssertionError as error:
            failed += 1
            became = "FAILED"
            print(f"FAILED  {fault} of {trial.name} at {trial.at}: {error}", flush=True)
        counts[fault, trial.name, became] += 1
        if sys.stderr.isatty():
            print(f"\r{k + 1} of {len(faults)}", end="", file=sys.stderr)
    for (fault, name, became), count in sorted(counts.items()):
        print(f"{fault:7} {name:9} {became:13} {count}")
    print(f"{emptied} files lost what was not synced")
    shutil.rmtree(folder)
    print(f"{len(faults) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
