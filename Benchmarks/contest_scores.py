"""Scores what the product publishes at past as-ofs, by the rules of docs/method/evaluation.md, "Issue 6". Needs numpy and pyarrow (scripts/peers).

    python Benchmarks/contest_scores.py fold WORKSPACE OUT.npz < how.json      the folds of `backtest --keep-forecasts`, boiled down
    python Benchmarks/contest_scores.py origins FOLDS.npz                      where to stand, in microseconds
    python Benchmarks/contest_scores.py published WORKSPACE FOLDS.npz OUT.npz  the runs of `forecast --as-of`, beside those folds
    python Benchmarks/contest_scores.py join OUT.npz RUN.npz...                several of these as one
    python Benchmarks/contest_scores.py pool < what.json                       figures, as JSON lines without readings or names

A row of the arrays is one series at one origin.
"""

import glob
import json
import os
import sys

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.special import ndtri

import series
from challenger_scores import BASELINE, Blocks, contests
from series import BUCKETS, DAY, DEFAULT_RULE, LEVELS, RULES

DAYS = [last for _, last in BUCKETS]
TIERS = ["high", "medium", "low"]
FOLDS_SEEN = 6
RANKS = (np.arange(100) + 0.5) / 100
RESAMPLES = 2_000
# Idle: mean of the newest 365 readings; flat: mean seasonal difference; shares of capacity.
IDLE, FLAT = 0.05, 0.002
LEAST_SHARE = 0.02
LEAST_SERIES = 30
# What is asked of each coverage: overall, and of buckets and resources.
ASKED = {80: ((0.78, 0.82), (0.76, 0.84)), 90: ((0.88, 0.92), (0.86, 0.94)), 50: (None, None)}
BOUNDS = {50: (2, 4), 80: (1, 5), 90: (0, 6)}
BASELINES = ["line-30", BASELINE]


def bucket_of(leads, step):
    """Which of BUCKETS each lead 1, 2, ... falls into; 4 beyond the last."""
    return np.searchsorted(DAYS, np.arange(1, leads + 1) * (step / DAY), "left")


# --- boiling down -------------------------------------------------------------------------------------------------------


def fold(workspace, out, origins):
    """Losses of every model at the origins, errors of every model's median on the folds before them, and the quantiles of both baselines.

    - origins: how many of the newest folds with the whole horizon after them, or "all".
    """
    read, step = series.read(workspace)
    season = series.nominal_season(step)
    folder = sorted(glob.glob(os.path.join(workspace, "backtests/*")))[-1]
    board = pq.read_table(os.path.join(folder, "leaderboard.parquet"), columns=["model"])
    models = board["model"].unique().to_pylist()
    place = {m: i for i, m in enumerate(models)}
    rows = {k: [] for k in ("server", "resource", "origin", "leads", "loss", "baselines", "errors")}
    leads_of = pq.read_table(os.path.join(folder, "backtest.parquet"), columns=["cutoff", "lead"]).group_by("cutoff").aggregate([("lead", "max")])
    cutoffs, reach = pc.cast(leads_of["cutoff"], "int64").to_numpy(), leads_of["lead_max"].to_numpy()
    most = int(reach.max())
    chosen = None if origins == "all" else set(np.sort(cutoffs[reach == most])[-origins:].tolist())
    for name, folds in contests(folder):
        scales = [series.scale_of(read[name].history(f.cutoff, step), season) for f in folds]
        # |actual - median| over the scale by [fold][model][lead]
        errors = np.full((len(folds), len(models), most), np.nan, np.float32)
        for i, f in enumerate(folds):
            for m, q in f.quantiles.items():
                errors[i, place[m], : f.leads] = np.abs(f.actual - q[:, 3]) / scales[i]
        for i, f in enumerate(folds):
            if not f.scored or chosen is not None and f.cutoff not in chosen:
                continue
            loss = np.full(len(models), np.nan)
            for m in f.sums:
                loss[place[m]] = f.sums[m][-1] / f.scored
            seen = [(j, folds[j].visible(f.cutoff)) for j in range(i)][-FOLDS_SEEN:]
            seen = [(j, leads) for j, leads in seen if folds[j].counts[leads]]
            past = np.full((FOLDS_SEEN, len(models), most), np.nan, np.float32)
            for n, (j, leads) in enumerate(seen):
                past[n, :, :leads] = errors[j, :, :leads]
            rows["server"].append(name[0])
            rows["resource"].append(name[1])
            rows["origin"].append(f.cutoff)
            rows["loss"].append(loss)
            quantiles = np.full((len(BASELINES), most, 7), np.nan, np.float32)
            for n, m in enumerate(BASELINES):
                if m in f.quantiles:
                    quantiles[n, : f.leads] = f.quantiles[m]
            rows["baselines"].append(quantiles)
            rows["leads"].append(f.leads)
            rows["errors"].append(past.astype(np.float16))
    # A model refused at an origin would be published as seasonal naive.
    losses = np.array(rows.pop("loss"))
    refused = np.isnan(losses)
    losses = np.where(refused, losses[:, [place[BASELINE]]], losses)
    np.savez(out, models=models, step=step, most=most, loss=losses, refused=refused, **{k: np.array(v) for k, v in rows.items()})


