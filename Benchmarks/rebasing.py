"""Scores runs with and without re-basing against a synthetic fleet's truth; prints JSON lines.

    python Benchmarks/rebasing.py FLEET RUN_WITH RUN_WITHOUT LABEL

Breach dates: series whose noise-free path first reaches 80 % of capacity within the horizon; right is within 7 days or a tenth of
the days that remain. Losses: geometric mean over series of the published forecast's pinball loss with re-basing over that without,
for series with a level shift, with another event, and with none. Needs numpy and pyarrow (scripts/peers).
"""

import json
import os
import sys

import numpy as np
import pyarrow.parquet as pq

LEVELS = np.array([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])
NAMES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
EVENTS = ["level shift", "leak", "clean-up", "capacity change"]


class Fleet:
    """Paths, readings that follow, capacity now and events, a row per series."""

    def __init__(self, folder):
        truth = pq.read_table(os.path.join(folder, "truth.parquet"))
        metrics = pq.read_table(os.path.join(folder, "metrics.parquet"))
        names = list(zip(truth["server"].to_pylist(), truth["resource"].to_pylist()))
        steps = names.index(next(n for n in names if n != names[0]))
        self.names = names[::steps]
        rows = len(self.names)
        history = len(metrics) // rows
        grid = lambda table, column, width: table[column].to_numpy(zero_copy_only=False).reshape(rows, width)
        path, noise = grid(truth, "value", steps), grid(truth, "noise", steps)
        self.events = grid(truth, "event", steps)[:, :history]
        self.values = grid(metrics, "value", history)
        self.capacity = grid(metrics, "capacity", history)[:, -1]
        self.path = path[:, history:]
        self.future = np.clip(path + noise, 0, self.capacity[:, None])[:, history:]
        self.place = {n: i for i, n in enumerate(self.names)}


def quantiles(fleet, run):
    table = pq.read_table(os.path.join(run, "forecasts.parquet"), columns=["server", "resource", "lead", *NAMES])
    horizon = table["lead"].to_numpy().max()
    rows = [fleet.place[n] for n in zip(table["server"].to_pylist()[::horizon], table["resource"].to_pylist()[::horizon])]
    out = np.empty((len(fleet.names), horizon, len(NAMES)))
    out[rows] = np.stack([table[n].to_numpy() for n in NAMES], 1).reshape(len(rows), horizon, len(NAMES))
    return out


def losses(fleet, run):
    q = quantiles(fleet, run)
    d = fleet.future[:, : q.shape[1], None] - q
    return np.maximum(LEVELS * d, (LEVELS - 1) * d).mean((1, 2)) + 0.001 * np.abs(fleet.values).mean(1)


def dates(fleet, run, horizon=180):
    right, off, by_resource = [], [], {}
    for row in pq.read_table(os.path.join(run, "risks.parquet")).to_pylist():
        i = fleet.place[row["server"], row["resource"]]
        reached = fleet.path[i, :horizon] >= 0.8 * fleet.capacity[i]
        if row["threshold"] != 80 or not reached.any() or reached[0]:
            continue
        remaining = int(np.argmax(reached)) + 1
        said = row["days_to_breach_p50"]
        is_right = said is not None and abs(said - remaining) <= max(7, 0.1 * remaining)
        right.append(is_right)
        by_resource.setdefault(row["resource"], []).append(is_right)
        if said is not None:
            off.append(said - remaining)
    return {"series": len(right), "right": float(np.mean(right)), "median_days_off": float(np.median(np.abs(off))),
            "by_resource": {r: [int(np.sum(v)), len(v)] for r, v in sorted(by_resource.items())}}


def main(folder, with_run, without_run, label):
    fleet = Fleet(folder)
    if label in ("migration", "resize"):
        for name, run in (("with", with_run), ("without", without_run)):
            print(json.dumps({"measure": "dates", "fleet": label, "rebasing": name, **dates(fleet, run)}))
        return
    ratio = np.log(losses(fleet, with_run) / losses(fleet, without_run))
    shifted = (fleet.events == "level shift").any(1)
    other = np.isin(fleet.events, EVENTS).any(1) & ~shifted
    for name, part in (("a level shift", shifted), ("another event", other), ("no event", ~shifted & ~other)):
        print(json.dumps({"measure": "loss", "fleet": label, "series_with": name, "series": int(part.sum()),
                          "with_over_without": float(np.exp(ratio[part].mean()))}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
