"""Series of a workspace's master, and the glossary's measures of them. Needs numpy and pyarrow (scripts/peers)."""

import glob
import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
NAMES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
OLDER_FOLD = 0.8
DAY = 86_400_000_000
# Days in which a bucket of leads ends.
BUCKETS = [(1, 30), (31, 60), (61, 90), (91, 180)]
# k of the last m readings at or above the threshold: the product's defaults.
RULES, DEFAULT_RULE = {"disk": (1, 1)}, (4, 7)


class Series:
    """Readings of one series, times in microseconds, NaN where the master marks a gap; what 100 % is, NaN for a plain quantity."""

    def __init__(self, times, values, capacity, ceiling):
        self.times, self.values, self.capacity, self.ceiling = times, values, capacity, ceiling

    def history(self, cutoff, step):
        """Readings from the first one to the cutoff on the grid of steps, NaN where missing; single precision, as the product sees them."""
        known = (self.times <= cutoff) & ~np.isnan(self.values)
        times, values = self.times[known], self.values[known]
        if not len(times):
            return np.empty(0, np.float32)
        grid = np.full((cutoff - times[0]) // step + 1, np.nan, np.float32)
        grid[(times - times[0]) // step] = values
        return grid

    def after(self, cutoff, step, leads):
        """The readings at leads 1, 2, ..., NaN where there is none."""
        result = np.full(leads, np.nan, np.float32)
        lead = (self.times - cutoff) // step
        here = (lead >= 1) & (lead <= leads)
        result[lead[here] - 1] = self.values[here]
        return result

    def hundred(self, cutoff):
        """What 100 % was known to be at the cutoff."""
        if self.ceiling is not None:
            return self.ceiling
        known = self.capacity[(self.times <= cutoff) & ~np.isnan(self.capacity)]
        return known[-1] if len(known) else np.nan


def read(workspace):
    """(server, resource) -> Series; the step in microseconds."""
    with open(os.path.join(workspace, "master/manifest.json")) as f:
        resources = json.load(f)["resources"]
    result, step = {}, None
    for r in resources:
        ceiling = r["ceiling"] if isinstance(r["ceiling"], dict) else {}
        constant = float(ceiling["constant"]["_0"]) if "constant" in ceiling else None if "capacity" in ceiling else np.nan
        for part in sorted(glob.glob(os.path.join(glob.escape(os.path.join(workspace, "master", r["folder"])), "*.parquet"))):
            table = pq.ParquetFile(part).read()
            servers = table["server"].combine_chunks().dictionary_encode()
            times, values, capacity = pc.cast(table["time"], "int64").to_numpy(), table["value"].to_numpy(), table["capacity"].to_numpy()
            at = servers.indices.to_numpy()
            starts = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
            for a, b in zip(starts, np.r_[starts[1:], len(at)]):
                result[servers.dictionary[at[a]].as_py(), r["name"]] = Series(times[a:b], values[a:b], capacity[a:b], constant)
                if b - a > 1:
                    least = int(np.diff(times[a:b]).min())
                    step = least if step is None else min(step, least)
    return result, step


def nominal_season(step):
    """As Step.nominalSeason: 24 for hours, 7 for days, 1 from a week on."""
    seconds = step // 1_000_000
    return 1 if seconds >= 604_800 else 604_800 // seconds if seconds >= 86_400 else max(1, 86_400 // seconds)


def level_of(y):
    newest = np.abs(y[~np.isnan(y)].astype(float))[-365:]
    return newest.mean() if len(newest) else 0.0


def seasonal_difference(y, season):
    differences = np.abs(y[season:].astype(float) - y[:-season].astype(float))
    differences = differences[~np.isnan(differences)]
    return differences.mean() if len(differences) else 0.0


def scale_of(y, season):
    """As Metrics.scale; 1 for a history without one."""
    scale = max(seasonal_difference(y, season), 0.01 * level_of(y))
    return scale if scale > 0 else 1.0


def pinball(actual, quantiles):
    """Mean over levels at each lead; NaN without a reading. `quantiles` is [lead][level]."""
    d = actual[:, None] - quantiles
    return np.maximum(LEVELS * d, (LEVELS - 1) * d).mean(1)


def recency_mean(losses):
    """Over folds, oldest first, each older one weighing 0.8 of the next."""
    weights = OLDER_FOLD ** np.arange(len(losses))[::-1]
    return float(np.dot(losses, weights) / weights.sum())


def log_ratio(loss, baseline, level):
    """The glossary's: each loss plus 0.1 % of the level, held within 0.01..100; arrays over series."""
    a, b = loss + 0.001 * level, baseline + 0.001 * level
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b > 0, np.log(np.clip(a / b, 0.01, 100)), np.where(np.isnan(a) | np.isnan(b), np.nan, 0.0))


def interpolated(y):
    at = np.arange(len(y))
    there = ~np.isnan(y)
    return np.interp(at, at[there], y[there]).astype(float)


def first_breach(before, values, limit, rule):
    """Lead at which k of the last m readings have reached the limit for the first time: 0 at the cutoff, infinity never.

    `values` is [...][lead]; missing readings of `before` and, where one row misses it, of all rows are skipped.
    """
    k, m = rule
    values = np.atleast_2d(values)
    leads = np.flatnonzero(~np.isnan(values).any(0))
    before = before[~np.isnan(before)][-m:]
    whole = np.concatenate([np.broadcast_to(before, (len(values), len(before))), values[:, leads]], 1) >= limit
    counts = np.cumsum(np.pad(whole, ((0, 0), (m, 0))), 1)
    counts = np.pad(counts, ((0, 0), (1, 0)))
    holds = counts[:, m:] - counts[:, :-m] >= k  # column j: the window that ends with the j-th reading, 0 before all
    holds = holds[:, len(before):]  # column 0: at the cutoff
    days = np.r_[0, leads + 1].astype(float)
    return np.where(holds.any(1), days[holds.argmax(1)], np.inf)


def forecasts(path):
    """(server, resource) -> models, leads and quantiles [lead][level], from forecasts.parquet or forecasts-raw.parquet."""
    table = pq.read_table(path, columns=["server", "resource", "lead", "model", *NAMES])
    starts = np.flatnonzero(table["lead"].to_numpy() == 1)
    quantiles = np.stack([table[n].to_numpy() for n in NAMES], 1)
    keys = [table[c].take(starts).to_pylist() for c in ("server", "resource", "model")]
    return {(server, resource): (model, quantiles[a:b])
            for server, resource, model, a, b in zip(*keys, starts, np.r_[starts[1:], len(table)])}


def write_fleet(tables, out):
    """Joins tables of server, resource, time, value, capacity and unit into one input, without a capacity that none of them has."""
    fleet = pa.concat_tables(tables)
    if fleet["capacity"].null_count == len(fleet) or pc.all(pc.is_nan(fleet["capacity"].drop_null())).as_py():
        fleet = fleet.drop_columns("capacity")
    pq.write_table(fleet.sort_by([("server", "ascending"), ("resource", "ascending"), ("time", "ascending")]), out)
