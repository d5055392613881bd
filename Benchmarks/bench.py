"""Measures the product and keeps every raw row; see `Benchmarks/run --help`.

Each section writes Benchmarks/results/<date>-<section>.jsonl: first a row with machine, commit and binary, then one row per
repetition of a command. `summary` (always done last) writes results/README.md from the newest file of each section; no
figure in it is typed by hand. Python's standard library only, but for `accuracy`, `sawtooth`, `rebasing`, `peers`, `prophet`, `challengers` and `contest`,
which scripts/peers equips.
"""

import argparse
import datetime
import glob
import hashlib
import json
import math
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time

import challengers
import contest
import serving

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
RESULTS = os.path.join(HERE, "results")
PEERS = os.path.join(ROOT, ".venv/peers/bin/python")
SERVERS, DAYS = 2000, 1095
SPARK_FLEETS = (500, SERVERS)
LARGE_FLEET, LARGEST_FLEET = 20_000, 100_000
STRESS_SERVERS = 100
# Share of the machine that others may take while a repetition still counts as quiet. Every repetition is kept, the summary
# uses the quiet ones where there are any; whether one counts never depends on its own time.
MOST_OF_OTHERS = 0.05
# Of the mixed fleet that peers play too, so many servers: one resource of AutoARIMA takes seconds.
PEERS_SERVERS, PEERS_FLEET = 15, f"{contest.SEEDS['mixed'][0]}:{contest.SERVERS['mixed']}"
# What is asked of the champion over the best single peer (issue 6).
BESIDE_PEERS = 0.95
REAL_DATA = ("fleet_hourly_bitbrains24.csv", "daily_long.csv", "nab_aws")
# What a run leaves in its workspace besides the master.
MADE_BY_RUNS = ("runs", "latest", ".folds")
RESOURCES = {"cpu": (16, "cores"), "disk": (500, "GB"), "memory": (64, "GB"), "network": (1000, "Mbps")}


# --- measuring ---------------------------------------------------------------------------------------------------------


def busy_seconds():
    """CPU seconds that the whole machine has spent so far, by anybody."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options):
        self.options = options
        self.binary = os.path.abspath(options.binary)
        self.scratch = os.path.abspath(options.scratch)
        self.file = None

    def path(self, *parts):
        return os.path.join(self.scratch, *parts)

    def begin(self, section):
        os.makedirs(self.scratch, exist_ok=True)
        os.makedirs(RESULTS, exist_ok=True)
        self.file = open(os.path.join(RESULTS, f"{self.options.date}-{section}.jsonl"), "w")
        self.write({"row": "head", "section": section, **self.circumstances()})

    def write(self, row):
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def circumstances(self):
        git = lambda *a: subprocess.run(["git", "-C", ROOT, *a], capture_output=True, text=True).stdout.strip()
        built = os.path.getmtime(self.binary)
        stale = any(os.path.getmtime(f) > built for f in glob.glob(os.path.join(ROOT, "Sources/**/*"), recursive=True) if os.path.isfile(f))
        with open("/proc/cpuinfo") as f:
            model = next((l.split(":")[1].strip() for l in f if l.startswith("model name")), platform.machine())
        with open(self.binary, "rb") as f:
            digest = hashlib.file_digest(f, "sha256").hexdigest()
        return {
            "date": self.options.date, "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            # The checkout's commit is the binary's only when nothing in Sources is newer than the binary or uncommitted.
            "checkout_commit": git("rev-parse", "--short", "HEAD"), "binary_is_of_that_commit": not stale and not git("status", "--porcelain", "--", "Sources"),
            "binary_sha256": digest, "version": subprocess.run([self.binary, "--version"], capture_output=True, text=True).stdout.strip(),
        }

    def wait_for_quiet(self):
        """Waits until others leave the machine alone, for as long as --patience allows."""
        end = time.monotonic() + self.options.patience
        while time.monotonic() < end:
            before = busy_seconds()
            time.sleep(1)
            if busy_seconds() - before < 0.1:
                return

    def start(self, *arguments):
        argv = [self.binary, *map(str, arguments)]
        shown = " ".join(["horizonscale", *map(str, arguments)])
        shown = shown.replace(self.scratch, "$BENCH").replace(os.path.abspath(self.options.data), "$DATA")
        output = open(self.path("talk"), "ab")
        return subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL), shown

    def finish(self, process, accepted=(0,)):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepted:
            sys.exit(f"bench: {process.args} ended with {process.returncode}; what it said is in {self.path('talk')}")
        return usage

    def measure(self, step, repetition, *commands, accepted=(0,), patient=True):
        """Runs one command, or several at the same time, and writes a row. Wall time ends with the last one."""
        if patient:
            self.wait_for_quiet()
        busy = busy_seconds()
        begin = time.perf_counter()
        started = [self.start(*c) for c in commands]
        usages = [self.finish(p, accepted) for p, _ in started]
        wall = time.perf_counter() - begin
        busy = busy_seconds() - busy
        user, system = sum(u.ru_utime for u in usages), sum(u.ru_stime for u in usages)
        row = {
            "row": "measured", "step": step, "repetition": repetition, "command": " & ".join(s for _, s in started),
            "wall_s": round(wall, 4), "user_s": round(user, 4), "sys_s": round(system, 4),
            "peak_rss_mb": round(max(u.ru_maxrss for u in usages) / 1024, 1),
            # What everybody else took meanwhile: a wall time with much of it says little.
            "others_cpu_s": round(max(0.0, busy - user - system), 2),
        }
        row["quiet"] = is_quiet(row["others_cpu_s"], wall)
        self.write(row)
        print(f"  {step:28} {wall:8.2f} s   cpu {user + system:8.2f} s   {row['peak_rss_mb']:8.1f} MB   others {row['others_cpu_s']:.1f} s")
        return row

    def rounds(self, body, wanted=None):
        """Calls body(n), which tells whether it ran undisturbed, until enough have or twice as many have been tried."""
        wanted = wanted or self.options.repeat
        quiet = 0
        for n in range(2 * wanted):
            quiet += bool(body(n))
            if quiet == wanted:
                return

    def note(self, step, **fields):
        self.write({"row": "figure", "step": step, **fields})

    def remove(self, *names):
        for name in names:
            path = self.path(name)
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)

    def fleet(self, servers, seed=42, *scenario):
        """A synthetic fleet in the scratch folder, made once; the mixed one unless a scenario is named."""
        name = "-".join(map(str, ["fleet", *scenario, servers, seed]))
        if not os.path.exists(self.path(name, "truth.parquet")):
            self.finish(self.start("synth", "--out", self.path(name), "--servers", servers, "--days", DAYS, "--seed", seed, "--quiet", *[a for s in scenario for a in ("--scenario", s)])[0])
        return self.path(name, "metrics.parquet")

    def note_run(self, step):
        """What the run in workspace `w` says of itself, and how large its report is."""
        manifest = self.manifest("w")
        size = os.path.getsize(glob.glob(self.path("w/runs/*/report.html"))[0])
        self.note(step, stages=manifest["timings"], counts=manifest["counts"], report_mb=round(size / 2**20, 3))

    def master(self, workspace):
        with open(self.path(workspace, "master/manifest.json")) as f:
            return json.load(f)

    def manifest(self, workspace):
        with open(glob.glob(self.path(workspace, "runs/*/run.json"))[0]) as f:
            return json.load(f)


def is_quiet(others, wall):
    """Whether others took so little of the machine, CPU seconds in a wall time, that a repetition counts."""
    return others <= 0.05 + MOST_OF_OTHERS * wall * os.cpu_count()


def size_of(folder):
    return sum(os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


# --- sections ----------------------------------------------------------------------------------------------------------


def write_csv(path, servers, wanted=range(DAYS)):
    """A fleet of the shape of synth's, in CSV, without any library: a weekly wave, growth and noise, seeded; the wanted days of it."""
    numbers = random.Random(42)
    first = datetime.date(2023, 1, 2)
    days = [(first + datetime.timedelta(d)).isoformat() for d in range(DAYS)]
    noise = [numbers.gauss(0, 1) for _ in range(99_991)]
    with open(path, "w") as f:
        f.write("server,resource,time,value,capacity,unit\n")
        for n in range(servers):
            for k, (resource, (capacity, unit)) in enumerate(RESOURCES.items()):
                head, tail, at = f"bench-{n:05},{resource},", f",{capacity},{unit}\n", numbers.randrange(99_991)
                level, growth = numbers.uniform(0.05, 0.7) * capacity, numbers.uniform(0, 0.3) / DAYS
                f.write("".join(
                    f"{head}{day}T00:00:00Z,{abs(level * (1 + growth * d - (0.1 if d % 7 > 4 else 0) + 0.05 * noise[(at + d) % 99_991])):.3f}{tail}"
                    for d, day in enumerate(days) if d in wanted))


