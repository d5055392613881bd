"""What the product publishes at past as-ofs against what came, by the rules of docs/method/evaluation.md, "Issue 6: the contest".

Parts of `Benchmarks/run contest`: `mixed`, `behaviours` and `real` are what is judged; `tuning` is the fleets that may be looked at at any time. What
a fleet's contest boils down to is kept in Benchmarks/.cache by binary, models and readings, so that a part can be begun again.
"""

import contextlib
import datetime
import fcntl
import glob
import hashlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = ("mixed", "behaviours", "real", "tuning")
NOT_BY_DEFAULT = "tuning"
SEEDS, SERVERS = {"mixed": (21, 22, 23, 24, 25), "tuning": (1, 2, 3, 4, 5)}, {"mixed": 125, "tuning": 100}
BEHAVIOUR_SEEDS, BEHAVIOUR_SERVERS = {"behaviours": 22, "tuning": 8}, 40
REAL = ("fleet_hourly_bitbrains24.csv", "daily_long.csv", "nab_aws", "cloud_aggregates_hourly.csv")
# Three origins, the six folds that the oldest chooses by, and the two newer anchors without the whole horizon.
FOLDS, ORIGINS, HORIZON = 11, 3, 180
# What is asked (issue 6).
BEST, NAMED = 0.99, 1.01
HIGH, SHARES = (0.78, 0.82), {"1-30": 0.40, "31-60": 0.20, "61-90": 0.20}
OFF = 0.05
BASELINE = "seasonal-naive"


