// The ranked list: filters, sort and columns stand in the address; the server filters and sorts, the page shows what comes.
import { address } from "./api.js";
import { el } from "./elements.js";
import { FilterBar, filtersOf } from "./filters.js";
import { amount, chance, count, DASH, isNumber, percent, plural, points, shown } from "./format.js";
import { LongList, exportMenu } from "./long-list.js";
import { orderBy, trust, TIERS, whenWords } from "./marks.js";
import { remember, toSeries } from "./router.js";

const phone = matchMedia("screen and (max-width: 720px)");
const WINDOWS = [30, 60, 90, 180];
const FILTERS = ["text", "server", "resource", "severity", "tier", "threshold", "breach_within", "from", "to", "worst"];
/** Columns of which the most is asked for first. */
const DOWNWARDS = ["current", "recommended_capacity", "reclaimable", "capacity", ...WINDOWS.map((days) => `p_breach_${days}d`)];

/** Every column there is, by its name in the API. `isUsual`: shown unless the reader chooses; `isForPhone`: on a phone as well. */
export function riskColumns(facts) {
  const { severities } = facts;
  const when = (row, level) => {
    const days = row[`days_to_breach_${level}`];
    const [first, second] = whenWords(days, facts.asOf, facts.horizonWords);
    return isNumber(days) ? [first, second ? el("span", { class: "under" }, second) : null] : [el("span", { class: "muted" }, first)];
  };
  const heat = (value) => el("td", { class: "num heat", "--heat": isNumber(value) ? value : 0 }, chance(value));
  return [
    { key: "rank", title: "#", long: "Place in the whole ranking", width: 46, numeric: true, isUsual: true, cell: (row) => el("span", { class: "muted" }, count(row.rank + 1)) },
    { key: "server", title: "Server", width: 170, phoneWidth: 108, isName: true, isForPhone: true, text: (row) => shown(row.server), cell: (row) => el("span", { class: "under phone" }, row.resource) },
    { key: "resource", title: "Resource", width: 84, isUsual: true, cell: (row) => row.resource },
    ...facts.groups.map(({ column }) => ({ key: `group.${column}`, title: column, width: 126, cell: (row) => row.group?.[column] ?? DASH })),
    { key: "severity", title: "Severity", width: 100, phoneWidth: 82, isUsual: true, isForPhone: true, cell: (row) => severities.badge(row.severity) },
    { key: "threshold", title: "Limit", long: "Threshold, percent of capacity", width: 58, numeric: true, isUsual: true, cell: (row) => percent(row.threshold) },
    { key: "current", title: "Now", long: "Utilization now, percent of capacity", width: 58, numeric: true, isUsual: true, cell: (row) => percent(row.current) },
    { key: "headroom", title: "Headroom", long: "Points between utilization now and the threshold", width: 96, numeric: true, cell: (row) => points(row.headroom) },
    ...WINDOWS.filter((days) => facts.windows.includes(days)).map((days) => ({ key: `p_breach_${days}d`, title: `${days}\u202fd`, long: `Probability of a breach within ${days} days`,
      width: 62, phoneWidth: 52, numeric: true, isUsual: true, isForPhone: days === 90, cell: (row) => heat(row[`p_breach_${days}d`]) })),
    { key: "days_to_breach_p50", title: "Breach date", long: "Median date of the first breach", width: 116, phoneWidth: 106, isUsual: true, isForPhone: true, cell: (row) => when(row, "p50") },
    { key: "days_to_breach_p10", title: "Earliest", long: "One chance in ten that the first breach comes before", width: 126, cell: (row) => when(row, "p10") },
    { key: "days_to_breach_p90", title: "Latest", long: "Nine chances in ten that the first breach comes before", width: 126, cell: (row) => when(row, "p90") },
    { key: "tier", title: "Trust", long: "Trust in the forecast at that lead", width: 106, isUsual: true, cell: (row) => trust(row.tier) },
    { key: "order_by", title: "Order by", long: "Last day to order capacity", width: 108, isUsual: true, cell: (row) => orderBy(row.order_by, facts) },
    { key: "capacity", title: "Capacity", width: 110, numeric: true, cell: (row) => amount(row.capacity, row.unit) },
    { key: "recommended_capacity", title: "Needs", long: "Recommended capacity", width: 110, numeric: true, isUsual: true, cell: needs },
    { key: "reclaimable", title: "Reclaimable", long: "Capacity that can be taken away", width: 116, numeric: true, cell: (row) => (row.reclaimable > 0 ? amount(row.reclaimable, row.unit) : DASH) },
    { key: "reason", title: "Why", width: 440, isSortable: false, cell: (row) => el("span", { title: row.reason }, row.reason) },
  ];
}

function needs(row) {
  const better = row.recommended_capacity;
  if (!isNumber(better)) return el("span", { class: "muted" }, DASH);
  return !isNumber(row.capacity) || better > row.capacity ? amount(better, row.unit) : el("span", { class: "muted" }, "enough");
}

