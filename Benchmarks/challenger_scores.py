"""Scores contests for `Benchmarks/run challengers`, by the rules of docs/method/evaluation.md. Needs numpy and pyarrow (scripts/peers).

    python Benchmarks/challenger_scores.py extract WORKSPACE OUT.npz < how.json
    python Benchmarks/challenger_scores.py pool < what.json

`extract` boils one `backtest --keep-forecasts` down to a few numbers a series, so that its forecasts can be deleted; `pool` puts such
files together and prints JSON lines. They carry figures only, neither readings nor names of series.
"""

import glob
import json
import math
import os
import sys

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95], np.float32)
NAMES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
BASELINE, ENSEMBLE = "seasonal-naive", "ensemble"
# As in Sources/HorizonContest/Selection.swift and Sources/HorizonModels/{ModelCard,Ensemble}.swift.
OLDER_FOLD, TIE_MARGIN, LEAST_WEIGHT, MEMBERS = 0.8, 0.02, 0.01, 3
COSTS = {"instant": 0, "cheap": 1, "combined": 2, "dear": 3}
# A thousandth of a scale, for series that both forecast all but exactly; ratios are held within these bounds.
CUSHION, LEAST_RATIO, LARGEST_RATIO = 1e-3, 0.01, 100
# Days on both sides of a holdout from which the noise's own quantiles are taken: noise may change over the years.
NOISE_AROUND = 182
RESAMPLES = 2_000


def pinball(actual, quantiles):
    """Mean over levels for each lead; NaN without a reading. `quantiles` is [lead][level]."""
    d = actual[:, None] - quantiles
    return np.maximum(LEVELS * d, (LEVELS - 1) * d).mean(1)


def recency(values, weights=None):
    """Mean over folds, oldest first, each older one weighing 0.8 of the next."""
    w = OLDER_FOLD ** np.arange(len(values))[::-1] * (1 if weights is None else np.asarray(weights))
    return float(np.dot(values, w) / w.sum())


# --- reading a contest --------------------------------------------------------------------------------------------------


class Fold:
    """One cutoff of one series: what came, and for each model its quantiles and its pinball loss.

    Losses are kept summed up over leads, since all that is asked is "over the first so many leads": those that had come true by a
    later cutoff, or those that no level shift precedes.
    """

    def __init__(self, cutoff, times, actual):
        self.cutoff, self.times, self.actual = cutoff, times, actual
        self.there = ~np.isnan(actual)
        self.counts = np.r_[0, np.cumsum(self.there)].tolist()
        self.quantiles, self.sums = {}, {}
        self.leads, self.steady, self.unit = len(times), len(times), 1.0

    @property
    def scored(self):
        return self.counts[-1]

    def add(self, model, curve):
        self.sums[model] = np.r_[0, np.cumsum(np.where(self.there, curve, 0), dtype=float)].tolist()

    def settle(self, rows):
        """The scale and the steady leads, from the leaderboard's rows of this fold, so that both are the product's own."""
        played = [r for m, r in rows.items() if r["status"] == "scored" and m in self.sums]
        for r in played:
            if r["loss"]:
                self.unit = self.sums[r["model"]][-1] / self.scored / r["loss"]
                break
        if played:
            self.steady = int(np.searchsorted(self.counts, round(played[0]["steady_share"] * self.scored), "right")) - 1

    def visible(self, cutoff):
        """The number of leads that had come true by a later cutoff."""
        return int(np.searchsorted(self.times, cutoff, "right"))

    def loss(self, model, leads=None):
        leads = self.leads if leads is None else leads
        return self.sums[model][leads] / self.counts[leads] / self.unit


def contests(folder):
    """Yields (server, resource), folds oldest first, tile by tile."""
    file = pq.ParquetFile(os.path.join(folder, "backtest.parquet"), read_dictionary=["server", "resource", "model"])
    waiting = {}
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group)
        starts = np.flatnonzero(rows["lead"].to_numpy() == 1)
        ends = np.r_[starts[1:], len(rows)]
        keys = [rows[c].take(starts).to_pylist() for c in ("server", "resource", "model")]
        cutoffs, times = (pc.cast(rows[c], "int64").to_numpy() for c in ("cutoff", "time"))
        actual = rows["actual"].to_numpy().astype(np.float32)
        quantiles = np.stack([rows[n].to_numpy() for n in NAMES], 1)
        curves = pinball(actual, quantiles)
        # A row group is a tile unless the writer had to divide it; series of one tile are all through each other.
        if waiting and not waiting.keys() & set(zip(keys[0], keys[1])):
            yield from settled(waiting)
            waiting = {}
        for a, b, server, resource, model in zip(starts, ends, *keys):
            folds = waiting.setdefault((server, resource), {})
            cutoff = int(cutoffs[a])
            if cutoff not in folds:
                folds[cutoff] = Fold(cutoff, times[a:b], actual[a:b])
            folds[cutoff].quantiles[model] = quantiles[a:b]
            folds[cutoff].add(model, curves[a:b])
    yield from settled(waiting)


