"""Loss of one model over another's in a contest, as JSON lines: python Benchmarks/behaviours.py WORKSPACE MODEL BASE SCENARIO [TRUTH]

From the leaderboard of the newest backtest: per series the mean scaled loss over folds that scored both, older folds weighing 0.8 of the
next, plus a thousandth; then the geometric mean over series of the ratio, held within 0.01..100. With TRUTH (truth.parquet) also by the events in each series' history. Needs pyarrow (scripts/peers).
"""

import collections
import glob
import json
import math
import os
import sys

import pyarrow.compute as pc
import pyarrow.parquet as pq


def main(workspace, model, base, scenario, truth=None):
    board = pq.read_table(sorted(glob.glob(os.path.join(workspace, "backtests/*/leaderboard.parquet")))[-1],
                          columns=["server", "resource", "model", "cutoff", "status", "loss"]).to_pylist()
    losses, last = collections.defaultdict(dict), max(r["cutoff"] for r in board)
    for r in board:
        if r["status"] == "scored" and r["model"] in (model, base) and r["loss"] is not None and math.isfinite(r["loss"]):
            losses[r["server"], r["resource"]].setdefault(r["cutoff"], {})[r["model"]] = r["loss"]
    events = collections.defaultdict(set)
    if truth:
        table = pq.read_table(truth, columns=["server", "resource", "time", "event"])
        for r in table.filter(pc.not_equal(table["event"], "")).to_pylist():
            if r["time"] <= last:
                events[r["server"], r["resource"]].add(r["event"])

    groups = collections.defaultdict(list)
    for name, folds in losses.items():
        both = [folds[c] for c in sorted(folds) if len(folds[c]) == 2]
        if not both:
            continue
        weigh = lambda m: sum(f[m] * 0.8 ** (len(both) - 1 - i) for i, f in enumerate(both))
        # A thousandth of a scale, for series that both forecast all but exactly.
        log = math.log(min(100, max(0.01, (weigh(model) + 1e-3) / (weigh(base) + 1e-3))))
        groups["all"].append(log)
        for event in sorted(events[name]) if truth else []:
            groups[event].append(log)
        if truth and not events[name]:
            groups["no event"].append(log)
    for part, logs in sorted(groups.items()):
        print(json.dumps({"measure": "behaviour", "scenario": scenario, "part": part, "model": model, "over": base, "series": len(logs),
                          "loss_ratio": math.exp(sum(logs) / len(logs))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
