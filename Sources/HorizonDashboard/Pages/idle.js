// What can be given back: idle servers and oversized capacity, each series counted once.
import { address } from "./api.js";
import { el, meter, plainTable, scrollBox, section } from "./elements.js";
import { FilterBar, filtersOf } from "./filters.js";
import { amount, count, number, percent, share, shown } from "./format.js";
import { exportMenu, LongList } from "./long-list.js";
import { trust } from "./marks.js";
import { remember, toRisks, toSeries } from "./router.js";

const FILTERS = ["kind", "text", "resource"];

export async function draw({ params, run: facts }) {
  let view = new URLSearchParams(params);
  const totals = el("div");
  const exportPlace = el("span", { class: "actions" });
  const list = new LongList({
    label: "Reclaimable capacity", path: "/reclaimable", address: (row) => toSeries(row.server, row.resource), words: (total) => `${count(total)} series`, isOneWay: true, downwards: ["share", "reclaimable"],
    heard: (answer) => totals.replaceChildren(totalsTable(answer.totals)),
    sortBy: (sort) => {
      if (sort) view.set("sort", sort);
      else view.delete("sort");
      renew();
    },
    empty: () => el("div", { class: "card state" }, el("h2", {}, "Nothing to give back"), el("p", {}, "No server is idle, and no series keeps 5\u202f% of its capacity free for the whole horizon",
      [...filtersOf(view, FILTERS).keys()].length ? " among those that fit these filters." : ".")),
    columns: [
      { key: "server", title: "Server", width: 220, phoneWidth: 130, isName: true, text: (row) => shown(row.server), cell: (row) => el("span", { class: "under phone" }, row.resource) },
      { key: "resource", title: "Resource", width: 96, isSortable: false, cell: (row) => row.resource },
      { key: "kind", title: "Why", width: 118, isSortable: false, cell: (row) => el("span", { class: `badge ${row.kind === "idle" ? "watch" : "none"}` }, row.kind) },
      { key: "reclaimable", title: "Reclaimable", width: 120, phoneWidth: 110, isForPhone: true, numeric: true, cell: (row) => amount(row.reclaimable, row.unit) },
      { key: "share", title: "Of its capacity", width: 130, phoneWidth: 106, isForPhone: true, cell: (row) => meter(row.share, share(row.share, 1)) },
      { key: "capacity", title: "Capacity", width: 110, numeric: true, isSortable: false, cell: (row) => amount(row.capacity, row.unit) },
      { key: "current", title: "Now", long: "Utilization now, percent of capacity", width: 76, numeric: true, isSortable: false, cell: (row) => percent(row.current) },
      { key: "tier", title: "Trust", width: 104, isSortable: false, cell: (row) => trust(row.tier) },
      ...facts.groups.slice(0, 2).map(({ column }) => ({ key: `group.${column}`, title: column, width: 120, isSortable: false, cell: (row) => row.group?.[column] ?? "\u2013" })),
    ],
  });
  const query = () => {
    const asked = filtersOf(view, FILTERS);
    if (view.get("sort")) asked.set("sort", view.get("sort"));
    return asked;
  };
  const load = () => {
    exportPlace.replaceChildren(exportMenu(`reclaimable-${facts.name}`, (format) => {
      const all = query();
      all.set("format", format);
      return address("/reclaimable", all);
    }));
    return list.load(query(), view.get("sort") ?? "share");
  };
  const renew = () => {
    remember("idle", [], view);
    return load();
  };
  const bar = new FilterBar({ label: "Filter what can be given back", view, changed: renew, controls: [
    { kind: "text", key: "text", label: "Server, resource or group", placeholder: "part of a name" },
    { kind: "many", key: "kind", label: "Why", none: "any", choices: [["idle", "idle"], ["oversized", "oversized"]] },
    { kind: "many", key: "resource", label: "Resource", none: "any", choices: facts.resources.map((name) => [name, name]) },
    ...(facts.groups.length ? [{ kind: "groups", groups: facts.groups }] : []),
  ] });
  await load();
  return {
    title: "Idle and oversized",
    content: [el("div", { class: "wrap" }, el("h1", {}, "Idle and oversized"),
      el("p", { class: "scope" }, "What can be given back without a breach in nineteen of twenty futures. Each series is counted once; one at risk is never listed."),
      section("totals", "In sum", totals), section("list", "Series by series", bar.node, el("div", { class: "status" }, list.status, exportPlace), list.node),
      el("p", { class: "hint" }, "Idle: the whole server\u2019s cpu stays under 10\u202f% of its capacity for the horizon, so all of its capacity counts. Oversized: capacity that can go while the 95\u202f% quantile of the forecast stays under ",
        `${facts.severities.words(facts.lowest)}.`))],
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

function totalsTable(totals) {
  if (totals.length === 0) return el("p", { class: "muted" }, "Nothing.");
  return scrollBox("What can be given back", plainTable("What can be given back", [
    { title: "Resource" }, { title: "Idle servers", numeric: true }, { title: "Idle capacity", numeric: true }, { title: "Oversized series", numeric: true }, { title: "Oversized by", numeric: true }, { title: "Together" },
  ], totals.map((entry) => {
    const together = entry.idle + entry.oversized;
    return [
      el("a", { href: toRisks({ resource: entry.resource, severity: "all", sort: "-reclaimable", columns: "server,resource,current,capacity,reclaimable,tier" }) }, entry.resource), count(entry.idle_servers), amount(entry.idle, entry.unit),
      count(entry.oversized_series), amount(entry.oversized, entry.unit), meter(together / entry.capacity, `${number(together)}\u202f${entry.unit ?? ""} (${share(together, entry.capacity)})`),
    ];
  })));
}