def settled(waiting):
    for name, folds in waiting.items():
        yield name, [folds[c] for c in sorted(folds)]


def leaderboard(folder):
    """(server, resource) -> cutoff -> model -> row; the models in the catalog's order; the champions."""
    table = pq.read_table(os.path.join(folder, "leaderboard.parquet"),
                          columns=["server", "resource", "model", "cutoff", "status", "loss", "steady_share", "champion"])
    table = table.set_column(3, "cutoff", pc.cast(table["cutoff"], "int64"))
    board, champions, models = {}, {}, {}
    for r in table.to_pylist():
        board.setdefault((r["server"], r["resource"]), {}).setdefault(r["cutoff"], {})[r["model"]] = r
        models[r["model"]] = None
        if r["champion"]:
            champions[r["server"], r["resource"]] = r["model"]
    return board, list(models), champions


def sizes(workspace):
    """(server, resource) -> what pooled losses are divided by: the newest capacity, else the mean absolute reading."""
    with open(os.path.join(workspace, "master/manifest.json")) as f:
        resources = json.load(f)["resources"]
    result = {}
    for r in resources:
        for part in sorted(glob.glob(os.path.join(glob.escape(os.path.join(workspace, "master", r["folder"])), "*.parquet"))):
            table = pq.ParquetFile(part).read(columns=["server", "value", "capacity"])
            servers = table["server"].combine_chunks().dictionary_encode() if hasattr(table["server"], "combine_chunks") else table["server"]
            at, values, capacity = servers.indices.to_numpy(), table["value"].to_numpy(), table["capacity"].to_numpy()
            known = ~np.isnan(values)
            count = np.bincount(at[known], minlength=len(servers.dictionary))
            total = np.bincount(at[known], np.abs(values[known]), minlength=len(servers.dictionary))
            newest = np.full(len(servers.dictionary), np.nan)
            with_capacity = ~np.isnan(capacity)
            newest[at[with_capacity]] = capacity[with_capacity]  # rows are in order of time: the last one stays
            for s, server in enumerate(servers.dictionary.to_pylist()):
                level = total[s] / max(1, count[s])
                result[server, r["name"]] = newest[s] if newest[s] > 0 else level if level > 0 else 1.0
    return result


class Truth:
    """The path without noise, and noise, of every series."""

    def __init__(self, path):
        table = pq.read_table(path, columns=["server", "resource", "time", "value", "noise"]).sort_by(
            [("server", "ascending"), ("resource", "ascending"), ("time", "ascending")])
        servers, resources = (table[c].to_numpy(zero_copy_only=False) for c in ("server", "resource"))
        self.times = pc.cast(table["time"], "int64").to_numpy()
        self.path, self.noise = table["value"].to_numpy(), table["noise"].to_numpy()
        first = np.flatnonzero(np.r_[True, (servers[1:] != servers[:-1]) | (resources[1:] != resources[:-1])])
        self.places = {(servers[a], resources[a]): (a, b) for a, b in zip(first, np.r_[first[1:], len(servers)])}

    def quantiles(self, name, fold, ceiling):
        a, b = self.places[name]
        at = a + np.searchsorted(self.times[a:b], fold.times)
        around = slice(max(a, at[0] - NOISE_AROUND), min(b, at[-1] + NOISE_AROUND + 1))
        spread = np.quantile(self.noise[around], LEVELS.astype(float))
        return np.clip(self.path[at][:, None] + spread, 0, ceiling).astype(np.float32)


# --- choosing as the product chooses ------------------------------------------------------------------------------------


