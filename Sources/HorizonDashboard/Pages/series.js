// One series: history and forecast, when it breaches, who forecasts it and why, what moved, in words and as tables.
import { get, Problem, seriesPath } from "./api.js";
import { chartColours, fanChart, legendKey, numberTable, smallChart, tableBehind } from "./chart.js";
import { card, el, facts as factList, meter, plainTable, scrollBox, section, selectBox, under } from "./elements.js";
import { amount, capital, chance, change, count, DASH, date, instant, isNumber, list, number, number3, onDay, percent, plural, points, ratio } from "./format.js";
import { TIERS, trust, whenWords } from "./marks.js";
import { href, toServer } from "./router.js";
import { asChart, extras } from "./series-chart.js";

export async function draw({ parts, run: facts, signal }) {
  const [server, resource] = parts;
  if (server === undefined || resource === undefined) throw new Problem({ status: 404, detail: "The address names no series." });
  const detail = await get(seriesPath(server, resource), null, { signal });
  const chart = asChart(detail, facts);
  const worst = worstRisk(detail.risks, facts.severities);

  const content = [
    masthead(detail, worst, facts),
    el("div", { class: "wrap" },
      chartSection(detail, chart, facts, signal),
      breachSection(detail, facts),
      contestSection(detail),
      componentsSection(detail, chart),
      movedSection(detail),
      trustSection(detail),
      dataSection(detail)),
  ];
  return { title: `${server} \u00b7 ${resource}`, content: content.filter(Boolean) };
}

const worstRisk = (risks, severities) => risks.slice().sort((a, b) => severities.rank(a.severity) - severities.rank(b.severity))[0] ?? null;

function masthead(detail, worst, facts) {
  const { severities } = facts;
  const words = worst?.words ?? {};
  const published = detail.contest.published_by;
  return el("div", { class: "masthead" }, el("div", { class: "wrap" },
    el("p", { class: "crumbs" }, el("a", { href: href("risks") }, "Risks"), " \u203a ", el("a", { href: toServer(detail.server) }, detail.server || "(no name)")),
    el("div", { class: "title-row" }, el("h1", {}, `${detail.server || "(no name)"} \u00b7 ${detail.resource}`),
      worst ? severities.badge(worst.severity) : null, worst ? trust(worst.tier) : null),
    el("p", { class: "scope" }, [
      detail.unit ? `in ${detail.unit}` : "", isNumber(detail.capacity) ? `capacity ${amount(detail.capacity, detail.unit)}` : "", published ? `forecast by ${published}` : "",
      detail.live === false ? "ended: no reading for a while" : "",
    ].filter(Boolean).join("  \u00b7  ")),
    words.outlook ? el("p", { class: "lead-words" }, words.outlook) : null,
    words.action ? el("p", { class: "lead-words act" }, words.action) : null,
    words.trust ? el("p", { class: "muted" }, words.trust) : null,
    el("p", { class: "group-buttons" },
      el("a", { class: "button", href: href("whatif", [], { server: detail.server, resource: detail.resource }) }, "What if\u2026"),
      el("a", { class: "button", href: toServer(detail.server) }, "All resources of this server"))));
}

function chartSection(detail, chart, facts, signal) {
  if (!chart) return section("history", "History and forecast", el("p", { class: "card state" }, "This series has neither readings nor a forecast in this run."));
  const overlay = { folds: [], shown: new Set() };
  const fan = fanChart(chart, { label: `${detail.server} ${detail.resource}`, isTall: true, extra: () => extras(chart, detail, overlay, chartColours()) });
  const first = chart.times[0], end = chart.end;
  const span = end - chart.start;
  const ranges = [
    ["90 days", chart.start - 90 * 86400], ["1 year", chart.start - 365 * 86400], ["All", first],
  ].filter(([name, from]) => from >= first || name === "All");
  const buttons = ranges.map(([name, from]) => el("button", { class: "button small", type: "button", "aria-pressed": "false", onclick: (event) => {
    fan.zoom(Math.max(first, from), name === "90 days" ? Math.min(end, chart.start + Math.max(90 * 86400, span / 2)) : end);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
  } }, name));
  const folds = foldTools(detail, overlay, fan, signal);
  return section("history", "History and forecast",
    el("div", { class: "card chart" },
      el("div", { class: "chart-tools" },
        el("div", { class: "group-buttons", role: "group", "aria-label": "Time shown" }, ...buttons), folds),
      fan.node, fan.readout,
      el("ul", { class: "legend" }, legendKey("history", "readings"), legendKey("median", "median forecast"), legendKey("fan", "50, 80, 90 % of outcomes"),
        legendKey("line", "thresholds"), chart.gaps.length ? legendKey("gap", "no readings") : null,
        chart.capacities ? legendKey("capacity", "capacity") : null,
        chart.marks.length ? legendKey("mark", "level or capacity changed") : null,
        chart.thresholds.some((line) => isNumber(line.breachP10) || isNumber(line.breachP50)) ? legendKey("breach", "first breach: 10 to 90 % range, dot at the median") : null,
        legendKey("tiers", "darker is less trusted")),
      el("p", { class: "hint" }, "Point at the chart to read it, drag to zoom, double-click to see everything again."),
      tableBehind(() => chartTables(chart))));
}

