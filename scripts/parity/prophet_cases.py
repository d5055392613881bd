"""Seeded synthetic series for the comparison of `prophet` with the package, and real ones read from a folder."""

import csv
import datetime
import glob
import os
import zlib

import numpy as np

DAY, HOUR, WEEK = 86_400, 3_600, 604_800
START = {DAY: "2023-01-01", HOUR: "2024-03-04T05:00:00", WEEK: "2022-01-03"}


def digits(values, count=6):
    """Few enough digits for single precision and for a small file; None where missing."""
    return [None if not np.isfinite(v) else float(f"{v:.{count}g}") for v in values]


def case(name, kind, values, step=DAY, horizon=60, actual=None, start=None, holidays=None, regressors=None, **options):
    made = {"name": name, "kind": kind, "start": start or START[step], "step_seconds": step, "values": digits(values), "horizon": horizon}
    if options:
        made["options"] = options
    if holidays:
        made["holidays"] = holidays
    if regressors:
        made["regressors"] = [{**r, "values": digits(r["values"])} for r in regressors]
    if actual is not None:
        made["actual"] = digits(actual)
    return made


class Maker:
    """Building blocks of a series, all drawn from one seed."""

    def __init__(self, name, count, step=DAY):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.count, self.at = count, np.arange(count)
        self.days = self.at * step / DAY

    def week(self, size):
        return self.wave(7, size, 3)

    def year(self, size):
        return self.wave(365.25, size, 4)

    def wave(self, period, size, order):
        total = np.zeros(self.count)
        for n in range(1, order + 1):
            total += self.random.normal(0, size / n) * np.sin(2 * np.pi * n * self.days / period + self.random.uniform(0, 6.28))
        return total

    def noise(self, size):
        return self.random.normal(0, size, self.count)

    def line(self, level, growth):
        """Growth over the whole span."""
        return level + growth * self.at / self.count

    def bent(self, level, *slopes):
        """A line with equally long parts of the given slopes."""
        part = np.minimum(self.at * len(slopes) // self.count, len(slopes) - 1)
        return level + np.cumsum(np.take(slopes, part)) / self.count * len(slopes)

    def saturating(self, level, cap, speed=8.0, middle=0.5):
        return level + (cap - level) / (1 + np.exp(-speed * (self.at / self.count - middle)))

    def gaps(self, values, share):
        return np.where(self.random.uniform(size=self.count) < share, np.nan, values)

    def bursts(self, number, size):
        total = np.zeros(self.count)
        total[self.random.choice(self.count, number, replace=False)] = size * self.random.uniform(0.5, 1.5, number)
        return total

    def walk(self, size):
        return np.cumsum(self.noise(size))

    def autoregressive(self, size, memory=0.8):
        out, last = np.zeros(self.count), 0.0
        for t, e in enumerate(self.noise(size)):
            out[t] = last = memory * last + e
        return out


def golden():
    """Small cases, one for each thing that can differ."""
    made = []

    def add(name, kind, values, **more):
        made.append(case(name, kind, values, **more))

    def plain(name, count=140, noise=1.0, step=DAY):
        m = Maker(name, count, step)
        return m, m.line(40, 12) + m.week(3) + m.noise(noise)

    # Growth.
    add("linear-week", "linear", plain("linear-week")[1])
    m = Maker("linear-year", 760)
    add("linear-year", "linear", m.bent(30, 10, 25, -5) + m.week(2) + m.year(4) + m.noise(1.5), horizon=40)
    m = Maker("linear-bends", 200)
    add("linear-bends", "linear", m.bent(30, 5, 60, -40, 20) + m.noise(0.8))
    m = Maker("linear-falling", 160)
    add("linear-falling", "linear", m.line(80, -50) + m.week(2) + m.noise(1))
    m = Maker("logistic", 180)
    add("logistic", "logistic", m.saturating(10, 90) + m.week(1.5) + m.noise(1), growth="logistic", cap=100)
    m = Maker("logistic-floor", 180)
    add("logistic-floor", "logistic", m.saturating(25, 90, 10, 0.6) + m.noise(1), growth="logistic", cap=95, floor=20)
    m = Maker("logistic-falling", 160)
    add("logistic-falling", "logistic", 100 - m.saturating(10, 80) + m.noise(1), growth="logistic", cap=120)
    m = Maker("logistic-bends", 200)
    add("logistic-bends", "logistic", m.bent(30, 20, 60, -30, 15) + m.week(1) + m.noise(1), growth="logistic", cap=110)
    m = Maker("logistic-level", 150)
    add("logistic-level", "logistic", 50 + m.week(2) + m.noise(1), growth="logistic", cap=100)
    m = Maker("logistic-above-cap", 150)
    add("logistic-above-cap", "logistic", m.line(60, 50) + m.noise(1), growth="logistic", cap=90)
    m = Maker("logistic-minmax", 160)
    add("logistic-minmax", "logistic", m.saturating(30, 80) + m.noise(1), growth="logistic", cap=100, floor=10, scaling="minmax")
    m = Maker("logistic-multiplicative", 160)
    add("logistic-multiplicative", "logistic", m.saturating(20, 80) * (1 + m.week(0.04)) + m.noise(0.8), growth="logistic", cap=120, seasonality_mode="multiplicative")
    m = Maker("flat", 140)
    add("flat", "flat", 55 + m.week(3) + m.noise(1), growth="flat")
    m = Maker("flat-multiplicative", 140)
    add("flat-multiplicative", "flat", 55 * (1 + m.week(0.06)) + m.noise(1), growth="flat", seasonality_mode="multiplicative")

    # Modes and seasonalities.
    m = Maker("multiplicative", 170)
    add("multiplicative", "multiplicative", m.line(20, 60) * (1 + m.week(0.08)) + m.noise(1), seasonality_mode="multiplicative")
    m = Maker("multiplicative-year", 740)
    add("multiplicative-year", "multiplicative", m.line(30, 30) * (1 + m.year(0.08)) + m.noise(1), seasonality_mode="multiplicative", horizon=30)
    m = Maker("custom-month", 150)
    add("custom-month", "seasonality", m.line(40, 5) + m.wave(30.5, 4, 2) + m.noise(1), seasonalities=[{"name": "monthly", "period": 30.5, "fourier_order": 4, "prior_scale": 2.0}])
    m = Maker("custom-mixed", 150)
    add("custom-mixed", "seasonality", m.line(40, 20) * (1 + m.wave(14, 0.05, 1)) + m.week(2) + m.noise(1),
        seasonalities=[{"name": "fortnight", "period": 14, "fourier_order": 2, "mode": "multiplicative"}])
    m, y = plain("custom-week")
    add("custom-week", "seasonality", y, seasonalities=[{"name": "weekly", "period": 7, "fourier_order": 2, "prior_scale": 0.1}])
    m, y = plain("orders")
    add("orders", "seasonality", y, weekly=2, yearly=1, seasonality_prior_scale=0.5)
    m = Maker("no-season", 120)
    add("no-season", "seasonality", m.line(40, 12) + m.noise(1), weekly=0)

    # Holidays.
    dates = ["2023-01-20", "2023-02-20", "2023-03-20", "2023-04-20", "2023-05-20", "2023-06-20"]
    effect = lambda m, days, size: sum(size * (np.abs(m.at - d) <= 0) for d in days)
    days = [(datetime.date.fromisoformat(d) - datetime.date(2023, 1, 1)).days for d in dates]
    m, y = plain("holidays")
    add("holidays", "holidays", y + effect(m, days, 8), holidays=[{"name": "release", "date": d} for d in dates])
    m, y = plain("holidays-windows")
    add("holidays-windows", "holidays", y + effect(m, days, 8) + effect(m, [d + 1 for d in days], 4), holidays=[
        *({"name": "release", "date": d, "lower_window": -1, "upper_window": 2, "prior_scale": 0.5} for d in dates),
        *({"name": "audit", "date": d} for d in ("2023-01-05", "2023-04-05", "2023-07-05"))])
    m, y = plain("holidays-multiplicative")
    add("holidays-multiplicative", "holidays", y * (1 + effect(m, days, 0.2)), holidays=[{"name": "sale", "date": d, "upper_window": 1} for d in dates],
        holidays_mode="multiplicative", holidays_prior_scale=2)
    m, y = plain("holidays-outside")
    add("holidays-outside", "holidays", y, holidays=[{"name": "past", "date": "2020-01-01"}, {"name": "ahead", "date": "2023-06-01", "lower_window": -1}])
    m = Maker("holidays-hourly", 240, HOUR)
    add("holidays-hourly", "holidays", 40 + m.wave(1, 5, 2) + 6 * ((m.days >= 3.8) & (m.days < 4.8)) + m.noise(1), step=HOUR, horizon=48,
        holidays=[{"name": "freeze", "date": "2024-03-08"}, {"name": "freeze", "date": "2024-03-15"}])

    # Regressors.
    def ahead(name, count=200):
        return Maker(name, count)

    m, x = Maker("regressor-binary", 140), ahead("regressor-binary x")
    on = (x.random.uniform(size=200) < 0.15).astype(float)
    add("regressor-binary", "regressors", m.line(40, 5) + m.week(2) + 6 * on[:140] + m.noise(1), regressors=[{"name": "campaign", "values": on}])
    m, x = Maker("regressor-continuous", 140), ahead("regressor-continuous x")
    users = 1000 + x.walk(20)
    add("regressor-continuous", "regressors", m.line(20, 2) + 0.02 * users[:140] + m.noise(1), regressors=[{"name": "users", "values": users}])
    m, x = Maker("regressors-several", 140), ahead("regressors-several x")
    a, b, c = x.autoregressive(1), (x.random.uniform(size=200) < 0.3).astype(float), np.full(200, 3.0)
    add("regressors-several", "regressors", m.line(40, 5) + 2 * a[:140] + 3 * b[:140] + m.noise(1), regressors=[
        {"name": "orders", "values": a, "prior_scale": 0.5}, {"name": "batch", "values": b, "standardize": True}, {"name": "always", "values": c}])
    m, x = Maker("regressors-mixed", 140), ahead("regressors-mixed x")
    a, b = x.autoregressive(1), (x.random.uniform(size=200) < 0.3).astype(float)
    add("regressors-mixed", "regressors", m.line(40, 20) * (1 + 0.1 * b[:140]) + 2 * a[:140] + m.noise(1), regressors=[
        {"name": "batch", "values": b, "mode": "multiplicative"}, {"name": "orders", "values": a, "standardize": False, "mode": "additive"}])

    # Gaps and changepoints.
    m, y = plain("gaps")
    add("gaps", "gaps", m.gaps(y, 0.2))
    m, y = plain("gap-long", 180)
    y[60:110] = np.nan
    add("gap-long", "gaps", y)
    m, y = plain("gap-last", 140)
    y[-9:] = np.nan
    add("gap-last", "gaps", y)
    m = Maker("changepoints-given", 160)
    add("changepoints-given", "changepoints", m.bent(40, 10, -20, 30, 0) + m.noise(1), changepoints=["2023-02-10", "2023-03-22T12:00:00", "2023-05-01"])
    m, y = plain("changepoints-none")
    add("changepoints-none", "changepoints", y, n_changepoints=0)
    m = Maker("changepoints-many", 200)
    add("changepoints-many", "changepoints", m.bent(40, 10, -20, 30, 0) + m.noise(1), n_changepoints=40, changepoint_range=0.95, changepoint_prior_scale=0.5)
    m = Maker("changepoints-stiff", 160)
    add("changepoints-stiff", "changepoints", m.bent(40, 10, -20, 30, 0) + m.noise(1), changepoint_prior_scale=0.001)

    # Scaling, steps, lengths.
    m, y = plain("minmax")
    add("minmax", "scaling", 900 + y, scaling="minmax")
    m = Maker("minmax-negative", 140)
    add("minmax-negative", "scaling", m.line(-40, 60) + m.week(3) + m.noise(1), scaling="minmax")
    m = Maker("hours", 300, HOUR)
    add("hours", "steps", m.line(40, 4) + m.wave(1, 6, 3) + m.noise(1), step=HOUR, horizon=48)
    m = Maker("hours-weeks", 420, HOUR)
    add("hours-weeks", "steps", m.gaps(m.line(40, 4) + m.wave(1, 6, 3) + m.week(3) + m.noise(1), 0.05), step=HOUR, horizon=48)
    m = Maker("weeks", 120, WEEK)
    add("weeks", "steps", m.line(40, 20) + m.year(4) + m.noise(1), step=WEEK, horizon=26)
    for count in (2, 5, 15, 40):
        m = Maker(f"short-{count}", count)
        add(f"short-{count}", "short", m.line(40, 5) + m.noise(1), horizon=20)
    m = Maker("short-logistic", 15)
    add("short-logistic", "short", m.line(40, 10) + m.noise(1), horizon=20, growth="logistic", cap=100)

    # Unusual values.
    add("constant", "values", np.full(60, 7.0), horizon=20)
    add("zero", "values", np.zeros(60), horizon=20)
    add("constant-logistic", "values", np.full(60, 7.0), horizon=20, growth="logistic", cap=10)
    m = Maker("near-constant", 120)
    add("near-constant", "values", 50 + m.noise(0.01))
    m = Maker("negative", 140)
    add("negative", "values", m.line(-60, 20) + m.week(3) + m.noise(1))
    m = Maker("huge", 140)
    add("huge", "values", 1e9 * (m.line(4, 2) + m.week(0.3) + m.noise(0.1)))
    m = Maker("tiny", 140)
    add("tiny", "values", 1e-7 * (m.line(4, 2) + m.week(0.3) + m.noise(0.1)))
    m = Maker("level-shift", 160)
    add("level-shift", "values", 30 + 25 * (m.at >= 100) + m.week(1) + m.noise(0.7))
    m = Maker("bursts", 160)
    add("bursts", "values", m.line(20, 3) + m.week(1) + m.bursts(6, 60) + m.noise(0.7))
    m = Maker("mostly-zero", 140)
    add("mostly-zero", "values", np.where(m.random.uniform(size=140) < 0.85, 0, m.random.uniform(1, 5, 140)))
    return made


# --- the large set -----------------------------------------------------------------------------------------------------------

LENGTH, AHEAD = 1_066, 180


def kinds(m):
    """By name, series of LENGTH + AHEAD readings as servers give them."""
    half = m.count // 2
    return {
        "steady growth": lambda: m.line(35, 25) + m.week(3) + m.noise(2),
        "week and year": lambda: m.line(45, 5) + m.week(5) + m.year(6) + m.noise(2),
        "bends": lambda: m.bent(40, *m.random.normal(0, 15, 5)) + m.week(2) + m.noise(1.5),
        "falling": lambda: m.line(85, -50) + m.week(3) + m.noise(2),
        "level shift": lambda: 30 + m.random.uniform(10, 40) * (m.at >= m.random.integers(200, 1000)) + m.week(2) + m.noise(1.5),
        "several shifts": lambda: 30 + sum(m.random.normal(0, 15) * (m.at >= m.random.integers(100, 1040)) for _ in range(3)) + m.noise(1.5),
        "bursts": lambda: m.line(25, 5) + m.week(2) + m.bursts(25, 50) + m.noise(1.5),
        "saw-tooth": lambda: 40 + 45 * ((m.at / m.random.uniform(40, 90)) % 1) + m.noise(1),
        "idle": lambda: np.maximum(0, 1.5 + m.noise(0.4)),
        "mostly zero": lambda: np.where(m.random.uniform(size=m.count) < 0.9, 0, m.random.uniform(1, 9, m.count)),
        "near constant": lambda: 62 + m.noise(0.05),
        "random walk": lambda: 50 + m.walk(0.8),
        "autoregressive": lambda: 45 + m.week(3) + m.autoregressive(2, 0.9),
        "gaps": lambda: m.gaps(m.line(35, 20) + m.week(4) + m.noise(2), 0.1),
        "long gap": lambda: np.where((m.at > 300) & (m.at < 420), np.nan, m.line(35, 20) + m.week(4) + m.noise(2)),
        "heavy tails": lambda: 40 + m.week(3) + 1.5 * m.random.standard_t(2, m.count),
        "rising noise": lambda: m.line(30, 30) + m.week(2) + m.noise(1) * (1 + 4 * m.at / m.count),
        "huge": lambda: 1e9 * (m.line(4, 3) + m.week(0.4) + m.noise(0.2)),
        "negative": lambda: m.line(-30, 50) + m.week(3) + m.noise(2),
        "quiet": lambda: m.line(30, 3) + m.week(2) + m.year(1) + m.noise(0.1),
        "weekend only": lambda: 20 + 40 * (m.at % 7 > 4) + m.noise(2),
        "late start": lambda: np.where(m.at < m.random.integers(50, 900), np.nan, m.line(30, 20) + m.week(3) + m.noise(2)),
    }


OTHER_GROWTH = {
    "logistic": lambda m: (m.saturating(10, 85, m.random.uniform(3, 9)) + m.week(2) + m.noise(1.5), {"growth": "logistic", "cap": 100.0}),
    "logistic with floor": lambda m: (20 + m.saturating(5, 60, 6, m.random.uniform(0.3, 0.8)) + m.noise(1.5), {"growth": "logistic", "cap": 100.0, "floor": 10.0}),
    "logistic, bends": lambda m: (np.clip(m.bent(40, *m.random.normal(0, 20, 4)), 5, 95) + m.week(2) + m.noise(1.5), {"growth": "logistic", "cap": 100.0}),
    "logistic, multiplicative": lambda m: (m.saturating(10, 70) * (1 + m.week(0.04)) + m.noise(1), {"growth": "logistic", "cap": 100.0, "seasonality_mode": "multiplicative"}),
    "multiplicative": lambda m: (m.line(25, 50) * (1 + m.week(0.05) + m.year(0.06)) + m.noise(1.5), {"seasonality_mode": "multiplicative"}),
    "flat": lambda m: (50 + m.week(4) + m.year(3) + m.noise(2), {"growth": "flat"}),
}


def bench(_):
    for n in range(10):
        for kind in kinds(Maker("", 10)):
            name = f"{kind} {n}"
            m = Maker(name, LENGTH + AHEAD)
            y = kinds(m)[kind]()
            yield case(name, kind, y[:LENGTH], horizon=AHEAD, actual=y[LENGTH:])
        for kind, make in OTHER_GROWTH.items():
            name = f"{kind} {n}"
            y, options = make(Maker(name, LENGTH + AHEAD))
            yield case(name, kind, y[:LENGTH], horizon=AHEAD, actual=y[LENGTH:], **options)


def grid(times, values, step):
    """Means of the readings on the grid of steps, NaN where there are none, and the grid's first time."""
    at = (times - times.min()) // step
    sums, counts = np.bincount(at, values), np.bincount(at)
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), int(times.min())


