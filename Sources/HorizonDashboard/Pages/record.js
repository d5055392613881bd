// The track record: what past forecasts promised, and what happened.
import { get } from "./api.js";
import { card, el, meter, plainTable, scrollBox, section, selectBox } from "./elements.js";
import { capital, count, list, number3, onDay, plural, share } from "./format.js";
import { TIERS, trust } from "./marks.js";
import { href, remember } from "./router.js";

const sum = (lines, name) => lines.reduce((total, line) => total + line[name], 0);
/** Readings inside a band over several lines, each weighing as many readings as it has. */
const covered = (lines, name) => lines.reduce((total, line) => total + (line[name] ?? 0) * line.readings, 0);
const cameOf = (line) => line.came ?? line.happened;

/** The record in two sentences. */
export function recordVerdict({ origins, lines, first_due: due }) {
  if (lines.length === 0) {
    return el("p", { class: "verdict" }, "No earlier forecast could be held against readings yet: none is old enough, or the run was made with --fresh. ",
      due ? `The forecasts of this run are due from ${onDay(due)} on: the runs after that day tell what became of them.` : "");
  }
  const told = TIERS.map((tier) => [tier, lines.filter((line) => line.tier === tier)]).filter(([, own]) => sum(own, "readings") > 0)
    .map(([tier, own]) => `${tier} held ${share(covered(own, "coverage80"), sum(own, "readings"))}`);
  const called = sum(lines, "called"), hits = sum(lines, "hits"), came = lines.reduce((total, line) => total + cameOf(line), 0);
  const runs = origins.length === 1 ? `the run of ${onDay(origins[0])}` : `${count(origins.length)} runs, ${onDay(origins[0])} to ${onDay(origins[origins.length - 1])}`;
  return el("p", { class: "verdict" }, el("strong", {}, `Bands that promised 80\u202f% of the readings: ${list(told)}.`),
    ` From ${runs}, held against ${plural(sum(lines, "readings"), "reading")} that came later. `,
    called + came > 0 ? `Breaches: ${count(called)} called, ${count(hits)} of them came; ${count(came)} came, ${count(hits)} of them had been called.` : "No breach was called, and none came.");
}

/** A table of the record; `label(line)` names a line. */
export function recordTable(lines, heading = "Trust, days ahead", label = (line) => [trust(line.tier), ` ${line.days ?? line.bucket}\u00a0d`]) {
  const ratio = (part, whole) => (whole > 0 ? `${count(part)} (${share(part, whole)})` : "\u2013");
  return scrollBox("Track record", plainTable("Track record", [
    { title: heading }, { title: "In the 50\u202f% band", numeric: true }, { title: "In the 80\u202f% band" }, { title: "In the 90\u202f% band", numeric: true },
    { title: "Breaches called", numeric: true }, { title: "Of those, came", numeric: true }, { title: "Breaches that came", numeric: true }, { title: "Of those, called", numeric: true }, { title: "Forecasts", numeric: true },
  ], lines.map((line) => [
    el("span", { class: "keep" }, label(line)), share(line.coverage50, 1), line.readings ? meter(line.coverage80, share(line.coverage80, 1)) : "\u2013", share(line.coverage90, 1),
    count(line.called), ratio(line.hits, line.called), count(cameOf(line)), ratio(line.hits, cameOf(line)), count(line.forecasts),
  ])));
}

/** How the page can split the record: title, heading of the table, name of a line. */
const WAYS = {
  "": ["Trust and days ahead", "Trust, days ahead", undefined],
  tier: ["Trust", "Trust", (line) => trust(line.tier)],
  bucket: ["Days ahead", "Days ahead", (line) => line.bucket],
  resource: ["Resource", "Resource", (line) => line.resource],
  made_at: ["Run", "Run of", (line) => onDay(line.made_at)],
};

export async function draw({ params, run: facts, signal }) {
  let way = params.get("by") in WAYS ? params.get("by") : "";
  const place = el("div");
  async function load() {
    const ledger = await get("/ledger", way ? new URLSearchParams({ by: way }) : null, { signal });
    const [, heading, label] = WAYS[way];
    place.replaceChildren(...[
      ledger.remarks.length ? el("ul", { class: "notice" }, ...ledger.remarks.map((remark) => el("li", {}, remark))) : null,
      ledger.rows.length ? recordTable(ledger.rows, heading, label) : card(el("p", { class: "muted" }, ledger.waiting ?? "Nothing has been promised yet.")),
      ledger.rows.some((line) => typeof line.mase === "number")
        ? el("p", { class: "hint" }, `Mean absolute error over that of repeating the last season: ${list(ledger.rows.slice(0, 6).map((line) => `${nameOf(line)} ${number3(line.mase)}`))}. Below 1 is better.`) : null,
    ].filter(Boolean));
  }
  const nameOf = (line) => capital(way === "" ? `${line.tier} ${line.bucket} d` : way === "made_at" ? onDay(line.made_at) : String(line[way]));
  await load();
  const choice = selectBox("Split by", Object.entries(WAYS).map(([name, [title]]) => [name, title]), way, (name) => {
    way = name;
    remember("record", [], { by: way });
    load();
  });
  choice.className = "inline";
  return {
    title: "Record",
    content: [el("div", { class: "wrap" }, el("h1", {}, "Track record"), el("p", { class: "scope" }, "What past forecasts promised, and what happened."),
      recordVerdict(facts.summary.record), el("div", { class: "status" }, el("span"), choice), place,
      section("reading", "How to read it", card(el("p", {}, "A band that promises 80\u202f% should hold 80 of 100 readings that came later: fewer, and it is too narrow; many more, and it is too wide. High trust should hold what it promises best."),
        el("p", {}, "A breach counts at the lowest threshold, by the end of the days in its line, for series that had not crossed it yet. Called is one that was more likely than not; who bought in time has not made the warning wrong."),
        el("p", {}, "Every run brings this record up to date by itself. ", el("a", { href: href("models") }, "What each model is worth in the contest"), " is another page."))))],
  };
}
