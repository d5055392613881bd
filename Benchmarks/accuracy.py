"""Scores one finished run on a synthetic fleet against the fleet's truth; prints JSON lines.

The reading that comes at a step is truth + noise held between 0 and the capacity. Baselines are computed here, from the
master, independently of the product: seasonal naive (the last week, repeated) and the straight line over 30 days.
Needs numpy and pyarrow (scripts/peers).
"""

import glob
import json
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

LEVELS = np.array([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])
QUANTILES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
BUCKETS = [(1, 30), (31, 60), (61, 90), (91, 180)]
TIERS = ["high", "medium", "low"]
RULES = {"disk": (1, 1)}  # k of the last m readings; the product's defaults
DEFAULT_RULE = (4, 7)
THRESHOLD, WITHIN = 80.0, 90
NORMAL = np.array([-1.6448536, -1.2815516, -0.6744898, 0.0, 0.6744898, 1.2815516, 1.6448536])


def rounded(x):
    """JSON-ready: floats to 5 places, NaN as null."""
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(v) for v in x]
    if isinstance(x, (float, np.floating)):
        return None if not np.isfinite(x) else round(float(x), 5)
    return int(x) if isinstance(x, np.integer) else x


def out(measure, **fields):
    print(json.dumps(rounded({"measure": measure, **fields})), flush=True)


def cube(table, columns):
    """A table sorted by (server, resource, time) as arrays [series, time], and the series' names."""
    table = table.sort_by([("server", "ascending"), ("resource", "ascending"), ("time", "ascending")])
    resources = table["resource"].to_numpy(zero_copy_only=False)
    servers = table["server"].to_numpy(zero_copy_only=False)
    first = np.flatnonzero(np.r_[True, (servers[1:] != servers[:-1]) | (resources[1:] != resources[:-1])])
    steps = np.diff(np.r_[first, len(servers)])
    assert (steps == steps[0]).all(), "series of unequal length: this bench expects a whole synthetic fleet"
    arrays = [table[c].to_numpy(zero_copy_only=False).reshape(len(first), steps[0]) for c in columns]
    return list(zip(servers[first], resources[first])), arrays


class Fleet:
    """History, future and published forecasts of one fleet, aligned series by series."""

    def __init__(self, folder, run):
        self.names, (self.history, capacity) = cube(
            pq.read_table(f"{folder}/metrics.parquet", columns=["server", "resource", "time", "value", "capacity"]),
            ["value", "capacity"])
        self.capacity = capacity[:, -1]
        steps = self.history.shape[1]
        names, (truth, noise, events) = cube(
            pq.read_table(f"{folder}/truth.parquet"), ["value", "noise", "event"])
        assert names == self.names
        columns = ["lead", "model", "mean", *QUANTILES, "tier"]
        names, arrays = cube(
            pq.read_table(f"{run}/forecasts.parquet", columns=["server", "resource", "time", *columns]), columns)
        assert names == self.names
        self.quantiles = np.stack(arrays[3:-1]).astype(float)  # [level, series, lead]
        self.model, self.tier = arrays[1][:, 0], arrays[-1]
        self.horizon = arrays[0].shape[1]
        assert (arrays[0] == np.arange(1, self.horizon + 1)).all(), "leads are not 1, 2, ..."
        end = steps + self.horizon
        self.path = truth[:, steps:end]
        self.future = np.clip(truth + noise, 0, self.capacity[:, None])[:, steps:end]
        self.events, self.steps = events, steps
        self.resource = np.array([r for _, r in self.names])
        h = self.history
        self.scale = np.maximum(np.abs(h[:, 7:] - h[:, :-7]).mean(1), 0.01 * np.abs(h[:, -365:]).mean(1))
        # scaled loss adds 0.1 % of the level; with scale 0 a series has nothing to score
        self.level = np.abs(h[:, -365:]).mean(1)
        self.decisions = pq.read_table(f"{run}/decisions.parquet").to_pylist()
        self.risks = pq.read_table(f"{run}/risks.parquet").to_pylist()

    def kinds(self):
        """What the truth says about each series, for breaking figures down; a series may be of several kinds."""
        past, coming = self.events[:, : self.steps], self.events[:, self.steps : self.steps + self.horizon]
        has = lambda e, text: (e == text).any(1)
        kinds = {
            "bursts": has(past, "burst"),
            "leak before the as-of": has(past, "leak"),
            "leak that begins after it": has(coming, "leak") & ~has(past, "leak"),
            "clean-up cycles": has(past, "clean-up"),
            "level shift in the last 180 d": has(past[:, -180:], "level shift"),
            "level shift before that": has(past[:, :-180], "level shift"),
            "capacity change": has(past, "capacity change"),
            "level shift or capacity change to come": has(coming, "level shift") | has(coming, "capacity change"),
        }
        any_kind = np.zeros(len(self.names), bool)
        for mask in kinds.values():
            any_kind |= mask
        # dict keeps "none of these" last
        kinds["none of these"] = ~any_kind
        return kinds


