"""`Benchmarks/run serve`: the dashboard's server under load on loopback, with wrk (Debian's package) and a seeded list of requests.

Both run on the same machine, so a rate is what is left beside the client. The fleet of 100,000 servers is a run of 2,000 whose rows of
risks and decisions are repeated under other names (needs scripts/peers, for pyarrow); its forecasts are not, so no series of it is opened.
"""

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 50
REPEATED = 50

REPEAT = """
import sys, json, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
source, target, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
for name in ("decisions.parquet", "risks.parquet"):
    table = pq.read_table(f"{source}/{name}")
    writer = pq.ParquetWriter(f"{target}/{name}", table.schema, compression="zstd")
    for n in range(times):
        servers = pc.binary_join_element_wise(table["server"], pa.scalar(f"-{n:02}"), "")
        writer.write_table(table.set_column(table.schema.get_field_index("server"), table.schema.field("server"), servers.cast(table.schema.field("server").type)))
    writer.close()
"""


class Server:
    """`horizonscale serve` on a free port, and the seconds until it was ready."""

    def __init__(self, bench, workspace):
        self.talk = open(bench.path("serve-talk"), "w+")
        begin = time.perf_counter()
        self.process = subprocess.Popen([bench.binary, "serve", "--listen", "127.0.0.1:0", "--workspace", workspace],
                                        stderr=self.talk, stdout=subprocess.DEVNULL)
        self.url = None
        while self.url is None:
            if time.perf_counter() - begin > 120 or self.process.poll() is not None:
                raise SystemExit(f"bench: serve did not start: {open(self.talk.name).read()}")
            found = re.search(r"http://[0-9.:]+/", open(self.talk.name).read())
            if found:
                with contextlib.suppress(OSError):
                    if urllib.request.urlopen(found[0] + "readyz").status == 200:
                        self.url = found[0].rstrip("/")
            time.sleep(0.002)
        self.start_s = time.perf_counter() - begin

    def get(self, target):
        return json.load(urllib.request.urlopen(self.url + target))

    def post(self, target, value):
        request = urllib.request.Request(self.url + target, json.dumps(value).encode(), {"Content-Type": "application/json", "Origin": self.url})
        return json.load(urllib.request.urlopen(request))

    def memory_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            fields = dict(line.split(":", 1) for line in f if line.startswith("Vm"))
        return {"rss_mb": round(int(fields["VmRSS"].split()[0]) / 1024, 1), "peak_rss_mb": round(int(fields["VmHWM"].split()[0]) / 1024, 1)}

    def stop(self):
        self.process.terminate()
        self.process.wait()


def risk_targets(server, count, seed):
    """Addresses as the page makes them: one to three filters, a sort, a place in the list."""
    numbers = random.Random(seed)
    filters = server.get("/api/v1/summary")["filters"]
    quoted = lambda pairs: urllib.parse.urlencode(pairs)
    targets = []
    for _ in range(count):
        choices = [
            ("resource", numbers.choice(filters["resources"])), ("tier", numbers.choice(filters["tiers"])),
            ("severity", numbers.choice(filters["severities"] + ["all"])), ("breach_within", numbers.choice((0, 30, 60, 90))),
            ("text", f"{numbers.randrange(100):02}"),
        ]
        choices += [(f"group.{g['column']}", numbers.choice(g["values"])["value"]) for g in filters["groups"]]
        pairs = numbers.sample(choices, numbers.randint(1, min(3, len(choices))))
        if numbers.random() < 0.5:
            pairs.append(("sort", numbers.choice(("", "-")) + numbers.choice(("server", "headroom", "current", "breach_date", "p_breach_90d"))))
        pairs += [("limit", numbers.choice((50, 100))), ("offset", numbers.choice((0, 0, 0, 100)))]
        targets.append("/api/v1/risks?" + quoted(pairs))
    return targets


def series_targets(server, seed):
    names, cursor = [], ""
    while True:
        page = server.get("/api/v1/risks?severity=all&threshold=warning&limit=1000&columns=server,resource" + cursor)
        names += [(row["server"], row["resource"]) for row in page["rows"]]
        if not page["next"]:
            break
        cursor = "&cursor=" + page["next"]
    random.Random(seed).shuffle(names)
    return ["/api/v1/series/" + "/".join(urllib.parse.quote(n, safe="") for n in pair) for pair in names]