export async function draw({ params, run: facts }) {
  const columns = riskColumns(facts);
  let view = new URLSearchParams(params);
  const chosenColumns = () => {
    const named = view.get("columns")?.split(",");
    return columns.filter((column) => column.isName || (named ? named.includes(column.key) : phone.matches ? column.isForPhone : column.isUsual));
  };
  /** The filters as the API takes them. Each series stands once unless the address says otherwise or names a threshold. */
  const query = () => {
    const asked = filtersOf(view, FILTERS);
    if (asked.get("worst") === "false" || asked.has("threshold")) asked.delete("worst");
    else asked.set("worst", "true");
    if (view.get("sort")) asked.set("sort", view.get("sort"));
    return asked;
  };

  const list = new LongList({
    label: "Risks", path: "/risks", fitsScreen: false, columns: chosenColumns(), address: (row) => toSeries(row.server, row.resource), downwards: DOWNWARDS,
    words: (total) => (query().has("worst") ? `${count(total)} series` : plural(total, "row")), empty: () => emptyState(),
    sortBy: (sort) => change({ sort }),
  });
  const bar = new FilterBar({
    label: "Filter the risks", view, changed: () => renew(), controls: [
      { kind: "text", key: "text", label: "Server, resource or group", placeholder: "part of a name" },
      { kind: "many", key: "severity", label: "Severity", none: "at risk", all: "all", choices: facts.severities.names.map((name) => [name, name]) },
      { kind: "many", key: "resource", label: "Resource", none: "any", choices: facts.resources.map((name) => [name, name]) },
      ...(facts.groups.length ? [{ kind: "groups", groups: facts.groups }] : []),
      { kind: "many", key: "tier", label: "Trust", none: "any", choices: TIERS.map((name) => [name, name]) },
      { kind: "one", key: "breach_within", label: "Breach", choices: [["", "any time"], ["0", "over now"], ...facts.windows.map((days) => [String(days), `within ${days} days`])] },
      { kind: "day", key: "from", label: "Likely from" }, { kind: "day", key: "to", label: "Likely until" },
      { kind: "one", key: "threshold", label: "Threshold", choices: [["", "each series once"], ...facts.severities.thresholds.map((entry) => [entry.name, facts.severities.words(entry)])] },
    ],
  });

  const isFiltered = () => [...filtersOf(view, FILTERS).keys()].length > 0;

  function emptyState() {
    if (!isFiltered()) {
      return el("div", { class: "card state" }, el("h2", {}, "Nothing is at risk"),
        el("p", {}, `No series is likely to cross a threshold within ${plural(facts.within, "day")}. Series without a known ceiling are forecast, but cannot run out.`),
        el("button", { class: "button", type: "button", onclick: () => change({ severity: "all" }) }, "Show all series"));
    }
    return el("div", { class: "card state" }, el("h2", {}, "No series fits these filters"), el("p", {}, "Take a filter away, or clear them all."),
      el("button", { class: "button", type: "button", onclick: clear }, "Clear the filters"));
  }

  function change(values) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null) view.delete(name);
      else view.set(name, value);
    }
    bar.show(view);
    renew();
  }

  function clear() {
    for (const name of [...view.keys()]) if (name !== "columns") view.delete(name);
    bar.show(view);
    renew();
  }

  /** Writes the view into the address and lists what it says. */
  function renew() {
    remember("risks", [], view);
    drawActions();
    return list.load(query(), view.get("sort") ?? "rank");
  }

  // What is listed can be taken away: the same rows, order and columns.
  const columnSheet = el("div", { class: "sheet" });
  const exportPlace = el("span");
  const clearButton = el("button", { class: "button small", type: "button", onclick: clear }, "Clear");
  const actions = el("span", { class: "actions" }, clearButton, el("details", { class: "menu" }, el("summary", { class: "button small" }, "Columns"), columnSheet), exportPlace);

  function drawActions() {
    const chosen = chosenColumns().map((column) => column.key);
    clearButton.hidden = !isFiltered() && !view.has("sort");
    exportPlace.replaceChildren(exportMenu(`risks-${facts.name}`, (format) => {
      const all = query();
      all.set("columns", chosen.join(","));
      all.set("format", format);
      return address("/risks", all);
    }));
    if (columnSheet.contains(document.activeElement)) return;
    columnSheet.replaceChildren(el("fieldset", {}, el("legend", {}, "Columns"), ...columns.filter((column) => !column.isName).map((column) => el("label", { class: "check" },
      el("input", { type: "checkbox", name: column.key, checked: chosen.includes(column.key), onchange: chooseColumns }), column.long ? `${column.title}: ${column.long}` : column.title))),
    el("div", { class: "form-actions" }, el("button", { class: "button small", type: "button", onclick: () => setColumns(null) }, "The usual ones")));
  }

  function chooseColumns() {
    const names = [...columnSheet.querySelectorAll("input:checked")].map((box) => box.name);
    setColumns(columns.filter((column) => column.isName || names.includes(column.key)).map((column) => column.key));
  }

  function setColumns(names) {
    if (names === null) {
      view.delete("columns");
      columnSheet.closest("details").open = false;
    } else {
      view.set("columns", names.join(","));
    }
    remember("risks", [], view);
    list.setColumns(chosenColumns());
    drawActions();
  }

  const followScreen = () => {
    list.setColumns(chosenColumns());
    drawActions();
  };
  phone.addEventListener("change", followScreen);
  drawActions();
  await list.load(query(), view.get("sort") ?? "rank");

  return {
    title: "Risks",
    content: [el("div", { class: "wrap" },
      el("h1", {}, "Risks"), el("p", { class: "scope" }, "Ranked by date and consequence. A row opens its series; the address holds this view, so a link shares it."),
      bar.node, el("div", { class: "status" }, list.status, actions), list.node)],
    shown: () => list.paint(),
    ...list.forPage,
    update({ params: next }) {
      view = new URLSearchParams(next);
      bar.show(view);
      list.setColumns(chosenColumns());
      drawActions();
      list.load(query(), view.get("sort") ?? "rank");
    },
    leave() {
      list.destroy();
      phone.removeEventListener("change", followScreen);
    },
  };
}