def pinball(quantiles, actual):
    d = actual[None] - quantiles
    return np.maximum(LEVELS[:, None, None] * d, (LEVELS[:, None, None] - 1) * d)


def spread_by_history(history, point_of, horizon):
    """Quantiles of a baseline's own past errors by lead, from 12 origins 31 steps apart (nothing after the as-of)."""
    steps = history.shape[1]
    errors = []
    for k in range(12):
        cut = steps - horizon - 31 * k
        if cut < 60:
            break
        errors.append(history[:, cut : cut + horizon] - point_of(history[:, :cut], horizon))
    errors = np.stack(errors)  # [origin, series, lead]
    groups = [(0, 7), (7, 30), (30, 60), (60, 90), (90, horizon)]
    result = np.empty((len(LEVELS), history.shape[0], horizon))
    for a, b in groups:
        block = errors[:, :, a:b].transpose(1, 0, 2).reshape(history.shape[0], -1)
        result[:, :, a:b] = np.quantile(block, LEVELS, axis=1)[:, :, None]
    return result


def seasonal_naive(history, horizon):
    week = history[:, -7:]
    return week[:, np.arange(horizon) % 7]


def straight_line(history, horizon, window=30):
    x = np.arange(window) - (window - 1) / 2
    y = history[:, -window:]
    slope = (y * x).sum(1) / (x * x).sum()
    ahead = (window - 1) / 2 + np.arange(1, horizon + 1)
    return y.mean(1)[:, None] + slope[:, None] * ahead


def forecasts_of(fleet):
    """Published quantiles and those of the baselines, each bounded by 0 and the capacity."""
    bound = lambda q: np.clip(q, 0, fleet.capacity[None, :, None])
    every = {"published": fleet.quantiles}
    for name, point_of in [("seasonal naive", seasonal_naive), ("line of 30 days", straight_line)]:
        point = point_of(fleet.history, fleet.horizon)
        every[name] = bound(point[None] + spread_by_history(fleet.history, point_of, fleet.horizon))
        every[name + ", bare"] = bound(np.repeat(point[None], len(LEVELS), 0))
    return every


def loss_figures(fleet, quantiles, where):
    """WQL pooled in percent of capacity, MASE and scaled loss, over a mask [series, lead]."""
    p = pinball(quantiles, fleet.future).mean(0)
    cap = fleet.capacity[:, None]
    scored = fleet.scale > 0
    keep = where & scored[:, None]
    error = np.abs(fleet.future - quantiles[3])
    return {
        "wql": 2 * (p / cap)[where].sum() / (fleet.future / cap)[where].sum(),
        "mase": ((error / np.where(scored, fleet.scale, 1)[:, None])[keep]).mean(),
        "scaled_loss": ((p / np.where(scored, fleet.scale, 1)[:, None])[keep]).mean(),
        "bias_of_capacity": ((quantiles[3] - fleet.future) / cap)[where].mean(),
    }


def loss_ratio(fleet, a, b, leads):
    """Geometric mean over series of the loss of a over that of b, as the design's scaled loss."""
    la = pinball(a[:, :, leads], fleet.future[:, leads]).mean((0, 2)) + 0.001 * fleet.level
    lb = pinball(b[:, :, leads], fleet.future[:, leads]).mean((0, 2)) + 0.001 * fleet.level
    return float(np.exp(np.log(np.clip(la / np.where(lb > 0, lb, 1), 0.01, 100))[lb > 0].mean()))


def calibration(fleet, quantiles, where):
    q, y = quantiles, fleet.future
    inside = lambda lo, hi: ((y >= q[lo]) & (y <= q[hi]))[where].mean()
    below = {name: (y <= q[i])[where].mean() for i, name in enumerate(QUANTILES)}
    # where the bound itself is a quantile, y <= q is certain: the share strictly below shows the ties
    strictly = {name: (y < q[i])[where].mean() for i, name in enumerate(QUANTILES)}
    width = ((q[5] - q[1]) / fleet.capacity[:, None])[where]
    return {
        "n": int(where.sum()), "coverage80": inside(1, 5), "coverage90": inside(0, 6),
        "below_q10": strictly["q10"], "above_q90": 1 - below["q90"], "share_at_or_below": below,
        "mean_width80_of_capacity": width.mean(), "median_width80_of_capacity": np.median(width),
    }


