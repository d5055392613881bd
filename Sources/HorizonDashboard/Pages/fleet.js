// The fleet at a glance: what breaches when and how far to trust it, headroom by group, what changed, what was promised, how good the data is.
import { get, seriesPath } from "./api.js";
import { changeLine } from "./changes.js";
import { qualityCounts } from "./quality.js";
import { card, el, section, selectBox, under } from "./elements.js";
import { count, onDay, plural, points, shown, stepWords } from "./format.js";
import { lead, TIERS, trust } from "./marks.js";
import { recordTable, recordVerdict } from "./record.js";
import { href, remember, toRisks, toSeries } from "./router.js";

const MOST_GROUPS = 12;
const FIRST = 4;

export async function draw({ params, run: facts, signal }) {
  const { summary } = facts;
  const first = await get("/risks", new URLSearchParams({ worst: "true", limit: String(FIRST) }), { signal });
  const changes = el("div", {}, changesSection(summary.changes));
  const sections = [
    outlookSection(summary, facts), firstSection(first.rows, facts, signal), headroomSection(summary, facts, params), changes, recordSection(summary.record),
    section("quality", "The data behind it", qualityCounts(summary), el("p", { class: "more" }, el("a", { class: "button", href: href("quality") }, "All findings"))),
  ];
  return {
    title: "Fleet",
    content: [masthead(summary, facts), el("div", { class: "wrap" }, ...sections.filter(Boolean))],
    update: () => {},
    shown: () => {
      if (summary.changes.reasons === "pending") awaitReasons(changes, signal);
    },
  };
}

/** Filters of the list that holds the series of a window: those over a threshold now, or more likely than not within so many days. */
const inWindow = (days, threshold) => ({ breach_within: String(days), severity: "all", threshold });
const windowWords = (days) => (days === 0 ? "over now" : `within ${days} days`);

function masthead(summary, facts) {
  const { counts } = summary;
  const bySeverity = (name) => summary.severities.filter((entry) => entry.severity === name).reduce((sum, entry) => sum + entry.series, 0);
  const urgent = facts.severities.thresholds.reduce((sum, entry) => sum + bySeverity(entry.name), 0);
  const watch = bySeverity("watch");
  const over = summary.windows.find((entry) => entry.days === 0)?.series ?? 0;
  const headline = el("p", { class: "headline" });
  if (counts.with_ceiling === 0) {
    headline.append(el("strong", {}, "No series has a ceiling, so nothing can be said to run out."), " Give a capacity column or a unit, and run again.");
  } else if (urgent === 0) {
    headline.append(el("strong", {}, "Nothing is expected to cross a threshold"), ` within ${plural(facts.within, "day")}`, watch ? `; ${count(watch)} series are worth watching.` : ".");
  } else {
    headline.append(el("strong", {}, `${count(urgent)} of ${count(counts.with_ceiling)} series`),
      ` ${urgent === 1 ? "is" : "are"} over a threshold or more likely than not to be within ${plural(facts.within, "day")}; `,
      over === 0 ? "none is over now" : `${count(over)} ${over === 1 ? "is" : "are"} over now`,
      watch ? ` and ${count(watch)} more ${watch === 1 ? "is" : "are"} worth watching.` : ".");
  }
  if (counts.with_ceiling > 0 && counts.without_ceiling > 0) headline.append(` ${count(counts.without_ceiling)} series without a known ceiling `, el("a", { href: href("quality") }, "are not judged"), ".");
  return el("div", { class: "masthead" }, el("div", { class: "wrap" },
    el("h1", {}, "Fleet"),
    el("p", { class: "scope" }, [`As of ${onDay(facts.asOf)}`, plural(counts.servers, "server"), `${count(counts.series)} series`, `${stepWords(facts.step)[0]} readings`,
      `looking ${facts.horizonWords} ahead`].join("  \u00b7  ")),
    headline,
    counts.with_ceiling === 0 ? null : el("ul", { class: "tiles", "aria-label": "Series over a threshold, by time" }, ...summary.windows.filter((entry) => entry.known).map((entry) => el("li", {}, tile(entry, facts))))));
}