class Contests:
    def __init__(self, bench, python, scenarios):
        self.bench, self.python = bench, python
        self.data = os.path.abspath(bench.options.data)
        asked = bench.options.behaviours
        self.scenarios = [s for s in scenarios if not asked or s in asked.split(",")]
        said = subprocess.run([bench.binary, "models"], check=True, capture_output=True, text=True).stdout
        self.costs = dict(line.split()[:2] for line in said.splitlines()[1:] if line.strip())
        self.models = bench.options.models
        with open(bench.binary, "rb") as f:
            self.digest = hashlib.file_digest(f, "sha256").hexdigest()
        bench.note("judged", costs=self.costs, models=self.models)

    @contextlib.contextmanager
    def turn(self):
        """Where others measure on the same machine: one command at a time."""
        if not self.bench.options.turn:
            yield
            return
        with open(self.bench.options.turn, "a") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            yield

    def scores(self, *arguments, **given):
        with self.turn():
            said = subprocess.run([self.python, os.path.join(HERE, "contest_scores.py"), *arguments], input=json.dumps(given), check=True,
                                  stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}).stdout
        return [json.loads(line) for line in said.splitlines()]

    def measure(self, step, *arguments):
        with self.turn():
            return self.bench.measure(step, 0, [*map(str, arguments), "--quiet"], patient=False)

    def kept(self, *what):
        path = os.path.join(HERE, ".cache/contest", hashlib.sha256(json.dumps(what).encode()).hexdigest()[:24])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path + ".npz"

    def play(self, label, source, moved=False):
        """Folds and published runs of one fleet, boiled down to a file; the workspace it leaves is removed."""
        bench = self.bench
        files = sorted(glob.glob(os.path.join(glob.escape(source), "*"))) if os.path.isdir(source) else [source]
        what = [label, self.models, sorted(self.costs), [digest(f) for f in files]]
        folds = self.kept("folds", *what, None if bench.options.reuse_folds else self.digest)
        out = self.kept("published", *what, self.digest)
        if os.path.exists(out):
            with open(out + ".json") as f:
                for row in json.load(f):
                    bench.write(row | {"kept": True})
            return out
        workspace = self.ingested(label, source, moved)
        into, measured, runs = ["--workspace", workspace], [], []
        models = ["--models", self.models]
        if not os.path.exists(folds):
            self.measure(f"backtest {label}", "backtest", "--keep-forecasts", *(() if moved else ("--folds", FOLDS, "--horizon", HORIZON)), *models, *into)
            self.scores("fold", workspace, folds, origins="all" if moved else ORIGINS)
            bench.remove("w/backtests")
        for origin in self.scores("origins", folds):
            as_of = datetime.datetime.fromtimestamp(origin / 1e6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            run = self.kept("run", *what, self.digest, origin)
            if not os.path.exists(run + ".json"):
                row = self.measure(f"forecast {label}", "forecast", "--as-of", as_of, "--raw", "--fresh", *(() if moved else ("--horizon", HORIZON)), *models, *into)
                self.scores("published", workspace, folds, run)
                bench.remove("w/runs", "w/latest")
                with open(run + ".json", "w") as f:
                    json.dump(row, f)
            with open(run + ".json") as f:
                measured.append(json.load(f))
            runs.append(run)
        self.scores("join", out, *runs)
        with open(out + ".json", "w") as f:
            json.dump(measured, f)
        for run in runs:
            os.remove(run)
            os.remove(run + ".json")
        bench.remove("w")
        return out

    def ingested(self, label, source, moved):
        """A workspace with the fleet's master; with `moved`, of its series moved in time so that all end together."""
        bench, workspace = self.bench, self.bench.path("w")
        bench.remove("w")
        self.measure(f"ingest {label}", "ingest", source, "--workspace", workspace)
        if moved:
            subprocess.run([self.python, os.path.join(HERE, "align.py"), workspace, bench.path("moved.parquet")], check=True)
            bench.remove("w")
            self.measure(f"ingest {label}, moved", "ingest", bench.path("moved.parquet"), "--workspace", workspace)
            bench.remove("moved.parquet")
        return workspace

    def synthetic(self, label, servers, seed, *scenario):
        return self.play(label, self.bench.fleet(servers, seed, *scenario))

    def pool(self, groups):
        rows = self.scores("pool", groups=groups, costs=self.costs)
        for row in rows:
            self.bench.write({"row": "score", **row})
        show(rows)
        return rows

    # --- parts ----------------------------------------------------------------------------------------------------------

    def mixed(self, part="mixed"):
        files = {f"mixed {seed}": self.synthetic(f"mixed {seed}", SERVERS[part], seed) for seed in SEEDS[part]}
        self.pool({"mixed": list(files.values())})

    def behaviours(self, part="behaviours"):
        for s in self.scenarios:
            self.pool({s: [self.synthetic(s, BEHAVIOUR_SERVERS, BEHAVIOUR_SEEDS[part], s)]})

    def real(self):
        found = [n for n in REAL if os.path.exists(os.path.join(self.data, n))]
        if len(found) < len(REAL):
            print(f"  not in {self.data}, skipped: {', '.join(n for n in REAL if n not in found)}")
        for name in found:
            self.pool({name: [self.play(name, os.path.join(self.data, name), moved=True)]})

    def tuning(self):
        """The mixed fleets of seeds 1 to 5; with --behaviours those too."""
        self.mixed("tuning")
        if self.bench.options.behaviours:
            self.behaviours("tuning")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# --- what is asked ------------------------------------------------------------------------------------------------------


def one(rows, measure, **where):
    return next((r for r in rows if r["measure"] == measure and all(r.get(k) == v for k, v in where.items())), None)


def every(rows, measure, **where):
    return [r for r in rows if r["measure"] == measure and all(r.get(k) == v for k, v in where.items())]


def told(row, digits=3):
    return f"{row['ratio']:.{digits}f}" + (f" +- {2 * row['ratio'] * row['log_error']:.{digits}f}" if row.get("log_error") else "")


def verdicts(rows, group):
    """(asked, measured, met, detail) of one pool of fleets; the same rows are shown while tuning and kept in the summary."""
    found = []
    add = lambda *row: found.append(row)
    gap, early = one(rows, "gap", group=group), one(rows, "champion", group=group, ours="raw", over="named early")
    best = one(rows, "champion", group=group, ours="raw", over="best single")
    published = lambda over: told(one(rows, "champion", group=group, ours="published", over=over))
    if group == "mixed":
        closed = f"; {gap['closed']:.0%} of the gap to the oracle closed" if gap["closed"] is not None else ""
        add(f"champion at most {BEST} of the best single model", told(best), best["ratio"] <= BEST, f"over `{best['model']}`; published {published('best single')}{closed}")
        for over in ("ensemble-mean", "ensemble"):
            r = one(rows, "champion", group=group, ours="raw", over=over)
            if r:
                add(f"champion at most {BEST} of `{over}`", told(r), r["ratio"] <= BEST, f"published {published(over)}")
    if early:
        add(f"champion at most {NAMED} of the model that the early folds name", told(early), early["ratio"] <= NAMED,
            ", ".join(f"`{m}` {n} times" for m, n in early["named"].items()) + f"; published {published('named early')}; over the best with hindsight, `{best['model']}`, {told(best)}")
    if group == "mixed":
        coverage_verdicts(rows, group, add)
        breach_verdicts(rows, group, add)
        tier_verdicts(rows, group, add)
    for r in every(rows, "real coverage", group=group):
        if group in REAL and r["level"] != 50:
            add(f"{r['level']} % inside the block bootstrap", f"{r['low']:.3f} to {r['high']:.3f}", r["holds"],
                f"coverage {r['coverage']:.3f}, {100 * r['distance']:+.1f} points off; {r['series']} series, {r['origins']} origins")
    return found


def coverage_verdicts(rows, group, add):
    for level, whole, part in ((80, (0.78, 0.82), (0.76, 0.84)), (90, (0.88, 0.92), (0.86, 0.94))):
        of = {r["part"]: r for r in every(rows, "coverage", group=group, level=level)}
        r = of.pop("all")
        add(f"{level} % intervals cover {whole[0]:.0%} to {whole[1]:.0%}", f"{r['coverage']:.3f}", whole[0] <= r["coverage"] <= whole[1],
            "by origin " + ", ".join(f"{v:.3f}" for v in r["by_origin"]) + (f"; sd of origins {r['sd_of_origins']:.4f}, of {r['places']} places {r['sd']:.4f}" if r["sd"] is not None else ""))
        single = {name: r for name, r in of.items() if " " not in name}
        worst = max(single.values(), key=lambda r: abs(r["coverage"] - level / 100))
        add(f"{level} % intervals cover {part[0]:.0%} to {part[1]:.0%} in each lead bucket and resource", f"worst {worst['coverage']:.3f} ({worst['part']})",
            all(part[0] <= r["coverage"] <= part[1] for r in single.values()),
            ", ".join(f"{name} {r['coverage']:.3f}" + (f" (sd {r['sd_of_origins']:.3f})" if r["sd_of_origins"] is not None else "") for name, r in single.items()))
    r = one(rows, "width", group=group, part="all")
    add("mean width of the 80 % interval at most plain split conformal's", f"{r['ratio']:.3f}", r["ratio"] <= 1,
        f"{r['ours']:.2%} against {r['split_conformal']:.2%} of capacity, covering {r['coverage']:.3f} and {r['split_conformal_coverage']:.3f}; "
        + ", ".join(f"{b} {one(rows, 'width', group=group, part=b)['ratio']:.2f}" for b in ("1-30", "31-60", "61-90", "91-180")))


def breach_verdicts(rows, group, add):
    tenths = every(rows, "reliability", group=group)
    asked = [r for r in tenths if r["asked"]]
    if asked:
        worst = max(asked, key=lambda r: abs(r["off"]))
        add("breach probabilities within 5 points in every tenth", f"worst {100 * worst['off']:+.1f} points (tenth {worst['tenth'] + 1})", abs(worst["off"]) <= OFF,
            ", ".join(f"{r['promised']:.2f}: {r['happened']:.2f} +- {2 * r['error']:.2f}{'' if r['asked'] else ' (too few)'}" for r in tenths))
    for days in (30, 60, 90, 180):
        of = {r["forecast"]: r for r in every(rows, "breach", group=group, days=days)}
        if not of:
            continue
        ours = of.pop("ours")
        call = lambda r: f"{r['hits']} of {r['called']} called, {r['hits']} of {r['happened']} happened"
        add(f"Brier score at {days} days below climatology's and the straight line's", f"{ours['brier']:.5f}", all(ours["brier"] < r["brier"] for r in of.values()),
            ", ".join(f"{name} {r['brier']:.5f}" for name, r in of.items()) + f"; expected {ours['expected']:.0f}; {call(ours)}; line-30 {call(of['line-30, yes or no'])}")


def tier_verdicts(rows, group, add):
    tiers = {(r["tier"], r["leads"]): r for r in every(rows, "tier", group=group)}
    order = [("high", "medium"), ("medium", "low")]
    rises, told_of = True, []
    for leads in ("1-30", "31-60", "61-90", "91-180"):
        here = {t: tiers.get((t, leads)) for t in ("high", "medium", "low")}
        told_of.append(f"{leads} " + " / ".join(f"{r['mean_error']:.2%}" if r and r.get("mean_error") is not None else "-" for r in here.values()))
        for a, b in order:
            if all(r and r["share"] >= 0.02 and r.get("mean_error") is not None for r in (here[a], here[b])):
                rises &= here[a]["mean_error"] < here[b]["mean_error"]
    add("error rises from High to Medium to Low", "yes" if rises else "no", rises, "mean error in % of capacity, high / medium / low: " + "; ".join(told_of))
    whole = {t: tiers.get((t, "all")) for t in ("high", "medium", "low")}
    apart = {t: abs(r["coverage80"] - 0.8) for t, r in whole.items() if r}
    by_lead = lambda t: ", ".join(f"{l} {tiers[t, l]['coverage80']:.3f}" for l in ("1-30", "31-60", "61-90", "91-180") if "coverage80" in tiers.get((t, l), {}))
    add("miscoverage rises from High to Medium to Low", " / ".join(f"{100 * v:.1f}" for v in apart.values()) + " points", list(apart.values()) == sorted(apart.values()) and len(apart) == 3,
        "; ".join(f"{t} covers {r['coverage80']:.3f} +- {2 * r['coverage_error']:.3f} ({by_lead(t)})" for t, r in whole.items() if r))
    if whole["high"]:
        add("High covers 78 to 82 %", f"{whole['high']['coverage80']:.3f}", HIGH[0] <= whole["high"]["coverage80"] <= HIGH[1], by_lead("high"))
    shares = {l: tiers["high", l] for l in SHARES if ("high", l) in tiers}
    met = all(r["share"] >= SHARES[l] and (r["share_of_lively"] or 0) >= SHARES[l] / 2 for l, r in shares.items()) and len(shares) == len(SHARES)
    add("High holds 40 % of live series at leads 1..30 and 20 % at 31..90, not idle ones only", ", ".join(f"{l} {r['share']:.0%}" for l, r in shares.items()), met,
        "of those neither idle nor flat " + ", ".join(f"{l} {r['share_of_lively']:.0%}" for l, r in shares.items()) + "; breaches called, right, happened: "
        + "; ".join(f"{t} {l} {r['called']}, {r['hits']}, {r['happened']}" for (t, l), r in tiers.items() if r.get("called") or r.get("happened")))


def show(rows):
    for group in dict.fromkeys(r["group"] for r in rows):
        for asked, measured, met, detail in verdicts(rows, group):
            print(f"  {group:16} {'yes' if met else 'NO ':3} {asked}: {measured}\n{'':24}{detail}")


# --- summary ------------------------------------------------------------------------------------------------------------


def lines(line, parts):
    for part in ("mixed", "real"):
        kept = parts[part]
        rows = [r for r in kept.rows if r["row"] == "score"]
        for group in dict.fromkeys(r["group"] for r in rows):
            for asked, measured, met, detail in verdicts(rows, group):
                line(f"{'mixed fleet' if group == 'mixed' else group}: {asked}", kept, measured, met, f"Benchmarks/run contest --part {part}", detail)
    rows = [r for r in parts["behaviours"].rows if r["row"] == "score"]
    if rows:
        early = {r["group"]: r for r in every(rows, "champion", ours="raw", over="named early")}
        worst = max(early.values(), key=lambda r: r["ratio"])
        line(f"each behaviour: champion at most {NAMED} of the model that the early folds name", parts["behaviours"], f"worst {told(worst)} ({worst['group']})", worst["ratio"] <= NAMED,
             "Benchmarks/run contest --part behaviours", ", ".join(f"{g} {r['ratio']:.3f}" for g, r in early.items()))


def table(title, heads, rows):
    return ["### " + title, "", "| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *("| " + " | ".join(r) + " |" for r in rows), ""] if rows else []


def tables(parts):
    rows = {p: [r for r in kept.rows if r["row"] == "score"] for p, kept in parts.items()}
    mixed = rows["mixed"]
    text = table("Models on the mixed fleets, loss over seasonal naive at the scoring origins", ["model", "ratio", "refused"],
                 [[r["model"], told(r), f"{r['refused']:.1%}"] for r in sorted(every(mixed, "loss", group="mixed"), key=lambda r: r["ratio"])])
    chosen = [(p, g) for p in ("mixed", "behaviours", "real") for g in dict.fromkeys(r["group"] for r in rows[p])]
    cell = lambda p, g, **where: (lambda r: told(r) if r else "-")(one(rows[p], "champion", group=g, **where))
    text += table("Champion, chosen and calibrated on what was known", ["set", "over the model named early", "published", "over the best with hindsight", "over `ensemble-mean`", "over `ensemble`", "over the oracle", "gap closed"],
                  [[g, cell(p, g, ours="raw", over="named early"), cell(p, g, ours="published", over="named early"), cell(p, g, ours="raw", over="best single"), cell(p, g, ours="raw", over="ensemble-mean"),
                    cell(p, g, ours="raw", over="ensemble"), cell(p, g, ours="raw", over="oracle"),
                    (lambda r: f"{r['closed']:.0%}" if r and r["closed"] is not None else "-")(one(rows[p], "gap", group=g))] for p, g in chosen])
    covered = lambda p, g, level, part: (lambda r: f"{r['coverage']:.3f}" if r else "-")(one(rows[p], "coverage", group=g, level=level, part=part))
    text += table("Coverage of published intervals", ["set", "50 %", "80 %", "90 %", "80 %: 1-30", "31-60", "61-90", "91-180"],
                  [[g, *(covered(p, g, l, "all") for l in (50, 80, 90)), *(covered(p, g, 80, b) for b in ("1-30", "31-60", "61-90", "91-180"))] for p, g in chosen])
    text += table("80 % intervals on the mixed fleets by part, beside plain split conformal", ["part", "covers", "sd of origins", "width, % of capacity", "split conformal", "covers"],
                  [[r["part"], f"{c['coverage']:.3f}", f"{c['sd_of_origins']:.4f}", f"{100 * r['ours']:.2f}", f"{100 * r['split_conformal']:.2f}", f"{r['split_conformal_coverage']:.3f}"]
                   for r in every(mixed, "width", group="mixed") for c in [one(mixed, "coverage", group="mixed", level=80, part=r["part"])]])
    text += table("Breach probabilities on the mixed fleets, thresholds and horizons together", ["promised", "happened", "+-", "promises", "series"],
                  [[f"{r['promised']:.3f}", f"{r['happened']:.3f}", f"{2 * r['error']:.3f}", str(r["promises"]), str(r["series"])] for r in every(mixed, "reliability", group="mixed")])
    share = lambda a, b: f"{a / b:.2f} of {b}" if b else "-"
    text += table("Breaches on the mixed fleets", ["within", "forecast", "Brier", "expected", "precision", "recall"],
                  [[f"{r['days']} days", r["forecast"], f"{r['brier']:.5f}", f"{r['expected']:.0f}", share(r["hits"], r["called"]), share(r["hits"], r["happened"])] for r in every(mixed, "breach", group="mixed")])
    number = lambda v, f: f.format(v) if v is not None else "-"
    text += table("Tiers on the mixed fleets", ["leads", "tier", "share of live series", "neither idle nor flat", "80 % covers", "mean error, % of capacity", "median", "MASE", "precision", "recall"],
                  [[r["leads"], r["tier"], f"{r['share']:.1%}", number(r.get("share_of_lively"), "{:.1%}"), number(r.get("coverage80"), "{:.3f}"), number(r.get("mean_error"), "{:.2%}"),
                    number(r.get("median_error"), "{:.2%}"), number(r.get("mase"), "{:.2f}"), share(r.get("hits", 0), r.get("called")), share(r.get("hits", 0), r.get("happened"))]
                   for r in sorted(every(mixed, "tier", group="mixed"), key=lambda r: (r["leads"] == "all", int(r["leads"].split("-")[0]) if r["leads"] != "all" else 0))])
    return ["## The contest, nested", "", "By the rules of [evaluation.md](../../docs/method/evaluation.md), \"Issue 6\". +- is twice the standard error, servers drawn as blocks.", "", *text] if text else []