def speed(bench):
    def timed(step, arguments, made="w"):
        def body(n):
            bench.remove(made)
            return bench.measure(step, n, arguments)["quiet"]

        bench.rounds(body)

    timed("synth", ["synth", "--out", bench.path("synth"), "--servers", SERVERS, "--days", DAYS, "--quiet"], made="synth")
    bench.remove("synth")
    metrics, into = bench.fleet(SERVERS), ["--workspace", bench.path("w"), "--quiet"]
    timed("ingest parquet", ["ingest", metrics, *into])
    timed("run", ["run", metrics, "--folds", 6, "--horizon", 180, *into])
    bench.note_run("run")
    csv = bench.path("metrics.csv")
    write_csv(csv, SERVERS)
    bench.note("ingest csv", csv_mb=os.path.getsize(csv) / 2**20, rows=SERVERS * len(RESOURCES) * DAYS)
    timed("ingest csv", ["ingest", csv, *into])
    bench.remove("metrics.csv", "w")
    for n in range(20):
        bench.measure("version", n, ["--version"])


def scale(bench):
    if shutil.disk_usage(bench.scratch).free < 5e9:
        sys.exit("bench: scale wants 5 GB of free disk; name another folder with --scratch.")
    fleets = {servers: bench.fleet(servers) for servers in (SERVERS, 4 * SERVERS)}

    def body(n):
        quiet = True
        for servers, metrics in fleets.items():
            bench.remove("w")
            command = ["run", metrics, "--workspace", bench.path("w"), "--folds", 6, "--horizon", 180, "--quiet"]
            quiet &= bench.measure(f"run {servers}", n, command)["quiet"]
            bench.note_run(f"run {servers}")
        return quiet

    bench.rounds(body, wanted=max(1, bench.options.repeat - 1))
    bench.remove("w", f"fleet-{4 * SERVERS}-42")


def large(bench, most=LARGE_FLEET):
    """A fleet far larger than usual between two runs of the usual one: the readings into the master, and fast models on it."""
    into = ["--workspace", bench.path("w"), "--quiet"]
    # The machine that the large one had is not the one before it, nor the one after.
    for n, servers in enumerate((SERVERS, most, SERVERS)):
        if shutil.disk_usage(bench.scratch).free < 250_000 * servers:
            sys.exit(f"bench: {servers} servers want {servers // 4000} GB of free disk; name another folder with --scratch.")
        metrics = bench.fleet(servers)
        bench.remove("w")
        bench.measure(f"ingest {servers}", n, ["ingest", metrics, *into])
        bench.remove(f"fleet-{servers}-42")
        bench.measure(f"forecast {servers}", n, ["forecast", "--models", "fast", *into])
        bench.note_run(f"forecast {servers}")
        bench.note(f"files {servers}", master_mb=round(size_of(bench.path("w", "master")) / 1e6), run_mb=round(size_of(bench.path("w", "runs")) / 1e6), folds_mb=round(size_of(bench.path("w", ".folds")) / 1e6))
        bench.remove("w")


def largest(bench):
    """An hour of it."""
    large(bench, LARGEST_FLEET)


def hourly(bench):
    """Three years of hours of 2,000 servers: brought to days and forecast 180 days, and as they are for 14 days."""
    into = ["--workspace", bench.path("w"), "--quiet"]
    folder = bench.path("fleet-hours")
    bench.finish(bench.start("synth", "--out", folder, "--servers", SERVERS, "--days", DAYS, "--step", "hour", "--quiet")[0])
    bench.note("input", rows=SERVERS * len(RESOURCES) * DAYS * 24, megabytes=round(size_of(folder) / 1e6))
    for step, horizon in (("day", 180), ("hour", 14 * 24)):
        bench.remove("w")
        bench.measure(f"ingest to {step}s", 0, ["ingest", os.path.join(folder, "metrics.parquet"), "--step", step, *into])
        bench.measure(f"forecast {step}s", 0, ["forecast", "--horizon", horizon, "--models", "fast", *into])
        bench.note_run(f"forecast {step}s")
    bench.remove("w", "fleet-hours")


def threads(bench):
    """One forecast with two threads against two single-threaded forecasts at the same time, in turns; each from nothing."""
    metrics = bench.fleet(SERVERS)
    bench.remove("w1", "w2")
    bench.finish(bench.start("ingest", metrics, "--workspace", bench.path("w1"), "--quiet")[0])
    shutil.copytree(bench.path("w1"), bench.path("w2"))
    forecast = lambda w, t: ["forecast", "--workspace", bench.path(w), "--threads", t, "--quiet"]
    steps = {"two threads": [forecast("w1", 2)], "two copies": [forecast("w1", 1), forecast("w2", 1)]}

    def body(n):
        rows = {}
        # Whoever comes first does so in every second round only: a machine that gets slower is not the product's doing.
        for step in sorted(steps, reverse=n % 2 == 0):
            # A run that finds its folds played has little left to share between threads.
            bench.remove(*(f"{w}/{made}" for w in ("w1", "w2") for made in MADE_BY_RUNS))
            rows[step] = bench.measure(step, n, *steps[step])
        quiet = all(r["quiet"] for r in rows.values())
        bench.note("thread ratio", repetition=n, quiet=quiet, of_two_copies=rows["two copies"]["wall_s"] / (2 * rows["two threads"]["wall_s"]))
        return quiet

    bench.rounds(body, wanted=max(3, bench.options.repeat))
    bench.remove("w1", "w2")


def daily(bench):
    """A run on the day after another one: going on from folds that have come true, and from nothing."""
    metrics = bench.fleet(SERVERS)
    bench.remove("w", "w2")
    bench.finish(bench.start("ingest", metrics, "--workspace", bench.path("w"), "--quiet")[0])
    shutil.copytree(bench.path("w"), bench.path("w2"))
    digests = {}
    for step, workspace, gigabytes in (("goes on", "w", "4"), ("from nothing", "w2", "0")):
        os.environ["HORIZONSCALE_FOLD_CACHE_GB"] = gigabytes
        for day in ("2025-12-30", "2025-12-31"):
            bench.measure(f"{step} {day}", 0, ["forecast", "--as-of", day, "--workspace", bench.path(workspace), "--quiet"])
            with open(bench.path(workspace, "runs", day, "run.json")) as f:
                manifest = json.load(f)
            digests[step, day] = manifest["digest"]
            bench.note(f"{step} {day}", digest=manifest["digest"], stages=manifest["timings"], series=manifest["counts"]["series"])
    del os.environ["HORIZONSCALE_FOLD_CACHE_GB"]
    bench.note("folds kept", megabytes=round(size_of(bench.path("w", ".folds")) / 1e6), equal=all(digests["goes on", d] == digests["from nothing", d] for d in ("2025-12-30", "2025-12-31")))
    bench.remove("w", "w2")


def resume(bench):
    """A forecast that is killed in the middle of its contest and gone on with, and one that is left alone, at the same time on the
    same cores: what a machine does to one of two equal runs, which a row of such runs differ by, it does to both."""
    metrics = bench.fleet(SERVERS)
    bench.remove("w", "w2")
    bench.finish(bench.start("ingest", metrics, "--workspace", bench.path("w"), "--quiet")[0])
    shutil.copytree(bench.path("w"), bench.path("w2"))
    forecast = lambda w, *more: bench.start("forecast", "--workspace", bench.path(w), "--quiet", "--fresh", *more)
    digests = bench.path("w2/runs/.unfinished/digests.bin")

    def body(n):
        bench.remove(*(f"{w}/{made}" for w in ("w", "w2") for made in MADE_BY_RUNS))
        bench.wait_for_quiet()
        busy, begin = busy_seconds(), time.perf_counter()
        (alone, command), (process, _) = forecast("w"), forecast("w2")
        # Half of what a series leaves, about 20 kB each.
        while process.poll() is None and (not os.path.exists(digests) or os.path.getsize(digests) < 10_000 * SERVERS * len(RESOURCES)):
            time.sleep(0.01)
        process.kill()
        killed = bench.finish(process, accepted=(-9,))
        rest, resumed = forecast("w2", "--resume")
        usages = {"left alone": bench.finish(alone), "killed": killed, "gone on with": bench.finish(rest)}
        wall = time.perf_counter() - begin
        spent = {step: usage.ru_utime + usage.ru_stime for step, usage in usages.items()}
        others = max(0.0, busy_seconds() - busy - sum(spent.values()))
        quiet = is_quiet(others, wall)
        bench.note("resume", repetition=n, quiet=quiet, command=f"{command} & {resumed}", wall_s=wall, cpu_s=spent, others_cpu_s=others,
                   equal=bench.manifest("w")["digest"] == bench.manifest("w2")["digest"], overhead=(spent["killed"] + spent["gone on with"]) / spent["left alone"] - 1)
        print(f"  {'resume':28} {wall:8.2f} s   cpu {spent}   others {others:.1f} s")
        return quiet

    bench.rounds(body)
    bench.remove("w", "w2")


