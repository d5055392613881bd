"""mlforecast's XGBoost with conformal intervals, on the folds of our contest: python Benchmarks/mlforecast_peer.py WORKSPACE --model xgboost

WORKSPACE has been through `horizonscale backtest --keep-forecasts`, daily readings. Prints rows of JSON. Needs mlforecast (scripts/peers).

What is compared. Both see the readings up to a cutoff and forecast what our contest forecast; both are scored on the same series,
cutoffs and leads. CPU seconds of the peer are those of `fit` and `predict`; reading files and filling gaps are not counted. Where
there is no equal choice it is made in the peer's favour: gaps are filled for it by linear interpolation; its quantiles are clamped
to the same floor and ceiling as ours; it plays the cutoffs that at least half of the series share, so that it fits once for all
of them; XGBoost gets one thread, because two took up to ten times the CPU seconds here for the same forecasts. A series too short
for its features and its windows of calibration gets seasonal naive's quantiles, as in Benchmarks/peers.py, and is counted.

What the peer is. "By default mlforecast uses the recursive strategy" for several steps ahead (its how-to guide "One model per step");
the other way, a model for each step, would train 180 of them. Around it, from its guides: `XGBRegressor` as it comes; the target
differenced and scaled (`Differences` and `LocalStandardScaler`, which "can also help remove trend for models that can't deal with it", "Target transformations"); lags of
a day to four weeks, rolling means over them, the day of the week ("End to end walkthrough"); conformal intervals of the method that
comes by default, at a horizon of all leads ("Probabilistic forecasting"). CONFIGURATIONS are what was tried on the fleet that the
rules set aside for tuning (`Benchmarks/run challengers --part tuning`); CHOSEN has the least WQL there.
"""

import argparse
import collections
import glob
import json
import os
import time
import warnings

import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from mlforecast.target_transforms import Differences, LocalStandardScaler
from mlforecast.utils import PredictionIntervals
from xgboost import XGBRegressor

import series
from challenger_scores import BASELINE, Blocks, contests, leaderboard, log_ratio, over_folds, pinball, sizes

DAY = 86_400_000_000
MAX_LAG = 28
LAGS = {"lags": [1, 7, 14, 28], "lag_transforms": {1: [RollingMean(7), RollingMean(28)], 7: [RollingMean(28)]}, "date_features": ["dayofweek"]}
# Name -> the target's transformations and the number of calibration windows.
CONFIGURATIONS = {
    "differences": ([Differences([1])], 2),
    "scaled": ([LocalStandardScaler()], 2),
    "differences, scaled": ([Differences([1]), LocalStandardScaler()], 2),
    "differences, scaled, 3 windows": ([Differences([1]), LocalStandardScaler()], 3),
    "differences of a day and a week, scaled, 3 windows": ([Differences([1, 7]), LocalStandardScaler()], 3),
    "weekly differences, scaled": ([Differences([7]), LocalStandardScaler()], 2),
    "weekly differences, scaled, 3 windows": ([Differences([7]), LocalStandardScaler()], 3),
}
CHOSEN = "differences, scaled, 3 windows"