def breach_days(fleet, values):
    """First lead at which the breach rule holds per series, 0 when it holds at the as-of, inf when never; values [series, lead]."""
    limit = THRESHOLD / 100 * fleet.capacity
    result = np.full(len(fleet.names), np.inf)
    for rule in {DEFAULT_RULE, *RULES.values()}:
        k, m = rule
        rows = np.array([RULES.get(r, DEFAULT_RULE) == rule for r in fleet.resource])
        whole = np.concatenate([fleet.history[rows, -(m):], values[rows]], 1) >= limit[rows, None]
        counts = np.cumsum(np.pad(whole, ((0, 0), (1, 0))), 1)
        holds = counts[:, m:] - counts[:, :-m] >= k  # column 0 is the as-of, column j lead j
        first = np.where(holds.any(1), holds.argmax(1), np.inf)
        result[rows] = first
    return result


def brier(p, happened):
    return float(np.mean((p - happened) ** 2))


def breach_figures(fleet, label):
    rows = {(r["server"], r["resource"]): r for r in fleet.risks if r["threshold"] == THRESHOLD}
    risk = [rows.get(tuple(n)) for n in fleet.names]
    listed = np.array([r is not None for r in risk])
    p90 = np.array([np.nan if r is None or r["p_breach_90d"] is None else r["p_breach_90d"] for r in risk])
    severity = np.array([r["severity"] if r else "none" for r in risk])
    p50 = np.array([np.nan if r is None or r["days_to_breach_p50"] is None else r["days_to_breach_p50"] for r in risk])
    actual = breach_days(fleet, fleet.future)
    crossed = actual == 0  # the rule holds at the as-of: known, not forecast
    new = listed & ~crossed
    happened = (actual <= WITHIN).astype(float)
    line = breach_days(fleet, straight_line(fleet.history, fleet.horizon))
    path = breach_days(fleet, fleet.path)
    out("breach_counts", fleet=label, series=int(listed.sum()), crossed_at_as_of=int(crossed.sum()),
        crossed_said_by_product=int(((p50 <= 0) & listed).sum()), crossed_agree=int(((p50 <= 0) & crossed & listed).sum()),
        happened_within_90=int(happened[new].sum()), expected_within_90=float(np.nansum(p90[new])),
        predicted_warning_or_worse=int((np.isin(severity, ["warning", "critical"]) & new).sum()),
        line30_predicted=int((line[new] <= WITHIN).sum()), noise_free_path_predicted=int((path[new] <= WITHIN).sum()))
    base = happened[new].mean()
    scores = {"published": p90[new], "climatology": np.full(new.sum(), base),
              "line of 30 days, yes or no": (line[new] <= WITHIN).astype(float),
              "noise-free path, yes or no": (path[new] <= WITHIN).astype(float)}
    for name, p in scores.items():
        yes = p >= 0.5
        hit = (yes & (happened[new] == 1)).sum()
        out("breach_score", fleet=label, forecast=name, within=WITHIN, series=int(new.sum()), happened=int(happened[new].sum()),
            brier=brier(p, happened[new]), brier_skill_over_climatology=1 - brier(p, happened[new]) / brier(scores["climatology"], happened[new]),
            predicted=int(yes.sum()), hits=int(hit), precision=hit / max(1, yes.sum()), recall=hit / max(1, happened[new].sum()),
            f1=2 * hit / max(1, yes.sum() + happened[new].sum()))
    saws = new & (fleet.resource == "disk") & fleet.kinds()["clean-up cycles"]
    if saws.any():
        for name, p in {"published": p90, "line of 30 days, yes or no": (line <= WITHIN).astype(float)}.items():
            yes, did = p[saws] >= 0.5, happened[saws] == 1
            out("breach_saw_tooth", fleet=label, forecast=name, within=WITHIN, series=int(saws.sum()), happened=int(did.sum()),
                expected=float(p[saws].sum()), predicted=int(yes.sum()), hits=int((yes & did).sum()), brier=brier(p[saws], did))
    for days in (30, 60, 90, 180):
        p = np.array([np.nan if r is None or r[f"p_breach_{days}d"] is None else r[f"p_breach_{days}d"] for r in risk])
        ok = new & ~np.isnan(p)
        did = (actual <= days).astype(float)
        out("breach_horizon", fleet=label, days=days, expected=float(p[ok].sum()), happened=int(did[ok].sum()), brier=brier(p[ok], did[ok]),
            brier_climatology=brier(np.full(ok.sum(), did[ok].mean()), did[ok]))
    edges = [0, 1e-9, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999, 1.0001]
    for lo, hi in zip(edges, edges[1:]):
        m = new & (p90 >= lo) & (p90 < hi)
        if m.any():
            out("breach_reliability", fleet=label, p_from=lo, p_to=min(hi, 1), series=int(m.sum()), mean_p=p90[m].mean(),
                happened=happened[m].mean(), happened_n=int(happened[m].sum()))
    for resource in sorted(set(fleet.resource)):
        m = new & (fleet.resource == resource)
        out("breach_by_resource", fleet=label, resource=resource, series=int(m.sum()), expected=float(p90[m].sum()),
            happened=int(happened[m].sum()), brier=brier(p90[m], happened[m]), brier_climatology=brier(np.full(m.sum(), happened[m].mean()), happened[m]))
    for kind, mask in fleet.kinds().items():
        m = new & mask
        if m.any():
            out("breach_by_kind", fleet=label, kind=kind, series=int(m.sum()), expected=float(p90[m].sum()), happened=int(happened[m].sum()))
    tier = np.array([r["tier"] if r else "" for r in risk])
    yes = np.isin(severity, ["warning", "critical"])
    for t in TIERS:
        m = new & (tier == t)
        if m.any():
            hits = int((yes & m & (happened == 1)).sum())
            out("breach_by_tier", fleet=label, tier=t, series=int(m.sum()), expected=float(p90[m].sum()), happened=int(happened[m].sum()),
                predicted=int((yes & m).sum()), hits=hits, precision=hits / max(1, (yes & m).sum()))
    for name, m in {"without clean-up cycles": new & ~fleet.kinds()["clean-up cycles"],
                    "disks under the threshold all last year": new & (fleet.resource == "disk")
                    & (fleet.history[:, -365:].max(1) < THRESHOLD / 100 * fleet.capacity)}.items():
        hits = int((yes & m & (happened == 1)).sum())
        base = happened[m].mean() if m.any() else np.nan
        out("breach_part", fleet=label, part=name, series=int(m.sum()), expected=float(p90[m].sum()), happened=int(happened[m].sum()),
            predicted=int((yes & m).sum()), hits=hits, precision=hits / max(1, (yes & m).sum()), brier=brier(p90[m], happened[m]),
            brier_climatology=base * (1 - base))
    both = new & np.isfinite(actual) & ~np.isnan(p50)
    soon = both & (p50 <= WITHIN)
    lines = new & np.isfinite(actual) & np.isfinite(line)
    def off(days, where):
        apart = (days[where] - actual[where]) if where.any() else np.array([np.nan])
        return {"series": int(where.sum()), "median_days_off": np.median(np.abs(apart)), "median_signed": np.median(apart)}

    out("breach_dates", fleet=label, p50=off(p50, both), p50_within_90=off(p50, soon), line30=off(line, lines),
        line30_on_the_same=off(line, both & np.isfinite(line)),
        p50_said_but_not_in_horizon=int((new & ~np.isnan(p50) & ~np.isfinite(actual)).sum()),
        not_said_but_happened=int((new & np.isnan(p50) & np.isfinite(actual)).sum()))
    interval = [(r["days_to_breach_p10"], r["days_to_breach_p90"]) if r else (None, None) for r in risk]
    inf = lambda x: np.inf if x is None else x
    early = np.array([inf(a) for a, _ in interval])
    late = np.array([inf(b) for _, b in interval])
    may = new & np.isfinite(early)
    out("breach_date_interval", fleet=label, series=int(may.sum()), before_p10=((actual < early) & may).sum() / max(1, may.sum()),
        after_p90=((actual > late) & may).sum() / max(1, may.sum()))
    return dict(p=p90[new], happened=happened[new])