/** Boxes that lay what was forecast at earlier cutoffs over the readings that came. */
function foldTools(detail, overlay, fan, signal) {
  if (!detail.fold_forecasts) return null;
  const place = el("div", { class: "group-buttons" });
  const load = async () => {
    place.replaceChildren(el("span", { class: "muted", role: "status" }, "Loading\u2026"));
    try {
      const answer = await get(`${seriesPath(detail.server, detail.resource)}/backtest`, null, { signal });
      overlay.folds = answer.folds;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      place.replaceChildren(el("span", { class: "muted", role: "alert" }, problem.title));
      return;
    }
    const models = [...new Set(overlay.folds.map((fold) => fold.model))];
    let model = models.includes(detail.contest.champion) ? detail.contest.champion : models[0];
    const show = () => {
      overlay.shown = new Set(overlay.folds.filter((fold) => fold.model === model));
      fan.redraw();
    };
    const choose = selectBox("Fold forecasts by", [["", "none"], ...models.map((name) => [name, name])], model, (value) => {
      model = value;
      show();
    });
    choose.className = "inline";
    place.replaceChildren(choose);
    show();
  };
  place.append(el("button", { class: "button small", type: "button", onclick: load }, "Overlay the contest's fold forecasts"));
  return place;
}

function chartTables(chart) {
  const at = (seconds) => date(seconds * 1000);
  const forecast = chart.leads.map((lead, i) => [at(chart.start + lead * chart.stepSeconds), ...chart.quantiles.map((level) => number(level[i])), FanChart.tierAt(chart, lead)]);
  const readings = chart.times.map((time, i) => [at(time), isNumber(chart.values[i]) ? number(chart.values[i]) : "no reading"]).reverse();
  return [
    numberTable("Forecast: value not exceeded with this probability", ["Date", ...FanChart.LEVELS, "Trust"], forecast),
    numberTable("Readings, newest first", ["Date", "Value"], readings.slice(0, 1500)),
  ];
}

function breachSection(detail, facts) {
  const risks = detail.risks.slice().sort((a, b) => facts.severities.rank(a.severity) - facts.severities.rank(b.severity) || b.threshold - a.threshold);
  if (risks.length === 0) {
    return section("breach", "When it breaches", card(el("p", { class: "muted" },
      detail.live === false ? "It has ended, so it is never a risk." : "It has no ceiling, so it cannot run out: give a capacity column or a unit, and run again.")));
  }
  const windows = facts.windows;
  const table = plainTable("Breach by threshold", [
    { title: "Threshold" }, { title: "Severity" }, { title: "Now", numeric: true }, ...windows.map((days) => ({ title: `${days}\u202fd`, numeric: true, long: `Probability of a breach within ${days} days` })),
    { title: "One in ten" }, { title: "As likely as not" }, { title: "Nine in ten" }, { title: "Order by" }, { title: "Needs", numeric: true },
  ], risks.map((row) => [
    facts.severities.words({ name: row.threshold_name ?? thresholdName(row.threshold, facts), value: row.threshold }), facts.severities.badge(row.severity), percent(row.current),
    ...windows.map((days) => chance(row[`p_breach_${days}d`])),
    ...["p10", "p50", "p90"].map((level) => whenCell(row[`days_to_breach_${level}`], facts)),
    row.order_by ? (instant(row.order_by) <= facts.asOf ? el("strong", {}, "now") : onDay(row.order_by)) : DASH, amount(row.recommended_capacity, detail.unit),
  ]));
  const drawn = risks.filter((row) => row.distribution?.length).map((row) => distribution(row, facts));
  return section("breach", "When it breaches", scrollBox("Breach by threshold", table),
    drawn.length ? el("div", { class: "card pad parts-grid" }, ...drawn) : null,
    risks[0].reason ? el("p", { class: "hint" }, risks[0].reason) : null);
}

const thresholdName = (value, facts) => facts.severities.thresholds.find((entry) => entry.value === value)?.name ?? "";

function whenCell(days, facts) {
  const [first, second] = whenWords(days, facts.asOf, facts.horizonWords);
  return el("span", {}, first, isNumber(days) && second ? under(second) : null);
}

/** The chance that the first breach falls into each stretch of days. */
function distribution(row, facts) {
  const stretches = row.distribution;
  const sum = stretches.reduce((total, stretch) => total + stretch.probability, 0);
  const at = (days) => onDay(facts.asOf + days * 86400000);
  return smallChart({
    title: `First breach of ${percent(row.threshold)}`, isBars: true, isWide: true,
    words: sum >= 0.9995 ? "All futures breach within the horizon." : `${chance(1 - sum)} of futures never breach within the horizon.`,
    names: stretches.map((stretch) => `${at(stretch.from_days)} to ${at(stretch.to_days)}`),
    times: stretches.map((stretch) => (facts.asOf / 1000) + ((stretch.from_days + stretch.to_days) / 2) * 86400),
    values: stretches.map((stretch) => stretch.probability), text: chance,
  });
}