const cellsOf = (entry, threshold) => entry.cells.filter((cell) => cell.threshold === threshold);
const sum = (cells) => cells.reduce((total, cell) => total + (cell.series ?? 0), 0);

function tile(entry, facts) {
  const parts = facts.severities.thresholds.map((line) => `${line.name} ${count(sum(cellsOf(entry, line.name)))}`);
  return el("a", { class: `tile${entry.days === 0 && entry.series > 0 ? " now" : ""}`, href: toRisks(inWindow(entry.days, facts.lowest.name)) },
    el("span", { class: "caption" }, entry.days === 0 ? "Over a threshold now" : `Within ${entry.days} days`), el("span", { class: "figure" }, count(entry.series)), el("span", { class: "detail" }, parts.join(" \u00b7 ")));
}

/** What breaches, by threshold and trust, in each window; every number leads to its list. */
function outlookSection(summary, facts) {
  if (summary.counts.with_ceiling === 0) return null;
  const windows = summary.windows.filter((entry) => entry.known);
  const heads = windows.map((entry) => el("th", { scope: "col", class: "num" }, entry.days === 0 ? "now" : `${entry.days}\u202fd`));
  const cell = (entry, line) => {
    const cells = cellsOf(entry, line.name);
    const total = sum(cells);
    return el("td", { class: "num" }, lead(total, toRisks(inWindow(entry.days, line.name)), `over ${line.name} ${windowWords(entry.days)}, show them`, { class: "pick big" }), tierSplit(cells, total, entry, line));
  };
  const most = Math.max(1, ...windows.flatMap((entry) => entry.resources.map((part) => part.series)));
  const byResource = (entry, name) => entry.resources.find((part) => part.resource === name)?.series ?? 0;
  return section("outlook", "What runs out, and when", el("div", { class: "outlook-cards" },
    el("div", { class: "card" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Breaches by threshold and trust, scrolls" }, el("table", { class: "plain windows outlook" },
      el("caption", {}, "Series that breach, by threshold and trust"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Threshold"), ...heads)),
      el("tbody", {}, ...facts.severities.thresholds.map((line) => el("tr", {}, el("th", { scope: "row" }, facts.severities.badge(line.name), under(`${points(line.value)}\u202f% of capacity`)), ...windows.map((entry) => cell(entry, line))))))),
    el("p", { class: "hint" }, "Under each number: how many of them with ", trust("high"), ", ", trust("medium"), " and ", trust("low"), " trust in the forecast.")),
    el("div", { class: "card" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Breaches by resource, scrolls" }, el("table", { class: "plain windows" },
      el("caption", {}, `Over ${facts.severities.words(facts.lowest)}, by resource`),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Resource"), ...heads.map((head) => head.cloneNode(true)))),
      el("tbody", {}, ...summary.headroom.resources.map((name) => el("tr", {}, el("th", { scope: "row" }, name), ...windows.map((entry) => el("td", { class: "num heat", "--heat": byResource(entry, name) / most },
        lead(byResource(entry, name), toRisks({ ...inWindow(entry.days, facts.lowest.name), resource: name }), `${name} ${windowWords(entry.days)}, show them`))))))))),
    el("div", { class: "card" }, atRisk(summary, facts))));
}

/** A bar of the tiers, and their numbers. */
function tierSplit(cells, total, entry, line) {
  if (total === 0) return null;
  const counts = TIERS.map((tier) => [tier, sum(cells.filter((cell) => cell.tier === tier))]);
  return el("div", {},
    el("div", { class: "split", "aria-hidden": "true" }, ...counts.map(([tier, value]) => el("span", { class: tier, "--share": value / total }))),
    el("span", { class: "tiers-line" }, ...counts.flatMap(([tier, value], i) => [i ? " \u00b7 " : "",
      el("a", { href: toRisks({ ...inWindow(entry.days, line.name), tier }), "aria-label": `${count(value)} over ${line.name} ${windowWords(entry.days)} with ${tier} trust, show them` }, count(value))])));
}

