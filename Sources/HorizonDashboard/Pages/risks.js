// The ranked list: filters, sort and columns stand in the address; the server filters and sorts, the page shows what comes.
import { address } from "./api.js";
import { el, freshId, selectBox } from "./elements.js";
import { amount, chance, count, DASH, instant, isNumber, onDay, percent, plural, points } from "./format.js";
import { trust, TIERS, whenWords } from "./marks.js";
import { PagedRows } from "./rows.js";
import { asQuery, remember, toSeries } from "./router.js";
import { MOST_ROWS, WindowedTable } from "./table.js";

const phone = matchMedia("screen and (max-width: 720px)");
const WINDOWS = [30, 60, 90, 180];
/** What filters mean when the address does not name them. */
const DEFAULTS = { severity: "at-risk", threshold: "worst", sort: "rank" };
const FILTERS = ["q", "severity", "resource", "tier", "threshold", "within", "group", "from", "to"];

function heat(value, text) {
  return el("td", { class: "num heat", "--heat": isNumber(value) ? value : 0 }, text);
}

/** Every column there is. `field`: its name in the export; `wide`: shown by default; `phone`: on a phone as well. */
function allColumns({ facts, groupings }) {
  const { severities, asOf, horizonWords } = facts;
  const when = (days) => {
    const [first, second] = whenWords(days, asOf, horizonWords);
    return isNumber(days) ? [first, second ? el("span", { class: "under" }, second) : null] : [el("span", { class: "muted" }, first)];
  };
  return [
    { key: "server", title: "Server", width: 190, isName: true, isFixed: true, phone: true, text: (row) => row.server || "(no name)",
      cell: (row) => (phone.matches ? el("span", { class: "under" }, row.resource) : null) },
    { key: "resource", title: "Resource", width: 92, wide: true, cell: (row) => row.resource },
    ...groupings.map((name) => ({ key: `group:${name}`, title: name, width: 120, cell: (row) => row.groups?.[name] || DASH })),
    { key: "severity", title: "Severity", width: 100, wide: true, phone: true, cell: (row) => severities.badge(row.severity) },
    { key: "threshold", title: "Limit", long: "Threshold, percent of capacity", width: 68, numeric: true, wide: true, cell: (row) => percent(row.threshold) },
    { key: "current", title: "Now", long: "Utilization now, percent of capacity", width: 66, numeric: true, wide: true, cell: (row) => percent(row.current) },
    { key: "headroom", title: "Headroom", long: "Points between utilization now and the threshold", width: 96, numeric: true, cell: (row) => points(row.headroom) },
    ...WINDOWS.map((days) => ({ key: `p_breach_${days}d`, title: `${days}\u202fd`, long: `Probability of a breach within ${days} days`, width: 66, numeric: true,
      wide: true, phone: days === 90, cell: (row) => heat(row[`p_breach_${days}d`], chance(row[`p_breach_${days}d`])) })),
    { key: "days_to_breach_p50", title: "Breach date", long: "Median date of the first breach", width: 128, wide: true, phone: true, cell: (row) => when(row.days_to_breach_p50) },
    { key: "days_to_breach_p10", title: "Earliest", long: "One chance in ten that the first breach comes before", width: 128, cell: (row) => when(row.days_to_breach_p10) },
    { key: "days_to_breach_p90", title: "Latest", long: "Nine chances in ten that the first breach comes before", width: 128, cell: (row) => when(row.days_to_breach_p90) },
    { key: "tier", title: "Trust", long: "Trust in the forecast at that lead", width: 104, wide: true, cell: (row) => trust(row.tier) },
    { key: "order_by", title: "Order by", long: "Last day to order capacity", width: 116, wide: true, cell: (row) => orderBy(row, asOf) },
    { key: "recommended_capacity", title: "Needs", long: "Recommended capacity", width: 118, numeric: true, wide: true, cell: needs },
    { key: "reclaimable", title: "Reclaimable", long: "Capacity that can be taken away", width: 120, numeric: true, cell: (row) => (row.reclaimable > 0 ? amount(row.reclaimable, row.unit) : DASH) },
    { key: "reason", title: "Why", width: 420, sortable: false, cell: (row) => row.reason },
  ];
}

function orderBy(row, asOf) {
  if (!row.order_by) return el("span", { class: "muted" }, DASH);
  return instant(row.order_by) <= asOf ? el("strong", { title: `The safe day was ${onDay(row.order_by)}` }, "now") : onDay(row.order_by);
}

function needs(row) {
  const better = row.recommended_capacity;
  if (!isNumber(better)) return el("span", { class: "muted" }, DASH);
  return !isNumber(row.capacity) || better > row.capacity ? amount(better, row.unit) : el("span", { class: "muted" }, "enough");
}

/** The filters of an address, with the meaning of those that are not named. */
function readView(params) {
  const view = { columns: params.get("columns")?.split(",").filter(Boolean) ?? null, down: params.get("order") === "desc" };
  for (const name of FILTERS) view[name] = params.get(name) ?? DEFAULTS[name] ?? "";
  view.sort = params.get("sort") ?? DEFAULTS.sort;
  return view;
}