function contestSection(detail) {
  const { contest } = detail;
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
      ...contest.folds.map((fold) => ({ title: `Fold ${onDay(fold)}`, numeric: true })),
    ], rows)),
    el("p", { class: "hint" }, "A loss of 0.80 is a forecast a fifth better than seasonal naive on readings that were held back. Folds are the cutoffs that it was tested from."));
}

function componentsSection(detail, chart) {
  const { components, profile } = detail;
  const parts = components?.parts?.filter((part) => !part.is_flat) ?? [];
  const drawn = parts.map((part) => partChart(part, detail, chart)).filter(Boolean);
  const cycles = drawn.length ? [] : (profile?.cycles ?? []).map((cycle) => smallChart({
    title: `${capital(cycle.name)}ly pattern`.replace("Dayly", "Daily"), isBars: true, words: "Deviation from the level", names: places(cycle.name, cycle.deviations.length), values: cycle.deviations, text: change,
  }));
  const sums = components?.sums ?? [];
  const sentences = [...(components?.words ?? []), ...(components?.note ? [components.note] : []), ...(drawn.length ? [] : profile?.words ?? [])];
  if (!drawn.length && !cycles.length && !sentences.length) return null;
  return section("components", "What the forecast is made of", el("div", { class: "card pad" },
    el("p", { class: "muted" }, drawn.length ? `By ${components.model}, in ${detail.unit || "the unit of the readings"}.` : "What the history is made of; it describes readings and is not what forecasts them."),
    el("ul", { class: "sentences" }, ...sentences.map((sentence) => el("li", {}, sentence))),
    drawn.length || cycles.length ? el("div", { class: "parts-grid" }, ...drawn, ...cycles) : null,
    sums.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sums of the parts, scrolls" }, plainTable("Parts that add up to the forecast", [
      { title: "On" }, ...components.parts.map((part) => ({ title: part.name, numeric: true })), { title: "Forecast", numeric: true },
    ], sums.map((sum) => [`${onDay(sum.time)} (${{ as_of: "as-of", breach: "likely breach", horizon: "end of the horizon" }[sum.what] ?? sum.what})`,
      ...sum.amounts.map((value, i) => (i === 0 ? number3(value) : change(value))), el("b", {}, number3(sum.total))]))) : null));
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const places = (cycle, size) => (cycle === "week" ? DAYS : cycle === "year" && size === 12 ? MONTHS : Array.from({ length: size }, (_, i) => (cycle === "day" ? `${String(i).padStart(2, "0")}:00` : String(i + 1))));

function partChart(part, detail, chart) {
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

function movedSection(detail) {
  const { move } = detail;
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

function trustSection(detail) {
  if (!detail.trust?.length) return null;
  const order = detail.trust.slice().sort((a, b) => TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || parseInt(a.days, 10) - parseInt(b.days, 10));
  return section("trust", "How far to trust it", scrollBox("Trust by days ahead", plainTable("Trust by days ahead",
    [{ title: "Days ahead" }, { title: "Trust" }, { title: "What keeps it from being higher" }],
    order.map((entry) => [entry.days, trust(entry.tier), entry.code === "earned" ? `Nothing: ${entry.reason}` : entry.reason]))));
}

function dataSection(detail) {
  const { quality } = detail;
  const changes = detail.changes ?? [];
  return section("readings", "The readings behind it", el("div", { class: "halves" },
    el("div", { class: "card pad" }, factList([
      ["Readings", count(quality.readings)],
      ["From, to", `${onDay(quality.first_reading)} \u2013 ${onDay(quality.last_reading)}`],
      ["Missing steps", quality.gap_steps ? `${count(quality.gap_steps)}, at most ${count(quality.longest_gap)} in a row` : "none"],
      quality.steps_since_last ? ["Steps since the last reading", count(quality.steps_since_last)] : null,
      detail.capacity_decision ? ["What 100\u202f% is", capital(detail.capacity_decision)] : null,
      quality.verdict ? ["Verdict", quality.verdict] : null,
    ]), quality.remarks?.length ? el("ul", { class: "sentences" }, ...quality.remarks.map((remark) => el("li", {}, remark))) : null),
    el("div", { class: "card pad" }, changes.length === 0 ? el("p", { class: "muted" }, "No lasting change of level or capacity was found.") : plainTable("Lasting changes",
      [{ title: "On" }, { title: "What" }, { title: "Factor", numeric: true }],
      changes.map((entry) => [onDay(entry.date), entry.kind === "capacity"
        ? `Capacity${isNumber(entry.from_capacity) ? ` ${amount(entry.from_capacity, detail.unit)} \u2192 ${amount(entry.to_capacity, detail.unit)}` : " changed"}` : "Level shifted", `\u00d7${number3(entry.factor)}`]), { visibleCaption: true }))));
}
