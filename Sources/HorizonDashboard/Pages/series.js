// One series: history and forecast, when it breaches, who forecasts it and why, what moved, in words and as tables.
import { get, Problem, seriesPath } from "./api.js";
import { chartColours, fanChart, legendKey, smallChart, tableBehind } from "./chart.js";
import { card, el, facts as factList, meter, plainTable, scrollBox, section, selectBox, under } from "./elements.js";
import { amount, capital, chance, change, count, DASH, date, isNumber, number3, onDay, percent, plural, ratio, shown } from "./format.js";
import { orderBy, trust, whenWords } from "./marks.js";
import { href, toRisks, toServer } from "./router.js";
import { asChart, chartTables, extras } from "./series-chart.js";
import { isDark } from "./theme.js";

export async function draw({ parts, run: facts, signal }) {
  const [server, resource] = parts;
  if (server === undefined || resource === undefined) throw new Problem({ status: 404, detail: "The address names no series: it is /series/SERVER/RESOURCE." });
  const path = seriesPath(server, resource);
  const series = await get(path, null, { signal });
  const chart = asChart(series);
  const why = el("div", { "aria-busy": "true" }, el("div", { class: "bones", role: "status" }, el("p", { class: "hidden-text" }, "Loading the explanation"), el("div", { class: "bone tall", "aria-hidden": "true" })));
  return {
    title: `${shown(server)} \u00b7 ${resource}`,
    content: [
      masthead(series, facts),
      el("div", { class: "wrap" }, chartSection(series, chart, facts, signal), breachSection(series, facts), trustSection(series), why),
    ],
    shown: () => explain(why, path, series, chart, signal),
  };
}

/** The explanation fits models again, so it comes after what is known already. */
async function explain(place, path, series, chart, signal) {
  try {
    const told = await get(`${path}/explanation`, null, { signal });
    const sections = [contestSection(told), componentsSection(told, series, chart), movedSection(told), dataSection(told, series)];
    place.replaceChildren(...sections.filter(Boolean));
  } catch (problem) {
    if (problem.name === "AbortError" || signal.aborted) return;
    place.replaceChildren(section("why", "Why this forecast", el("div", { class: "card state", role: "alert" }, el("h3", {}, problem.title), problem.detail ? el("p", {}, problem.detail) : null,
      problem.remedy ? el("p", {}, problem.remedy) : null, el("button", { class: "button", type: "button", onclick: () => explain(place, path, series, chart, signal) }, "Try again"))));
  }
  place.removeAttribute("aria-busy");
}

/** The threshold whose row is the most severe; of several that are not crossed the lowest, which is reached first. */
function mostSevere(series, severities) {
  return series.thresholds.filter((line) => line.risk).sort((a, b) => severities.rank(a.risk.severity) - severities.rank(b.risk.severity) || a.percent - b.percent)[0] ?? null;
}

function masthead(series, facts) {
  const line = mostSevere(series, facts.severities);
  const words = line?.words ?? {};
  const name = shown(series.server);
  const groups = Object.entries(series.group ?? {}).filter(([, value]) => value);
  return el("div", { class: "masthead" }, el("div", { class: "wrap" },
    el("p", { class: "crumbs" }, el("a", { href: href("risks") }, "Risks"), " \u203a ", el("a", { href: toServer(series.server) }, name)),
    el("div", { class: "title-row" }, el("h1", {}, `${name} \u00b7 ${series.resource}`),
      line ? facts.severities.badge(line.risk.severity) : null, line ? trust(line.risk.tier) : null),
    el("p", { class: "scope" }, [
      series.unit ? `in ${series.unit}` : "", isNumber(series.capacity) ? `capacity ${amount(series.capacity, series.unit)}` : "no known ceiling", `forecast by ${series.model}`,
      series.live ? "" : "ended: it has had no reading for a while",
    ].filter(Boolean).join("  \u00b7  ")),
    groups.length ? el("p", { class: "scope" }, ...groups.flatMap(([column, value], i) => [i ? "  \u00b7  " : "", `${column} `, el("a", { href: toRisks({ [`group.${column}`]: value }) }, value)])) : null,
    words.outlook ? el("p", { class: "lead-words" }, words.outlook) : null,
    words.action ? el("p", { class: "lead-words act" }, words.action) : null,
    words.trust ? el("p", { class: "muted" }, words.trust) : null,
    el("p", { class: "group-buttons" },
      isNumber(series.capacity) && series.live ? el("a", { class: "button", href: href("what-if", [], { server: series.server, resource: series.resource }) }, "What if\u2026") : null,
      el("a", { class: "button", href: toServer(series.server) }, "All resources of this server"))));
}