def append(bench):
    """A day's readings into a master of three years, beside filling it anew; from CSV."""
    into = ["--workspace", bench.path("w"), "--quiet"]
    for name, days in (("old", range(DAYS - 1)), ("day", range(DAYS - 1, DAYS)), ("all", range(DAYS))):
        write_csv(bench.path(f"{name}.csv"), SERVERS, days)

    def body(n):
        bench.remove("w")
        whole = bench.measure("ingest all", n, ["ingest", bench.path("all.csv"), *into])
        readings = bench.master("w")["readingCount"]
        bench.remove("w")
        bench.finish(bench.start("ingest", bench.path("old.csv"), *into)[0])
        day = bench.measure("append a day", n, ["ingest", bench.path("day.csv"), "--append", *into])
        bench.note("appended", repetition=n, equal=bench.master("w")["readingCount"] == readings, appends=[r.get("appends") for r in bench.master("w")["resources"]])
        return whole["quiet"] and day["quiet"]

    bench.rounds(body)
    bench.remove("w", "old.csv", "day.csv", "all.csv")


def spark(bench):
    """One machine, and a cluster of two workers on it; see Tests/Spark/cost.py."""
    python = os.path.join(ROOT, ".venv/spark/bin/python")
    if not os.path.exists(python) or not glob.glob(os.path.join(ROOT, "dist/horizonscale-*/bin/horizonscale")):
        sys.exit("bench: spark needs a cluster. Run make test-spark once, then this again.")
    for servers in SPARK_FLEETS:
        bench.wait_for_quiet()
        told = subprocess.run([python, os.path.join(ROOT, "Tests/Spark/cost.py"), str(servers)], check=True, capture_output=True, text=True).stdout
        bench.note("cost", **json.loads(told.splitlines()[-1]))


def determinism(bench):
    metrics = bench.fleet(500)
    for n in range(2):
        for threads in (1, 2):
            for chunk in (64, 4096):
                bench.remove("w")
                bench.measure("run", n, ["run", metrics, "--workspace", bench.path("w"), "--threads", threads, "--chunk", chunk, "--quiet"])
                manifest = bench.manifest("w")
                outputs = {o["name"]: o["sha256"] for o in manifest["outputs"] if o["name"] not in ("timings.parquet", "report.html")}
                bench.note("digest", repetition=n, threads=threads, chunk=chunk, digest=manifest["digest"], outputs=outputs)
    bench.remove("w")


def accuracy(bench):
    if not os.path.exists(PEERS):
        sys.exit("bench: accuracy needs numpy and pyarrow. Run scripts/peers once, then this again.")
    for seed in (42, 43):
        metrics = bench.fleet(500, seed)
        bench.remove("w")
        bench.measure(f"run mixed {seed}", 0, ["run", metrics, "--workspace", bench.path("w"), "--quiet"])
        bench.note("loss ratio in the contest", fleet=f"mixed {seed}", champion_loss_ratio=bench.manifest("w")["championLossRatio"])
        run = glob.glob(bench.path("w/runs/*"))[0]
        scored = subprocess.run([PEERS, os.path.join(HERE, "accuracy.py"), os.path.dirname(metrics), run, f"mixed {seed}"],
                                check=True, capture_output=True, text=True).stdout
        for line in scored.splitlines():
            bench.write({"row": "score", **json.loads(line)})
    bench.remove("w")


def sawtooth(bench):
    """Breach of 80 % within 90 days on disks that fill and are cleaned, pooled over fleets: such breaches are rare."""
    if not os.path.exists(PEERS):
        sys.exit("bench: sawtooth needs numpy and pyarrow. Run scripts/peers once, then this again.")
    pooled = {}
    for seed in range(42, 50):
        metrics = bench.fleet(250, seed, "sawtooth-disk")
        bench.remove("w")
        bench.measure(f"run sawtooth-disk {seed}", 0, ["run", metrics, "--workspace", bench.path("w"), "--quiet"])
        run = glob.glob(bench.path("w/runs/*"))[0]
        scored = subprocess.run([PEERS, os.path.join(HERE, "accuracy.py"), os.path.dirname(metrics), run, f"sawtooth-disk {seed}"],
                                check=True, capture_output=True, text=True).stdout
        for row in map(json.loads, scored.splitlines()):
            if row["measure"] != "breach_saw_tooth":
                continue
            bench.write({"row": "score", **row})
            total = pooled.setdefault(row["forecast"], dict.fromkeys(["series", "happened", "expected", "predicted", "hits", "brier"], 0))
            for k in total:
                total[k] += row[k] * (row["series"] if k == "brier" else 1)
        bench.remove("w", os.path.basename(os.path.dirname(metrics)))
    for forecast, t in pooled.items():
        bench.note("pooled", forecast=forecast, **{**t, "brier": t["brier"] / t["series"]}, precision=t["hits"] / max(1, t["predicted"]),
                   recall=t["hits"] / max(1, t["happened"]))


def stress(bench):
    """Every scenario against its own future; the status says whether a floor was missed, the rows say which."""
    for seed in (42, 43):
        # A workspace without settings: the floors are the product's own.
        bench.measure(f"stress {seed}", 0, ["stress", "--json", "--servers", STRESS_SERVERS, "--seed", seed, "--workspace", bench.path("no-settings"),
                                            "--out", bench.path("stress"), "--quiet"], accepted=(0, 1))
        with open(bench.path("stress", "stress.json")) as f:
            result = json.load(f)
        for row in result["scenarios"]:
            bench.write({"row": "score", "measure": "stress", "seed": seed, **row})
        bench.note("below", seed=seed, findings=result["below"])
        bench.remove("stress")


def real(bench):
    """The contest on real data; only figures are kept, neither readings nor names of series."""
    data = os.path.abspath(bench.options.data)
    found = [n for n in REAL_DATA if os.path.exists(os.path.join(data, n))]
    if not found:
        print(f"  nothing in {data}: skipped")
    for name in found:
        bench.remove("w")
        bench.measure(f"run {name}", 0, ["run", os.path.join(data, name), "--workspace", bench.path("w"), "--quiet"])
        m = bench.manifest("w")
        bench.note("contest", data=name, champion_loss_ratio=m["championLossRatio"], counts=m["counts"], spacing=m["step"], horizon=m["horizon"],
                   models={c["model"]: {"champions": c["champions"], "loss_ratio": c.get("lossRatio")} for c in m["contest"]})
    bench.remove("w")


def rebasing(bench):
    """What it is worth to take level shifts and resizes out: breach dates 14 readings after one, losses where there is none."""
    if not os.path.exists(PEERS):
        sys.exit("bench: rebasing needs numpy and pyarrow. Run scripts/peers once, then this again.")
    for label, servers, scenario in (("migration", 100, ["--scenario", "migration"]), ("resize", 100, ["--scenario", "resize"]), ("mixed 42", 500, [])):
        folder, runs = bench.path("rebased-fleet"), {}
        bench.remove("rebased-fleet", "w-true", "w-false")
        bench.finish(bench.start("synth", "--out", folder, "--servers", servers, "--seed", 42, *scenario, "--quiet")[0])
        for rebase in ("true", "false"):
            os.environ["HORIZONSCALE_REBASE"] = rebase
            bench.measure(f"run {label}, rebase {rebase}", 0, ["run", os.path.join(folder, "metrics.parquet"), "--workspace", bench.path(f"w-{rebase}"), "--quiet"])
            runs[rebase] = glob.glob(bench.path(f"w-{rebase}/runs/*"))[0]
        del os.environ["HORIZONSCALE_REBASE"]
        scored = subprocess.run([PEERS, os.path.join(HERE, "rebasing.py"), folder, runs["true"], runs["false"], label], check=True, capture_output=True, text=True).stdout
        for line in scored.splitlines():
            bench.write({"row": "score", **json.loads(line)})
            print("  " + line)
    bench.remove("rebased-fleet", "w-true", "w-false")