/** Each series once, by its severity and trust. */
function atRisk(summary, facts) {
  const names = facts.severities.names.filter((name) => name !== "none");
  const value = (name, tier) => sum(summary.severities.filter((entry) => entry.severity === name && (!tier || entry.tier === tier)));
  return el("table", { class: "plain windows at-risk" }, el("caption", {}, `At risk within ${plural(facts.within, "day")}, by severity and trust`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Severity"), ...TIERS.map((tier) => el("th", { scope: "col", class: "num" }, tier)), el("th", { scope: "col", class: "num" }, "all"))),
    el("tbody", {}, ...names.map((name) => el("tr", {}, el("th", { scope: "row" }, facts.severities.badge(name)),
      ...[...TIERS, ""].map((tier) => el("td", { class: "num" }, lead(value(name, tier), toRisks({ worst: "true", severity: name, tier }), `${name}${tier ? ` with ${tier} trust` : ""}, show them`)))))));
}

function firstSection(rows, facts, signal) {
  if (rows.length === 0) return null;
  return section("first", "First things to do", el("div", { class: "first-grid" }, ...rows.map((row) => {
    const words = el("div", { class: "words" }, el("p", {}, row.reason));
    inWords(row, words, signal);
    return el("article", { class: `card first ${facts.severities.tone(row.severity)}` },
      el("h3", {}, el("a", { class: "name", href: toSeries(row.server, row.resource) }, `${shown(row.server)} \u00b7 ${row.resource}`), facts.severities.badge(row.severity)), words);
  })));
}

/** Says a risk in the sentences of its series; until they come, and where they do not, its reason stands there. */
async function inWords(row, place, signal) {
  place.setAttribute("aria-busy", "true");
  try {
    const { thresholds } = await get(seriesPath(row.server, row.resource), null, { signal });
    const words = thresholds.find((line) => line.percent === row.threshold)?.words;
    if (!words?.outlook) return;
    place.replaceChildren(...[el("p", {}, words.outlook), words.action ? el("p", { class: "act" }, words.action) : null, words.trust ? el("p", { class: "muted" }, words.trust) : null].filter(Boolean));
  } catch { /* The reason says the same in short. */ } finally {
    place.removeAttribute("aria-busy");
  }
}

// Headroom.

function headroomSection({ headroom }, facts, params) {
  if (headroom.all.length === 0) return null;
  const box = el("div", { class: "card pad scroll", tabindex: "0", role: "region", "aria-label": "Table of headroom, scrolls" });
  const more = el("p", { class: "more" });
  const names = headroom.groupings.map((entry) => entry.column);
  let chosen = Math.max(0, names.indexOf(params.get("by")));
  let isWhole = false;
  const redraw = () => drawHeadroom({ box, more, headroom, grouping: headroom.groupings[chosen], isWhole, lowest: facts.lowest.name, showAll: () => {
    isWhole = true;
    redraw();
    box.focus();
  } });
  redraw();
  const choice = names.length < 2 ? null : selectBox("Group by", names.map((name) => [name, name]), names[chosen], (name) => {
    chosen = names.indexOf(name);
    isWhole = false;
    remember("fleet", [], { by: name });
    redraw();
  });
  if (choice) choice.className = "inline";
  return section("headroom", "Headroom by group and resource",
    el("div", { class: "status" }, el("p", { class: "hint" }, `Points between utilization now and ${points(facts.lowest.value)}\u202f%: the median series, the worst one, and how many are at risk within ${plural(facts.within, "day")}. `,
      names.length ? "A cell leads to its series." : "With an inventory (--inventory FILE) this table is kept by region, application or whatever its columns are."), el("span", { class: "actions" }, choice)),
    box, more);
}

function drawHeadroom({ box, more, headroom, grouping, isWhole, lowest, showAll }) {
  const rows = grouping ? grouping.groups.map(({ value, cells }) => ({ name: value || "no group", filter: { [`group.${grouping.column}`]: value }, cells })) : [];
  // An empty value stands for servers without a group, which `asQuery` would leave out.
  const listOf = (filter, resource) => {
    const query = new URLSearchParams({ severity: "all", threshold: lowest, resource, sort: "headroom" });
    for (const [name, value] of Object.entries(filter)) query.append(name, value);
    return toRisks(query);
  };
  const listed = isWhole ? rows : rows.slice(0, MOST_GROUPS);
  const risk = (entry) => (entry ? entry.at_risk / entry.series : 0);
  const most = Math.max(0.02, ...[...rows.flatMap((row) => row.cells), ...headroom.all].map(risk));
  const cell = (row, entry, i) => {
    if (!entry) return el("td", { class: "muted none" }, "\u2013");
    const name = headroom.resources[i];
    return el("td", { class: "heat room", "--heat": (0.95 * risk(entry)) / most },
      el("a", { class: "pick", href: listOf(row.filter, name),
        "aria-label": `${row.name}, ${name}: median headroom ${points(entry.median)} points, worst ${points(entry.worst)}, ${count(entry.at_risk)} of ${count(entry.series)} series at risk. Show them` },
      el("span", { class: "median" }, points(entry.median)), under(`worst ${points(entry.worst)}`), el("span", { class: `under${entry.at_risk ? " hit" : ""}` }, entry.at_risk ? `${count(entry.at_risk)} at risk` : "none at risk")));
  };
  const line = (row) => el("tr", {}, el("th", { scope: "row" }, row.name, under(`${count(row.cells.reduce((total, entry) => total + (entry?.series ?? 0), 0))} series`)), ...row.cells.map((entry, i) => cell(row, entry, i)));
  box.replaceChildren(el("table", { class: "plain rooms" },
    el("caption", { class: "hidden-text" }, grouping ? `Headroom by ${grouping.column} and resource` : "Headroom by resource"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, grouping ? grouping.column : "Fleet"), ...headroom.resources.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...listed.map(line), line({ name: rows.length ? "all" : "all servers", filter: {}, cells: headroom.all }))));
  more.replaceChildren(...(rows.length > listed.length ? [el("button", { class: "button", type: "button", onclick: showAll }, `Show all ${count(rows.length)} groups`)] : []));
}