def real(options):
    """Series of daily_long.csv, the hourly files and nab_aws, numbered: names and readings stay here. The last part is held out."""
    series = {}

    def put(file, key, time, value):
        if value not in ("", "nan", None):
            moment = datetime.datetime.fromisoformat(time)
            series.setdefault((file, key), []).append((int(moment.replace(tzinfo=datetime.timezone.utc).timestamp()), float(value)))

    def rows(name):
        path = os.path.join(options.data or "", name)
        if os.path.exists(path):
            with open(path) as f:
                yield from csv.DictReader(f)

    for name in ("daily_long.csv", "cloud_aggregates_hourly.csv"):
        for r in rows(name):
            put(name, (r["dataset"], r["series"], r["metric"]), r["ds"], r["y"])
    for r in rows("fleet_hourly_bitbrains24.csv"):
        for column in ("cpu_pct", "mem_pct", "disk_kbps", "net_kbps"):
            put("fleet_hourly_bitbrains24.csv", (r["server"], column), r["timestamp"], r[column])
    for path in sorted(glob.glob(os.path.join(options.data or "", "nab_aws", "*.csv"))):
        for r in rows(os.path.join("nab_aws", os.path.basename(path))):
            put("nab_aws", os.path.basename(path), r["timestamp"], r["value"])

    for number, ((file, _), readings) in enumerate(sorted(series.items())):
        times, values = np.array([t for t, _ in readings]), np.array([v for _, v in readings])
        step = {"daily_long.csv": DAY, "nab_aws": 300}.get(file, HOUR)
        y, first = grid(times // step * step, values, step)
        ahead = min(180, len(y) // 3)
        if np.isfinite(y[:-ahead]).sum() >= 2:
            yield case(f"real {number}", file, y[:-ahead], step=step, horizon=ahead, actual=y[-ahead:],
                       start=datetime.datetime.fromtimestamp(first, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"))


SETS = {"golden": lambda _: golden(), "bench": bench, "real": real}