def load(bench, server, step, targets, seconds, repetition=0, encoding=None):
    path = bench.path("targets")
    with open(path, "w") as f:
        f.write("\n".join(targets) + "\n")
    arguments = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", os.path.join(HERE, "serve.lua"), server.url, "--", path]
    before = cpu_seconds(server.process.pid)
    printed = subprocess.run(arguments + ([encoding] if encoding else []), check=True, capture_output=True, text=True).stdout
    found = json.loads(printed.strip().splitlines()[-1])
    bench.write({"row": "measured", "step": step, "repetition": repetition, "command": f"wrk -t2 -c{CONNECTIONS} -d{seconds}s -s Benchmarks/serve.lua",
                 "connections": CONNECTIONS, "encoding": encoding, "rate": round(found["requests"] / found["seconds"], 1), **found,
                 "server_cpu_s": round(cpu_seconds(server.process.pid) - before, 2), **server.memory_mb()})
    print(f"  {step:28} {found['requests'] / found['seconds']:8.0f}/s   p99 {found['p99_ms']:7.2f} ms   errors {found['errors']}   {server.memory_mb()['rss_mb']:.0f} MB")
    return found


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def started(bench, step, workspace, repeat):
    for n in range(repeat):
        server = Server(bench, workspace)
        bench.write({"row": "measured", "step": step, "repetition": n, "command": "horizonscale serve", "wall_s": round(server.start_s, 4), **server.memory_mb()})
        print(f"  {step:28} {server.start_s:8.3f} s   {server.memory_mb()['rss_mb']:8.1f} MB")
        if n < repeat - 1:
            server.stop()
    return server