// What became different.

function changesSection(changes) {
  if (!changes.run) {
    return section("changes", "Since the last run", card(el("p", { class: "muted" },
      "There is no earlier run to compare with: this is the first one of its workspace, or it was made with --fresh. The next run shows here what moved.")));
  }
  const group = (kind, title, none) => {
    const total = changes[kind];
    const items = changes.first[kind].slice(0, 5);
    return el("div", { class: "card pad" },
      el("h3", {}, total ? lead(total, href("changes", [], { kind }), `${title}, show them`, { class: "pick figure" }) : el("span", { class: "figure" }, "0"), title),
      items.length === 0 ? el("p", { class: "muted" }, none) : el("ul", { class: "list" }, ...items.map(changeLine)),
      total > items.length ? el("p", { class: "under" }, el("a", { href: href("changes", [], { kind }) }, `All ${count(total)}`)) : null);
  };
  return section("changes", "Since the last run", el("p", { class: "hint" }, `Compared with the run ${changes.run}.`, changes.reasons === "pending" ? " Why dates moved is being worked out and comes in a moment." : ""),
    el("div", { class: "thirds" }, group("new", "new risks", "No series came to the list."), group("gone", "gone risks", "No series left the list."),
      group("moved", "dates moved by more than 14 days", "Every date stands where it stood.")));
}

/** Reasons of moved dates are worked out after a run was loaded: asks until they are there. */
async function awaitReasons(place, signal) {
  for (let wait = 1000; wait < 60000 && !signal.aborted; wait *= 2) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const { changes } = await get("/summary", null, { signal });
      if (changes.reasons === "pending") continue;
      place.replaceChildren(changesSection(changes));
    } catch { /* What is shown is right without reasons. */ }
    return;
  }
}

function recordSection(record) {
  return section("record", "What past forecasts promised", recordVerdict(record),
    record.lines.length ? recordTable(record.lines) : null,
    el("p", { class: "more" }, el("a", { class: "button", href: href("record") }, "By resource, run or days ahead")));
}