def peers(bench):
    """Peers beside what we publish, at the cutoffs of our contest. A first time takes hours; fits are kept in Benchmarks/.cache."""
    if not os.path.exists(PEERS):
        sys.exit("bench: peers needs statsforecast. Run scripts/peers once, then this again.")
    data = os.path.abspath(bench.options.data)
    found = [n for n in REAL_DATA if os.path.exists(os.path.join(data, n))]
    if not found:
        print(f"  nothing in {data}: skipped")
    contests, mixed = contest.Contests(bench, PEERS, ()), "" if bench.options.peers_fleet == "none" else bench.options.peers_fleet
    sets = {name: (os.path.join(data, name), True) for name in found}
    if mixed:
        seed, servers = map(int, mixed.split(":"))
        sets[f"mixed {seed}"] = (bench.fleet(servers, seed), False)
    for name, (source, moved) in sets.items():
        published = contests.play(name, source, moved)
        workspace = contests.ingested(name, source, moved)
        only = [] if moved else ["--servers", str(PEERS_SERVERS)]
        scored = subprocess.run([PEERS, os.path.join(HERE, "peers.py"), workspace, published, "--data", name, *only], check=True, stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}).stdout
        for line in scored.splitlines():
            row = json.loads(line)
            bench.note("peer", **row)
            if "wql" in row:
                print(f"  {name:28} {row['model']:22} {row['loss_ratio']:.3f}  ours over it {row['ours_over']:.3f}  WQL {row['wql']:.4f}  80 % {row['coverage80']:.3f}")
    bench.remove("w")


# Largest difference of two point forecasts, median over leads, as a share of the largest reading, that counts as none.
NEAR = 0.005
# Scenarios whose series jump or burst, and the rest: where `prophet-shift` must be better than `prophet`, and where not worse.
# A resize moves no reading here: readings are the demand, in cores and GB.
SHIFTS_AND_BURSTS = ("level-shift", "burst", "migration")
OTHER_BEHAVIOURS = ("steady-growth", "capacity-change", "resize", "changing-noise", "weekday-machines", "flat-lines", "short-histories", "seasonal", "low-idle", "runaway", "sawtooth-disk", "month-end", "quarter-end", "holidays", "trend-break", "shared-load", "gaps")


def prophet(bench):
    """Our `prophet` against the package of that name: optimum, forecasts, intervals, CPU; then what both our entries cost and are worth."""
    parity, tool = os.path.join(os.path.dirname(bench.binary), "prophet-parity"), os.path.join(ROOT, "scripts/parity/prophet")
    if not os.path.exists(PEERS):
        sys.exit("bench: prophet needs the package. Run scripts/peers once, then this again.")
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def said(*argv, given=""):
        return subprocess.run(argv, check=True, input=given, stdout=subprocess.PIPE, text=True, env=one_thread).stdout

    def kept(name, text):
        with open(bench.path(name), "w") as f:
            f.write(text)
        return bench.path(name)

    data = os.path.abspath(bench.options.data)
    cases = {"generated": said(tool, "cases", "bench"), "real": said(tool, "cases", "real", "--data", data)}
    def compared(name, lines, *how):
        references = said(tool, "reference", "--samples", "2000", "--cache", os.path.join(HERE, ".cache/prophet"), *how, given=lines)
        rows = [json.loads(line) for line in said(parity, kept("cases", lines), kept("references", references)).splitlines()]
        for row in rows:
            row |= row.pop("against", {})
            bench.write({"row": "agreement", "set": name, **row})
        return rows

    for name, lines in cases.items():
        # Where forecasts differ the package's usual optimiser may have stopped early: once more with Stan's Newton, at 50 times the cost.
        far = {r["name"] for r in compared(name, lines) if r.get("mean_difference", 0) > NEAR}
        compared(f"{name}, Newton", "".join(line + "\n" for line in lines.splitlines() if json.loads(line)["name"] in far), "--algorithm", "Newton")

    # Both sides on the same series: 64 of default options, and all of other growths and modes.
    rows = [json.loads(line) for line in cases["generated"].splitlines()]
    chosen = [r for r in rows if "options" not in r][:64] + [r for r in rows if "options" in r]
    lines = "".join(json.dumps(r) + "\n" for r in chosen)
    groups = {}
    for r in chosen:
        groups.setdefault(json.dumps(r.get("options", {})), []).append(r["name"])

    def body(n):
        busy, begin, spent = busy_seconds(), time.perf_counter(), os.times()
        ours = [json.loads(line) for line in said(parity, "--time", kept("cases", lines)).splitlines()]
        theirs = {r["name"]: r for r in map(json.loads, said(tool, "time", "--repeat", "1", given=lines).splitlines())}
        wall, after = time.perf_counter() - begin, os.times()
        mine = sum(after[i] - spent[i] for i in (2, 3))
        quiet = is_quiet(busy_seconds() - busy - mine, wall)
        for row, (options, names) in zip(ours, groups.items()):
            costs = sorted(theirs[name]["cpu_s"] for name in names)
            bench.note("cost", repetition=n, quiet=quiet, options=json.loads(options), **row, package_cpu_s=statistics.mean(costs),
                       package_fit_cpu_s=statistics.mean(theirs[name]["fit_cpu_s"] for name in names), package_slowest_over_median=costs[-1] / statistics.median(costs),
                       times=statistics.mean(costs) / row["cpu_s"])
            print(f"  {options or 'default':60} {1e3 * row['cpu_s']:.3f} ms, the package {1e3 * statistics.mean(costs):.0f} ms, {statistics.mean(costs) / row['cpu_s']:.0f} x")
        return quiet

    bench.rounds(body)

    models = subprocess.run([bench.binary, "models"], check=True, capture_output=True, text=True).stdout
    entries = ["prophet"] + ["prophet-shift"] * ("prophet-shift" in models)
    metrics = bench.fleet(SERVERS)
    cost = lambda models: ["run", metrics, "--workspace", bench.path("w"), "--models", models, "--quiet"]

    def both(n):
        quiet = True
        for step, models in (("run seasonal-naive", "seasonal-naive"), ("run prophet", ",".join(["seasonal-naive", *entries]))):
            bench.remove("w")
            quiet &= bench.measure(step, n, cost(models))["quiet"]
        return quiet

    bench.rounds(both)
    bench.remove("w")
    if len(entries) < 2:
        print("  there is no prophet-shift: behaviours are left out")
        return
    for scenario in (*SHIFTS_AND_BURSTS, *OTHER_BEHAVIOURS, "mixed"):
        # Not the seeds that its priors were chosen on.
        metrics = bench.fleet(50, 7, *([] if scenario == "mixed" else [scenario]))
        bench.remove("w")
        bench.measure(f"ingest {scenario}", 0, ["ingest", metrics, "--workspace", bench.path("w"), "--quiet"])
        bench.measure(f"backtest {scenario}", 0, ["backtest", "--models", ",".join(["seasonal-naive", *entries]), "--workspace", bench.path("w"), "--quiet"])
        truth = os.path.join(os.path.dirname(metrics), "truth.parquet")
        for line in said(PEERS, os.path.join(HERE, "behaviours.py"), bench.path("w"), "prophet-shift", "prophet", scenario, truth).splitlines():
            bench.write({"row": "score", **json.loads(line)})
    bench.remove("w")


def challenge(part):
    """One part of `challengers`."""
    def section(bench):
        if not os.path.exists(PEERS):
            sys.exit("bench: challengers need numpy and mlforecast. Run scripts/peers once, then this again.")
        getattr(challengers.Challengers(bench, PEERS, (*SHIFTS_AND_BURSTS, *OTHER_BEHAVIOURS), needed=part != challengers.NOT_BY_DEFAULT), part)()
    return section


def nested(part):
    """One part of `contest`."""
    def section(bench):
        if not os.path.exists(PEERS):
            sys.exit("bench: contest needs numpy and pyarrow. Run scripts/peers once, then this again.")
        getattr(contest.Contests(bench, PEERS, (*SHIFTS_AND_BURSTS, *OTHER_BEHAVIOURS)), part)()
    return section


