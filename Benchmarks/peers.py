"""Scores statsforecast's automatic models beside ours, on the folds, histories and horizons of our contest.

    python Benchmarks/peers.py WORKSPACE [--cache FOLDER]

WORKSPACE has been through `horizonscale ingest` and `horizonscale backtest --keep-forecasts`. Cutoffs, leads and actuals come
from backtest.parquet, histories from the master, readings up to the cutoff only. Where peers and we differ, in their favour or
for lack of a choice: gaps are filled for them by linear interpolation; AutoARIMA, at 27 CPU seconds a fit of a long history, sees the
newest 1,100 readings; their quantiles are clamped to the same floor and ceiling
as ours; a fit that fails is replaced by our seasonal naive and counted. Scores are those of the contest: pinball loss over seven
levels and all leads, divided by the scale at the cutoff, older folds weighing 0.8 of the next; then the geometric mean over
series of the ratio to seasonal naive. Fits are kept in the cache by what went into them, so that another run of ours costs none.
Prints rows of JSON without readings or names of series.
"""

import argparse
import glob
import hashlib
import json
import os
import sys
import time
import warnings

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import statsforecast
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
NAMES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
PEERS = {"auto-arima": AutoARIMA, "auto-ets": AutoETS, "auto-theta": AutoTheta, "auto-ces": AutoCES}
MOST_READINGS = {"auto-arima": 1_100}
MEDIAN = "median of the four"
BASELINE = "seasonal-naive"
HERE = os.path.dirname(os.path.abspath(__file__))


# --- reading -----------------------------------------------------------------------------------------------------------


class Fold:
    """What was known at a cutoff, what came, and what each of our models had said: `quantiles[model]` is [lead][level]."""

    def __init__(self, cutoff, times, actual):
        self.cutoff, self.times, self.actual = cutoff, times, actual
        self.quantiles = {}


def by_key(table, keys):
    """Sub-tables of neighbouring rows with equal keys, in the order of the file."""
    columns = [table[k].to_numpy(zero_copy_only=False) for k in keys]
    starts = np.flatnonzero(np.r_[True, np.any([c[1:] != c[:-1] for c in columns], axis=0)])
    for a, b in zip(starts, np.r_[starts[1:], len(table)]):
        yield tuple(c[a] for c in columns), table.slice(a, b - a)


def read(workspace):
    """Step in microseconds; series -> history (times, values); series -> folds by cutoff; series -> champion; resource -> ceiling."""
    folder = sorted(glob.glob(os.path.join(workspace, "backtests/*")))[-1]
    kept = pq.read_table(os.path.join(folder, "backtest.parquet"))
    for column in ("cutoff", "time"):
        kept = kept.set_column(kept.schema.get_field_index(column), column, pc.cast(kept[column], "int64"))
    folds = {}
    for (server, resource, model, cutoff), rows in by_key(kept, ["server", "resource", "model", "cutoff"]):
        here = folds.setdefault((server, resource), {})
        if cutoff not in here:
            here[cutoff] = Fold(int(cutoff), rows["time"].to_numpy(), rows["actual"].to_numpy())
        here[cutoff].quantiles[model] = np.stack([rows[n].to_numpy() for n in NAMES], 1).astype(float)
    step = int(kept["time"][0].as_py() - kept["cutoff"][0].as_py()) // kept["lead"][0].as_py()

    board = pq.read_table(os.path.join(folder, "leaderboard.parquet"))
    champions = {(r["server"], r["resource"]): r["model"] for r in board.filter(board["champion"]).to_pylist()}

    master = ds.dataset(os.path.join(workspace, "master"), partitioning="hive", exclude_invalid_files=True).to_table()
    times, values = pc.cast(master["time"], "int64").to_numpy(), master["value"].to_numpy()
    names = list(zip(master["server"].to_pylist(), map(str, master["resource"].to_pylist())))
    places = {}
    for at, name in enumerate(names):
        places.setdefault(name, []).append(at)
    histories = {name: (times[at], values[at]) for name, at in places.items()}

    with open(os.path.join(workspace, "master/manifest.json")) as f:
        resources = json.load(f)["resources"]
    ceilings = {r["name"]: r["ceiling"].get("constant", {}).get("_0", np.nan) if isinstance(r["ceiling"], dict) else np.nan for r in resources}
    return step, histories, folds, champions, ceilings