def score(folder, run, label):
    fleet = Fleet(folder, run)
    series, horizon = len(fleet.names), fleet.horizon
    everywhere = np.ones((series, horizon), bool)
    out("fleet", fleet=label, series=series, horizon=horizon, history=fleet.steps,
        events_to_come={e: int((fleet.events[:, fleet.steps : fleet.steps + horizon] == e).any(1).sum())
                        for e in sorted(set(np.unique(fleet.events[:, fleet.steps : fleet.steps + horizon]))) if e})
    every = forecasts_of(fleet)
    for name, q in every.items():
        out("loss", fleet=label, forecast=name, leads=f"1-{horizon}", **loss_figures(fleet, q, everywhere),
            loss_ratio_to_seasonal_naive=loss_ratio(fleet, q, every["seasonal naive"], slice(0, horizon)))
        for a, b in BUCKETS:
            mask = np.zeros_like(everywhere)
            mask[:, a - 1 : b] = True
            out("loss_by_lead", fleet=label, forecast=name, leads=f"{a}-{b}", **loss_figures(fleet, q, mask),
                loss_ratio_to_seasonal_naive=loss_ratio(fleet, q, every["seasonal naive"], slice(a - 1, b)))

    q = every["published"]
    cuts = {"all": {"all": everywhere}}
    lead = np.arange(1, horizon + 1)[None]
    bucket_of = {f"{a}-{b}": (lead >= a) & (lead <= b) & everywhere for a, b in BUCKETS}
    cuts["leads"] = bucket_of
    cuts["resource"] = {r: (fleet.resource == r)[:, None] & everywhere for r in sorted(set(fleet.resource))}
    cuts["resource and leads"] = {f"{r} {l}": m & n for r, m in cuts["resource"].items() for l, n in bucket_of.items()}
    cuts["model"] = {m: (fleet.model == m)[:, None] & everywhere for m in sorted(set(fleet.model))}
    group = np.array([d["volatility_group"] for d in sorted(fleet.decisions, key=lambda d: (d["server"], d["resource"]))])
    cuts["volatility group"] = {str(g): (group == g)[:, None] & everywhere for g in sorted(set(group))}
    cuts["kind"] = {k: m[:, None] & everywhere for k, m in fleet.kinds().items() if m.any()}
    cuts["kind and leads"] = {f"{k} {l}": m & n for k, m in cuts["kind"].items() for l, n in bucket_of.items()}
    for cut, parts in cuts.items():
        for part, mask in parts.items():
            out("calibration", fleet=label, cut=cut, part=part, **calibration(fleet, q, mask), **loss_figures(fleet, q, mask))
    # How the product continues beyond q95: every halving of the chance costs another (q95 - q90).
    open_above = (q[6] > q[5]) & (q[6] < 0.999 * fleet.capacity[:, None])
    parts = {"all": everywhere, **cuts["resource"], **cuts["kind"]}
    for part, mask in parts.items():
        m = mask & open_above
        if m.any():
            beyond = {str(t): (fleet.future > q[6] + (q[6] - q[5]) * np.log2(0.05 / t))[m].mean() for t in (0.05, 0.02, 0.01, 0.005, 0.001)}
            out("upper_tail", fleet=label, part=part, n=int(m.sum()), exceeded_by_nominal=beyond)
    # One error moves a whole path: coverage over series, not over readings, says how sure the figures above are.
    inside = ((fleet.future >= q[1]) & (fleet.future <= q[5])).mean(1)
    out("coverage_by_series", fleet=label, standard_error_of_mean=inside.std() / np.sqrt(series),
        deciles=np.quantile(inside, np.arange(0, 1.01, 0.1)).tolist(), below_half=(inside < 0.5).mean())

    for tier in TIERS:
        for name, bucket in {"all": everywhere, **bucket_of}.items():
            mask = (fleet.tier == tier) & bucket
            share = ((fleet.tier == tier) & bucket).sum() / bucket.sum()
            if mask.any():
                out("tier", fleet=label, tier=tier, leads=name, share_of_forecasts=share, **calibration(fleet, q, mask),
                    **loss_figures(fleet, q, mask),
                    median_error_of_capacity=np.median((np.abs(fleet.future - q[3]) / fleet.capacity[:, None])[mask]),
                    p90_error_of_capacity=np.quantile((np.abs(fleet.future - q[3]) / fleet.capacity[:, None])[mask], 0.9))
            else:
                out("tier", fleet=label, tier=tier, leads=name, share_of_forecasts=0.0)
    reasons = {}
    for d in fleet.decisions:
        for a, b in BUCKETS:
            key = (f"{a}-{b}", d[f"tier_{a}_{b}"], d[f"reason_{a}_{b}"].split(":")[0])
            reasons[key] = reasons.get(key, 0) + 1
    for (leads, tier, reason), n in sorted(reasons.items(), key=lambda i: (i[0][0], -i[1]))[:200]:
        if n >= 0.005 * series:
            out("tier_reason", fleet=label, leads=leads, tier=tier, reason=reason, series=n)
    breach_figures(fleet, label)


if __name__ == "__main__":
    score(*sys.argv[1:4])