function chartSection(series, chart, facts, signal) {
  if (!chart) return section("history", "History and forecast", card(el("p", { class: "muted" }, "This series has neither readings nor a forecast in this run.")));
  let folds = [];
  const fan = fanChart(chart, { label: `${shown(series.server)} ${series.resource}`, isTall: true, extra: () => extras(chart, folds, chartColours(), isDark()) });
  const first = chart.times[0] ?? chart.start;
  const days = (amount) => Math.max(first, chart.start - amount * 86400);
  const span = (chart.end - chart.start) / 86400;
  const ranges = [
    ["90 days", [days(45), Math.min(chart.end, chart.start + 45 * 86400)]], ["1 year", [days(365), chart.end]], ["All", [first, chart.end]],
  ].filter(([name, [from]]) => name === "All" || (from > first && span > 1));
  const buttons = ranges.map(([name, range]) => el("button", { class: "button small", type: "button", "aria-pressed": "false", onclick: (event) => {
    fan.zoom(...range);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
  } }, name));
  const foldKey = legendKey("fold", "forecast from earlier cutoffs, 80 % of outcomes");
  foldKey.hidden = true;
  const overlay = (chosen) => {
    folds = chosen;
    foldKey.hidden = chosen.length === 0;
    fan.redraw();
  };
  return section("history", "History and forecast",
    series.is_master_of_run ? null : el("p", { class: "notice" }, "The readings were filled anew after this run: what is drawn before the as-of may not be what it saw."),
    el("div", { class: "card chart" },
      el("div", { class: "chart-tools" }, el("div", { class: "group-buttons", role: "group", "aria-label": "Time shown" }, ...buttons), series.contested ? foldTools(series, overlay, signal) : null),
      fan.node, fan.readout,
      el("ul", { class: "legend" }, legendKey("history", "readings"), legendKey("median", "median forecast"), legendKey("fan", "50, 80, 90 % of outcomes"),
        chart.thresholds.length ? legendKey("line", "thresholds") : null, chart.gaps.length ? legendKey("gap", "no readings") : null, chart.capacities ? legendKey("capacity", "capacity") : null,
        chart.marks.length ? legendKey("mark", "level or capacity changed") : null,
        chart.thresholds.some((line) => isNumber(line.breachP10) || isNumber(line.breachP50)) ? legendKey("breach", "first breach: 10 to 90 % range, dot at the median") : null,
        legendKey("tiers", "darker is less trusted"), foldKey),
      el("p", { class: "hint" }, "Point at the chart to read it, drag to zoom, double-click to see everything again."),
      tableBehind(() => chartTables(chart))));
}

/** Lays what was forecast at earlier cutoffs over the readings that came. */
function foldTools(series, overlay, signal) {
  const place = el("div", { class: "group-buttons" });
  const say = (text, role) => place.replaceChildren(el("span", { class: "muted", role }, text));
  const load = async () => {
    say("Loading\u2026", "status");
    let answer;
    try {
      answer = await get(`${seriesPath(series.server, series.resource)}/folds`, null, { signal });
    } catch (problem) {
      if (problem.name !== "AbortError") say(problem.title, "alert");
      return;
    }
    if (!answer.folds.length) {
      say("None was kept: horizonscale backtest --keep-forecasts keeps them.", "status");
      return;
    }
    const models = [...new Set(answer.folds.map((fold) => fold.model))];
    const show = (model) => overlay(answer.folds.filter((fold) => fold.model === model));
    const chosen = models.includes(series.champion) ? series.champion : models[0];
    const choose = selectBox("Fold forecasts by", [...models.map((name) => [name, name]), ["", "none"]], chosen, show);
    choose.className = "inline";
    place.replaceChildren(choose);
    show(chosen);
  };
  place.append(el("button", { class: "button small", type: "button", onclick: load }, "Overlay the contest's forecasts"));
  return place;
}