SECTIONS = {f.__name__: f for f in (speed, scale, large, largest, hourly, threads, append, daily, resume, spark, determinism, accuracy, stress, sawtooth, rebasing, real, peers, prophet, serving.serve)}
# A section each, so that a part that fails loses nothing of the others; `challengers` stands for all or those of --part.
CHALLENGES = {f"challengers-{part}": challenge(part) for part in challengers.PARTS} | {f"contest-{part}": nested(part) for part in contest.PARTS}


# --- summary -----------------------------------------------------------------------------------------------------------


class Kept:
    """The newest raw file of a section."""

    def __init__(self, section):
        files = sorted(glob.glob(os.path.join(RESULTS, f"????-??-??-{section}.jsonl")))
        self.name = os.path.basename(files[-1]) if files else None
        rows = []
        if files:
            with open(files[-1]) as f:
                rows = [json.loads(line) for line in f]
        self.head = rows[0] if rows else {}
        self.rows = rows[1:]

    def of(self, step, row="measured"):
        return [r for r in self.rows if r["row"] == row and r.get("step") == step]

    def counted(self, step, row="measured"):
        """The repetitions that count: the quiet ones, or all when none was."""
        rows = self.of(step, row)
        return [r for r in rows if r["quiet"]] or rows

    def told(self, step, row="measured"):
        all_of, quiet = self.of(step, row), [r for r in self.of(step, row) if r["quiet"]]
        return f"{len(quiet)} quiet of {len(all_of)} runs" if quiet else f"{len(all_of)} runs, **all disturbed by other work**"

    def median(self, step, field="wall_s"):
        return statistics.median(r[field] for r in self.counted(step))

    def cpu(self, step):
        return statistics.median(r["user_s"] + r["sys_s"] for r in self.counted(step))

    def command(self, step):
        return self.of(step)[0]["command"]

    def scores(self, measure, **where):
        return [r for r in self.rows if r["row"] == "score" and r["measure"] == measure and all(r.get(k) == v for k, v in where.items())]