class Chooser:
    """Ensembles and champions among a set of candidates, as the product would have made and chosen them."""

    def __init__(self, models, costs, baselines):
        self.place = {m: i for i, m in enumerate(models)}
        self.cost = {m: COSTS[costs[m]] for m in models}
        self.baselines = baselines

    def members(self, candidates, folds, at):
        """The ensemble's members on fold `at`: the best three on what earlier folds had shown by its cutoff."""
        available = [m for m in candidates if m in folds[at].sums]
        shown = [(e, e.visible(folds[at].cutoff)) for e in folds[:at]]
        losses = {}
        for m in available:
            total = count = 0
            for e, leads in shown:
                if m in e.sums:
                    total += e.sums[m][leads] / e.unit
                    count += e.counts[leads]
            if count:
                losses[m] = total / count
        if len(losses) >= MEMBERS:
            best = sorted(losses, key=lambda m: (losses[m], self.place[m]))
        else:
            best = sorted(available, key=lambda m: (m in self.baselines, -self.cost[m], self.place[m]))
        return tuple(sorted(best[:MEMBERS], key=self.place.get))

    def with_ensemble(self, candidates, folds):
        """For each fold the names under which the candidates' losses are kept there, and that of their ensemble."""
        for at, fold in enumerate(folds):
            members = self.members(candidates, folds, at)
            name = f"{ENSEMBLE} of {','.join(members)}"
            if members and name not in fold.sums:
                mean = sum(fold.quantiles[m] for m in members) * np.float32(1 / len(members))
                fold.add(name, pinball(fold.actual, mean))
            yield {**{m: m for m in candidates}, **({ENSEMBLE: name} if members else {})}

    def champion(self, candidates, folds, until=None):
        """Least recency-weighted steady loss; ties within one standard error and 2 % to the cheaper. None when nobody entered.

        With `until`, on what the folds had shown by that cutoff.
        """
        seen, weights = [], []
        for fold, named in folds:
            leads = fold.leads if until is None else fold.visible(until)
            if fold.counts[leads]:
                steady = min(leads, fold.steady)
                weights.append(max(fold.counts[steady] / fold.counts[leads], LEAST_WEIGHT))
                # Where no lead is steady, all of them decide.
                seen.append((fold, named, steady if fold.counts[steady] else leads))
        losses = {}
        for m in candidates if seen else ():
            if all(named.get(m) in fold.sums for fold, named, _ in seen):  # not refused on any of them
                losses[m] = np.array([fold.loss(named[m], leads) for fold, named, leads in seen])
        if not losses:
            return None
        mean = {m: recency(v, weights) for m, v in losses.items()}
        best = min(mean, key=lambda m: (mean[m], self.place[m]))
        tied = []
        for m, v in losses.items():
            error = np.std(v - losses[best], ddof=1) / math.sqrt(len(v)) if len(v) > 1 else 0
            if mean[m] - mean[best] <= error and mean[m] - mean[best] <= TIE_MARGIN * mean[best]:
                tied.append(m)
        return min(tied, key=lambda m: (self.cost[m], mean[m], self.place[m]))


def candidate_sets(singles, challengers):
    """Names of sets of models -> the models: the rest, all, and each challenger added to the rest or taken from all."""
    rest = [m for m in singles if m not in challengers]
    sets = {"rest": rest, "all": singles}
    for c in challengers:
        sets[f"rest + {c}"] = [m for m in singles if m in rest or m == c]
        sets[f"all - {c}"] = [m for m in singles if m != c]
    return sets