def history_at(history, cutoff, step):
    """Readings from the first one to the cutoff on the grid of steps, NaN where missing; single precision, as we see them."""
    times, values = history
    known = (times <= cutoff) & ~np.isnan(values)
    times, values = times[known], values[known]
    grid = np.full((cutoff - times[0]) // step + 1, np.nan, np.float32)
    grid[(times - times[0]) // step] = values
    return grid


def nominal_season(step):
    """As Step.nominalSeason: 24 for hours, 7 for days, 1 from a week on."""
    seconds = step // 1_000_000
    return 1 if seconds >= 604_800 else 604_800 // seconds if seconds >= 86_400 else max(1, 86_400 // seconds)


# --- scores ------------------------------------------------------------------------------------------------------------


def level_of(y):
    newest = np.abs(y[~np.isnan(y)].astype(float))[-365:]
    return newest.mean() if len(newest) else 0.0


def scale_of(y, season):
    """As Metrics.scale; 1 for a history without one."""
    differences = np.abs(y[season:].astype(float) - y[:-season].astype(float))
    differences = differences[~np.isnan(differences)]
    scale = max(differences.mean() if len(differences) else 0.0, 0.01 * level_of(y))
    return scale if scale > 0 else 1.0


def pinball(actual, quantiles):
    """Mean over levels at each lead; NaN without a reading."""
    d = actual[:, None] - quantiles
    return np.maximum(LEVELS * d, (LEVELS - 1) * d).mean(1)


def recency_mean(losses):
    """Over folds, oldest first, each older one weighing 0.8 of the next."""
    weights = 0.8 ** np.arange(len(losses))[::-1]
    return float(np.dot(losses, weights) / weights.sum())


def ratio(loss, baseline, level):
    cushion = 0.001 * level
    return float(np.clip((loss + cushion) / (baseline + cushion), 0.01, 100)) if baseline + cushion > 0 else 1.0


# --- peers -------------------------------------------------------------------------------------------------------------


def interpolated(y):
    at = np.arange(len(y))
    there = ~np.isnan(y)
    return np.interp(at, at[there], y[there]).astype(float)


def fit(peer, y, horizon, season, cache):
    """Quantiles [lead][level], or None where the peer failed, and the CPU seconds that the fit took when it was made."""
    what = hashlib.sha256(y.tobytes())
    what.update(f"{peer} {statsforecast.__version__} {season} {horizon}".encode())
    path = os.path.join(cache, what.hexdigest() + ".npz")
    if not os.path.exists(path):
        begin = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                said = PEERS[peer](season_length=season).forecast(y=y, h=horizon, level=[50, 80, 90])
            q = np.stack([said["lo-90"], said["lo-80"], said["lo-50"], said["mean"], said["hi-50"], said["hi-80"], said["hi-90"]], 1)
            q = np.sort(q.astype(float), 1)
            if not np.isfinite(q).all():
                raise ValueError("not finite")
            why = ""
        except Exception as error:  # a peer may fail in any way: it is counted and replaced
            q, why = np.zeros((0, 7)), f"{type(error).__name__}: {error}"
        # Under a name of its own first: a cache that was interrupted holds whole files only.
        with open(path + ".part", "wb") as f:
            np.savez(f, q=q, cpu_s=time.process_time() - begin, why=why)
        os.replace(path + ".part", path)
    kept = np.load(path)
    return (kept["q"] if len(kept["q"]) else None), float(kept["cpu_s"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace")
    parser.add_argument("--cache", default=os.path.join(HERE, ".cache/peers"))
    parser.add_argument("--data", default="", help="label of the rows")
    options = parser.parse_args()
    os.makedirs(options.cache, exist_ok=True)
    step, histories, all_folds, champions, ceilings = read(options.workspace)
    season = nominal_season(step)
    cpu, failed, fits = ({p: 0 for p in PEERS} for _ in range(3))
    log_ratios = {}

    for done, (name, here) in enumerate(sorted(all_folds.items())):
        folds = [here[c] for c in sorted(here)]
        losses, ours = [], [set(f.quantiles) for f in folds]
        for f in folds:
            y = history_at(histories[name], f.cutoff, step)
            filled, horizon = interpolated(y), len(f.times)
            low = 0.0 if np.nanmin(y) >= 0 else -np.inf
            ceiling = ceilings[name[1]]
            high = ceiling if np.nanmax(y) <= ceiling else np.inf
            for peer in PEERS:
                q, seconds = fit(peer, filled[-MOST_READINGS.get(peer, len(filled)) :], horizon, season, options.cache)
                cpu[peer] += seconds
                fits[peer] += 1
                failed[peer] += q is None
                f.quantiles[peer] = f.quantiles[BASELINE] if q is None else np.clip(q, low, high)
            f.quantiles[MEDIAN] = np.median([f.quantiles[p] for p in PEERS], 0)
            f.curves = {m: pinball(f.actual, q) / scale_of(y, season) for m, q in f.quantiles.items()}
        scored = [f for f in folds if not np.isnan(f.actual).all()]
        if not scored or name not in champions:
            continue
        mean_losses = {
            m: recency_mean([np.nanmean(f.curves[m]) for f in scored])
            for m in folds[0].quantiles if all(m in f.curves for f in scored)}
        ours = [m for m in mean_losses if m not in PEERS and m != MEDIAN]
        mean_losses["champion"] = mean_losses[champions[name]]

        # Nested: the best on what earlier folds had shown by the cutoff; nothing shown yet, the ensemble.
        nested = []
        for f in scored:
            shown = [(e, e.times <= f.cutoff) for e in scored if e.cutoff < f.cutoff]
            shown = [(e, m) for e, m in shown if (m & ~np.isnan(e.actual)).any()]
            known = {m: recency_mean([np.nanmean(e.curves[m][mask]) for e, mask in shown]) for m in ours} if shown else {}
            choice = min(known, key=known.get) if known else "ensemble"
            nested.append(np.nanmean(f.curves[choice]))
        mean_losses["champion, nested"] = recency_mean(nested)

        now = history_at(histories[name], histories[name][0].max(), step)
        unit, level = scale_of(now, season), level_of(now)
        for m, loss in mean_losses.items():
            value = ratio(loss * unit, mean_losses[BASELINE] * unit, level)
            log_ratios.setdefault(m, []).append(np.log(value))
        print(f"peers: {options.data} {done + 1} of {len(all_folds)} series", file=sys.stderr, flush=True)

    for m, values in log_ratios.items():
        kind = "peer" if m in PEERS or m == MEDIAN else "ours"
        row = {"data": options.data, "model": m, "kind": kind, "loss_ratio": float(np.exp(np.mean(values))), "series": len(values)}
        if m in PEERS:
            row |= {"fits": fits[m], "failed": failed[m], "cpu_s_per_fit": cpu[m] / fits[m]}
        print(json.dumps(row))


if __name__ == "__main__":
    main()