def forecast(configuration, cutoff, horizon, known):
    """Quantiles [lead][level] by series from readings up to the cutoff, and the CPU seconds of fitting and predicting."""
    transforms, windows = CONFIGURATIONS[configuration]
    # What the features and the windows of calibration leave to train on: at least four weeks.
    enough = {name: y for name, y in known.items() if len(y) >= windows * horizon + 2 * MAX_LAG + 7}
    ends = pd.Timestamp(cutoff, unit="us")
    frame = pd.concat([pd.DataFrame({"unique_id": str(i), "ds": pd.date_range(end=ends, periods=len(y), freq="D"), "y": y.astype(np.float32)})
                       for i, y in enumerate(enough.values())], ignore_index=True)
    model = MLForecast(models={"xgb": XGBRegressor(random_state=0, n_jobs=1)}, freq="D", target_transforms=transforms, num_threads=1, **LAGS)
    begin = time.process_time()
    model.fit(frame, static_features=[], prediction_intervals=PredictionIntervals(n_windows=windows, h=horizon))
    said = model.predict(horizon, level=[50, 80, 90])
    spent = time.process_time() - begin
    columns = [f"xgb-lo-{l}" for l in (90, 80, 50)] + ["xgb"] + [f"xgb-hi-{l}" for l in (50, 80, 90)]
    by_id = {int(i): rows[columns].to_numpy(np.float32) for i, rows in said.groupby("unique_id", sort=False)}
    return {name: np.sort(by_id[i], 1) for i, name in enumerate(enough)}, spent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace")
    parser.add_argument("--model", default="xgboost", help="ours")
    parser.add_argument("--tune", action="store_true", help="all configurations, not only the one that was chosen")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = sorted(glob.glob(os.path.join(options.workspace, "backtests/*")))[-1]
    board, _, _ = leaderboard(folder)
    read, _ = series.read(options.workspace)
    size = sizes(options.workspace)
    played = collections.defaultdict(dict)  # cutoff -> series -> fold
    for name, folds in contests(folder):
        for fold in folds:
            fold.settle(board[name][fold.cutoff])
            if fold.scored and options.model in fold.sums:
                played[fold.cutoff][name] = fold
    most = max(map(len, played.values()))
    cutoffs = sorted(c for c, folds in played.items() if 2 * len(folds) >= most)

    for configuration in CONFIGURATIONS if options.tune else [CHOSEN]:
        print(json.dumps(score(configuration, cutoffs, played, options.model, read, size)), flush=True)


def score(configuration, cutoffs, played, model, read, size):
    """The peer and our model on the same series and folds, each over the other and over seasonal naive."""
    names = sorted({name for c in cutoffs for name in played[c]})
    loss = {m: np.full((len(names), len(cutoffs)), np.nan) for m in ("ours", "peer", BASELINE)}
    amount = {m: np.zeros(len(names)) for m in loss}
    actual, cpu, stand_ins = np.zeros(len(names)), 0.0, 0
    for k, cutoff in enumerate(cutoffs):
        folds = played[cutoff]
        known = {name: series.interpolated(read[name].history(cutoff, DAY)) for name in folds}
        quantiles, seconds = forecast(configuration, cutoff, max(f.leads for f in folds.values()), known)
        cpu += seconds
        for name, fold in folds.items():
            at = names.index(name)
            if name in quantiles:
                y, ceiling = known[name], read[name].hundred(cutoff)
                held = np.clip(quantiles[name][: fold.leads], 0 if y.min() >= 0 else -np.inf, ceiling if y.max() <= ceiling else np.inf)
                fold.add("peer", pinball(fold.actual, held))
            else:
                stand_ins += 1
                fold.sums["peer"] = fold.sums[BASELINE]
            fold.sums["ours"] = fold.sums[model]
            actual[at] += np.abs(fold.actual[fold.there]).sum() / size[name]
            for m in loss:
                loss[m][at, k] = fold.loss(m)
                amount[m][at] += fold.sums[m][-1] / size[name]

    blocks, every = Blocks([server for server, _ in names]), np.ones(len(names), bool)
    means = {m: over_folds(l) for m, l in loss.items()}
    ratio = lambda a, b: float(np.exp(log_ratio(means[a], means[b]).mean()))
    return {
        "measure": "peer", "configuration": configuration, "cpu_s": cpu, "folds": len(cutoffs), "series": len(names), "fits_that_stood_in": stand_ins,
        "wql": {m: float(2 * a.sum() / actual.sum()) for m, a in amount.items()}, "ratio": float(amount["ours"].sum() / amount["peer"].sum()),
        "log_error": blocks.ratio_error(amount["ours"], amount["peer"]), "loss_ratio": ratio("ours", "peer"),
        "loss_log_error": blocks.mean_error(log_ratio(means["ours"], means["peer"]), every),
        "over_baseline": {"ours": ratio("ours", BASELINE), "peer": ratio("peer", BASELINE)}}


if __name__ == "__main__":
    main()