def published(workspace, folds, out):
    """What each run in the workspace published, beside the folds' losses at the same origins."""
    with np.load(folds) as kept:
        fold_rows = {k: kept[k] for k in kept.files}
    read, step = series.read(workspace)
    season, most, models = series.nominal_season(step), int(fold_rows["most"]), fold_rows["models"].tolist()
    bucket = bucket_of(most, step)
    at = {(s, r, int(o)): i for i, (s, r, o) in enumerate(zip(fold_rows["server"], fold_rows["resource"], fold_rows["origin"]))}
    rows = {}
    put = lambda **fields: [rows.setdefault(k, []).append(v) for k, v in fields.items()]
    for run in sorted(glob.glob(os.path.join(workspace, "runs/*"))):
        said, raw = (series.forecasts(os.path.join(run, f)) for f in ("forecasts.parquet", "forecasts-raw.parquet"))
        decided = pq.read_table(os.path.join(run, "decisions.parquet")).to_pylist()
        live_run = {(d["server"], d["resource"]): d for d in decided if d["live"]}
        origin = origin_of(run, live_run, step)
        early = known_losses(run, models)
        risks, nothing = {}, np.full(len(models), np.nan)
        for r in pq.read_table(os.path.join(run, "risks.parquet")).to_pylist():
            risks.setdefault((r["server"], r["resource"]), {})[r["threshold"]] = r
        begun = len(rows.get("server", []))
        for name, decision in sorted(live_run.items()):
            if name not in said:
                continue
            row = at.get((*name, origin))
            known = read[name].history(origin, step)
            leads = min(most, len(said[name][1]), most if row is None else int(fold_rows["leads"][row]))
            actual = np.full(most, np.nan, np.float32)
            actual[:leads] = read[name].after(origin, step, leads)
            if np.isnan(actual).all():
                continue
            q, own = (np.full((most, 7), np.nan, np.float32) for _ in range(2))
            q[:leads], own[:leads] = said[name][1][:leads], raw[name][1][:leads]
            losses = [float(np.nanmean(series.pinball(actual, x))) for x in (q, own)]
            model = decision["champion"]
            errors = fold_rows["errors"][row, :, models.index(model)] if row is not None and model in models else np.full((FOLDS_SEEN, most), np.nan, np.float16)
            thresholds = sorted(risks.get(name, {}))
            chance = np.full((2, len(DAYS)), np.nan)
            for i, t in enumerate(thresholds[:2]):
                for j, n in enumerate(DAYS):
                    p = risks[name][t][f"p_breach_{n}d"]
                    chance[i, j] = np.nan if p is None else p
            tail = known[-21:]
            before = np.full(7, np.nan, np.float32)
            tail = tail[~np.isnan(tail)][-7:]
            before[7 - len(tail):] = tail
            newest = known[~np.isnan(known)][-365:]
            put(server=name[0], resource=name[1], origin=origin, leads=leads, champion=model, scale=series.scale_of(known, season), level=series.level_of(known),
                mean=float(newest.mean()), moves=series.seasonal_difference(known, season), hundred=read[name].hundred(origin), actual=actual, quantiles=q,
                raw=own, published_loss=losses[0], raw_loss=losses[1], chance=chance, thresholds=(thresholds + [np.nan] * 2)[:2], before=before,
                tier=[TIERS.index(decision[f"tier_{a}_{b}"]) for a, b in BUCKETS], floor=0.0 if np.nanmin(known) >= 0 else -np.inf,
                ceiling=read[name].hundred(origin) if np.nanmax(known) <= read[name].hundred(origin) else np.inf, early=early.get(name, nothing), row=-1 if row is None else row,
                # How far the backtest's fold of the same model is from what was published raw: training apart they are the same.
                apart=np.nan if row is None or model not in models else fold_rows["loss"][row, models.index(model)] / losses[1] - 1 if losses[1] else 0.0)
            put(errors=errors)
        # Split conformal: one radius for each bucket from the champions' errors on the folds known at the origin.
        past = np.stack(rows["errors"][begun:]).astype(float)
        radius = np.full(len(BUCKETS), np.nan)
        for b in range(len(BUCKETS)):
            values = past[:, :, bucket == b]
            values = np.sort(values[~np.isnan(values)])
            if len(values):
                radius[b] = values[min(len(values), int(np.ceil(0.8 * (len(values) + 1)))) - 1]
        for _ in range(begun, len(rows["server"])):
            put(radius=radius)
    del rows["errors"]
    taken = np.array(rows["row"])
    have = {k: fold_rows[k][taken] for k in ("loss", "refused", "baselines")}
    for k, v in have.items():
        if v.dtype != bool:
            v[taken < 0] = np.nan
    np.savez(out, models=models, step=step, **have, **{k: np.array(v) for k, v in rows.items()})


