"""What the `prophet` package says about given series, for comparison with ours.

    scripts/parity/prophet cases golden|bench                  writes synthetic cases to standard output, seeded
    scripts/parity/prophet reference [--samples N] [--cache D] cases on standard input -> a reference a line
    scripts/parity/prophet time [--repeat N]                   cases on standard input -> CPU seconds a line
    scripts/parity/prophet golden                              writes Tests/Golden/prophet anew

A case is a JSON object on one line: name, kind, start, step_seconds, values (null where missing), horizon, options, holidays, regressors;
options are named as in the package, what is absent has the package's default. Readings and regressors are single precision on both
sides. A reference holds the parameters in the package's scaled units, their log posterior without the constants that Stan's `~` drops, the point
forecast with its components, and quantiles over samples of the package.
"""

import argparse
import hashlib
import inspect
import json
import logging
import os
import resource
import sys
import warnings

import numpy as np

logging.getLogger("prophet.plot").disabled = True
logging.getLogger("cmdstanpy").disabled = True
warnings.simplefilter("ignore")

import cmdstanpy
import pandas as pd
import prophet

import prophet_cases

logging.getLogger("prophet").disabled = logging.getLogger("prophet.models").disabled = True
LEVELS = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
NAMES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
VERSIONS = {"prophet": prophet.__version__, "cmdstanpy": cmdstanpy.__version__, "cmdstan": "2.37.0", "pandas": pd.__version__, "numpy": np.__version__}
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Golden/prophet")
PLAIN = ["growth", "n_changepoints", "changepoint_range", "changepoint_prior_scale", "seasonality_mode", "seasonality_prior_scale",
         "holidays_mode", "holidays_prior_scale", "scaling"]


# --- the package ----------------------------------------------------------------------------------------------------------


def dates_of(case, count):
    return pd.Timestamp(case["start"]) + pd.to_timedelta(np.arange(count) * case["step_seconds"], unit="s")


def single(values):
    return np.array([np.nan if v is None else v for v in values], np.float32).astype(float)


def model_of(case, samples):
    options = case.get("options", {})
    arguments = {k: options[k] for k in PLAIN if k in options}
    arguments |= {f"{k}_seasonality": options[k] for k in ("yearly", "weekly", "daily") if k in options}
    if "changepoints" in options:
        arguments["changepoints"] = [pd.Timestamp(c) for c in options["changepoints"]]
    if case.get("holidays"):
        arguments["holidays"] = pd.DataFrame({
            "holiday": [h["name"] for h in case["holidays"]], "ds": pd.to_datetime([h["date"] for h in case["holidays"]]),
            "lower_window": [h.get("lower_window", 0) for h in case["holidays"]], "upper_window": [h.get("upper_window", 0) for h in case["holidays"]],
            "prior_scale": [h.get("prior_scale", np.nan) for h in case["holidays"]]})
    model = prophet.Prophet(uncertainty_samples=samples, **arguments)
    for s in options.get("seasonalities", []):
        model.add_seasonality(**s)
    for r in case.get("regressors", []):
        model.add_regressor(r["name"], **{k: r[k] for k in ("prior_scale", "mode", "standardize") if k in r})
    return model


def frames_of(case):
    """History with its gaps, and history followed by the horizon."""
    count = len(case["values"])
    whole = pd.DataFrame({"ds": dates_of(case, count + case["horizon"])})
    for r in case.get("regressors", []):
        whole[r["name"]] = single(r["values"])
    options = case.get("options", {})
    if options.get("growth") == "logistic":
        whole["cap"] = float(options["cap"])
        if "floor" in options:
            whole["floor"] = float(options["floor"])
    history = whole.iloc[:count].copy()
    history["y"] = single(case["values"])
    return history, whole


def log_posterior(data, k, m, delta, sigma, beta):
    """prophet.stan's target at a point, without constants."""
    t, t_change = np.asarray(data.t, float), np.asarray(data.t_change, float)
    changes = (t[:, None] >= t_change[None, :]).astype(float)
    if data.trend_indicator == 0:
        trend = (k + changes @ delta) * t + (m + changes @ (-t_change * delta))
    elif data.trend_indicator == 1:
        rates, offset, gamma = np.r_[k, k + np.cumsum(delta)], m, np.zeros(len(delta))
        for i in range(len(delta)):
            gamma[i] = (t_change[i] - offset) * (1 - rates[i] / rates[i + 1])
            offset += gamma[i]
        trend = np.asarray(data.cap, float) / (1 + np.exp(-(k + changes @ delta) * (t - (m + changes @ gamma))))
    else:
        trend = np.full(len(t), m)
    x = np.asarray(data.X, float)
    additive, multiplicative = np.asarray(data.s_a, float) * beta, np.asarray(data.s_m, float) * beta
    rest = np.asarray(data.y, float) - trend * (1 + x @ multiplicative) - x @ additive
    return float(-k**2 / 50 - m**2 / 50 - np.abs(delta).sum() / data.tau - 2 * sigma**2 - (beta**2 / (2 * np.asarray(data.sigmas, float) ** 2)).sum()
                 - len(t) * np.log(sigma) - (rest @ rest) / (2 * sigma**2))


def short(values, digits=7):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, float)]