function breachSection(series, facts) {
  const lines = series.thresholds.filter((line) => line.risk).reverse();
  if (lines.length === 0) {
    return section("breach", "When it breaches", card(el("p", { class: "muted" },
      series.live ? "It has no known ceiling, so it cannot run out: give a capacity column or a unit, and run again." : "It has ended, so it is never a risk.")));
  }
  const { windows } = facts;
  const table = plainTable("Breach by threshold", [
    { title: "Threshold" }, { title: "Severity" }, { title: "Headroom", numeric: true }, ...windows.map((days) => ({ title: `${days}\u202fd`, numeric: true, long: `Probability of a breach within ${days} days` })),
    { title: "One in ten by" }, { title: "Likely on" }, { title: "Nine in ten by" }, { title: "Order by" }, { title: "Needs", numeric: true },
  ], lines.map(({ name, percent: value, risk }) => [
    facts.severities.words({ name, value }), facts.severities.badge(risk.severity), `${number3(risk.headroom)} points`, ...windows.map((days) => chance(risk[`p_breach_${days}d`])),
    ...["p10", "p50", "p90"].map((level) => whenCell(risk[`days_to_breach_${level}`], facts)), orderBy(risk.order_by, facts), amount(risk.recommended_capacity, series.unit),
  ]));
  const isOver = ({ risk }) => isNumber(risk.days_to_breach_p50) && risk.days_to_breach_p50 <= 0;
  const drawn = lines.filter((line) => !isOver(line) && line.breach_chance?.at(-1) > 0.005).map((line) => distribution(line, series));
  return section("breach", "When it breaches", scrollBox("Breach by threshold", table),
    el("div", { class: "words-list" }, ...lines.filter((line) => line.risk.reason).map((line) => el("p", { class: "hint" }, line.risk.reason))),
    drawn.length ? el("div", { class: "card pad parts-grid wide" }, ...drawn) : null);
}

function whenCell(days, facts) {
  const [first, second] = whenWords(days, facts.asOf, facts.horizonWords);
  return el("span", {}, first, isNumber(days) && second ? under(second) : null);
}

/** The most bars that are still told apart. */
const MOST_BARS = 40;

/** The chance that the first breach falls into each stretch of the horizon. */
function distribution({ name, percent: value, breach_chance: chances }, series) {
  const width = Math.max(1, Math.ceil(chances.length / MOST_BARS));
  const start = series.forecast.start - series.step_seconds;
  const at = (lead) => start + lead * series.step_seconds;
  const bars = [];
  for (let from = 0; from < chances.length; from += width) {
    const to = Math.min(chances.length, from + width);
    bars.push({ from: from + 1, to, chance: chances[to - 1] - (from > 0 ? chances[from - 1] : 0) });
  }
  const never = 1 - chances.at(-1);
  return smallChart({
    title: `First breach of ${name} ${percent(value)}`, isBars: true, isWide: true,
    words: never < 0.0005 ? "All simulated futures breach within the horizon." : `${chance(never)} of simulated futures do not breach within the horizon.`,
    names: bars.map((bar) => (bar.from === bar.to ? date(at(bar.to) * 1000) : `${date(at(bar.from) * 1000)} \u2013 ${date(at(bar.to) * 1000)}`)),
    times: bars.map((bar) => at((bar.from + bar.to) / 2)), values: bars.map((bar) => bar.chance), text: (p) => chance(Math.max(0, p)),
  });
}