def known_losses(run, models):
    """By series the loss of each model on the folds of the run's own contest, each older one weighing 0.8 of the next."""
    table = pq.read_table(os.path.join(run, "leaderboard.parquet"), columns=["server", "resource", "model", "cutoff", "status", "loss"])
    table = table.filter(pc.and_(pc.equal(table["status"], "scored"), pc.is_valid(table["loss"])))
    folds = {}
    for server, resource, model, cutoff, loss in zip(*(table[c].to_pylist() for c in ("server", "resource", "model")), pc.cast(table["cutoff"], "int64").to_pylist(),
                                                     table["loss"].to_pylist()):
        folds.setdefault((server, resource), {}).setdefault(cutoff, {})[model] = loss
    return {name: np.array([series.recency_mean([of[c].get(m, of[c].get(BASELINE, np.nan)) for c in sorted(of)]) for m in models]) for name, of in folds.items()}


def origin_of(run, live, step):
    """The as-of of a run in microseconds, from its first live forecast."""
    table = pq.read_table(os.path.join(run, "forecasts.parquet"), columns=["server", "resource", "time", "lead"])
    first = np.flatnonzero(table["lead"].to_numpy() == 1)
    for i in first:
        row = table.slice(i, 1)
        if (row["server"][0].as_py(), row["resource"][0].as_py()) in live:
            return int(pc.cast(row["time"], "int64")[0].as_py()) - step
    sys.exit(f"contest: nothing in {run} is live")


# --- figures ------------------------------------------------------------------------------------------------------------


class Pool:
    """Extracts of several fleets, end to end; rows are series at origins."""

    def __init__(self, files):
        parts = [np.load(f, allow_pickle=False) for f in files]
        names = [p["models"].tolist() for p in parts]
        self.models = [m for m in names[0] if all(m in n for n in names)]
        self.step = int(parts[0]["step"])
        most = max(p["actual"].shape[1] for p in parts)

        def joined(field):
            arrays = [p[field][:, [n.index(m) for m in self.models]] if field in ("loss", "early", "refused") else p[field] for p, n in zip(parts, names)]
            if field in ("actual", "quantiles", "raw"):
                arrays = [np.concatenate([a, np.full((len(a), most - a.shape[1], *a.shape[2:]), np.nan, a.dtype)], 1) for a in arrays]
            if field == "baselines":
                arrays = [np.concatenate([a[:, 0], np.full((len(a), most - a.shape[2], 7), np.nan, a.dtype)], 1) for a in arrays]
            return np.concatenate(arrays)

        self.of = {field: joined(field) for field in parts[0].files if field not in ("models", "step")}
        self.fleet = np.concatenate([np.full(len(p["origin"]), i) for i, p in enumerate(parts)])
        self.count = len(self.fleet)
        self.server = np.array([f"{i}/{s}" for i, s in zip(self.fleet, self.of["server"])])
        self.key, self.series = np.unique(np.array([f"{a}/{r}" for a, r in zip(self.server, self.of["resource"])]), return_inverse=True)
        # Origins by age within each fleet: 0 the oldest.
        self.age = np.zeros(self.count, int)
        for i in range(len(parts)):
            here = self.fleet == i
            self.age[here] = np.unique(self.of["origin"][here], return_inverse=True)[1]
        self.bucket = bucket_of(most, self.step)
        self.scored = ~np.isnan(self.of["actual"])
        self.rule = [RULES.get(r, DEFAULT_RULE) for r in self.of["resource"]]

    def by_series(self, values, where):
        """Mean over the origins of each series; NaN where a series has none."""
        n = np.bincount(self.series[where], minlength=len(self.key))
        with np.errstate(invalid="ignore"):
            return np.bincount(self.series[where], values[where], minlength=len(self.key)) / n

    def losses(self, what):
        """Loss over scale and row of the forecast named: a model of the backtest, `raw` or `published`."""
        column = {"raw": "raw_loss", "published": "published_loss"}.get(what)
        return (self.of[column] if column else self.of["loss"][:, self.models.index(what)]) / self.of["scale"]