def extract(workspace, out, fleet, costs, baselines, challengers, grouped=False, truth=None, adds=True):
    """Arrays over series; losses by [model][series][fold], the newest fold last, NaN where a model did not take part.

    What a model refused counts as seasonal naive's loss, which is what the product would publish, and is counted. Nothing is
    written when no series was long enough for a fold.
    """
    folder = sorted(glob.glob(os.path.join(workspace, "backtests/*")))[-1]
    board, models, champions = leaderboard(folder)
    if not board:
        return
    size, known = sizes(workspace), Truth(truth) if truth else None
    singles = [m for m in models if m != ENSEMBLE]
    chooser = Chooser(models, costs, set(baselines))
    challengers = [c for c in challengers if c in models]
    sets = candidate_sets(singles, challengers) if adds and ENSEMBLE in models else {}
    most = max(len(cutoffs) for cutoffs in board.values())
    kept = {k: [] for k in ("block", "group", "loss", "refused", "pinball", "actual", "irreducible", "best_is_right", "ensemble_error")}
    added = {f"{measure} {s}": [] for s in sets for measure in ("champion", "ensemble", "reported")} | {f"chosen {c}": [] for c in challengers}
    for name, folds in contests(folder):
        rows = board[name]
        for fold in folds:
            fold.settle(rows[fold.cutoff])
        scored = [f for f in folds if f.scored and BASELINE in f.sums]
        if not scored:
            continue
        loss, refused = np.full((len(models), most), np.nan), np.zeros((len(models), most), bool)
        amount, total = np.full((len(models), most), np.nan), np.full(most, np.nan)
        irreducible = np.full(most, np.nan)
        for k, fold in enumerate(reversed(scored), 1):
            total[-k] = np.abs(fold.actual[fold.there]).sum() / size[name]
            for m, model in enumerate(models):
                if model in rows[fold.cutoff]:
                    played = model if model in fold.sums else BASELINE
                    refused[m, -k] = played != model
                    loss[m, -k] = fold.loss(played)
                    amount[m, -k] = fold.sums[played][-1] / size[name]
            if known:
                oracle = pinball(fold.actual, known.quantiles(name, fold, size[name]))
                irreducible[-k] = oracle[fold.there].mean() / fold.unit
        kept["block"].append(f"{fleet}/{name[0]}")
        kept["group"].append(name[0].split(".")[0] if grouped else fleet)
        kept["loss"].append(loss)
        kept["refused"].append(refused)
        kept["pinball"].append(amount)
        kept["actual"].append(total)
        kept["irreducible"].append(irreducible)
        if not sets:
            continue
        newest = scored[-1]
        named = {s: list(zip(folds, chooser.with_ensemble(candidates, folds))) for s, candidates in sets.items()}
        own = [abs(fold.loss(n[ENSEMBLE]) - rows[fold.cutoff][ENSEMBLE]["loss"]) / max(1e-9, rows[fold.cutoff][ENSEMBLE]["loss"])
               for fold, n in named["all"] if ENSEMBLE in n and fold.scored]
        kept["ensemble_error"].append(max(own, default=0))
        for s, candidates in sets.items():
            played = [(f, n) for f, n in named[s] if f.scored]
            of_newest = dict(zip(map(id, folds), (n for _, n in named[s])))[id(newest)]
            entered = [*candidates, ENSEMBLE]
            reported = chooser.champion(entered, played)
            added[f"reported {s}"].append(
                recency([f.loss(n[reported]) for f, n in played]) if reported else np.nan)
            earlier = [(f, n) for f, n in played if f.cutoff < newest.cutoff]
            choice = chooser.champion(entered, earlier, until=newest.cutoff)
            # What it refuses on the newest fold is published by seasonal naive.
            said = of_newest.get(choice, BASELINE)
            added[f"champion {s}"].append(newest.loss(said if said in newest.sums else BASELINE) if choice else np.nan)
            added[f"ensemble {s}"].append(newest.loss(of_newest[ENSEMBLE]) if choice and ENSEMBLE in of_newest else np.nan)
            if s == "all":
                kept["best_is_right"].append(reported == champions.get(name))
                for c in challengers:
                    added[f"chosen {c}"].append(float(choice == c))
    np.savez(out, models=models, **{k: np.array(v) for k, v in (kept | added).items()})


# --- putting contests together ------------------------------------------------------------------------------------------


def log_ratio(a, b):
    return np.log(np.clip((a + CUSHION) / (b + CUSHION), LEAST_RATIO, LARGEST_RATIO))


def over_folds(losses):
    """Recency-weighted mean over the folds that are not NaN; [series][fold], newest last."""
    there = ~np.isnan(losses)
    # The k-th newest fold that is there weighs 0.8 to the k.
    rank = np.cumsum(there[:, ::-1], 1)[:, ::-1] - 1
    weights = np.where(there, OLDER_FOLD ** rank, 0)
    with np.errstate(invalid="ignore"):
        return np.where(there, losses * weights, 0).sum(1) / weights.sum(1)


class Blocks:
    """Draws servers, not series, again and again: one machine's resources move together."""

    def __init__(self, names):
        self.names, self.at = np.unique(names, return_inverse=True)
        chance = np.random.Generator(np.random.PCG64(7))
        self.draws = chance.multinomial(len(self.names), np.full(len(self.names), 1 / len(self.names)), RESAMPLES)

    def sums(self, values):
        return self.draws @ np.bincount(self.at, values, minlength=len(self.names))

    def mean_error(self, values, ok):
        """Standard error of the mean of the values that are ok."""
        counts = self.sums(ok.astype(float))
        means = self.sums(np.where(ok, values, 0))[counts > 0] / counts[counts > 0]
        return float(means.std(ddof=1)) if len(means) > 1 and len(self.names) > 1 else None

    def ratio_error(self, a, b):
        """Standard error of the log of a ratio of sums."""
        return float(np.log(self.sums(a) / self.sums(b)).std(ddof=1)) if len(self.names) > 1 else None


