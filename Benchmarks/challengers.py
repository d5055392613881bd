"""What the models that learn from the fleet are worth, by the rules of docs/method/evaluation.md: the parts of `Benchmarks/run challengers`.

Each part writes a file of its own, so that one that fails loses nothing of the others. What a contest boils down to is kept in
Benchmarks/.cache, by binary, weights, models and readings: a part that needs a contest again, or is begun again, does not play it twice.
"""

import contextlib
import glob
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = ("short", "mixed", "seed", "behaviours", "real", "adds", "cost", "mlforecast", "tuning")
# Asks nothing of ours: only when it is named.
NOT_BY_DEFAULT = "tuning"
# The two that train on the fleet and the one that ships trained, in this order in --challengers.
ROLES = ("xgboost", "lstm", "lstm-zero-shot")
BASELINE = "seasonal-naive"
BASELINES = ("seasonal-naive", "naive", "line-30", "line-90")
CUTS = (30, 60, 90, 120)
MIXED_SEEDS, MIXED_SERVERS = (11, 12, 13), 250
BEHAVIOUR_SEED, BEHAVIOUR_SERVERS = 7, 100
OTHER_SEED = 43
# Real sets and the step at which their cuts are taken: an hour where the set is finer.
REAL_STEPS = {"fleet_hourly_bitbrains24.csv": "hour", "daily_long.csv": "day", "nab_aws": "hour", "cloud_aggregates_hourly.csv": "hour"}
# Beside the challenger on short series; the others cost time and are not asked about.
BESIDE_SHORT = ("line-30", "theta", "ets", "harmonic-ar", "prophet-shift")
# Servers of the mixed fleets on which mlforecast plays too: two sizes, because its cost grows with the fleet and a bounded sample's does not.
PEER_SERVERS, PEER_SEED, TUNING_SEED = (60, 125), 11, 1
COST_SERVERS = 2000
# What is asked (issue 5).
SHORT_WQL, NEAR_BEST, ADDS, PEER_CPU = 0.90, 1.05, 0.005, 0.5
MOST_SECONDS, MOST_MEGABYTES = {"xgboost": 30, "lstm entries": 30, "all models": 120}, 1536