def say(measure, group, **fields):
    clean = lambda v: None if isinstance(v, (float, np.floating)) and not np.isfinite(v) else float(v) if isinstance(v, np.floating) else int(v) if isinstance(v, np.integer) else bool(v) if isinstance(v, np.bool_) else v
    deep = lambda v: {k: deep(w) for k, w in v.items()} if isinstance(v, dict) else [deep(w) for w in v] if isinstance(v, (list, tuple, np.ndarray)) else clean(v)
    print(json.dumps({"measure": measure, "group": group, **deep(fields)}), flush=True)


def selection(p, group, costs):
    """The champion over the best single model, the one named early, the ensembles; the share of the oracle's gap that is closed."""
    there = ~np.isnan(p.of["loss"][:, p.models.index(BASELINE)])
    blocks = Blocks(np.array([k.rsplit("/", 1)[0] for k in p.key]))
    level = p.by_series(p.of["level"] / p.of["scale"], there)
    means = {m: p.by_series(p.losses(m), there) for m in [*p.models, "raw", "published"]}
    singles = [m for m in p.models if costs.get(m) != "combined"]
    # Named early: by fleet and origin.
    named, loss = {}, np.full(p.count, np.nan)
    early_level = p.of["level"] / p.of["scale"]
    for fleet in np.unique(p.fleet):
        for age in np.unique(p.age[p.fleet == fleet]):
            here = (p.fleet == fleet) & (p.age == age) & there
            base = p.of["early"][here, p.models.index(BASELINE)]
            over = {m: np.nanmean(series.log_ratio(p.of["early"][here, p.models.index(m)], base, early_level[here])) for m in singles} if not np.isnan(base).all() else {BASELINE: 0.0}
            name = min(over, key=over.get)
            named[name] = named.get(name, 0) + 1
            loss[here] = p.losses(name)[here]
    means["named early"] = p.by_series(loss, there)
    stack = np.stack([means[m] for m in singles])
    means["oracle"] = np.where(np.isnan(stack).all(0), np.nan, np.nanmin(np.where(np.isnan(stack), np.inf, stack), 0))
    figures = {}

    def ratio(a, b):
        logs = series.log_ratio(means[a], means[b], level)
        ok = ~np.isnan(logs)
        return {"ratio": np.exp(logs[ok].mean()), "log_error": blocks.mean_error(np.where(ok, logs, 0), ok), "series": ok.sum()}

    for m in means:
        if m != BASELINE:
            figures[m] = ratio(m, BASELINE)
            say("loss", group, model=m, over=BASELINE, single=m in singles, refused=p.of["refused"][there][:, p.models.index(m)].mean() if m in p.models else 0, **figures[m])
    best = min((m for m in singles if m != BASELINE), key=lambda m: figures[m]["ratio"], default=BASELINE)
    against = {"best single": best, "named early": "named early", "oracle": "oracle", **{m: m for m in p.models if costs.get(m) == "combined"}}
    for how, m in against.items():
        for ours in ("raw", "published"):
            say("champion", group, ours=ours, over=how, model=m, named=named if how == "named early" else None, **ratio(ours, m))
    gap = np.log(figures["oracle"]["ratio"] / figures[best]["ratio"])
    say("gap", group, best=best, closed=np.log(figures["raw"]["ratio"] / figures[best]["ratio"]) / gap if gap else None, oracle_over_best=np.exp(gap))
    learners = [m for m in ("xgboost", "lstm") if m in p.models]
    alone = there & ~np.isin(p.of["champion"], [*learners, *(m for m in p.models if costs.get(m) == "combined")]) & ~np.isnan(p.of["apart"])
    # Models that see raw readings in the contest are published on re-based ones where a series has changed its level: those are apart.
    say("folds are what is published", group, apart=(np.abs(p.of["apart"][alone]) > 1e-3).sum(), rows=alone.sum(), without_a_fold=(~there).sum(),
        models=sorted(set(p.of["champion"][alone][np.abs(p.of["apart"][alone]) > 1e-3].tolist())))
    share = {m: float(np.mean(p.of["champion"] == m)) for m in sorted(set(p.of["champion"]))}
    say("champions", group, share=share)


