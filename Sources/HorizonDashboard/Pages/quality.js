// The data behind the run: what was read, what was wrong with it, which series have something to say.
import { get } from "./api.js";
import { counts, el, plainTable, scrollBox, section } from "./elements.js";
import { FilterBar, filtersOf } from "./filters.js";
import { capital, count, number3, shown } from "./format.js";
import { LongList } from "./long-list.js";
import { remember, toSeries } from "./router.js";

/** Figures that say how much was read and how good it is. */
export function qualityCounts({ quality, counts: fleet }) {
  const rejected = quality.rows_read > 0 ? (100 * quality.rows_rejected) / quality.rows_read : 0;
  return counts([
    ["Rows read", count(quality.rows_read)],
    ["Rows rejected", quality.rows_rejected === 0 ? "0" : `${count(quality.rows_rejected)} (${rejected < 0.01 ? "<0.01" : number3(rejected)}\u202f%)`],
    ["Series", count(fleet.series)], ["Live", count(fleet.live)], ["Ended", count(fleet.ended)], ["With a stand-in", count(fleet.stand_ins)], ["Without a ceiling", count(fleet.without_ceiling)],
    ["Good, usable, poor readings", `${count(quality.good)} \u00b7 ${count(quality.usable)} \u00b7 ${count(quality.poor)}`],
  ]);
}

export async function draw({ params, run: facts, signal }) {
  const view = new URLSearchParams(params);
  const quality = await get("/quality", new URLSearchParams({ limit: "1" }), { signal });
  const list = new LongList({
    label: "Series with a remark", path: "/quality", rowsOf: (answer) => answer.series, address: (row) => toSeries(row.server, row.resource), words: (total) => `${count(total)} series`, sortBy: () => {},
    empty: () => el("div", { class: "card state" }, el("h2", {}, view.has("text") ? "No such series has a remark" : "Nothing to remark on any series"),
      el("p", {}, view.has("text") ? "Take the filter away to see the others." : "Every series has enough readings, without long gaps.")),
    columns: [
      { key: "server", title: "Server", width: 220, isName: true, phoneWidth: 116, text: (row) => shown(row.server), cell: (row) => el("span", { class: "under phone" }, row.resource) },
      { key: "resource", title: "Resource", width: 100, isSortable: false, cell: (row) => row.resource },
      { key: "verdict", title: "Readings", width: 100, isSortable: false, cell: (row) => row.verdict, isForPhone: true, phoneWidth: 90 },
      { key: "gap_steps", title: "Missing", long: "Steps without a reading", width: 90, numeric: true, isSortable: false, cell: (row) => count(row.gap_steps) },
      { key: "longest_gap", title: "Longest gap", width: 110, numeric: true, isSortable: false, cell: (row) => count(row.longest_gap) },
      { key: "remarks", title: "Remarks", width: 460, phoneWidth: 150, isForPhone: true, isSortable: false, cell: (row) => el("span", { title: row.remarks.join(" ") }, row.remarks.join(" ")) },
    ],
  });
  const load = () => list.load(filtersOf(view, ["text"]), "rank");
  const bar = new FilterBar({ label: "Filter the series", view, controls: [{ kind: "text", key: "text", label: "Server or resource", placeholder: "part of a name" }], changed: () => {
    remember("quality", [], view);
    load();
  } });
  await load();
  const findings = quality.findings;
  return {
    title: "Data",
    content: [el("div", { class: "wrap" }, el("h1", {}, "The data behind this run"), el("p", { class: "scope" }, "Nothing is dropped silently: what could not be used is counted, and shown where it is."),
      el("div", { class: "top-gap" }, qualityCounts({ quality: facts.summary.quality, counts: facts.summary.counts })),
      section("findings", "Findings", scrollBox("Findings", findings.length === 0 ? el("p", { class: "muted" }, "Every row could be used as it was.") : plainTable("Findings",
        [{ title: "What" }, { title: "How many", numeric: true }, { title: "Done" }, { title: "For example" }],
        findings.map((finding) => [capital(finding.reason), count(finding.count), finding.action || "\u2013", finding.example ? el("code", {}, finding.example) : "\u2013"])))),
      facts.summary.notes.length ? section("notes", "Notes of the run", el("ul", { class: "notice" }, ...facts.summary.notes.map((note) => el("li", {}, note)))) : null,
      section("series", "Series with a remark", bar.node, el("div", { class: "status" }, list.status), list.node))],
    shown: () => list.paint(),
    leave: () => list.destroy(),
  };
}