function contestSection(told) {
  const { contest } = told;
  const why = contest.why ?? [];
  if (!contest.models?.length) {
    return section("contest", "The contest", card(el("p", { class: "muted" }, why.join(" ") || "No contest was held: there was too little history to hold any of it back.")));
  }
  const scored = contest.models.filter((model) => isNumber(model.relative_loss));
  const most = Math.max(1, ...scored.map((model) => model.relative_loss));
  const order = [...scored.sort((a, b) => a.relative_loss - b.relative_loss), ...contest.models.filter((model) => !isNumber(model.relative_loss))];
  const rows = order.map((model) => [
    el("span", { class: model.is_champion ? "champion" : null }, model.name, contest.members?.includes(model.name) ? el("span", { class: "muted" }, " member") : null),
    isNumber(model.relative_loss) ? meter(model.relative_loss / most, ratio(model.relative_loss), model.is_champion ? "" : "calm") : el("span", { class: "muted" }, model.reason ? `${model.status}: ${model.reason}` : model.status),
    percent(isNumber(model.coverage80) ? model.coverage80 * 100 : null),
    ...contest.folds.map((fold, i) => ratio(model.relative_losses?.[i])),
  ]);
  return section("contest", "The contest",
    el("div", { class: "words-list" }, ...why.map((sentence) => el("p", {}, sentence))),
    scrollBox("The contest", plainTable("The contest", [
      { title: "Model" }, { title: "Loss to seasonal naive", long: "Expected loss over that of seasonal naive; below 1 is better" }, { title: "In its 80\u202f% band", numeric: true, long: "Share of readings inside the model's own 80 % interval, before calibration" },
      ...contest.folds.map((fold) => ({ title: `Fold ${onDay(fold)}`, numeric: true, isWideOnly: true })),
    ], rows)),
    el("p", { class: "hint" }, "A loss of 0.80 is a forecast a fifth better than seasonal naive on readings that were held back. Folds are the cutoffs that it was tested from."));
}

function componentsSection(told, series, chart) {
  const { components, profile } = told;
  const parts = components?.parts?.filter((part) => !part.is_flat) ?? [];
  const drawn = parts.map((part) => partChart(part, chart)).filter(Boolean);
  const cycles = drawn.length ? [] : (profile?.cycles ?? []).map((cycle) => smallChart({
    title: CYCLES[cycle.name] ?? capital(cycle.name), isBars: true, words: "Deviation from the level", names: places(cycle.name, cycle.deviations.length), values: cycle.deviations, text: change,
  }));
  const sentences = [...(components?.words ?? []), ...(components?.note ? [components.note] : []), ...(drawn.length ? [] : profile?.words ?? [])];
  if (!drawn.length && !cycles.length && !sentences.length) return null;
  const sums = components?.sums ?? [];
  const what = { as_of: "as-of", breach: "likely breach", horizon: "end of the horizon" };
  return section("components", "What the forecast is made of", el("div", { class: "card pad" },
    el("p", { class: "muted" }, drawn.length ? `By ${components.model}, in ${series.unit || "the unit of the readings"}.` : "What the history is made of; it describes readings and is not what forecasts them."),
    el("ul", { class: "sentences" }, ...sentences.map((sentence) => el("li", {}, sentence))),
    drawn.length || cycles.length ? el("div", { class: "parts-grid" }, ...drawn, ...cycles) : null,
    sums.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sums of the parts, scrolls" }, plainTable("Parts that add up to the forecast", [
      { title: "On" }, ...components.parts.map((part) => ({ title: part.name, numeric: true })), { title: "Forecast", numeric: true },
    ], sums.map((sum) => {
      // What rounds to nothing beside the forecast is nothing.
      const seen = (value) => (Math.abs(value) < Math.abs(sum.total) / 2000 ? 0 : value);
      return [`${onDay(sum.time)} (${what[sum.what] ?? sum.what})`, ...sum.amounts.map((value, i) => (i === 0 ? number3(value) : change(seen(value)))), el("b", {}, number3(sum.total))];
    }), { isCaptionSeen: true })) : null));
}

const CYCLES = { day: "Pattern of the day", week: "Pattern of the week", year: "Pattern of the year" };
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const places = (cycle, size) => (cycle === "week" ? DAYS : cycle === "year" && size === 12 ? MONTHS : Array.from({ length: size }, (_, i) => (cycle === "day" ? `${String(i).padStart(2, "0")}:00` : String(i + 1))));

