// The servers as a list, and one server with all its resources together.
import { get, seriesPath } from "./api.js";
import { fanChart, tableBehind } from "./chart.js";
import { el, plainTable, scrollBox, section } from "./elements.js";
import { FilterBar, filtersOf } from "./filters.js";
import { amount, count, isNumber, onDay, percent, plural, points, ratio, shown } from "./format.js";
import { LongList } from "./long-list.js";
import { trust } from "./marks.js";
import { href, remember, toRisks, toSeries, toServer } from "./router.js";
import { asChart, chartTables } from "./series-chart.js";

export const draw = (place) => (place.parts.length === 0 ? drawList(place) : drawServer(place));

async function drawList({ params, run: facts }) {
  let view = new URLSearchParams(params);
  const list = new LongList({
    label: "Servers", path: "/servers", address: (row) => toServer(row.server), words: (total) => plural(total, "server"), isOneWay: true, downwards: ["at_risk"],
    empty: () => el("div", { class: "card state" }, el("h2", {}, "No server fits these filters"), el("p", {}, "Take a filter away to see the others.")),
    sortBy: (sort) => {
      if (sort) view.set("sort", sort);
      else view.delete("sort");
      renew();
    },
    columns: [
      { key: "server", title: "Server", width: 240, phoneWidth: 130, isName: true, text: (row) => shown(row.server), cell: () => null },
      { key: "at_risk", title: "At risk", long: "Series at risk of all it has", width: 110, numeric: true, cell: (row) => `${count(row.at_risk)} of ${count(row.series)}` },
      { key: "severity", title: "Severity", width: 110, phoneWidth: 90, isForPhone: true, isSortable: false, cell: (row) => (row.severity ? facts.severities.badge(row.severity) : "\u2013") },
      { key: "resource", title: "First to run out", width: 140, isSortable: false, cell: (row) => row.resource ?? "\u2013" },
      { key: "breach_date", title: "Breach date", width: 130, phoneWidth: 112, isForPhone: true, isSortable: false, cell: (row) => (row.breach_date ? onDay(row.breach_date) : el("span", { class: "muted" }, "later")) },
      { key: "tier", title: "Trust", width: 110, isSortable: false, cell: (row) => (row.tier ? trust(row.tier) : "\u2013") },
      { key: "headroom", title: "Least headroom", width: 140, numeric: true, cell: (row) => points(row.headroom) },
      ...facts.groups.slice(0, 2).map(({ column }) => ({ key: `group.${column}`, title: column, width: 130, isSortable: false, cell: (row) => row.group?.[column] ?? "\u2013" })),
    ],
  });
  const load = () => {
    const query = filtersOf(view, ["text"]);
    return list.load(query, view.get("sort") ?? "rank");
  };
  const renew = () => {
    remember("servers", [], view);
    return load();
  };
  const bar = new FilterBar({ label: "Filter the servers", view, changed: renew, controls: [
    { kind: "text", key: "text", label: "Server or group", placeholder: "part of a name" }, ...(facts.groups.length ? [{ kind: "groups", groups: facts.groups }] : []),
  ] });
  await load();
  return {
    title: "Servers",
    content: [el("div", { class: "wrap" }, el("h1", {}, "Servers"), el("p", { class: "scope" }, "Each with what it runs out of first."), bar.node, el("div", { class: "status" }, list.status), list.node)],
    shown: () => list.paint(),
    ...list.forPage,
    update({ params: next }) {
      view = new URLSearchParams(next);
      bar.show(view);
      load();
    },
    leave: () => list.destroy(),
  };
}