def inside(p, level, quantiles=None):
    q = p.of["quantiles"] if quantiles is None else quantiles
    low, high = BOUNDS[level]
    return (p.of["actual"] >= q[:, :, low]) & (p.of["actual"] <= q[:, :, high])


def cells(p):
    """Name of a part -> rows and leads in it."""
    every = np.ones(p.count, bool)
    yield "all", every, p.bucket < 9
    for b, (first, last) in enumerate(BUCKETS):
        if (p.bucket == b).any():
            yield f"{first}-{last}", every, p.bucket == b
    for r in np.unique(p.of["resource"]):
        yield str(r), p.of["resource"] == r, p.bucket < 9
    for r in np.unique(p.of["resource"]):
        for b, (first, last) in enumerate(BUCKETS):
            if (p.bucket == b).any():
                yield f"{r} {first}-{last}", p.of["resource"] == r, p.bucket == b


def calibration(p, group):
    """Coverage by part: mean over fleets and origins, their spread; on one fleet the block bootstrap over series and origins."""
    for level in BOUNDS:
        hit = inside(p, level) & p.scored
        for part, rows, leads in cells(p):
            shares = {}
            for fleet in np.unique(p.fleet):
                for age in np.unique(p.age[p.fleet == fleet]):
                    here = rows & (p.fleet == fleet) & (p.age == age)
                    n = p.scored[here][:, leads].sum()
                    if n:
                        shares[fleet, age] = hit[here][:, leads].sum() / n
            if not shares:
                continue
            ages = sorted({a for _, a in shares})
            by_age = [np.mean([v for (_, a), v in shares.items() if a == age]) for age in ages]
            say("coverage", group, level=level, part=part, coverage=np.mean(list(shares.values())), by_origin=by_age,
                sd_of_origins=np.std(by_age, ddof=1) if len(by_age) > 1 else None, sd=np.std(list(shares.values()), ddof=1) if len(shares) > 1 else None, places=len(shares))
    if len(np.unique(p.fleet)) == 1:
        drawn(p, group)


def drawn(p, group):
    """Coverage over a whole set, series and origins drawn again and again."""
    chance = np.random.Generator(np.random.PCG64(7))
    ages = p.age.max() + 1
    count = np.zeros((len(p.key), ages))
    np.add.at(count, (p.series, p.age), p.scored.sum(1))
    weights = [chance.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float) for n in (len(p.key), ages)]
    total = np.einsum("ds,sa,da->d", weights[0], count, weights[1])
    for level in BOUNDS:
        hits = np.zeros_like(count)
        np.add.at(hits, (p.series, p.age), (inside(p, level) & p.scored).sum(1))
        draws = np.einsum("ds,sa,da->d", weights[0], hits, weights[1])[total > 0] / total[total > 0]
        low, high = np.quantile(draws, [0.025, 0.975])
        say("real coverage", group, level=level, coverage=hits.sum() / count.sum(), low=low, high=high, distance=hits.sum() / count.sum() - level / 100,
            holds=low <= level / 100 <= high, series=len(p.key), origins=ages)