class Challengers:
    def __init__(self, bench, python, scenarios, needed=True):
        self.bench, self.python = bench, python
        asked = bench.options.behaviours
        self.scenarios = [s for s in scenarios if s in asked.split(",")] if asked else scenarios
        self.data = os.path.abspath(bench.options.data)
        said = subprocess.run([bench.binary, "models"], check=True, capture_output=True, text=True).stdout
        # Of the catalog as people see it: name, cost, least history, summary.
        self.costs = dict(line.split()[:2] for line in said.splitlines()[1:] if line.strip())
        self.challengers = bench.options.challengers.split(",")
        missing = [c for c in self.challengers if c not in self.costs]
        if len(self.challengers) != len(ROLES) or missing and needed:
            sys.exit(f"bench: --challengers wants three models of the catalog, for {', '.join(ROLES)}" + (f"; there is no {', '.join(missing)}." if missing else "."))
        self.trees, self.network, self.zero_shot = self.challengers
        bench.note("judged", models=self.challengers, costs=self.costs)
        weights = subprocess.run(["git", "-C", HERE, "ls-files", "--full-name", ":/*.safetensors"], capture_output=True, text=True).stdout.split()
        self.digests = [digest(path) for path in (bench.binary, *(os.path.join(HERE, "..", w) for w in weights)) if os.path.exists(path)]

    # --- contests -------------------------------------------------------------------------------------------------------

    def scores(self, *arguments, **given):
        """What challenger_scores.py prints."""
        said = subprocess.run([self.python, os.path.join(HERE, "challenger_scores.py"), *arguments], input=json.dumps(given), check=True,
                              stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}).stdout
        return [json.loads(line) for line in said.splitlines()]

    def write(self, rows, **more):
        for row in rows:
            self.bench.write({"row": "score", **row, **more})
        return rows

    @contextlib.contextmanager
    def environment(self, **variables):
        os.environ.update(variables)
        try:
            yield
        finally:
            for name in variables:
                del os.environ[name]

    def contest(self, label, source, models=None, fleet=None, step=None, seed=None, truth=None, grouped=False, adds=False):
        """Plays a contest and returns the file with what it boils down to, or None where no series is long enough for a fold.

        - fleet: What servers belong to when they are drawn as blocks; cuts of one fleet share it.
        - step: Given for cuts, whose series each end with their own newest reading.
        """
        models = models or list(self.costs)
        files = sorted(glob.glob(os.path.join(glob.escape(source), "*"))) if os.path.isdir(source) else [source]
        what = json.dumps([self.digests, self.challengers, label, models, step, seed, adds, [digest(f) for f in files]])
        out = os.path.join(HERE, ".cache/challengers", hashlib.sha256(what.encode()).hexdigest()[:24])
        if os.path.exists(out + ".json"):
            with open(out + ".json") as f:
                self.bench.write(json.load(f) | {"kept": True})
            return out + ".npz"
        os.makedirs(os.path.dirname(out), exist_ok=True)
        workspace = self.bench.path("w")
        self.bench.remove("w")
        with self.environment(**({"HORIZONSCALE_STALE_AFTER": "1"} if step else {})):
            self.bench.finish(self.bench.start("ingest", source, *(("--step", step) if step else ()), "--workspace", workspace, "--quiet")[0])
            row = self.bench.measure(f"backtest {label}", 0, [
                "backtest", "--keep-forecasts", "--models", ",".join(models), *(("--seed", seed) if seed else ()), "--workspace", workspace, "--quiet"], patient=False)
        self.scores("extract", workspace, out + ".npz", fleet=fleet or label, costs=self.costs, baselines=BASELINES, challengers=self.challengers,
                    grouped=grouped, truth=truth, adds=adds)
        if not os.path.exists(out + ".npz"):
            return None
        with open(out + ".json", "w") as f:
            json.dump(row, f)
        self.bench.remove("w")
        return out + ".npz"

    def synthetic(self, label, servers, seed, *scenario, **more):
        metrics = self.bench.fleet(servers, seed, *scenario)
        return self.contest(label, metrics, truth=os.path.join(os.path.dirname(metrics), "truth.parquet"), **more)

    def mixed_contests(self):
        return {f"mixed {seed}": self.synthetic(f"mixed {seed}", MIXED_SERVERS, seed, adds=True) for seed in MIXED_SEEDS}

    def hard_contest(self):
        return self.synthetic("mixed-hard", MIXED_SERVERS, MIXED_SEEDS[0], "mixed-hard", adds=True)

    def behaviour_contests(self):
        return {s: self.synthetic(s, BEHAVIOUR_SERVERS, BEHAVIOUR_SEED, s, adds=True) for s in self.scenarios}

    def real_sets(self):
        found = [n for n in REAL_STEPS if os.path.exists(os.path.join(self.data, n))]
        if len(found) < len(REAL_STEPS):
            print(f"  not in {self.data}, skipped: {', '.join(n for n in REAL_STEPS if n not in found)}")
        return found

    def real_contests(self):
        return {name: self.contest(name, os.path.join(self.data, name), adds=True) for name in self.real_sets()}

    def show(self, rows, *models):
        for r in rows:
            if r.get("model") in models:
                print(f"  {r['group']:34} {r['measure']:5} {r['model']:16} over {r.get('over', r.get('how', '')):18} {r['ratio']:.3f}  +- {twice(r):.3f}")

    # --- parts ----------------------------------------------------------------------------------------------------------

    def short(self):
        """Series cut to their first readings: the challenger that ships trained against seasonal naive."""
        bench, models = self.bench, [BASELINE, *(m for m in BESIDE_SHORT if m != self.zero_shot), self.zero_shot]
        sets = {}

        def cut(label, sources, step, fleet, grouped):
            for n in CUTS:
                path = bench.path("cut.parquet")
                subprocess.run([self.python, os.path.join(HERE, "cuts.py"), str(n), path, *sources], check=True)
                played = self.contest(f"{label}, first {n}", path, models, fleet=fleet, step=step, grouped=grouped)
                if played:
                    sets[label, n] = played
                else:
                    # Two seasons must lie before a cutoff: 30 hours hold no fold.
                    bench.note("no fold", set=label, readings=n)
                    print(f"  {label}, first {n}: no fold")

        sources = []
        fleets = {s: bench.fleet(BEHAVIOUR_SERVERS, BEHAVIOUR_SEED, s) for s in self.scenarios} | {"mixed": bench.fleet(MIXED_SERVERS, MIXED_SEEDS[0])}
        for name, metrics in fleets.items():
            bench.remove(f"w-{name}")
            bench.finish(bench.start("ingest", metrics, "--workspace", bench.path(f"w-{name}"), "--quiet")[0])
            sources.append(f"{name}={bench.path(f'w-{name}')}")
        cut("synthetic", sources, "day", "synthetic", True)
        bench.remove(*(f"w-{name}" for name in fleets))
        for name in self.real_sets():
            bench.remove("w-real")
            bench.finish(bench.start("ingest", os.path.join(self.data, name), "--step", REAL_STEPS[name], "--workspace", bench.path("w-real"), "--quiet")[0])
            cut(name, [bench.path("w-real")], REAL_STEPS[name], name, False)
        bench.remove("w-real", "cut.parquet")

        synthetic = [p for (label, _), p in sets.items() if label == "synthetic"]
        real = [p for (label, _), p in sets.items() if label != "synthetic"]
        groups = {"synthetic": {"files": synthetic}} | ({"real": {"files": real}} if real else {})
        groups |= {f"{label}, first {n}": {"files": [p]} for (label, n), p in sets.items()}
        groups |= {label: {"files": [p for (of, _), p in sets.items() if of == label]} for label in dict.fromkeys(l for l, _ in sets) if label != "synthetic"}
        groups |= {name: {"files": synthetic, "only": name} for name in fleets}
        self.show(self.write(self.scores("pool", groups=groups, wql=models[1:])), self.zero_shot)

    def mixed(self):
        """All models on the mixed fleets, over seasonal naive and over the best model that learns from one series alone."""
        played = self.mixed_contests()
        groups = {"mixed": {"files": list(played.values())}, **{label: {"files": [p]} for label, p in played.items()}, "mixed-hard": {"files": [self.hard_contest()]}}
        rows = self.write(self.scores("pool", groups=groups))
        alone = [r for r in rows if r["group"] == "mixed" and r["measure"] == "loss" and r["model"] in self.costs
                 and self.costs[r["model"]] != "combined" and r["model"] not in self.challengers]
        best = min(alone, key=lambda r: r["ratio"])["model"]
        self.bench.note("best alone", model=best)
        print(f"  the best of one series alone: {best}")
        self.show(self.write(self.scores("pool", groups=groups, over=[best])), *self.challengers)

    def seed(self):
        """How far another seed puts those that train: the floor under which a gain is luck."""
        usual = self.mixed_contests()[f"mixed {PEER_SEED}"]
        other = self.contest(f"mixed {PEER_SEED}, seed {OTHER_SEED}", self.bench.fleet(MIXED_SERVERS, PEER_SEED), [BASELINE, self.trees, self.network],
                             fleet=f"mixed {PEER_SEED}", seed=OTHER_SEED)
        for row in self.write(self.scores("between", files_a=[other], files_b=[usual], models=[self.trees, self.network]), group=f"mixed {PEER_SEED}"):
            print(f"  {row['model']:16} seed {OTHER_SEED} over 42: {row['ratio']:.4f} +- {twice(row):.4f}, by series {row['spread_of_series']:.4f}")

    def behaviours(self):
        played = self.behaviour_contests()
        groups = {"all behaviours": {"files": list(played.values())}, **{s: {"files": [p]} for s, p in played.items()}}
        self.show(self.write(self.scores("pool", groups=groups)), *self.challengers)

    def real(self):
        self.show(self.write(self.scores("pool", groups={n: {"files": [p]} for n, p in self.real_contests().items()}, wql=list(self.costs))), *self.challengers)

    def adds(self):
        """The contest with and without each challenger, per behaviour and set."""
        behaviours = self.behaviour_contests()
        sets = {"mixed": list(self.mixed_contests().values()), "mixed-hard": [self.hard_contest()], "all behaviours": list(behaviours.values()),
                **{s: [p] for s, p in behaviours.items()}, **{n: [p] for n, p in self.real_contests().items()}}
        rows = self.scores("pool", groups={name: {"files": files} for name, files in sets.items()}, over=[], challengers=self.challengers)
        self.show([r for r in self.write(rows) if r.get("of") == "champion"], *self.challengers)

    def cost(self):
        """8,000 series, 180 days ahead, the whole run: what the challengers add to the baseline alone, and all models."""
        metrics = self.bench.fleet(COST_SERVERS)
        entries = {"baseline": [], **{role: [model] for role, model in zip(ROLES, self.challengers)},
                   "lstm entries": [self.network, self.zero_shot], "all models": [m for m in self.costs if m != BASELINE]}

        def body(n):
            quiet = True
            for step, models in entries.items():
                self.bench.remove("w")
                quiet &= self.bench.measure(f"run {step}", n, ["run", metrics, "--horizon", 180, "--models", ",".join([BASELINE, *models]),
                                                               "--workspace", self.bench.path("w"), "--quiet"])["quiet"]
                self.bench.note(f"run {step}", stages=self.bench.manifest("w")["timings"])
            return quiet

        self.bench.rounds(body, wanted=max(1, self.bench.options.repeat - 2))
        self.bench.remove("w")

    def mlforecast(self):
        """mlforecast's XGBoost with conformal intervals on the same folds of the same fleets."""
        for servers in PEER_SERVERS:
            metrics, into = self.bench.fleet(servers, PEER_SEED), ["--workspace", self.bench.path("w"), "--quiet"]
            self.bench.remove("w")
            self.bench.finish(self.bench.start("ingest", metrics, *into)[0])
            for step, models in (("baseline", BASELINE), ("xgboost", f"{BASELINE},{self.trees}")):
                self.bench.measure(f"backtest {step}, {servers} servers", 0, ["backtest", "--models", models, *into])
                self.bench.remove("w/backtests")
            self.bench.finish(self.bench.start("backtest", "--keep-forecasts", "--models", f"{BASELINE},{self.trees}", *into)[0])
            said = subprocess.run([self.python, os.path.join(HERE, "mlforecast_peer.py"), self.bench.path("w"), "--model", self.trees], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
            for row in self.write([json.loads(line) for line in said.splitlines()], servers=servers):
                print(f"  {servers} servers: CPU {row['cpu_s']:.1f} s; WQL {row['wql']['peer']:.4f}, ours {row['wql']['ours']:.4f}")
        self.bench.remove("w")

    def tuning(self):
        """What was tried for mlforecast, on a fleet that is not judged."""
        metrics, into = self.bench.fleet(PEER_SERVERS[0], TUNING_SEED), ["--workspace", self.bench.path("w"), "--quiet"]
        self.bench.remove("w")
        self.bench.finish(self.bench.start("ingest", metrics, *into)[0])
        self.bench.measure("backtest", 0, ["backtest", "--keep-forecasts", "--models", BASELINE, "--folds", 3, *into], patient=False)
        said = subprocess.run([self.python, os.path.join(HERE, "mlforecast_peer.py"), self.bench.path("w"), "--model", BASELINE, "--tune"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        for row in self.write([json.loads(line) for line in said.splitlines()]):
            print(f"  {row['configuration']:40} CPU {row['cpu_s']:.1f} s; WQL {row['wql']['peer']:.4f}; loss over seasonal naive {row['over_baseline']['peer']:.3f}")
        self.bench.remove("w")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def twice(row):
    """Twice the standard error of a ratio."""
    return 2 * row["ratio"] * row["log_error"] if row["log_error"] is not None else math.nan


# --- summary ------------------------------------------------------------------------------------------------------------


def told(row):
    """A ratio, and twice its standard error where there is more than one server."""
    return f"{row['ratio']:.3f}" + ("" if row["log_error"] is None else f" +- {twice(row):.3f}")


def gain(row):
    return f"{100 * (1 - row['ratio']):+.1f} %" + ("" if row["log_error"] is None else f" +- {100 * twice(row):.1f}")


class Measured:
    """Rows of the parts, by what they are asked for."""

    def __init__(self, parts):
        self.parts = parts

    def judged(self, part):
        rows = self.parts[part].of("judged", "figure")
        return rows[0]["models"] if rows else []

    def find(self, part, measure, **where):
        return [r for r in self.parts[part].scores(measure, **where) if r["ratio"] is not None]

    def one(self, part, measure, **where):
        return next(iter(self.find(part, measure, **where)), None)

    def seed_floor(self, model):
        """How far another seed moves the model, as a share of its loss; 0 where it was not measured."""
        row = self.one("seed", "seed", model=model)
        return abs(math.log(row["ratio"])) if row else 0.0

    def additions(self, model, **where):
        """Rows of what a model adds beside the others, with both noise floors as `floor` in logs."""
        for row in self.find("adds", "adds", model=model, how="beside the others", **where):
            # A single server says nothing of sampling: no gain there counts.
            sampling = math.inf if row["log_error"] is None else 2 * row["log_error"]
            yield row | {"floor": max(sampling, self.seed_floor(model))}

    def command(self, part):
        return f"Benchmarks/run challengers --part {part}"


def lines(line, parts):
    """The rows of what is asked, what was measured and whether it is met; `parts` has the newest rows of each part."""
    kept = Measured(parts)
    short_lines(line, kept)
    mixed_lines(line, kept)
    real_lines(line, kept)
    added_lines(line, kept)
    cost_lines(line, kept)
    peer_lines(line, kept)


def short_lines(line, kept):
    for model in kept.judged("short")[2:]:
        for group in ("synthetic", "real"):
            both = {m: kept.one("short", m, group=group, model=model) for m in ("wql", "loss")}
            if not all(both.values()):
                continue
            worse = max(both.values(), key=lambda r: r["ratio"])
            others = ", ".join(f"first {n}: {told(r)}" for n in CUTS for r in kept.find("short", worse["measure"], group=f"{group}, first {n}", model=model))
            line(f"`{model}`: at most {SHORT_WQL:.2f} of seasonal naive on {group} series of 30 to 120 readings", kept, told(worse), worse["ratio"] <= SHORT_WQL, kept.command("short"),
                 f"the worse of WQL {told(both['wql'])} and loss {told(both['loss'])}; {worse['series']} series of cuts" + (f"; {others}" if others else "")
                 + f"; refused {both['loss']['refused']:.1%} of the folds")


def mixed_lines(line, kept):
    best = kept.parts["mixed"].of("best alone", "figure")
    for model in kept.judged("mixed")[:2]:
        row = best and kept.one("mixed", "loss", group="mixed", model=model, over=best[0]["model"])
        if row:
            naive = kept.one("mixed", "loss", group="mixed", model=model, over=BASELINE)
            by_seed = ", ".join(f"{s} {told(r)}" for s in MIXED_SEEDS for r in kept.find("mixed", "loss", group=f"mixed {s}", model=model, over=best[0]["model"]))
            line(f"`{model}`: at most {NEAR_BEST:.2f} of the best per-series model's scaled loss on mixed fleets", kept, told(row), row["ratio"] <= NEAR_BEST, kept.command("mixed"),
                 f"over `{best[0]['model']}`; seed {by_seed}; over seasonal naive {told(naive)}; {row['series']} series of {row['servers']} servers; refused {row['refused']:.1%} of the folds")


def real_lines(line, kept):
    for model in kept.judged("real")[:2]:
        rows = [r for name in REAL_STEPS for r in kept.find("real", "loss", group=name, model=model, over=BASELINE)]
        if rows:
            worst = max(rows, key=lambda r: r["ratio"])
            line(f"`{model}`: skill above zero on every real set", kept, f"least {1 - worst['ratio']:.3f} ({worst['group']})", len(rows) == len(REAL_STEPS) and worst["ratio"] < 1,
                 kept.command("real"), "; ".join(f"{r['group']} {1 - r['ratio']:.3f} +- {twice(r):.3f}" if r["log_error"] else f"{r['group']} {1 - r['ratio']:.3f}" for r in rows)
                 + f"; refused {max(r['refused'] for r in rows):.1%} of the folds at most")


def added_lines(line, kept):
    cost = kept.parts["cost"]
    for role, model in zip(ROLES, kept.judged("adds")):
        rows = [r for of in ("champion", "ensemble") for r in kept.additions(model, of=of)]
        if not rows:
            continue
        counted = [r for r in rows if -math.log(r["ratio"]) > r["floor"] and 1 - r["ratio"] >= ADDS]
        worse = [r for r in rows if math.log(r["ratio"]) > r["floor"] and r["ratio"] - 1 >= ADDS]
        best = min(counted or rows, key=lambda r: r["ratio"])
        spent = f"; {cost.cpu(f'run {role}') - cost.cpu('run baseline'):.1f} CPU s of 8,000 series" if cost.of(f"run {role}") else ""
        where = lambda of: ", ".join(f"{r['group']} ({r['of']})" for r in of) or "nowhere"
        line(f"`{model}` adds {ADDS:.1%} or more somewhere, above the noise", kept, f"{gain(best)}, {best['of']} on {best['group']}", bool(counted), kept.command("adds"),
             f"above both floors in {len(counted)} of {len(rows)} places, worse in {len(worse)}: {where(worse)}; floor of the seed {100 * kept.seed_floor(model):.2f} %{spent}")


def cost_lines(line, kept):
    cost = kept.parts["cost"]
    if not cost.of("run all models"):
        return
    base = cost.median("run baseline")
    for step, limit in MOST_SECONDS.items():
        whole = step == "all models"
        wall, memory = cost.median(f"run {step}"), cost.median(f"run {step}", "peak_rss_mb")
        used = wall if whole else wall - base
        cpu = cost.cpu(f"run {step}") - (0 if whole else cost.cpu("run baseline"))
        line(f"{step}, 8,000 series, 180 days, all folds and publishing: within {limit} s" + (" and 1.5 GB" if whole else " on top"), cost,
             f"{used:.1f} s" + (f", {memory:.0f} MB" if whole else ""), used <= limit and memory <= MOST_MEGABYTES, cost.command(f"run {step}"),
             f"{cost.told(f'run {step}')}; CPU {cpu:.1f} s" + ("" if whole else f" on top; {base:.1f} s to {wall:.1f} s, whole run {memory:.0f} MB"))


def peers_by_size(kept):
    """Servers -> our CPU seconds, training and folds alone, and the peer's row."""
    part, result = kept.parts["mlforecast"], {}
    for row in part.scores("peer"):
        with_it, without = (f"backtest {step}, {row['servers']} servers" for step in ("xgboost", "baseline"))
        result[row["servers"]] = part.cpu(with_it) - part.cpu(without), row
    return result


def peer_lines(line, kept):
    sizes = peers_by_size(kept)
    if not sizes:
        return
    ours, row = sizes[max(sizes)]
    line(f"`xgboost` beside mlforecast: at most half its CPU seconds, {row['series']} series", kept, f"{ours / row['cpu_s']:.2f}", ours <= PEER_CPU * row["cpu_s"], kept.command("mlforecast"),
         "; ".join(f"{r['series']} series, {r['folds']} folds: {o:.1f} s against {r['cpu_s']:.1f} s" for o, r in sizes.values()) + f"; configuration '{row['configuration']}'")
    line("`xgboost` beside mlforecast: WQL not worse", kept, told(row), row["ratio"] <= 1, kept.command("mlforecast"),
         f"WQL {row['wql']['ours']:.4f} against {row['wql']['peer']:.4f}, seasonal naive {row['wql'][BASELINE]:.4f}; loss ratio {row['loss_ratio']:.3f} +- "
         f"{2 * row['loss_ratio'] * row['loss_log_error']:.3f}; {row['fits_that_stood_in']} series-folds too short for the peer count as seasonal naive")


def tables(parts):
    """What stands below the rows of `lines`: every model, set and behaviour."""
    kept = Measured(parts)
    text = short_table(kept) + mixed_table(kept) + behaviour_table(kept) + real_table(kept) + added_table(kept) + cost_table(kept) + tuning_table(kept)
    return ["## Models that learn from the fleet", "", "By the rules of [evaluation.md](../../docs/method/evaluation.md). +- is twice the standard error, servers drawn as blocks; a single server has none.", "", *text] if text else []


def table(title, heads, rows):
    return ["### " + title, "", "| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *("| " + " | ".join(r) + " |" for r in rows), ""] if rows else []


def short_table(kept):
    models = list(dict.fromkeys(r["model"] for r in kept.find("short", "wql")))
    groups = dict.fromkeys(r["group"] for r in kept.find("short", "wql"))
    cell = lambda measure, group, model: " ".join(told(r) for r in kept.find("short", measure, group=group, model=model))
    rows = [[g, str(kept.one("short", "wql", group=g)["series"]), *(f"{cell('wql', g, m)}; {cell('loss', g, m)}" for m in reversed(models))] for g in groups]
    absent = [f"{r['set']} first {r['readings']}" for r in kept.parts["short"].of("no fold", "figure")]
    text = table("Short series", ["first 30, 60, 90 and 120 readings", "series", *(f"{m}: WQL; loss" for m in reversed(models))], rows)
    return text + (["No fold fits into " + ", ".join(absent) + ": two seasons must lie before a cutoff.", ""] if absent else [])


def mixed_table(kept):
    best = kept.parts["mixed"].of("best alone", "figure")
    if not best:
        return []
    models = [r["model"] for r in sorted(kept.find("mixed", "loss", group="mixed", over=BASELINE), key=lambda r: r["ratio"])]
    cell = lambda group, model, over: " ".join(told(r) for r in kept.find("mixed", "loss", group=group, model=model, over=over))
    return table("Mixed fleets", ["model", "mixed, over seasonal naive", f"over {best[0]['model']}", "mixed-hard, over seasonal naive", f"over {best[0]['model']}"],
                 [[m, *(cell(g, m, over) for g in ("mixed", "mixed-hard") for over in (BASELINE, best[0]["model"]))] for m in models])


def behaviour_table(kept):
    judged, costs = kept.judged("behaviours"), (kept.parts["behaviours"].of("judged", "figure") or [{"costs": {}}])[0]["costs"]
    rows = []
    for group in dict.fromkeys(r["group"] for r in kept.find("behaviours", "loss")):
        of = {r["model"]: r for r in kept.find("behaviours", "loss", group=group, over=BASELINE)}
        best = min((r for m, r in of.items() if m in costs and m not in judged and costs[m] != "combined"), key=lambda r: r["ratio"])
        rows.append([group, *(told(of[m]) for m in judged), f"{best['model']} {told(best)}", told(of["ensemble"]) if "ensemble" in of else "", told(of["irreducible"])])
    return table("Behaviours, loss over seasonal naive", ["behaviour", *judged, "best of one series alone", "ensemble", "irreducible"], rows)


def real_table(kept):
    rows = kept.find("real", "loss", over=BASELINE)
    groups = list(dict.fromkeys(r["group"] for r in rows))
    models = sorted(dict.fromkeys(r["model"] for r in rows), key=lambda m: statistics.mean(r["ratio"] for r in rows if r["model"] == m))
    return table("Real sets, loss over seasonal naive", ["model", *groups], [[m, *(" ".join(told(r) for r in rows if r["model"] == m and r["group"] == g) for g in groups)] for m in models])


def added_table(kept):
    rows = []
    for model in kept.judged("adds"):
        for group in dict.fromkeys(r["group"] for r in kept.find("adds", "adds", model=model)):
            cell = lambda of, how: " ".join(gain(r) for r in kept.find("adds", "adds", model=model, group=group, of=of, how=how))
            beside = next(kept.additions(model, group=group, of="champion"), None)
            if beside:
                floor = "-" if beside["floor"] == math.inf else f"{100 * beside['floor']:.1f} %"
                rows.append([group, model, f"{beside['chosen']:.0%}", cell("champion", "beside the others"), cell("champion", "alone"), cell("ensemble", "beside the others"), cell("ensemble", "alone"),
                             cell("reported", "beside the others"), floor])
    text = table("What each adds", ["set", "model", "chosen", "champion", "alone", "ensemble", "alone", "champion as reported", "noise floor"], rows)
    checked = kept.parts["adds"].scores("agreement")
    if text and checked:
        text += [f"Gains in loss: champion chosen by earlier folds, scored on the newest, with the model beside all others over without it; `alone`: over the contest without any of "
                 f"{', '.join(kept.judged('adds'))}. As reported: chosen and scored on all folds. Choosing is done anew here: it agrees with the product on "
                 f"{statistics.mean(r['champions'] for r in checked):.2%} of champions, ensembles to {max(r['largest_ensemble_error'] for r in checked):.0e} of their loss.", ""]
    return text


def cost_table(kept):
    cost = kept.parts["cost"]
    steps = [s for s in ("baseline", "xgboost", "lstm", "lstm-zero-shot", "lstm entries", "all models") if cost.of(f"run {s}")]
    base = {f: cost.median("run baseline", f) for f in ("wall_s", "peak_rss_mb")} if steps else {}
    return table("Cost, 8,000 series, 180 days ahead", ["run", "wall s", "on top", "CPU s", "on top", "MB"],
                 [[s, f"{cost.median(f'run {s}'):.1f}", f"{cost.median(f'run {s}') - base['wall_s']:.1f}", f"{cost.cpu(f'run {s}'):.1f}",
                   f"{cost.cpu(f'run {s}') - cost.cpu('run baseline'):.1f}", f"{cost.median(f'run {s}', 'peak_rss_mb'):.0f}"] for s in steps])


def tuning_table(kept):
    return table("What was tried for mlforecast, mixed fleet of seed 1", ["target and calibration", "series", "folds", "CPU s", "WQL", "loss over seasonal naive"],
                 [[r["configuration"], str(r["series"]), str(r["folds"]), f"{r['cpu_s']:.1f}", f"{r['wql']['peer']:.4f}", f"{r['over_baseline']['peer']:.3f}"]
                  for r in kept.parts["tuning"].scores("peer")])