def reference(case, samples, algorithm=None):
    """What the package says; `refused` with its words where it raises. Its own choice of algorithm unless one of Stan's is named."""
    history, whole = frames_of(case)
    count = len(case["values"])
    try:
        data = model_of(case, 0).preprocess(history.copy())
        model = model_of(case, samples)
        # More digits of the parameters than the package reads by default: the optimiser is the same, the comparison is not blurred.
        model.fit(history.copy(), seed=1, sig_figs=17, **({"algorithm": algorithm} if algorithm else {}))
    except Exception as error:  # whatever the package does with a case is a finding
        return {"name": case["name"], "versions": VERSIONS, "refused": f"{type(error).__name__}: {error}".split("\n")[0][:200]}
    p = {n: np.asarray(v, float).reshape(-1) for n, v in model.params.items()}
    changes = len(model.changepoints) > 0
    k, m, sigma = float(p["k"][0]), float(p["m"][0]), float(p["sigma_obs"][0])
    delta = p["delta"] if changes else np.zeros(len(model.changepoints_t))
    posterior = log_posterior(data, k, m, delta, sigma, p["beta"])
    if "lp__" in p and changes:
        # The formula here against Stan's own figure.
        assert abs(posterior - p["lp__"][0]) <= 1e-6 * max(1, abs(posterior)), (case["name"], posterior, p["lp__"][0])

    model.uncertainty_samples = 0
    said = model.predict(whole.copy())
    multiplicative = set(model.component_modes["multiplicative"])
    names = [*model.seasonalities, *(["holidays"] if case.get("holidays") else []), *model.extra_regressors]
    parts = [{"name": "trend", "multiplicative": False, "ahead": short(said["trend"][count:]), "past": short(said["trend"][:count])}]
    parts += [{"name": n, "multiplicative": n in multiplicative, "ahead": short(said[n][count:]), "past": short(said[n][:count])} for n in names]

    # Rows from the newest reading on, so that steps without a reading at the end count as ahead, as in the package's own data frame.
    model.uncertainty_samples = samples
    newest = int(np.flatnonzero(~np.isnan(history["y"].to_numpy()))[-1])
    np.random.seed(int(hashlib.sha256(case["name"].encode()).hexdigest()[:8], 16))
    drawn = model.predictive_samples(whole.iloc[newest + 1 :].copy())["yhat"][count - newest - 1 :]
    quantiles = np.quantile(drawn, LEVELS, axis=1)
    return {
        "name": case["name"], "versions": VERSIONS, "k": k, "m": m, "delta": delta.tolist() if changes else [], "sigma": sigma, "beta": p["beta"].tolist(),
        "columns": list(data.X.columns), "changepoints": np.asarray(model.changepoints_t, float).tolist() if changes else [], "y_scale": float(model.y_scale),
        "log_posterior": posterior, "yhat": short(said["yhat"][count:]), "fitted": short(said["yhat"][:count]), "components": parts,
        "samples": samples, **{n: short(q, 6) for n, q in zip(NAMES, quantiles)},
    }


def cpu_seconds():
    """Of this process and of the Stan programs that it has waited for."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def timed(case, repeat):
    """CPU seconds of a fit and of a forecast as the package comes: 1,000 samples, one interval."""
    history, whole = frames_of(case)
    ahead, fits, forecasts = whole.iloc[len(case["values"]) :], [], []
    for _ in range(repeat):
        begin = cpu_seconds()
        model = model_of(case, 1000)
        model.fit(history.copy())
        fitted = cpu_seconds()
        model.predict(ahead.copy())
        fits.append(fitted - begin)
        forecasts.append(cpu_seconds() - fitted)
    return {"name": case["name"], "kind": case["kind"], "fit_cpu_s": float(np.median(fits)), "forecast_cpu_s": float(np.median(forecasts)),
            "cpu_s": float(np.median(np.add(fits, forecasts)))}


# --- files ------------------------------------------------------------------------------------------------------------------


def kept(case, samples, algorithm, folder):
    """The reference from the folder where the same case has been answered before."""
    if not folder:
        return reference(case, samples, algorithm)
    made_by = [inspect.getsource(f) for f in (reference, log_posterior, model_of, frames_of, dates_of, single, short)]
    what = json.dumps([case, samples, algorithm, VERSIONS, made_by], sort_keys=True)
    path = os.path.join(folder, hashlib.sha256(what.encode()).hexdigest()[:32] + ".json")
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        with open(path + ".part", "w") as f:
            json.dump(reference(case, samples, algorithm), f)
        os.replace(path + ".part", path)
    with open(path) as f:
        return json.load(f)


def write_golden(samples):
    os.makedirs(GOLDEN, exist_ok=True)
    names = set()
    for case in prophet_cases.golden():
        names.add(case["name"] + ".json")
        with open(os.path.join(GOLDEN, case["name"] + ".json"), "w") as f:
            f.write(json.dumps({"case": case, "reference": reference(case, samples)}, separators=(",", ":")) + "\n")
        print(f"parity: {case['name']}", file=sys.stderr)
    for left in set(os.listdir(GOLDEN)) - names:
        os.remove(os.path.join(GOLDEN, left))


def main():
    parser = argparse.ArgumentParser(prog="scripts/parity/prophet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cases", "reference", "time", "golden"])
    parser.add_argument("which", nargs="?", choices=list(prophet_cases.SETS), default="golden")
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cache", help="folder that keeps references")
    parser.add_argument("--algorithm", help="Stan's optimiser, Newton or LBFGS, instead of the package's choice")
    parser.add_argument("--data", help="folder of real data, for `cases real`")
    options = parser.parse_args()
    if options.what == "golden":
        write_golden(options.samples)
    elif options.what == "cases":
        for case in prophet_cases.SETS[options.which](options):
            print(json.dumps(case))
    else:
        cases = map(json.loads, sys.stdin)
        for case in cases:
            row = kept(case, options.samples, options.algorithm, options.cache) if options.what == "reference" else timed(case, options.repeat)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
