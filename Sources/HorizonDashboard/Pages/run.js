// The run that is shown: what every page has to know of it, read once and read again when another has come.
import { get, whenRunIsTold } from "./api.js";
import { count, stepWords } from "./format.js";
import { Severities } from "./marks.js";

/** Milliseconds between two looks for a new run; the answer is 304 while there is none. */
const EVERY = 30000;
let known = null;

/** The run with its summary; asks the server unless it is known. */
export async function run(signal) {
  if (!known) known = factsOf(await get("/summary", null, { signal }));
  return known;
}

/** The next page asks anew. */
export function forgetRun() {
  known = null;
}

function factsOf(summary) {
  const severities = new Severities(summary.thresholds.map((entry) => ({ name: entry.name, value: entry.percent })));
  return {
    summary, severities,
    name: summary.run, version: summary.version, step: summary.step, horizon: summary.horizon, within: summary.within, procurementDays: summary.procurement_days,
    /** Milliseconds since 1970. */
    asOf: summary.as_of_time * 1000,
    horizonWords: `${count(summary.horizon)} ${stepWords(summary.step)[1]}`,
    /** Those that the horizon reaches, in days; 0, what is crossed now, is not among them. */
    windows: summary.windows.filter((entry) => entry.known && entry.days > 0).map((entry) => entry.days),
    resources: summary.filters.resources,
    /** `{column, values: [{value, servers}]}` */
    groups: summary.filters.groups,
    lowest: severities.thresholds[severities.thresholds.length - 1],
  };
}

/** Calls `arrived()` once when an answer is of another run than the one that is shown. */
export function watchRun(arrived) {
  const see = (name) => {
    if (known && name !== known.name) arrived(name);
  };
  whenRunIsTold(see);
  setInterval(async () => {
    if (document.hidden || !known) return;
    try {
      await get("/summary");
    } catch { /* The page that needs an answer says what is wrong. */ }
  }, EVERY);
}