/** What of a view stands in the address. */
function addressOf(view) {
  const params = {};
  for (const name of FILTERS) if (view[name] !== (DEFAULTS[name] ?? "")) params[name] = view[name] || "any";
  if (view.sort !== DEFAULTS.sort) params.sort = view.sort;
  if (view.down) params.order = "desc";
  if (view.columns) params.columns = view.columns.join(",");
  return params;
}

export async function draw({ params, run: facts, signal }) {
  const groupings = facts.groupings.map((grouping) => grouping.name);
  const columns = allColumns({ facts, groupings });
  let view = readView(params);
  let rows = null;
  let table = null;
  let pending = null;

  const shown = el("span", { role: "status" });
  const actions = el("span", { class: "actions" });
  const filters = el("form", { class: "filters", role: "search", "aria-label": "Filter the risks", onsubmit: (event) => event.preventDefault() });
  const place = el("div");

  const chosenColumns = () => columns.filter((column) => column.isFixed || (view.columns ? view.columns.includes(column.key) : phone.matches ? column.phone : column.wide));

  /** The query of the API for this view, without paging. */
  const query = () => {
    const asked = {};
    for (const name of FILTERS) if (view[name] && view[name] !== "any") asked[name] = view[name];
    if (view.sort !== "rank") asked.sort = view.sort;
    if (view.down) asked.order = "desc";
    return asQuery(asked);
  };

  async function load() {
    rows?.stop();
    pending?.abort();
    pending = new AbortController();
    place.setAttribute("aria-busy", "true");
    const next = new PagedRows("/risks", query(), { came: () => table?.refresh(), failed: showProblem });
    rows = next;
    try {
      await next.start();
    } catch (problem) {
      if (problem.name !== "AbortError") showProblem(problem);
      return;
    }
    if (rows !== next) return;
    place.removeAttribute("aria-busy");
    drawRows();
  }

  function showProblem(problem) {
    place.removeAttribute("aria-busy");
    shown.textContent = "";
    place.replaceChildren(el("div", { class: "card state", role: "alert" }, el("h2", {}, problem.title), problem.detail ? el("p", {}, problem.detail) : null,
      problem.remedy ? el("p", {}, problem.remedy) : null, el("button", { class: "button", type: "button", onclick: load }, "Try again")));
  }

  function drawRows() {
    const total = rows.total;
    const isEach = view.threshold === "worst";
    shown.textContent = total === 0 ? "" : `${isEach ? `${count(total)} series` : plural(total, "row")}${total > MOST_ROWS ? `, the first ${count(MOST_ROWS)} are listed: narrow the list to see the rest` : ""}`;
    actions.hidden = total === 0;
    if (total === 0) {
      table?.destroy();
      table = null;
      place.replaceChildren(emptyState());
      return;
    }
    if (!table) {
      table = new WindowedTable({
        label: "Risks", columns: chosenColumns(), source: rows, sort: { key: view.sort, down: view.down },
        address: (row) => toSeries(row.server, row.resource), sorted: sortBy,
      });
      place.replaceChildren(table.node);
    } else {
      table.setSort({ key: view.sort, down: view.down });
      table.setSource(rows);
    }
    table.paint();
  }

  function emptyState() {
    const isUntouched = FILTERS.every((name) => view[name] === (DEFAULTS[name] ?? ""));
    return el("div", { class: "card state" },
      el("h2", {}, isUntouched ? "Nothing is at risk" : "No series fits these filters"),
      el("p", {}, isUntouched
        ? `No series is likely to cross a threshold within ${plural(facts.withinDays, "day")}. Series without a known ceiling are forecast, but cannot run out.`
        : "Take one filter away, or clear them all."),
      isUntouched
        ? el("button", { class: "button", type: "button", onclick: () => set({ severity: "any" }) }, "Show all series")
        : el("button", { class: "button", type: "button", onclick: clear }, "Clear the filters"));
  }

  function sortBy(column) {
    const starts = ["current", "recommended_capacity", "reclaimable"].includes(column.key) || column.key.startsWith("p_breach");
    if (view.sort !== column.key) set({ sort: column.key, down: starts });
    else if (view.down === starts) set({ down: !starts });
    else set({ sort: "rank", down: false });
  }

  function clear() {
    set({ ...Object.fromEntries(FILTERS.map((name) => [name, DEFAULTS[name] ?? ""])), sort: "rank", down: false });
  }

  /** Changes the view, the address, and what is listed. */
  function set(change) {
    view = { ...view, ...change };
    remember("risks", [], addressOf(view));
    drawFilters();
    drawActions();
    load();
  }

  // Filters keep their elements, so that typing and choosing never lose the place.
  const controls = {};
  function buildFilters() {
    const control = (key, label, choices) => {
      const box = selectBox(label, choices, view[key], (value) => set({ [key]: value }));
      controls[key] = box.querySelector("select");
      return box;
    };
    let typing = 0;
    const text = el("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: "part of a name", value: view.q,
      oninput: () => {
        clearTimeout(typing);
        typing = setTimeout(() => set({ q: text.value.trim() }), 180);
      } });
    controls.q = text;
    const day = (key, label) => {
      const box = el("input", { type: "date", value: view[key], onchange: () => set({ [key]: box.value }) });
      controls[key] = box;
      return el("label", {}, label, box);
    };
    const any = ["any", "any"];
    const groups = facts.groupings.flatMap((grouping) => grouping.groups.map((name) => [`${grouping.name}:${name}`, `${grouping.name}: ${name || "no group"}`]));
    filters.append(
      el("label", { class: "wide" }, "Server or resource", text),
      control("severity", "Severity", [["at-risk", "at risk"], ...facts.severities.names.map((name) => [name, name]), any]),
      control("resource", "Resource", [["", "any"], ...facts.resources.map((name) => [name, name])]),
      groups.length ? control("group", "Group", [["", "any"], ...groups]) : "",
      control("tier", "Trust", [["", "any"], ...TIERS.map((tier) => [tier, tier])]),
      control("within", "Breach", [["", "any time"], ["0", "over now"], ...facts.windows.map((days) => [String(days), `within ${days} days`])]),
      control("threshold", "Threshold", [["worst", "each series once"], ...facts.severities.thresholds.map((entry) => [entry.name, facts.severities.words(entry)]), ["any", "all, a row each"]]),
      day("from", "Breach from"), day("to", "Breach to"));
  }

  function drawFilters() {
    for (const [key, box] of Object.entries(controls)) {
      const value = key === "severity" || key === "threshold" ? view[key] || "any" : view[key];
      if (box.value !== value) box.value = value;
    }
  }

  const clearButton = el("button", { class: "button small", type: "button", onclick: clear }, "Clear");
  const exports = el("div", { class: "sheet" });
  const exportMenu = el("details", { class: "menu" }, el("summary", { class: "button small" }, "Export"), exports);
  const columnSheet = el("div", { class: "sheet" });
  const columnMenu = el("details", { class: "menu" }, el("summary", { class: "button small" }, "Columns"), columnSheet);
  actions.append(clearButton, columnMenu, exportMenu);

  function drawActions() {
    const chosen = chosenColumns();
    const fields = chosen.map((column) => column.key);
    const asked = (format) => {
      const all = query();
      all.set("columns", fields.join(","));
      all.set("format", format);
      return address("/risks/export", all);
    };
    exports.replaceChildren(el("p", { class: "muted" }, "The rows listed here, in this order, with these columns."),
      el("div", { class: "group-buttons" }, ...["csv", "json", "parquet"].map((format) =>
        el("a", { class: "button small", href: asked(format), download: `risks-${facts.name}.${format}` }, format === "parquet" ? "Parquet" : format.toUpperCase()))));
    const usual = freshId("usual");
    const boxes = columns.filter((column) => !column.isFixed).map((column) => el("label", { class: "check" },
      el("input", { type: "checkbox", name: column.key, checked: fields.includes(column.key), onchange: chooseColumns }), column.long ? `${column.title}: ${column.long}` : column.title));
    if (!columnSheet.contains(document.activeElement)) {
      columnSheet.replaceChildren(el("fieldset", {}, el("legend", {}, "Columns"), ...boxes),
        el("div", { class: "form-actions" }, el("button", { class: "button small", type: "button", id: usual, onclick: () => setColumns(null) }, "The usual ones")));
    }
  }

  function chooseColumns() {
    const names = [...columnSheet.querySelectorAll("input:checked")].map((box) => box.name);
    setColumns(columns.filter((column) => names.includes(column.key)).map((column) => column.key));
  }

  function setColumns(names) {
    view = { ...view, columns: names };
    remember("risks", [], addressOf(view));
    if (names === null) document.activeElement?.blur();
    table?.setColumns(chosenColumns());
    drawActions();
  }

  const followScreen = () => {
    table?.setColumns(chosenColumns());
    drawActions();
  };
  phone.addEventListener("change", followScreen);

  buildFilters();
  drawFilters();
  drawActions();
  signal.addEventListener("abort", () => rows?.stop());
  await load();

  return {
    title: "Risks",
    content: [el("div", { class: "wrap" },
      el("h1", {}, "Risks"), el("p", { class: "scope" }, "Ranked by date and consequence. A row opens its series; the address holds this view, so a link shares it."),
      filters, el("div", { class: "status" }, shown, actions), place)],
    shown: () => table?.paint(),
    update({ params: next }) {
      view = readView(next);
      drawFilters();
      drawActions();
      table?.setColumns(chosenColumns());
      load();
    },
    leave() {
      rows?.stop();
      table?.destroy();
      phone.removeEventListener("change", followScreen);
    },
  };
}