async function drawServer({ parts, run: facts, signal }) {
  const [name] = parts;
  const server = await get(`/servers/${encodeURIComponent(name)}`, null, { signal });
  const groups = Object.entries(server.group ?? {}).filter(([, value]) => value);
  const places = server.resources.map((entry) => [entry, el("div", { "aria-busy": "true" }, el("div", { class: "bone tall", "aria-hidden": "true" }))]);
  const atRisk = server.resources.filter((entry) => entry.severity && entry.severity !== "none");
  return {
    title: shown(name),
    content: [
      el("div", { class: "masthead" }, el("div", { class: "wrap" },
        el("p", { class: "crumbs" }, el("a", { href: href("servers") }, "Servers")), el("h1", {}, shown(name)),
        el("p", { class: "scope" }, ...(groups.length ? groups.flatMap(([column, value], i) => [i ? "  \u00b7  " : "", `${column} `, el("a", { href: toRisks({ [`group.${column}`]: value }) }, value)]) : ["in no group of the inventory"])),
        el("p", { class: "headline" }, atRisk.length === 0 ? "None of its resources is at risk." : el("strong", {}, `${count(atRisk.length)} of ${plural(server.resources.length, "resource")} at risk.`),
          server.idle ? " It is idle: its cpu is hardly used." : ""),
        el("p", { class: "group-buttons" }, el("a", { class: "button", href: href("what-if", [], { server: name }) }, "What if\u2026")))),
      el("div", { class: "wrap" },
        section("resources", "Its resources", scrollBox("Resources", plainTable("Resources of this server", [
          { title: "Resource" }, { title: "Severity" }, { title: "Now", numeric: true }, { title: "Headroom", numeric: true }, { title: "Likely breach" }, { title: "Trust" }, { title: "Capacity", numeric: true },
          { title: "Reclaimable", numeric: true }, { title: "Forecast by" }, { title: "Loss to seasonal naive", numeric: true },
        ], server.resources.map((entry) => resourceRow(name, entry, facts))))),
        section("charts", "History and forecast", el("div", { class: "chart-grid" }, ...places.map(([entry, place]) => el("article", { class: "card chart" },
          el("div", { class: "chart-head" }, el("h3", {}, el("a", { class: "name", href: toSeries(name, entry.resource) }, entry.resource)), entry.severity ? facts.severities.badge(entry.severity) : null), place))))),
    ],
    shown: () => {
      for (const [entry, place] of places) drawResource(name, entry, place, signal);
    },
  };
}

function resourceRow(name, entry, facts) {
  const first = entry.risks.find((risk) => risk.severity === entry.severity) ?? entry.risks[0];
  const date = !first ? "\u2013" : isNumber(first.days_to_breach_p50) && first.days_to_breach_p50 <= 0 ? "over now" : first.breach_date ? onDay(first.breach_date) : "later";
  return [
    el("a", { href: toSeries(name, entry.resource) }, entry.resource), entry.severity ? facts.severities.badge(entry.severity) : el("span", { class: "muted" }, entry.live ? "no ceiling" : "ended"),
    percent(entry.current), points(entry.headroom), date, entry.tier ? trust(entry.tier) : "\u2013", amount(entry.capacity, entry.unit),
    entry.reclaimable > 0 ? amount(entry.reclaimable, entry.unit) : "\u2013", entry.champion ?? "\u2013", ratio(entry.loss_ratio),
  ];
}

async function drawResource(name, entry, place, signal) {
  try {
    const series = await get(seriesPath(name, entry.resource), null, { signal });
    const chart = asChart(series);
    if (!chart) {
      place.replaceChildren(el("p", { class: "muted" }, "Neither readings nor a forecast."));
    } else {
      const fan = fanChart(chart, { label: `${shown(name)} ${entry.resource}` });
      place.replaceChildren(el("p", { class: "muted chart-scope" }, [series.unit ? `in ${series.unit}` : "", isNumber(series.capacity) ? `capacity ${amount(series.capacity, series.unit)}` : "no known ceiling", `by ${series.model}`].filter(Boolean).join(" \u00b7 ")),
        fan.node, fan.readout, tableBehind(() => chartTables(chart)));
    }
  } catch (problem) {
    if (problem.name === "AbortError" || signal.aborted) return;
    place.replaceChildren(el("p", { class: "muted", role: "alert" }, `${problem.title}. ${problem.detail}`));
  }
  place.removeAttribute("aria-busy");
}
