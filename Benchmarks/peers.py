"""Scores peers beside what the product publishes, at the same cutoffs, by the rules of docs/method/evaluation.md, "Issue 6".

    python Benchmarks/peers.py WORKSPACE PUBLISHED.npz [--servers N] [--cache FOLDER] [--data LABEL] [--only PEER]

WORKSPACE has been through `horizonscale ingest`; PUBLISHED is what Benchmarks/contest_scores.py made of the product's runs there: series,
cutoffs, leads and actuals come from it, histories from the master, readings up to the cutoff only. Fits are kept in the cache by what
went into them, so that another run of ours costs none; --only fits one peer and prints nothing. Prints rows of JSON without readings or names of series.
"""

import argparse
import hashlib
import json
import logging
import os
import sys
import time
import warnings

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import models

import contest_scores
import series
from challenger_scores import Blocks
from series import DAY, LEVELS

logging.getLogger("cmdstanpy").disabled = True
logging.getLogger("prophet").disabled = True
STATISTICAL = {"auto-arima": "AutoARIMA", "auto-ets": "AutoETS", "auto-theta": "AutoTheta", "auto-ces": "AutoCES"}
MOST_READINGS = {"auto-arima": 1_100}
MEDIAN, PROPHET, LIGHTGBM = "median of the four", "prophet (package)", "lightgbm (mlforecast)"
PEERS = [*STATISTICAL, PROPHET, LIGHTGBM]
BASELINE = "seasonal-naive"
HERE = os.path.dirname(os.path.abspath(__file__))