def width(p, group):
    """Mean width of the 80 % interval in percent of capacity beside plain split conformal around the same champion's median."""
    known = ~np.isnan(p.of["hundred"])
    beyond = np.minimum(p.bucket, len(BUCKETS) - 1)
    half = p.of["radius"][:, beyond] * p.of["scale"][:, None]
    low, high = (np.clip(p.of["raw"][:, :, 3] + s * half, p.of["floor"][:, None], p.of["ceiling"][:, None]) for s in (-1, 1))
    use = p.scored & known[:, None] & ~np.isnan(half)
    hundred = p.of["hundred"][:, None]
    q = p.of["quantiles"]
    for part, rows, leads in cells(p):
        m = use & rows[:, None] & leads[None]
        if m.any():
            mine, theirs = ((w / hundred)[m].mean() for w in (q[:, :, 5] - q[:, :, 1], high - low))
            held = ((p.of["actual"] >= low) & (p.of["actual"] <= high))[m].mean()
            say("width", group, part=part, ours=mine, split_conformal=theirs, ratio=mine / theirs if theirs else None, coverage=inside(p, 80)[m].mean(), split_conformal_coverage=held)


class Breaches:
    """By row and threshold: the lead of the first breach, whether it was crossed at the origin, and line-30's own answers."""

    def __init__(self, p):
        shape = (p.count, 2)
        self.first, self.line, self.crossed = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, bool)
        self.line_chance = np.full((*shape, len(DAYS)), np.nan)
        self.known = ~np.isnan(p.of["hundred"])[:, None] & ~np.isnan(p.of["thresholds"]) & ~np.isnan(p.of["chance"][:, :, 0])
        normal = ndtri(LEVELS)
        days = p.step / DAY
        # Between the seven quantiles and beyond them on a line in normal scores.
        z = ndtri(RANKS)
        left = np.clip(np.searchsorted(normal, z) - 1, 0, len(normal) - 2)
        weight = (z - normal[left]) / (normal[left + 1] - normal[left])
        for i in range(p.count):
            if not self.known[i].any():
                continue
            last = np.flatnonzero(p.scored[i])[-1] + 1
            line = p.of["baselines"][i, :last].astype(float)
            paths = line[:, left].T * (1 - weight[:, None]) + line[:, left + 1].T * weight[:, None]
            for t in range(2):
                limit = p.of["thresholds"][i, t] / 100 * p.of["hundred"][i]
                before = p.of["before"][i]
                first = series.first_breach(before, p.of["actual"][i, :last], limit, p.rule[i])[0] * days
                self.first[i, t], self.crossed[i, t] = first, first == 0
                if not np.isnan(line).any():
                    self.line[i, t] = series.first_breach(before, line[:, 3], limit, p.rule[i])[0] * days
                    broke = series.first_breach(before, paths, limit, p.rule[i]) * days
                    self.line_chance[i, t] = [np.mean(broke <= n) for n in DAYS]
        self.new = self.known & ~self.crossed & ~np.isnan(self.line)


def breaches(p, group):
    b = Breaches(p)
    if not b.new.any():
        return b
    chance, happened = p.of["chance"], b.first[:, :, None] <= np.array(DAYS)
    use = b.new[:, :, None] & ~np.isnan(chance)
    # Reliability: ten classes of a tenth; the error of what happened from servers drawn as blocks.
    blocks = Blocks(p.server)
    tenth = np.minimum((np.where(use, chance, 0) * 10).astype(int), 9)
    for k in range(10):
        m = use & (tenth == k)
        if m.any():
            per_row = lambda v: np.where(m, v, 0).sum((1, 2)).astype(float)
            n, off = blocks.sums(per_row(np.ones_like(chance))), blocks.sums(per_row(happened - np.where(m, chance, 0)))
            said, did = chance[m].mean(), happened[m].mean()
            distinct = len(np.unique(p.series[m.any((1, 2))]))
            say("reliability", group, tenth=k, promises=m.sum(), series=distinct, promised=said, happened=did, off=did - said,
                error=(off[n > 0] / n[n > 0]).std(ddof=1), binomial_error=np.sqrt(max(did * (1 - did), said * (1 - said)) / m.sum()),
                asked=distinct >= LEAST_SERIES)
    for j, n in enumerate(DAYS):
        m = use[:, :, j]
        if not m.any():
            continue
        base = np.broadcast_to(np.array([happened[:, t, j][m[:, t]].mean() if m[:, t].any() else np.nan for t in range(2)]), m.shape)
        answers = {"ours": chance[:, :, j], "climatology": base, "line-30, yes or no": (b.line <= n).astype(float), "line-30, quantiles": b.line_chance[:, :, j]}
        for name, chances in answers.items():
            yes, did, c = chances[m] >= 0.5, happened[:, :, j][m], chances[m]
            hits = (yes & did).sum()
            say("breach", group, days=n, forecast=name, promises=m.sum(), happened=did.sum(), expected=c.sum(), brier=((c - did) ** 2).mean(), called=yes.sum(), hits=hits,
                precision=hits / yes.sum() if yes.sum() else None, recall=hits / did.sum() if did.sum() else None)
    return b