class Pool:
    """Extracts of the same models, end to end."""

    def __init__(self, files, only=None):
        parts = [np.load(f) for f in files]
        self.models = parts[0]["models"].tolist()
        keep = [p["group"] == only if only else np.ones(len(p["group"]), bool) for p in parts]
        most = max(p["loss"].shape[-1] for p in parts)

        def joined(field):
            arrays = [p[field][k] for p, k in zip(parts, keep)]
            if arrays[0].ndim > 1:  # folds: the newest last, whatever their number
                arrays = [np.concatenate([np.full((*a.shape[:-1], most - a.shape[-1]), False if a.dtype == bool else np.nan, a.dtype), a], -1) for a in arrays]
            return np.concatenate(arrays)

        self.of = {field: joined(field) for field in parts[0].files if field != "models" and len(parts[0][field])}
        self.blocks = Blocks(self.of["block"])

    def losses(self, model):
        return self.of["loss"][:, self.models.index(model)]

    def paired(self, a, b):
        """Log ratio by series over the folds that both took part in."""
        a, b = (self.of["irreducible"] if m == "irreducible" else self.losses(m) for m in (a, b))
        both = ~np.isnan(a) & ~np.isnan(b)
        return log_ratio(over_folds(np.where(both, a, np.nan)), over_folds(np.where(both, b, np.nan)))

    def figure(self, logs):
        ok = ~np.isnan(logs)
        return {"ratio": float(np.exp(logs[ok].mean())) if ok.any() else None, "log_error": self.blocks.mean_error(logs, ok) if ok.any() else None,
                "series": int(ok.sum()), "servers": int(len(np.unique(self.of["block"][ok])))}

    def wql(self, a, b):
        at = [self.models.index(m) for m in (a, b)]
        both = ~np.isnan(self.of["pinball"][:, at]).any(1)
        sums = [np.where(both, self.of["pinball"][:, m], 0).sum(1) for m in at]
        actual = np.where(both, self.of["actual"], 0).sum(1)
        return {"ratio": float(sums[0].sum() / sums[1].sum()), "log_error": self.blocks.ratio_error(*sums), "series": int(both.any(1).sum()),
                "wql": float(2 * sums[0].sum() / actual.sum()), "wql_over": float(2 * sums[1].sum() / actual.sum())}


def pool(groups, over=(BASELINE,), challengers=(), wql=()):
    """For each group of extracts: every model's loss ratio, pooled WQL where asked, and what each challenger adds."""
    for group, what in groups.items():
        p = Pool(what["files"], what.get("only"))
        say = lambda measure, **fields: print(json.dumps({"measure": measure, "group": group, **fields}), flush=True)
        for base in over:
            for model in p.models:
                if base in p.models and model != base:
                    took_part = ~np.isnan(p.losses(model))
                    say("loss", model=model, over=base, refused=float(p.of["refused"][:, p.models.index(model)][took_part].mean()), **p.figure(p.paired(model, base)))
        if BASELINE in over and not np.isnan(p.of["irreducible"]).all():
            say("loss", model="irreducible", over=BASELINE, refused=0.0, **p.figure(p.paired("irreducible", BASELINE)))
        for model in wql:
            if model in p.models:
                say("wql", model=model, over=BASELINE, **p.wql(model, BASELINE))
        if challengers and "best_is_right" in p.of:
            say("agreement", champions=float(p.of["best_is_right"].mean()), largest_ensemble_error=float(p.of["ensemble_error"].max()), series=len(p.of["best_is_right"]))
        for c in challengers:
            for how, (a, b) in {"beside the others": ("all", f"all - {c}"), "alone": (f"rest + {c}", "rest")}.items():
                for of in ("champion", "ensemble", "reported"):
                    if f"{of} {a}" in p.of:
                        chosen = {"chosen": float(p.of[f"chosen {c}"].mean())} if of == "champion" and a == "all" else {}
                        say("adds", model=c, of=of, how=how, **chosen, **p.figure(log_ratio(p.of[f"{of} {a}"], p.of[f"{of} {b}"])))


def between(files_a, files_b, model):
    """The same model on the same folds in two contests: how far apart another seed puts it."""
    a, b = Pool(files_a), Pool(files_b)
    assert (a.of["block"] == b.of["block"]).all(), "the two contests are not of the same series"
    logs = log_ratio(over_folds(a.losses(model)), over_folds(b.losses(model)))
    ok = ~np.isnan(logs)
    return a.figure(logs) | {"spread_of_series": float(logs[ok].std())}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    if sys.argv[1] == "extract":
        extract(*sys.argv[2:4], **given)
    elif sys.argv[1] == "between":
        for model in given.pop("models"):
            print(json.dumps({"measure": "seed", "model": model, **between(**given, model=model)}))
    else:
        pool(**given)
