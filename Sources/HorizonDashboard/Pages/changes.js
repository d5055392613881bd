// What became different since the run before: series that came to the list, left it, or whose date moved.
import { el, under } from "./elements.js";
import { count, isNumber, onDay, plural, shown } from "./format.js";
import { LongList } from "./long-list.js";
import { href, remember, toSeries } from "./router.js";

const KINDS = { new: "New risks", gone: "Gone risks", moved: "Moved dates" };
const NONE = { new: "No series came to the list.", gone: "No series left the list.", moved: "No date moved by more than 14 days." };

const at = (state) => (!state ? "not known" : state.crossed ? `over since ${onDay(state.date)}` : state.date ? onDay(state.date) : "later");

/** What happened, and its dates. */
function inWords({ before, now, moved_days: moved }) {
  if (isNumber(moved) && before && now) return [`${plural(Math.abs(moved), "day")} ${moved < 0 ? "sooner" : "later"}`, `${at(before)} \u2192 ${at(now)}`];
  if (now && now.severity !== "none") return [now.severity, now.date || now.crossed ? at(now) : "beyond the horizon, but possible"];
  return [`was ${before?.severity ?? "at risk"}`, now ? "no longer likely in time" : "no live readings with a ceiling any more"];
}

/** One change as an item of a list. */
export function changeLine(change) {
  const [first, second] = inWords(change);
  return el("li", {}, el("div", {}, el("a", { class: "name", href: toSeries(change.server, change.resource) }, shown(change.server)), under(`${change.resource} \u00b7 ${change.threshold_name}`)),
    el("div", { class: "what" }, first, under(second), change.reason ? under(change.reason) : null));
}

export async function draw({ params, run: facts }) {
  let kind = params.get("kind") in KINDS ? params.get("kind") : "new";
  const before = facts.summary.changes.run;
  const list = new LongList({
    label: "Changes", path: "/changes", address: (row) => toSeries(row.server, row.resource), words: (total) => plural(total, "change"), sortBy: () => {},
    empty: () => el("div", { class: "card state" }, el("h2", {}, NONE[kind]), el("p", {}, before ? `Compared with the run ${before}.` : "There is no earlier run to compare with: the next run shows what moved.")),
    columns: [
      { key: "server", title: "Server", width: 220, phoneWidth: 120, isName: true, text: (row) => shown(row.server), cell: (row) => el("span", { class: "under phone" }, row.resource) },
      { key: "resource", title: "Resource", width: 100, isSortable: false, cell: (row) => row.resource },
      { key: "threshold", title: "Threshold", width: 110, isSortable: false, cell: (row) => row.threshold_name },
      { key: "what", title: "What", width: 150, phoneWidth: 90, isForPhone: true, isSortable: false, cell: (row) => inWords(row)[0] },
      { key: "dates", title: "Before \u2192 now", width: 250, phoneWidth: 140, isForPhone: true, isSortable: false, cell: (row) => inWords(row)[1] },
      { key: "reason", title: "Why", width: 360, isSortable: false, cell: (row) => el("span", { title: row.reason ?? "" }, row.reason ?? "") },
    ],
  });
  const tabs = Object.entries(KINDS).map(([name, title]) => el("button", { class: "button", type: "button", "data-kind": name, onclick: () => show(name) }, `${title}: ${count(facts.summary.changes[name])}`));
  function show(name) {
    kind = name;
    remember("changes", [], { kind });
    return load();
  }
  function load() {
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.kind === kind));
    return list.load(new URLSearchParams({ kind }), "rank");
  }
  await load();
  return {
    title: "Changes",
    content: [el("div", { class: "wrap" }, el("p", { class: "crumbs" }, el("a", { href: href("fleet") }, "Fleet")), el("h1", {}, "Since the last run"),
      el("p", { class: "scope" }, before ? `Run ${facts.name} compared with run ${before}.` : "There is no earlier run to compare with."),
      el("div", { class: "status" }, list.status, el("span", { class: "group-buttons", role: "group", "aria-label": "Kind of change" }, ...tabs)), list.node)],
    shown: () => list.paint(),
    update({ params: next }) {
      if (next.get("kind") in KINDS) kind = next.get("kind");
      load();
    },
    leave: () => list.destroy(),
  };
}