def stress_table(kept):
    """A row for each scenario, its seeds together: counts are added, losses, coverage and days off averaged."""
    rows = kept.scores("stress")
    if not rows:
        return []
    seeds = sorted({r["seed"] for r in rows})
    share = lambda part, whole: f"{100 * part / whole:.0f} % of {whole}" if whole else "-"

    def mean(of, field, shown):
        values = [r[field] for r in of if r[field] is not None]
        return shown.format(statistics.mean(values)) if values else "-"

    text = ["## Stress", "", f"`horizonscale stress`, {STRESS_SERVERS} servers a scenario, seeds {' and '.join(map(str, seeds))}. WQL against the path without noise; intervals against the readings that",
            "follow; precision and recall of \"breaches 80 % within 90 days\", right of called and right of happened; dates right: within max(7 days, 10 %) of the",
            "day on which the path without noise crosses.", "",
            "| scenario | WQL | seasonal naive | line-30 | 80 % holds | 90 % holds | precision | line-30 | recall | line-30 | days off | dates right | lost |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for scenario in dict.fromkeys(r["scenario"] for r in rows):
        of = [r for r in rows if r["scenario"] == scenario]
        total = lambda field: sum(r[field] for r in of)
        text.append("| " + " | ".join([
            scenario, *(mean(of, f, "{:.3f}") for f in ("wql", "wql_seasonal_naive", "wql_line_30")),
            *(mean(of, f, "{:.3f}") for f in ("coverage80", "coverage90")),
            share(total("hits"), total("called")), share(total("line_30_hits"), total("line_30_called")),
            share(total("hits"), total("happened")), share(total("line_30_hits"), total("happened")),
            mean(of, "median_days_off", "{:.0f}"), share(total("dated_right"), total("crossing")), str(total("lost"))]) + " |")
    below = [{"seed": r["seed"], **f} for r in kept.of("below", "figure") for f in r["findings"]]
    text += ["", *(f"- Below its floor: {f['scenario']}, seed {f['seed']}: {f['measure']} {f['figure']:.3f}, floor {f['floor']}." for f in below)]
    return text if not below else text + [""]


def peers_by_data(kept):
    """Data -> model -> row; of the real sets together as "all real sets"."""
    rows = {}
    for row in kept.of("peer", "figure"):
        rows.setdefault(row["data"], {})[row["model"]] = row
    real = [of for data, of in rows.items() if data in REAL_DATA]
    if len(real) > 1:
        count = sum(next(iter(of.values()))["series"] for of in real)
        pooled = lambda m: math.exp(sum(of[m]["series"] * math.log(of[m]["loss_ratio"]) for of in real) / count)
        rows["all real sets"] = {m: {"model": m, "kind": row["kind"], "series": count, "loss_ratio": pooled(m)}
                                 for m, row in real[0].items() if "loss_ratio" in row and all(m in of for of in real)}
    return rows


def our_cost(kept, data, row):
    """CPU milliseconds of one forecast of one series: a run's contest of all models, decisions, publishing and risk."""
    runs = kept.of(f"forecast {data}")
    return 1000 * sum(r["user_s"] + r["sys_s"] for r in runs) / row["fleet_forecasts"] if runs else None


def peers_table(kept):
    found = peers_by_data(kept)
    if not found:
        return []
    text = ["## Peers", "", "At the same cutoffs, on the same readings; ours is the product's own choice by `forecast --as-of` each cutoff, so by earlier folds only. Loss: scaled loss over seasonal",
            "naive's, geometric mean over series. Breach: of 80 % of capacity within the fold, by the median path: right of called, right of happened. CPU ms: one forecast of one",
            "series; ours is the whole run with its contest. Real sets are moved in time so that their series end together. By the rules of [evaluation.md](../../docs/method/evaluation.md).", ""]
    number = lambda v, f: f.format(v) if v is not None else ""
    share = lambda r: f"{r['hits']} of {r['called']}, {r['hits']} of {r['happened']}" if "called" in r else ""
    for data, of in found.items():
        text += [f"### {data}", "", "| forecast | loss | ours over it | WQL | MASE | 80 % covers | breach | CPU ms | failed |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
        for r in sorted(of.values(), key=lambda r: r.get("loss_ratio", math.inf)):
            cpu = 1000 * r["cpu_s"] if "cpu_s" in r else our_cost(kept, data, r) if r["model"] == "champion, published" and "fleet_forecasts" in r else None
            over = f"{r['ours_over']:.3f}" + (f" +- {2 * r['ours_over'] * r['ours_over_log_error']:.3f}" if r["ours_over_log_error"] else "") if "ours_over" in r else ""
            text.append(f"| {r['model']}{' (peer)' if r['kind'] == 'peer' else ''} | {number(r.get('loss_ratio'), '{:.3f}')} | {over} | {number(r.get('wql'), '{:.4f}')} | {number(r.get('mase'), '{:.3f}')} | "
                        f"{number(r.get('coverage80'), '{:.3f}')} | {share(r)} | {number(cpu, '{:.1f}')} | {'' if r.get('failed') is None else r['failed']} |")
        text += [""]
    return text


def agreements(kept):
    """Rows of series that both fitted, without those whose posterior has no maximum because the model goes through every reading."""
    both = [r for r in kept.rows if r["row"] == "agreement" and "gain" in r and "Newton" not in r["set"]]
    return both, [r for r in both if not r["is_unbounded"]]


def coverage(rows):
    scored = sum(r["scored"] for r in rows)
    return {level: tuple(sum(r[f] for r in rows) / scored for f in (f"inside{level}", f"package_inside{level}")) for level in (80, 90)}


def prophet_costs(kept):
    """By options the costs of the quiet repetitions."""
    costs = {}
    for r in kept.counted("cost", "figure"):
        costs.setdefault(json.dumps(r["options"]), []).append(r)
    return {options: {f: statistics.median(r[f] for r in rows) for f in rows[0] if isinstance(rows[0][f], float)} | {"series": rows[0]["series"]}
            for options, rows in costs.items()}


def prophet_lines(line, kept):
    both, rows = agreements(kept)
    if not rows:
        return
    refused = [r for r in kept.rows if r["row"] == "agreement" and "gain" not in r and "Newton" not in r["set"]]
    newton = [r for r in kept.rows if r["row"] == "agreement" and "gain" in r and "Newton" in r["set"]]
    command = "Benchmarks/run prophet"
    better = [r for r in rows if r["gain"] >= -1e-3]
    line("`prophet`: log posterior at least the package's less 0.001 on 99 % of series", kept, f"{len(better) / len(rows):.1%} of {len(rows)}", len(better) >= 0.99 * len(rows), command,
         f"least {min(r['gain'] for r in rows):.3g}, median {statistics.median(r['gain'] for r in rows):.3g}, largest {max(r['gain'] for r in rows):.3g}; "
         f"{len(both) - len(rows)} more have no maximum, {len(refused)} were refused by one side; at the package's parameters our formula differs by at most "
         f"{max(r.get('formula_error', 0) for r in rows):.1e} of its value")
    near = [r for r in both if r["mean_difference"] <= NEAR]
    far = [r for r in both if r["mean_difference"] > NEAR]
    line("`prophet`: mean within 0.5 % of the package's on 95 %, else of a higher posterior", kept, f"{len(near) / len(both):.1%} of {len(both)}",
         len(near) >= 0.95 * len(both) and all(r["gain"] > 0 for r in far), command,
         f"median over leads, of the largest reading; {sum(r['gain'] > 0 for r in far)} of the other {len(far)} have the higher posterior; median difference "
         f"{statistics.median(r['mean_difference'] for r in both):.2%}; where the package's optimiser is replaced by Stan's Newton, {sum(r['mean_difference'] <= NEAR for r in newton)} of "
         f"those {len(newton)} come within 0.5 %, and their median difference falls from {statistics.median([r['mean_difference'] for r in far] or [0]):.2%} to "
         f"{statistics.median([r['mean_difference'] for r in newton] or [0]):.2%}")
    held = coverage(both)
    line("`prophet`: coverage of raw intervals within 2 points of the package's", kept, "; ".join(f"{level} %: {ours:.1%}, the package {theirs:.1%}" for level, (ours, theirs) in held.items()),
         all(abs(a - b) <= 0.02 for a, b in held.values()), command, f"{sum(r['scored'] for r in both):,} held-out readings of {len(both)} series")
    for options, cost in prophet_costs(kept).items():
        growth, limit = json.loads(options).get("growth", "linear"), {"{}": 300}.get(options, 50)
        if options == "{}" or json.loads(options).keys() == {"growth", "cap"}:
            line(f"`prophet`, {growth}: fit and 180 days ahead {limit} times cheaper than the package", kept, f"{cost['times']:.0f} times", cost["times"] >= limit, command,
                 f"{kept.told('cost', 'figure')}; {1e3 * cost['cpu_s']:.3f} ms CPU against {1e3 * cost['package_cpu_s']:.0f} ms, {cost['series']} series, one thread; the package with its "
                 "default of 1,000 samples and one interval, ours with seven quantiles")
    slowest = {o: c["slowest_over_median"] for o, c in prophet_costs(kept).items()}
    line("`prophet`: no fit takes more than 50 times the median fit", kept, f"{max(slowest.values()):.1f} times", max(slowest.values()) <= 50, command,
         f"the package {max(c['package_slowest_over_median'] for c in prophet_costs(kept).values()):.1f} times")
    if kept.of("run prophet"):
        wall, memory = (kept.median("run prophet", f) - kept.median("run seasonal-naive", f) for f in ("wall_s", "peak_rss_mb"))
        line("both Prophet entries, all folds and publishing of 8,000 series: within 14 s and 300 MB on top", kept, f"{wall:.1f} s, {memory:.0f} MB", wall <= 14 and memory <= 300,
             kept.command("run prophet"), f"{kept.told('run prophet')}; CPU {kept.cpu('run prophet') - kept.cpu('run seasonal-naive'):.1f} s on top of `--models seasonal-naive`")
    shown = {r["scenario"]: r for r in kept.scores("behaviour", part="all")}
    for asked, scenarios, limit in (("with shifts and bursts", SHIFTS_AND_BURSTS, 0.9), ("of other kinds", OTHER_BEHAVIOURS, 1.01)):
        found = {s: shown[s]["loss_ratio"] for s in scenarios if s in shown}
        if found:
            worst = max(found.values())
            line(f"`prophet-shift` on synthetic behaviours {asked}: at most {limit} of the loss of `prophet`", kept, f"worst {worst:.3f}", worst <= limit,
                 kept.command(f"backtest {next(iter(found))}"), ", ".join(f"{s} {v:.3f}" for s, v in found.items()))


def prophet_table(kept):
    both, rows = agreements(kept)
    if not rows:
        return []
    text = ["## Prophet beside the package of that name", "", "Gain: our log posterior less the package's, natural log units. Difference: of point forecasts, median over leads, as a share of the largest",
            "reading; in parentheses as a share of the mean seasonal difference. Intervals: share of held-out readings inside the raw 80 % interval, ours and the package's.", "",
            "| series | number | least gain | median gain | median difference | 95 % of series below | 80 % holds | package |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for kind in dict.fromkeys((r["set"], r["kind"]) for r in rows):
        of = [r for r in rows if (r["set"], r["kind"]) == kind]
        differences = sorted(r["mean_difference"] for r in of)
        seasonal = [r["mean_difference_of_season"] for r in of if "mean_difference_of_season" in r]
        held = coverage(of)[80]
        text.append(f"| {kind[0]}: {kind[1]} | {len(of)} | {min(r['gain'] for r in of):.4f} | {statistics.median(r['gain'] for r in of):.4f} | {statistics.median(differences):.3%} "
                    f"({statistics.median(seasonal) if seasonal else 0:.2%}) | {differences[math.ceil(0.95 * len(differences)) - 1]:.3%} | {held[0]:.3f} | {held[1]:.3f} |")
    text += ["", "| options | series | ms a fit and forecast | the package | times | slowest over median | the package |", "| --- | --- | --- | --- | --- | --- | --- |"]
    text += [f"| {'default' if options == '{}' else options.strip('{}')} | {c['series']} | {1e3 * c['cpu_s']:.3f} | {1e3 * c['package_cpu_s']:.0f} | {c['times']:.0f} | "
             f"{c['slowest_over_median']:.1f} | {c['package_slowest_over_median']:.1f} |" for options, c in prophet_costs(kept).items()]
    return text + [""]


def summary(_):
    speed, scale, large, largest, hours, threads, appended, daily, resumed, on_spark, determinism, accuracy, stress, sawtooth, rebasing, real, peers, prophet, served = (Kept(s) for s in SECTIONS)
    challenged, contested = ({part: Kept(f"{of.__name__}-{part}") for part in of.PARTS} for of in (challengers, contest))
    table = []

    def line(asked, kept, measured, met, command, detail=""):
        table.append(f"| {asked} | {measured} | {'yes' if met else '**no**'} | {detail} | `{command}` |")

    def timed(asked, kept, step, limit, memory=None, unit=1, shown="s"):
        if not kept.of(step):
            return
        wall, peak = kept.median(step), kept.median(step, "peak_rss_mb")
        text = f"{wall * unit:.{0 if unit > 1 else 2}f} {shown}" + (f", {peak:.0f} MB" if memory else "")
        walls = [r["wall_s"] * unit for r in kept.counted(step)]
        detail = f"{kept.told(step)}, {min(walls):.{0 if unit > 1 else 2}f} to {max(walls):.{0 if unit > 1 else 2}f} {shown}; CPU {kept.cpu(step):.2f} s"
        line(asked, kept, text, wall <= limit and (memory is None or peak <= memory), kept.command(step), detail)

    timed("`synth` 2,000 servers x 4 x 1,095 days within 3 s", speed, "synth", 3)
    timed("ingest from one Parquet file within 3 s", speed, "ingest parquet", 3)
    timed("ingest from CSV within 15 s", speed, "ingest csv", 15)
    timed("`run`, all models, 6 folds, horizon 180, risk, report, within 120 s and 1.5 GB", speed, "run", 120, memory=1536)
    if scale.of(f"run {4 * SERVERS}"):
        one, four = f"run {SERVERS}", f"run {4 * SERVERS}"
        wall = scale.median(four) / scale.median(one)
        cpu = scale.cpu(four) / scale.cpu(one)
        peak = scale.median(four, "peak_rss_mb") / scale.median(one, "peak_rss_mb")
        line("four times the servers: at most 4.2 times the time and 1.3 times the memory", scale,
             f"{wall:.2f} x time, {peak:.2f} x memory", wall <= 4.2 and peak <= 1.3, scale.command(four),
             f"{scale.told(four)}; {scale.median(one):.1f} s to {scale.median(four):.1f} s; CPU {cpu:.2f} x; {scale.median(one, 'peak_rss_mb'):.0f} MB to {scale.median(four, 'peak_rss_mb'):.0f} MB")
    for kept, servers in ((large, LARGE_FLEET), (largest, LARGEST_FLEET)):
        step, small = f"forecast {servers}", f"forecast {SERVERS}"
        if not kept.of(step):
            continue
        cpu, wall = (of(step) / servers / (of(small) / SERVERS) for of in (kept.cpu, kept.median))
        peak = max(kept.median(s, "peak_rss_mb") for s in (step, f"ingest {servers}"))
        files = kept.of(f"files {servers}", "figure")[0]
        line(f"`ingest` and `--models fast` of {servers:,} servers under 2 GB, time a series within 10 % of {SERVERS:,} servers'", kept, f"{cpu:.2f} x CPU, {wall:.2f} x time a series, {peak:.0f} MB",
             cpu <= 1.1 and peak <= 2048, kept.command(step),
             f"{kept.told(step)}, {len(kept.counted(small))} of {SERVERS:,} servers'; ingest {kept.median(f'ingest {servers}'):.0f} s, forecast {kept.median(step):.0f} s, CPU {kept.cpu(step):.0f} s; master {files['master_mb']} MB, run {files['run_mb']} MB")
    if hours.of("forecast hours"):
        peak = max(hours.median(f"ingest to {s}s", "peak_rss_mb") for s in ("day", "hour"))
        line("210 M hourly rows brought to days within 90 s and 2 GB", hours, f"{hours.median('ingest to days'):.1f} s, {peak:.0f} MB", hours.median("ingest to days") <= 90 and peak <= 2048,
             hours.command("ingest to days"), f"{hours.told('ingest to days')}; kept as hours {hours.median('ingest to hours'):.1f} s")
        peak = max(hours.median(f"forecast {s}s", "peak_rss_mb") for s in ("day", "hour"))
        line("and forecast 14 days of hours as well as 180 days, under 2 GB", hours, f"{peak:.0f} MB", peak <= 2048, hours.command("forecast hours"),
             f"{hours.told('forecast hours')}; fast models: hours {hours.median('forecast hours'):.0f} s, days {hours.median('forecast days'):.0f} s")
    if appended.of("append a day"):
        line("a day's readings are appended without writing the master again", appended, f"{appended.median('append a day'):.2f} s beside {appended.median('ingest all'):.2f} s for all",
             all(r["equal"] and set(r["appends"]) == {1} for r in appended.of("appended", "figure")), appended.command("append a day"),
             f"{appended.told('append a day')}; CPU {appended.cpu('append a day'):.2f} and {appended.cpu('ingest all'):.2f} s")
    kept_folds = daily.of("folds kept", "figure")
    if kept_folds:
        day = "2025-12-31"
        share = daily.cpu(f"goes on {day}") / daily.cpu(f"from nothing {day}")
        line("a daily run costs at most half of a full one, with equal bytes", daily, f"{share:.2f} of its CPU", share <= 0.5 and kept_folds[0]["equal"], daily.command(f"goes on {day}"),
             f"{daily.cpu(f'goes on {day}'):.0f} of {daily.cpu(f'from nothing {day}'):.0f} s; digests {'equal' if kept_folds[0]['equal'] else '**differ**'}; {kept_folds[0]['megabytes']} MB kept in `.folds`; "
             f"writing them makes the first run {daily.cpu('goes on 2025-12-30') / daily.cpu('from nothing 2025-12-30') - 1:+.1%}")
    resumes = resumed.counted("resume", "figure") if resumed.of("resume", "figure") else []
    if resumes:
        overhead = statistics.median(r["overhead"] for r in resumes)
        line("a run that is killed and gone on with costs at most 3 % more", resumed, f"{overhead:+.1%} CPU", overhead <= 0.03 and all(r["equal"] for r in resumes), resumes[0]["command"],
             f"{resumed.told('resume', 'figure')}, {min(r['overhead'] for r in resumes):+.1%} to {max(r['overhead'] for r in resumes):+.1%}; killed in the middle of the contest, the other beside it; digests {'equal' if all(r['equal'] for r in resumes) else '**differ**'}")
    for cost in on_spark.of("cost", "figure"):
        each = [1e3 * cost[where]["cpu_s"] / cost["series"] for where in ("spark", "single")]
        line(f"Spark's cost a series beside the single machine's at {cost['servers']:,} servers (no limit asked), with equal bytes", on_spark, f"{each[0]:.1f} ms beside {each[1]:.1f} ms CPU", cost["equal"], "Benchmarks/run spark",
             f"{cost['series']} series, master and two workers on the same two cores; {cost['spark']['wall_s']:.0f} s beside {cost['single']['wall_s']:.0f} s")
    ratios = threads.counted("thread ratio", "figure")
    if ratios:
        share = [r["of_two_copies"] for r in ratios]
        # Of no machine's speed, unlike the ratio of two times.
        busy = {step: statistics.median((r["user_s"] + r["sys_s"]) / (threads.head["cores"] * r["wall_s"]) for r in threads.counted(step)) for step in ("two threads", "two copies")}
        line("two threads reach 0.93 of two independent single-threaded copies", threads, f"{statistics.median(share):.3f}",
             statistics.median(share) >= 0.93, threads.command("two threads"),
             f"{threads.told('thread ratio', 'figure')}, {min(share):.3f} to {max(share):.3f}; the cores are busy {busy['two threads']:.0%} of the time, with two copies {busy['two copies']:.0%}; "
             f"{threads.cpu('two threads'):.0f} s CPU, a copy {threads.cpu('two copies') / 2:.0f} s")
    timed("`--version` within 50 ms", speed, "version", 0.050, unit=1000, shown="ms")
    digests = determinism.of("digest", "figure")
    if digests:
        different = len({d["digest"] for d in digests})
        outputs = len({json.dumps(d["outputs"], sort_keys=True) for d in digests})
        line("equal digests: `--threads` 1 and 2, `--chunk` 64 and 4096, twice", determinism,
             f"{different} digest{'s' if different > 1 else ''} in {len(digests)} runs", different == 1 and outputs == 1, determinism.command("run"),
             "all outputs but timings and report byte for byte" if outputs == 1 else f"{outputs} different sets of outputs")

    for label, shown in (("resize", "a resize"), ("migration", "a migration")):
        found = {r["rebasing"]: r for r in rebasing.scores("dates", fleet=label)}
        if found:
            right, raw = found["with"], found["without"]
            line(f"14 readings after {shown} the breach date is right (7 days or a tenth of the rest)", rebasing, f"{right['right']:.0%} of {right['series']} series",
                 right["right"] >= 0.8, rebasing.command(f"run {label}, rebase true"),
                 f"without re-basing {raw['right']:.0%}; median {right['median_days_off']:.0f} days off; right of all: "
                 + ", ".join(f"{r} {n} of {m}" for r, (n, m) in right["by_resource"].items()))
    quiet = rebasing.scores("loss", series_with="no event")
    if quiet:
        line("on series without such events re-basing does not worsen the loss by more than 1 %", rebasing, f"{100 * (quiet[0]['with_over_without'] - 1):+.2f} %",
             quiet[0]["with_over_without"] <= 1.01, rebasing.command("run mixed 42, rebase true"),
             f"{quiet[0]['series']} series; " + "; ".join(f"with {r['series_with']} {100 * (r['with_over_without'] - 1):+.1f} % ({r['series']})"
                                                          for r in rebasing.scores("loss") if r is not quiet[0]))
    pooled = {r["forecast"]: r for r in sawtooth.of("pooled", "figure")}
    if pooled:
        ours, line30 = pooled["published"], pooled["line of 30 days, yes or no"]
        line("saw-tooth disks: breach precision at least 0.8 where `line-30` has under 0.4", sawtooth,
             f"{ours['precision']:.2f}, line-30 {line30['precision']:.2f}", ours["precision"] >= 0.8 and line30["precision"] < 0.4,
             sawtooth.command("run sawtooth-disk 42"),
             f"{ours['hits']} of {ours['predicted']} alarms came true, {ours['hits']} of {ours['happened']} breaches had one, Brier {ours['brier']:.4f}; "
             f"line-30 {line30['hits']} of {line30['predicted']} and {line30['hits']} of {line30['happened']}, Brier {line30['brier']:.4f}; "
             f"{ours['series']:.0f} disks of 8 fleets, 80 % within 90 days")
    for data, of in peers_by_data(peers).items():
        best = min((r for r in of.values() if r["kind"] == "peer"), key=lambda r: r["loss_ratio"])
        published, raw = of["champion, published"]["loss_ratio"] / best["loss_ratio"], of["champion, raw"]["loss_ratio"] / best["loss_ratio"]
        line(f"{data}: scaled loss at most {BESIDE_PEERS} of the best single peer's, chosen by earlier folds only", peers, f"{published:.3f}", published <= BESIDE_PEERS, "Benchmarks/run peers",
             f"best peer: {best['model']}; the champion's raw quantiles {raw:.3f}; {of['champion, published']['series']} series")

    prophet_lines(line, prophet)
    challengers.lines(line, challenged)
    contest.lines(line, contested)

    text = ["# Benchmark results", "", "Written by `Benchmarks/run`; do not edit. `$BENCH` is the scratch folder, `$DATA` the real data. Times are medians of wall",
            "seconds over the quiet repetitions: those in which other work took at most a twentieth of the machine.", "",
            "| asked | measured | met | detail | command |", "| --- | --- | --- | --- | --- |", *table, ""]

    if accuracy.rows:
        text += ["## Accuracy on synthetic fleets", "", "500 servers x 4 resources, 1,095 days of history, the 180 days that follow scored against what came. Report only.", "",
                 "| fleet | forecast | WQL | MASE | loss over seasonal naive |", "| --- | --- | --- | --- | --- |"]
        text += [f"| {r['fleet']} | {r['forecast']} | {r['wql']:.4f} | {r['mase']:.3f} | {r['loss_ratio_to_seasonal_naive']:.3f} |" for r in accuracy.scores("loss")]
        text += ["", "| fleet | part | 80 % interval | 90 % interval | below q10 | above q90 |", "| --- | --- | --- | --- | --- | --- |"]
        for cut in ("all", "leads", "resource", "kind"):
            text += [f"| {r['fleet']} | {r['part']} | {r['coverage80']:.3f} | {r['coverage90']:.3f} | {r['below_q10']:.3f} | {r['above_q90']:.3f} |"
                     for r in accuracy.scores("calibration", cut=cut)]
        text += ["", "| fleet | leads | tier | share | coverage 80 % | median error, % of capacity |", "| --- | --- | --- | --- | --- | --- |"]
        text += [f"| {r['fleet']} | {r['leads']} | {r['tier']} | {r['share_of_forecasts']:.3f} | {r['coverage80']:.3f} | {100 * r['median_error_of_capacity']:.2f} |"
                 for r in accuracy.scores("tier") if "coverage80" in r and r["leads"] != "all"]
        text += ["", "Breach of 80 % within 90 days, series not yet over it:", "",
                 "| fleet | forecast | happened | predicted | precision | recall | Brier | skill over climatology |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
        text += [f"| {r['fleet']} | {r['forecast']} | {r['happened']} | {r['predicted']} | {r['precision']:.2f} | {r['recall']:.2f} | {r['brier']:.4f} | {r['brier_skill_over_climatology']:.2f} |"
                 for r in accuracy.scores("breach_score")]
        text += ["", "| fleet | p from | to | series | mean p | happened |", "| --- | --- | --- | --- | --- | --- |"]
        text += [f"| {r['fleet']} | {r['p_from']:.3g} | {r['p_to']:.3g} | {r['series']} | {r['mean_p']:.3f} | {r['happened']:.3f} |" for r in accuracy.scores("breach_reliability")]
        text += ["", "| fleet | tier of the risk | series | expected | happened | predicted | precision |", "| --- | --- | --- | --- | --- | --- | --- |"]
        text += [f"| {r['fleet']} | {r['tier']} | {r['series']} | {r['expected']:.1f} | {r['happened']} | {r['predicted']} | {r['precision']:.2f} |" for r in accuracy.scores("breach_by_tier")]
        text += [""]
    text += stress_table(stress)
    contests = real.of("contest", "figure")
    if contests:
        text += ["## Real data", "", "Scaled loss of the champions over seasonal naive, in the contest (raw quantiles on both sides).", "",
                 "| data | series | step | horizon | loss ratio |", "| --- | --- | --- | --- | --- |"]
        text += [f"| {r['data']} | {r['counts']['series']} | {r['spacing']} | {r['horizon']} | {r['champion_loss_ratio']:.3f} |" for r in contests] + [""]
    text += peers_table(peers)
    text += prophet_table(prophet)
    text += serving.table(served)
    text += challengers.tables(challenged)
    text += contest.tables(contested)
    text += ["## Raw rows", ""]
    for kept in (speed, scale, large, largest, hours, threads, appended, daily, resumed, on_spark, determinism, accuracy, stress, sawtooth, rebasing, real, peers, prophet, served, *challenged.values(), *contested.values()):
        if kept.name:
            h = kept.head
            changed = "" if h["binary_is_of_that_commit"] else " (the binary is of other sources)"
            text += [f"- [{kept.name}]({kept.name}): {h['cpu']}, {h['cores']} cores, {h['memory_gb']} GB, Linux {h['kernel']}; checkout {h['checkout_commit']}{changed}; "
                     f"binary {h['binary_sha256'][:12]}"]
    with open(os.path.join(RESULTS, "README.md"), "w") as f:
        f.write("\n".join(text) + "\n")
    print(f"bench: {os.path.relpath(os.path.join(RESULTS, 'README.md'), os.getcwd())}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="Benchmarks/run")
    known = [*SECTIONS, "challengers", "contest", *CHALLENGES, "summary", "all"]
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(known) + " (default: all)")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="date in the names of the results (default: today)")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/horizonscale"))
    parser.add_argument("--scratch", default=os.path.join(ROOT, ".build/bench"), help="folder for data, which is removed at the end")
    parser.add_argument("--data", default=os.path.join(ROOT, "../shared/data"), help="real data sets")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions of a timed command (default: 3)")
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait for a quiet machine before each repetition (default: 20)")
    parser.add_argument("--part", help="parts of challengers or contest, separated by commas (default: all but tuning)")
    parser.add_argument("--models", default="all", help="the models that play in contest (default: all)")
    parser.add_argument("--peers-fleet", default=PEERS_FLEET, metavar="SEED:SERVERS", help="the mixed fleet of which peers plays 15 servers, or none (default: %(default)s)")
    parser.add_argument("--reuse-folds", action="store_true", help="contest: take a fleet's folds from the cache though another binary played them, where only choosing or calibrating has changed")
    parser.add_argument("--turn", metavar="FILE", help="contest: lock this file during each command, where others measure on the same machine")
    parser.add_argument("--behaviours", help="the scenarios that behaviours and adds look at, separated by commas (default: all)")
    parser.add_argument("--challengers", default=",".join(challengers.ROLES), help="the models that challengers judges, for the three roles (default: %(default)s)")
    options = parser.parse_args()
    asked = options.sections or ["all"]
    many = [m for m in (challengers, contest) if m.__name__ in asked or "all" in asked]
    parts = {m.__name__: options.part.split(",") if options.part else [p for p in m.PARTS if p != m.NOT_BY_DEFAULT] for m in many}
    unknown = [*set(asked) - {*known}, *(p for m in many for p in set(parts[m.__name__]) - {*m.PARTS})]
    if unknown:
        parser.error(f"there is no section or part {', '.join(sorted(unknown))}")
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"bench: {options.binary} is not there. Run make build first.")
    everything = {**SECTIONS, **CHALLENGES}
    asked += [f"{name}-{part}" for name, of in parts.items() for part in of]
    chosen = [s for s in everything if s in asked or s in SECTIONS and "all" in asked]
    if asked[0] == "all" and not os.path.exists(PEERS):
        print("bench: accuracy, sawtooth, rebasing, peers, prophet and challengers are left out; scripts/peers makes what they need")
        chosen = [s for s in chosen if s not in ("accuracy", "sawtooth", "rebasing", "peers", "prophet", *CHALLENGES)]
    bench = Bench(options)
    existed = os.path.isdir(bench.scratch)
    failed = []
    for section in chosen:
        print(f"bench: {section}")
        bench.begin(section)
        begin = time.perf_counter()
        try:
            everything[section](bench)
        except (SystemExit, subprocess.CalledProcessError) as error:
            # The parts of challengers are long and stand alone: the others go on.
            if section not in CHALLENGES:
                raise
            failed.append(section)
            print(f"bench: {section} failed: {error}")
        bench.note("took", wall_s=round(time.perf_counter() - begin, 1), whole=section not in failed)
        bench.file.close()
    bench.remove(*[os.path.basename(p) for p in glob.glob(bench.path("fleet-*"))], "talk")
    if not existed:
        shutil.rmtree(bench.scratch, ignore_errors=True)
    summary(bench)
    if failed:
        sys.exit(f"bench: failed: {', '.join(failed)}; the rest is kept.")


if __name__ == "__main__":
    main()