def tiers(p, group, b):
    """What each tier holds, by bucket and over all leads with that tier."""
    error = np.abs(p.of["actual"] - p.of["quantiles"][:, :, 3])
    of_capacity, of_scale = error / p.of["hundred"][:, None], error / p.of["scale"][:, None]
    hit = inside(p, 80)
    with np.errstate(invalid="ignore"):
        plain = (p.of["mean"] / p.of["hundred"] < IDLE) | (p.of["moves"] / p.of["hundred"] < FLAT)
    everywhere = np.zeros((len(TIERS), *p.scored.shape), bool)
    for j, (first, last) in enumerate(BUCKETS):
        if not (p.bucket == j).any():
            continue
        for t, tier in enumerate(TIERS):
            rows = p.of["tier"][:, j] == t
            m = rows[:, None] & (p.bucket == j)[None] & p.scored
            everywhere[t] |= m
            fields = {"share": rows.mean(), "share_of_lively": rows[~plain].mean() if (~plain).any() else None, "series": rows.sum(), "idle_or_flat": plain.mean()}
            if m.any():
                fields |= measured(m, hit, of_capacity, of_scale, p)
            new = rows & b.new[:, 0] & ~np.isnan(p.of["chance"][:, 0, j])
            yes, did = p.of["chance"][:, 0, j][new] >= 0.5, b.first[:, 0][new] <= last
            fields |= {"called": yes.sum(), "happened": did.sum(), "hits": (yes & did).sum()}
            say("tier", group, tier=tier, leads=f"{first}-{last}", **fields)
    for t, tier in enumerate(TIERS):
        if everywhere[t].any():
            say("tier", group, tier=tier, leads="all", share=everywhere[t].sum() / p.scored.sum(), **measured(everywhere[t], hit, of_capacity, of_scale, p))


def measured(m, hit, of_capacity, of_scale, p):
    blocks = Blocks(p.server)
    n = blocks.sums(m.sum(1).astype(float))
    draws = blocks.sums((hit & m).sum(1).astype(float))[n > 0] / n[n > 0]
    capacity = of_capacity[m]
    capacity = capacity[~np.isnan(capacity)]
    return {"readings": m.sum(), "coverage80": hit[m].mean(), "coverage_error": draws.std(ddof=1), "mase": of_scale[m].mean(),
            "mean_error": capacity.mean() if len(capacity) else None, "median_error": np.median(capacity) if len(capacity) else None}


def pool(groups, costs, only_selection=False):
    for group, files in groups.items():
        p = Pool(files)
        say("pool", group, rows=p.count, series=len(p.key), fleets=len(files), origins=int(p.age.max()) + 1)
        selection(p, group, costs)
        calibration(p, group)
        if only_selection:
            continue
        if (~np.isnan(p.of["hundred"])).any():
            width(p, group)
        tiers(p, group, breaches(p, group))


if __name__ == "__main__":
    if sys.argv[1] == "fold":
        fold(*sys.argv[2:4], **json.load(sys.stdin))
    elif sys.argv[1] == "origins":
        print(*np.unique(np.load(sys.argv[2])["origin"]).tolist(), sep="\n")
    elif sys.argv[1] == "join":
        parts = [np.load(f) for f in sys.argv[3:]]
        np.savez(sys.argv[2], **{k: parts[0][k] if k in ("models", "step") else np.concatenate([p[k] for p in parts]) for k in parts[0].files})
    elif sys.argv[1] == "published":
        published(*sys.argv[2:5])
    else:
        pool(**json.load(sys.stdin))