function partChart(part, chart) {
  const title = capital(part.name);
  if (part.pattern) {
    return smallChart({ title, words: part.words, names: part.pattern.places, values: part.pattern.values, isBars: part.pattern.values.length <= 24, text: change });
  }
  if (!part.ahead?.length || !chart) return null;
  const times = part.ahead.map((_, i) => chart.start + (i + 1) * chart.stepSeconds);
  return smallChart({
    title, words: part.words, times, names: times.map((time) => date(time * 1000)), values: part.ahead, text: part.kind === "trend" ? number3 : change, fromZero: part.kind !== "trend",
  });
}

function movedSection(told) {
  const { move } = told;
  if (!move) return null;
  const parts = (move.parts ?? []).filter((part) => part.words || part.moved_days || part.changed_chance);
  const isDays = parts.some((part) => isNumber(part.moved_days));
  const amountOf = (part) => (isDays ? part.moved_days : part.changed_chance * 100) ?? 0;
  const most = Math.max(1e-9, ...parts.map((part) => Math.abs(amountOf(part))));
  const bar = (value) => {
    const size = Math.abs(value) / most / 2;
    const isSooner = isDays ? value < 0 : value > 0;
    return el("div", { class: "move-bar", "aria-hidden": "true" }, el("span", { class: isSooner ? "sooner" : null, "--from": isDays === (value < 0) && value !== 0 ? 0.5 - size : 0.5, "--size": size }));
  };
  const said = (value) => (isDays ? (Math.round(value) === 0 ? "0 days" : `${plural(Math.abs(Math.round(value)), "day")} ${value < 0 ? "sooner" : "later"}`) : `${change(value)} points`);
  return section("moved", "What moved since the run before", el("div", { class: "card pad" },
    el("div", { class: "words-list" }, ...(move.words ?? []).map((sentence) => el("p", {}, sentence)), move.note ? el("p", { class: "muted" }, move.note) : null),
    parts.length ? plainTable("What moved the date", [{ title: "Cause" }, { title: "Moved", numeric: true }, { title: isDays ? "Sooner or later" : "Chance" }, { title: "In words" }],
      parts.map((part) => [capital(part.cause.replaceAll("_", " ")), said(amountOf(part)), bar(amountOf(part)), part.words ?? ""])) : null));
}

function trustSection(series) {
  if (!series.trust?.length) return null;
  const order = series.trust.slice().sort((a, b) => parseInt(a.days, 10) - parseInt(b.days, 10));
  return section("trust", "How far to trust it", scrollBox("Trust by days ahead", plainTable("Trust by days ahead",
    [{ title: "Days ahead" }, { title: "Trust" }, { title: "What keeps it from being higher" }],
    order.map((entry) => [entry.days, trust(entry.tier), entry.code === "earned" ? `Nothing: ${entry.reason}` : entry.reason]))));
}

function dataSection(told, series) {
  const { quality } = told;
  const changes = told.changes ?? [];
  return section("readings", "The readings behind it", el("div", { class: "halves" },
    el("div", { class: "card pad" }, factList([
      ["Readings", count(quality.readings)],
      ["From, to", `${onDay(quality.first_reading)} \u2013 ${onDay(quality.last_reading)}`],
      ["Missing steps", quality.gap_steps ? `${count(quality.gap_steps)}, at most ${count(quality.longest_gap)} in a row` : "none"],
      quality.steps_since_last ? ["Steps since the last reading", count(quality.steps_since_last)] : null,
      series.capacity_words ? ["What 100\u202f% is", capital(series.capacity_words)] : null,
      quality.verdict ? ["Verdict", quality.verdict] : null,
    ]), quality.remarks?.length ? el("ul", { class: "sentences" }, ...quality.remarks.map((remark) => el("li", {}, remark))) : null),
    el("div", { class: "card pad" }, changes.length === 0 ? el("p", { class: "muted" }, "No lasting change of level or capacity was found.") : plainTable("Lasting changes",
      [{ title: "On" }, { title: "What" }, { title: "Factor", numeric: true }],
      changes.map((entry) => [onDay(entry.date), entry.kind === "capacity"
        ? `Capacity${isNumber(entry.from_capacity) ? ` ${amount(entry.from_capacity, series.unit)} \u2192 ${amount(entry.to_capacity, series.unit)}` : " changed"}` : "Level shifted", `\u00d7${number3(entry.factor)}`]), { isCaptionSeen: true }))));
}