def cpu_seconds():
    """Of this process and of those it has waited for: Prophet's optimiser is a program of its own."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def cached(cache, what, make):
    """Whatever arrays `make` returns, and the CPU seconds it took when it was made; `quantiles` is empty where it failed."""
    path = os.path.join(cache, what.hexdigest() + ".npz")
    if not os.path.exists(path):
        begin = cpu_seconds()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                kept = {"q": make()}
            if not np.isfinite(kept["q"]).all():
                raise ValueError("not finite")
            kept["why"] = ""
        except Exception as error:  # a peer may fail in any way: it is counted and replaced
            kept = {"q": np.zeros((0, 7)), "why": f"{type(error).__name__}: {error}"}
        # Under a name of its own first: a cache that was interrupted holds whole files only.
        with open(f"{path}.{os.getpid()}.part", "wb") as f:
            np.savez(f, cpu_s=cpu_seconds() - begin, **kept)
        os.replace(f"{path}.{os.getpid()}.part", path)
    with np.load(path) as kept:
        return (kept["q"] if len(kept["q"]) else None), float(kept["cpu_s"])


# --- peers that learn from one series -----------------------------------------------------------------------------------


def statistical(peer, y, horizon, season, cache):
    y = y[-MOST_READINGS.get(peer, len(y)):]
    what = hashlib.sha256(y.tobytes())
    what.update(f"{peer} {statsforecast.__version__} {season} {horizon}".encode())

    def make():
        said = getattr(models, STATISTICAL[peer])(season_length=season).forecast(y=y, h=horizon, level=[50, 80, 90])
        q = np.stack([said["lo-90"], said["lo-80"], said["lo-50"], said["mean"], said["hi-50"], said["hi-80"], said["hi-90"]], 1)
        return np.sort(q.astype(float), 1)

    return cached(cache, what, make)


def prophet(y, cutoff, horizon, step, cache):
    """The package as it comes; quantiles of the 1,000 samples that its own intervals are made of."""
    import prophet as package
    what = hashlib.sha256(y.tobytes())
    what.update(f"prophet {package.__version__} {cutoff} {step} {horizon}".encode())

    def make():
        np.random.seed(0)
        times = pd.to_datetime(cutoff + step * np.arange(-len(y) + 1, horizon + 1), unit="us")
        model = package.Prophet()
        model.fit(pd.DataFrame({"ds": times[: len(y)], "y": y}))
        samples = model.predictive_samples(pd.DataFrame({"ds": times[len(y):]}))["yhat"]
        return np.quantile(samples, LEVELS, axis=1).T

    return cached(cache, what, make)


# --- a peer that learns from all ----------------------------------------------------------------------------------------


def lightgbm(known, cutoff, horizon, step, cache):
    """Name -> quantiles from one LightGBM for all series, as Benchmarks/mlforecast_peer.py found best for XGBoost; CPU seconds of all.

    Differenced and scaled; three windows of calibration over all leads where the histories hold them, else two over as many leads as nine
    in ten series hold, the last width serving beyond. What is too short even for that is left out.
    """
    import lightgbm as package
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from mlforecast.target_transforms import Differences, LocalStandardScaler
    from mlforecast.utils import PredictionIntervals

    lengths = np.array([len(y) for y in known.values()])
    season = series.nominal_season(step)
    if step < DAY:
        lags = {"lags": [1, season, 2 * season], "lag_transforms": {1: [RollingMean(season)], season: [RollingMean(season)]}, "date_features": ["hour"]}
        longest = 2 * season
    elif np.median(lengths) >= 3 * 35 + 2 * horizon:
        lags = {"lags": [1, 7, 14, 28], "lag_transforms": {1: [RollingMean(7), RollingMean(28)], 7: [RollingMean(28)]}, "date_features": ["dayofweek"]}
        longest = 35
    else:
        lags = {"lags": [1, 7, 14], "lag_transforms": {1: [RollingMean(7)]}, "date_features": ["dayofweek"]}
        longest = 14
    # What stays to train on, besides the longest lag: two weeks, or two days of hours.
    spare = longest + 2 * max(season, 7)
    windows, reach = (3, horizon) if np.median(lengths) >= 3 * horizon + spare else (2, min(horizon, int(np.quantile(lengths, 0.1) - spare) // 2))
    enough = {name: y for name, y in known.items() if len(y) >= windows * reach + spare} if reach >= 1 else {}
    if not enough:
        return {}, 0.0
    what = hashlib.sha256(f"lightgbm {package.__version__} {cutoff} {step} {horizon} {windows} {reach} {longest}".encode())
    for name, y in sorted(enough.items()):
        what.update(y.tobytes())

    def make():
        ends, freq = pd.Timestamp(cutoff, unit="us"), {DAY: "D", 3_600_000_000: "h"}[step]
        frame = pd.concat([pd.DataFrame({"unique_id": f"{i:06}", "ds": pd.date_range(end=ends, periods=len(y), freq=freq), "y": y.astype(np.float32)})
                           for i, (_, y) in enumerate(sorted(enough.items()))], ignore_index=True)
        model = MLForecast(models={"lgb": package.LGBMRegressor(random_state=0, n_jobs=1, verbosity=-1)}, freq=freq, num_threads=1,
                           target_transforms=[Differences([1]), LocalStandardScaler()], **lags)
        model.fit(frame, static_features=[], prediction_intervals=PredictionIntervals(n_windows=windows, h=reach))
        points = model.predict(horizon)["lgb"].to_numpy().reshape(len(enough), horizon)
        near = model.predict(reach, level=[50, 80, 90])
        columns = [f"lgb-lo-{l}" for l in (90, 80, 50)] + ["lgb"] + [f"lgb-hi-{l}" for l in (50, 80, 90)]
        near = near[columns].to_numpy().reshape(len(enough), reach, 7)
        widths = near - near[:, :, 3:4]
        widths = widths[:, np.minimum(np.arange(horizon), reach - 1)]
        return np.sort(points[:, :, None] + widths, 2)

    q, spent = cached(cache, what, make)
    return ({} if q is None else dict(zip(sorted(enough), q))), spent


# --- scores -------------------------------------------------------------------------------------------------------------


class Judged:
    """The rows that are judged: series at cutoffs, what came, and every forecast's quantiles [row][lead][level]."""

    def __init__(self, path, servers):
        with np.load(path) as kept:
            of = {k: kept[k] for k in kept.files}
        self.models, self.step = of.pop("models").tolist(), int(of.pop("step"))
        rows = np.flatnonzero(of["row"] >= 0)
        self.fleet_rows = len(of["row"])
        if servers:
            names = np.unique(of["server"])
            rows = rows[np.isin(of["server"][rows], names[:: max(1, len(names) // servers)][:servers])]
        self.of = {k: v[rows] for k, v in of.items()}
        self.all_names = sorted(set(zip(of["server"].tolist(), of["resource"].tolist())))
        self.count, self.most = self.of["actual"].shape
        self.leads = self.of["leads"]
        self.names = list(zip(self.of["server"].tolist(), self.of["resource"].tolist()))
        keys = [f"{s}/{r}" for s, r in self.names]
        self.key, self.series = np.unique(keys, return_inverse=True)

    def over_folds(self, values):
        """By series, each older fold weighing 0.8 of the next."""
        result = np.full(len(self.key), np.nan)
        for s in range(len(self.key)):
            rows = np.flatnonzero(self.series == s)
            result[s] = series.recency_mean(values[rows[np.argsort(self.of["origin"][rows])]])
        return result


def fitted(j, read, cache, only=None):
    """Peer -> quantiles, NaN where it failed; CPU seconds and number of forecasts; those that failed."""
    season = series.nominal_season(j.step)
    wanted = [p for p in PEERS if only in (None, p)]
    said = {p: np.full((j.count, j.most, 7), np.nan) for p in wanted}
    spent, forecasts, failed = ({p: 0 for p in wanted} for _ in range(3))

    def put(peer, i, q):
        forecasts[peer] += 1
        failed[peer] += q is None
        if q is not None:
            said[peer][i, : j.leads[i]] = np.clip(q[: j.leads[i]], j.of["floor"][i], j.of["ceiling"][i])

    for i, name in enumerate(j.names):
        cutoff = int(j.of["origin"][i])
        y = series.interpolated(read[name].history(cutoff, j.step))
        for peer in wanted:
            if peer == LIGHTGBM:
                continue
            q, cpu = prophet(y, cutoff, int(j.leads[i]), j.step, cache) if peer == PROPHET else statistical(peer, y, int(j.leads[i]), season, cache)
            spent[peer] += cpu
            put(peer, i, q)
        print(f"peers: {i + 1} of {j.count} forecasts", file=sys.stderr, flush=True)
    if LIGHTGBM in wanted:
        for cutoff in np.unique(j.of["origin"]):
            rows = np.flatnonzero(j.of["origin"] == cutoff)
            every = {name: read[name].history(int(cutoff), j.step) for name in j.all_names}
            known = {name: series.interpolated(y) for name, y in every.items() if len(y)}
            q, cpu = lightgbm(known, int(cutoff), int(j.leads[rows].max()), j.step, cache)
            spent[LIGHTGBM] += cpu * len(rows) / max(1, len(known))
            for i in rows:
                put(LIGHTGBM, i, q.get(j.names[i]))
    return said, {p: spent[p] / max(1, forecasts[p]) for p in wanted}, failed, forecasts


def row_of(j, q, baseline):
    """Loss over scale and other measures by row; seasonal naive's quantiles where a forecast is missing."""
    q = np.where(np.isnan(q[:, :1, 3:4]), baseline, q)
    actual = j.of["actual"].astype(float)
    d = actual[:, :, None] - q
    loss = np.nanmean(np.maximum(LEVELS * d, (LEVELS - 1) * d).mean(2), 1)
    error = np.nanmean(np.abs(actual - q[:, :, 3]), 1)
    inside = np.where(np.isnan(actual), np.nan, (j.of["actual"] >= q[:, :, 1].astype(np.float32)) & (j.of["actual"] <= q[:, :, 5].astype(np.float32)))
    return {"q": q, "loss": loss, "error": error, "inside": inside}


def measures(j, label, read, cache, say):
    baseline = j.of["baselines"][:, contest_scores.BASELINES.index(BASELINE)].astype(float)
    said, cpu, failed, forecasts = fitted(j, read, cache)
    said[MEDIAN] = np.median([said[p] for p in STATISTICAL], 0)
    cpu[MEDIAN] = sum(cpu[p] for p in STATISTICAL)
    ours = {"champion, published": j.of["quantiles"], "champion, raw": j.of["raw"], BASELINE: baseline, contest_scores.BASELINES[0]: j.of["baselines"][:, 0]}
    every = {m: row_of(j, q.astype(float), baseline) for m, q in {**said, **ours}.items()}
    scale, level = j.of["scale"], j.over_folds(j.of["level"] / j.of["scale"])
    size = np.where(np.isnan(j.of["hundred"]), np.maximum(j.of["mean"], 1e-9), j.of["hundred"])
    actual = j.of["actual"].astype(float)
    amount = np.nansum(np.abs(actual), 1) / size
    blocks = Blocks(np.array([k.rsplit("/", 1)[0] for k in j.key]))
    means = {m: j.over_folds(r["loss"] / scale) for m, r in every.items()}
    singles = {m: j.over_folds(j.of["loss"][:, i] / scale) for i, m in enumerate(j.models)}
    logs = {m: series.log_ratio(v, means[BASELINE], level) for m, v in {**singles, **means}.items()}
    breaks = breaches(j, {m: r["q"][:, :, 3] for m, r in every.items()})
    for m in logs:
        fields = {"data": label, "model": m, "kind": "peer" if m in said else "ours", "loss_ratio": float(np.exp(logs[m].mean())), "series": len(j.key), "forecasts": j.count, "fleet_forecasts": j.fleet_rows}
        if m in every:
            r, n = every[m], (~np.isnan(actual)).sum(1)
            fields |= {"wql": float(2 * (r["loss"] * n / size).sum() / amount.sum()), "mase": float(j.over_folds(r["error"] / scale).mean()),
                       "coverage80": float(np.nanmean(r["inside"])), **breaks.get(m, {})}
            difference = logs["champion, published"] - logs[m]
            fields |= {"ours_over": float(np.exp(difference.mean())), "ours_over_log_error": blocks.mean_error(difference, np.ones(len(difference), bool))}
        if m in cpu:
            fields |= {"cpu_s": cpu[m], "failed": failed.get(m)}
        say(fields)
    # By our own probability, where it was promised for the last lead.
    if "probability" in breaks:
        say({"data": label, "model": "champion, probability", "kind": "ours", **breaks["probability"]})


def breaches(j, paths):
    """Calls of a breach of 80 % of capacity within the fold, by each median path and by the product's probability."""
    days = (j.leads * j.step / DAY).round().astype(int)
    result, chances = {}, {"called": 0, "hits": 0, "happened": 0}
    for i in range(j.count):
        if np.isnan(j.of["hundred"][i]):
            continue
        limit, rule = 0.8 * j.of["hundred"][i], series.RULES.get(j.of["resource"][i], series.DEFAULT_RULE)
        first = lambda path: series.first_breach(j.of["before"][i], path[: j.leads[i]], limit, rule)[0]
        when = first(j.of["actual"][i].astype(float))
        if when == 0:
            continue
        for m, path in paths.items():
            r = result.setdefault(m, {"called": 0, "hits": 0, "happened": 0})
            yes = np.isfinite(first(path[i]))
            r["called"] += int(yes)
            r["happened"] += int(np.isfinite(when))
            r["hits"] += int(yes and np.isfinite(when))
        if days[i] in contest_scores.DAYS and j.of["thresholds"][i, 0] == 80:
            p = j.of["chance"][i, 0, contest_scores.DAYS.index(days[i])]
            if not np.isnan(p):
                yes = p >= 0.5
                chances["called"] += int(yes)
                chances["happened"] += int(np.isfinite(when))
                chances["hits"] += int(yes and np.isfinite(when))
                result["probability"] = chances
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace")
    parser.add_argument("published")
    parser.add_argument("--servers", type=int, default=0, help="so many servers, evenly spaced by name, with all their resources (default: all)")
    parser.add_argument("--cache", default=os.path.join(HERE, ".cache/peers"))
    parser.add_argument("--data", default="", help="label of the rows")
    parser.add_argument("--only", choices=PEERS)
    options = parser.parse_args()
    os.makedirs(options.cache, exist_ok=True)
    read, _ = series.read(options.workspace)
    j = Judged(options.published, options.servers)
    if options.only:
        fitted(j, read, options.cache, options.only)
    else:
        measures(j, options.data, read, options.cache, lambda row: print(json.dumps(row), flush=True))


if __name__ == "__main__":
    main()