def serve(bench):
    """The server: start, lists, series cold and warm, what if, memory, runs that replace one another, a fleet fifty times as large."""
    if shutil.which("wrk") is None:
        raise SystemExit("bench: serve needs wrk: apt-get install wrk")
    workspace = bench.path("w-serve")
    if not os.path.exists(os.path.join(workspace, "latest")):
        bench.measure("run for serve", 0, ["run", bench.fleet(2000), "--models", "fast", "--workspace", workspace, "--quiet"], patient=False)
    server = started(bench, "start 2000", workspace, bench.options.repeat)
    try:
        numbers = random.Random(7)
        time.sleep(5)  # What is read ahead has been read.
        for n in range(bench.options.repeat):
            changes = [{"load_percent": numbers.randint(5, 40)}, {"capacity_percent": numbers.randint(-20, 20), "scope": {"resource": ["disk"]}}]
            begin = time.perf_counter()
            found = server.post("/api/v1/scenarios/evaluate?limit=200", {"changes": changes})
            bench.note("what if 2000", repetition=n, series=found["series"], touched=found["touched"], wall_s=round(time.perf_counter() - begin, 4), inside_ms=found["milliseconds"])
            print(f"  what if, {found['touched']} series       {time.perf_counter() - begin:8.3f} s")
        series = series_targets(server, 7)
        load(bench, server, "series cold", series, 10)
        for target in series:
            server.get(target)  # Warm means that each was asked for before.
        for n in range(bench.options.repeat):
            load(bench, server, "series warm", series, 10, n)
        risks = risk_targets(server, 20_000, 7)
        for n in range(bench.options.repeat):
            load(bench, server, "risks", risks, 10, n)
        load(bench, server, "risks gzip", risks, 10, encoding="gzip")
        done = 0
        mixed = [t for pair in zip(risks, series * (len(risks) // len(series) + 1)) for t in pair]
        for n in range(4):
            done += load(bench, server, "mixed", mixed, 15, n)["requests"]
        bench.note("memory", requests=done, **server.memory_mb())

        # Fifty runs, one after the other, while requests go on; a run shares its tables with the one before it on the disk.
        runs = os.path.join(workspace, "runs")
        latest = os.path.basename(os.path.realpath(os.path.join(workspace, "latest")))
        wrk = subprocess.Popen(["wrk", "-t2", f"-c{CONNECTIONS}", "-d90s", "--timeout", "10s", "-s", os.path.join(HERE, "serve.lua"), server.url, "--", bench.path("targets")],
                               stdout=subprocess.PIPE, text=True)
        memory = []
        for n in range(50):
            made = os.path.join(runs, f".tmp-{n}")
            os.makedirs(made)
            for name in os.listdir(os.path.join(runs, latest)):
                if name == "run.json":
                    shutil.copy(os.path.join(runs, latest, name), made)
                else:
                    os.link(os.path.join(runs, latest, name), os.path.join(made, name))
            final = os.path.join(runs, f"{latest.split('.')[0]}.{n + 1000}")
            os.rename(made, final)
            if n > 1:
                shutil.rmtree(os.path.join(runs, f"{latest.split('.')[0]}.{n + 998}"))
            time.sleep(1.5)
            memory.append(server.memory_mb()["rss_mb"])
        replaced = json.loads(wrk.communicate()[0].strip().splitlines()[-1])
        now = server.get("/api/v1/runs")["latest"]
        bench.note("replaced 50 times", **replaced, run=now, rss_mb_first_ten=max(memory[:10]), rss_mb_last_ten=max(memory[-10:]), is_newest=now.endswith(".1049"))
        print(f"  replaced 50 times: {replaced['errors']} errors, {memory[5]:.0f} to {memory[-1]:.0f} MB")
        for n in (48, 49):
            shutil.rmtree(os.path.join(runs, f"{latest.split('.')[0]}.{n + 1000}"))
    finally:
        server.stop()
    large(bench, workspace)


def table(kept):
    """What was asked beside what was measured; the median of the repetitions."""
    if not kept.rows:
        return []
    middle = lambda step, field: sorted(r[field] for r in kept.of(step))[len(kept.of(step)) // 2]
    lines = []

    def line(asked, measured, met):
        lines.append(f"| {asked} | {measured} | {'yes' if met else '**no**'} |")

    start, cold = middle("start 2000", "wall_s"), kept.of("series cold")[0]
    line("2,000 servers: ready within 1 s", f"{start:.2f} s", start <= 1)
    rate, p99 = middle("risks", "rate"), middle("risks", "p99_ms")
    line("risks, random filters, 50 connections: 2,000 requests/s, p99 below 20 ms", f"{rate:,.0f}/s, {p99:.1f} ms", rate >= 2_000 and p99 < 20)
    packed = kept.of("risks gzip")[0]
    line("the same as browsers ask for them, packed", f"{packed['rate']:,.0f}/s, {packed['p99_ms']:.1f} ms", True)
    line("series detail, never asked for before", f"{cold['rate']:,.0f}/s", True)
    rate = middle("series warm", "rate")
    line("series detail, warm: 1,000 requests/s", f"{rate:,.0f}/s, p99 {middle('series warm', 'p99_ms'):.1f} ms", rate >= 1_000)
    slowest = max(r["wall_s"] for r in kept.of("what if 2000", "figure"))
    line("what if over 8,000 series within a second", f"{slowest:.2f} s at most", slowest <= 1)
    memory = kept.of("memory", "figure")[0]
    growth = [r["rss_mb"] for r in kept.of("mixed")]
    line("below 400 MB and flat over 100,000 requests", f"{max(growth):.0f} MB after {memory['requests']:,} requests ({growth[0]:.0f} MB after the first quarter)",
         max(growth) < 400 and growth[-1] <= 1.05 * growth[0])
    replaced = kept.of("replaced 50 times", "figure")[0]
    line("50 runs, one after the other, under load: no error, no growth", f"{replaced['errors']} errors in {replaced['requests']:,} requests, {replaced['rss_mb_first_ten']:.0f} to {replaced['rss_mb_last_ten']:.0f} MB",
         replaced["errors"] == 0 and replaced["rss_mb_last_ten"] <= 1.1 * replaced["rss_mb_first_ten"])
    if kept.of("start 100000"):
        start, single = middle("start 100000", "wall_s"), sorted(r["wall_s"] for r in kept.of("risks 100000, one at a time", "figure"))
        peak = max(r["peak_rss_mb"] for r in kept.rows if "peak_rss_mb" in r and "100000" in r["step"])
        line("100,000 servers: ready within 5 s", f"{start:.2f} s", start <= 5)
        line("100,000 servers: risks within 200 ms", f"{1_000 * single[-1]:.0f} ms at most of {len(single)}, median {1_000 * single[len(single) // 2]:.0f} ms", single[-1] <= 0.2)
        line("100,000 servers: below 1.5 GB", f"{peak:.0f} MB", peak < 1_536)
    return ["## The dashboard's server", "", "`Benchmarks/run serve`: wrk beside the server on the same machine, 50 connections on loopback; medians of the repetitions.", "",
            "| asked | measured | met |", "| --- | --- | --- |", *lines, ""]


def large(bench, workspace):
    python = os.path.join(os.path.dirname(HERE), ".venv/peers/bin/python")
    if not os.path.exists(python):
        python = "python3"
    if subprocess.run([python, "-c", "import pyarrow"], capture_output=True).returncode:
        print("  a fleet of 100,000 servers needs pyarrow: skipped")
        return
    target = bench.path("w-large")
    bench.remove("w-large")
    source = os.path.realpath(os.path.join(workspace, "latest"))
    run = os.path.join(target, "runs", os.path.basename(source))
    os.makedirs(run)
    os.makedirs(os.path.join(target, "master"))
    for name in ("run.json", "forecasts.parquet"):
        shutil.copy(os.path.join(source, name), run)
    shutil.copy(os.path.join(workspace, "quality.json"), target)
    shutil.copy(os.path.join(workspace, "master", "manifest.json"), os.path.join(target, "master"))
    subprocess.run([python, "-c", REPEAT, source, run, str(REPEATED)], check=True)
    server = started(bench, "start 100000", target, bench.options.repeat)
    try:
        risks = risk_targets(server, 2_000, 8)
        for n, target in enumerate(risks[:40]):
            begin = time.perf_counter()
            server.get(target)
            bench.note("risks 100000, one at a time", repetition=n, wall_s=round(time.perf_counter() - begin, 4), target=target)
        for n in range(bench.options.repeat):
            load(bench, server, "risks 100000", risks, 10, n)
    finally:
        server.stop()
    bench.remove("w-large")
