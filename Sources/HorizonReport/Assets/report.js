// The page: reads the data once, fills the sections, keeps the table of risks to the rows that can be seen.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);

  /** An element; text is only ever written as text. */
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name.startsWith("--")) node.style.setProperty(name, value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  // Numbers and dates.

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
  const count = (value) => (isNumber(value) ? whole.format(value) : "\u2013");
  const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;
  const percent = (value) => (isNumber(value) ? `${digits.format(Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value))}\u202f%` : "\u2013");
  const amount = (value, unit) => (isNumber(value) ? digits.format(value) + (unit ? "\u202f" + unit : "") : "\u2013");
  function chance(p) {
    if (!isNumber(p)) return "\u2013";
    if (p <= 0) return "0\u202f%";
    if (p < 0.01) return "<1\u202f%";
    if (p >= 1) return "100\u202f%";
    return p > 0.99 ? ">99\u202f%" : `${Math.round(p * 100)}\u202f%`;
  }
  const asOf = Date.parse(data.asOf.length === 10 ? data.asOf + "T00:00:00Z" : data.asOf);
  const finer = !/^(day|week|\d+d)$/.test(data.settings.step);
  function dateAfter(days) {
    if (!isNumber(days) || Number.isNaN(asOf)) return "\u2013";
    const text = new Date(asOf + days * 86400000).toISOString();
    return finer && Math.abs(days) < 14 ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : text.slice(0, 10);
  }
  const asOfText = data.asOf.length === 10 ? data.asOf : data.asOf.replace("T", " ").replace(/(:\d\d):00(\.0+)?Z$/, "$1 UTC");
  function inDays(days) {
    const rounded = Math.abs(days) < 3 ? Math.round(Math.abs(days) * 10) / 10 : Math.round(Math.abs(days));
    return finer && rounded < 2 ? plural(Math.round(Math.abs(days) * 24), "hour") : `${digits.format(rounded)} ${rounded === 1 ? "day" : "days"}`;
  }
  const stepWord = { day: "daily", hour: "hourly", week: "weekly" }[data.settings.step] ?? `every ${data.settings.step}`;
  const leadWord = { day: "days", hour: "hours", week: "weeks" }[data.settings.step] ?? `steps of ${data.settings.step}`;
  const horizonWords = `${count(data.settings.horizon)} ${leadWord}`;

  // Severities, the most severe first.

  const thresholds = data.settings.thresholds.slice().sort((a, b) => b.value - a.value);
  const severities = [...thresholds.map((threshold) => threshold.name), "watch", "none"];
  const severityRank = new Map(severities.map((name, i) => [name, i]));
  const rankOf = (name) => severityRank.get(name) ?? severities.length - 1;
  const tone = (name) => (name === "watch" ? "watch" : rankOf(name) >= thresholds.length ? "none" : rankOf(name) === 0 ? "most" : "next");
  const badge = (name) => el("span", { class: "badge " + tone(name) }, name);
  const trust = (tier) => el("span", { class: "trust " + tier }, tier);
  const tierRank = { high: 0, medium: 1, low: 2 };

  // Rows out of their columns.

  const columns = data.risks;
  const total = columns.chart.length;
  const word = (column) => (row) => column.words[column.indices[row]];
  const server = word(columns.server), resource = word(columns.resource), severity = word(columns.severity);
  const threshold = word(columns.threshold), tier = word(columns.tier), orderBy = word(columns.orderBy);
  const unit = word(columns.unit), reason = word(columns.reason), trustReason = word(columns.trustReason);
  const outlook = (row) => columns.outlook[row], act = word(columns.action), trustWords = word(columns.trust);
  const windows = [30, 60, 90, 180];
  const within = { 30: columns.within30, 60: columns.within60, 90: columns.within90, 180: columns.within180 };
  const isOver = (row) => isNumber(columns.daysP50[row]) && columns.daysP50[row] <= 0;
  const WHOLE = -1;
  const inWindow = (row, days) => (days === 0 ? isOver(row) : days === WHOLE ? isNumber(columns.daysP50[row]) : within[days][row] >= 0.5);
  /** The windows that the horizon reaches: 0 is now, WHOLE the horizon itself. */
  const reached = data.fleet.windows.filter((entry) => isNumber(entry.count)).map((entry) => ({ ...entry, days: entry.days ?? WHOLE }));
  const columnsShown = windows.filter((days) => reached.some((entry) => entry.days === days));
  const mainWindow = columnsShown.includes(90) ? 90 : columnsShown[columnsShown.length - 1];
  const windowWords = (days) => (days === 0 ? "over now" : days === WHOLE ? "within the horizon" : `within ${days} days`);
  const seriesOf = (row) => columns.server.indices[row] * columns.resource.words.length + columns.resource.indices[row];
  const lowerServers = columns.server.words.map((name) => name.toLowerCase());
  const lowerResources = columns.resource.words.map((name) => name.toLowerCase());

  // Header.

  function fillHeader() {
    const series = data.inputs.series;
    const counts = Object.fromEntries(data.fleet.severities.map((entry) => [entry.name, entry.count]));
    const atRisk = thresholds.reduce((sum, entry) => sum + (counts[entry.name] ?? 0), 0);
    const over = data.fleet.windows.find((entry) => entry.days === 0)?.count ?? 0;
    $("title").textContent = data.title;
    $("scope").textContent = [
      `As of ${asOfText}`, plural(data.inputs.servers, "server"), `${count(series.total)} series`, `${stepWord} readings`,
      `looking ${horizonWords} ahead`,
    ].join("  \u00b7  ");
    const headline = $("headline");
    if (total === 0) {
      headline.append(el("strong", {}, "No series has a ceiling, so nothing can be said to run out."), " Forecasts are in forecasts.parquet.");
    } else if (atRisk === 0) {
      headline.append(
        el("strong", {}, "Nothing is expected to cross a threshold"), ` within ${plural(data.settings.withinDays, "day")}`,
        counts.watch ? `; ${count(counts.watch)} series are worth watching.` : ".");
    } else {
      headline.append(
        el("strong", {}, `${count(atRisk)} of ${count(data.fleet.series)} series`),
        ` ${atRisk === 1 ? "is" : "are"} over a threshold or more likely than not to be within ${plural(data.settings.withinDays, "day")}; `,
        over === 0 ? "none is over now" : `${count(over)} ${over === 1 ? "is" : "are"} over now`,
        counts.watch ? ` and ${count(counts.watch)} more ${counts.watch === 1 ? "is" : "are"} worth watching.` : ".");
    }
    if (total > 0 && series.withoutCeiling > 0) {
      headline.append(` ${count(series.withoutCeiling)} series without a known ceiling `, el("a", { href: "#quality" }, "are not judged"), ".");
    }
    if (total > 0) $("tiles").append(...reached.map((entry) => el("li", {}, tile(entry))));
  }

  function tile(entry) {
    const caption = entry.days === 0 ? "Over a threshold now" : entry.days === WHOLE ? `Within the horizon, ${horizonWords}` : `Within ${entry.days} days`;
    const parts = thresholds.map((line) => `${line.name} ${count(entry.thresholds.find((part) => part.name === line.name)?.count ?? 0)}`);
    return el("button", {
      class: "tile" + (entry.days === 0 && entry.count > 0 ? " now" : ""), type: "button", "data-window": entry.days, "aria-pressed": "false",
      onclick: () => showWindow(view.window === entry.days ? null : entry.days, ""),
    }, el("span", { class: "caption" }, caption), el("span", { class: "figure" }, count(entry.count)), el("span", { class: "detail" }, parts.join(" \u00b7 ")));
  }

  // What to do first, and what became different.

  const rowOf = new Map();
  for (let row = 0; row < total; row++) {
    const key = `${server(row)}\u0000${resource(row)}`;
    if (!rowOf.has(key)) rowOf.set(key, row);
  }

  /** Opens a row of the table, whatever it was filtered by. */
  function openRow(row) {
    show({ ...initial, severity: severity(row) === "none" ? "" : initial.severity, threshold: "" });
    $("risks").scrollIntoView();
    toggle(row);
    table.elements.get(row)?.querySelector(".open-row").focus({ preventScroll: true });
  }

  function fillFirst() {
    const rows = [...rowOf.values()].filter((row) => rankOf(severity(row)) < thresholds.length).slice(0, 4);
    if (rows.length === 0) return;
    $("first").hidden = false;
    $("first-grid").append(...rows.map((row) => el("article", { class: "card first " + tone(severity(row)) },
      el("h3", {}, el("button", { class: "name", type: "button", onclick: () => openRow(row) }, `${server(row) || "(no name)"} \u00b7 ${resource(row)}`), badge(severity(row))),
      el("p", {}, outlook(row)), act(row) ? el("p", { class: "act" }, act(row)) : null, trustWords(row) ? el("p", { class: "muted" }, trustWords(row)) : null)));
  }

  function fillChanges() {
    const changes = data.changes;
    const body = $("changes-body");
    if (!changes.run) {
      body.append(el("p", { class: "hint" }, "There is no earlier run to compare with: this is the first one of its workspace, or it was made with --fresh."));
      return;
    }
    const at = (state) => (!state ? "not known" : state.isCrossed ? `over since ${state.date}` : state.date ?? "later");
    const what = (change) => {
      const { before, now } = change;
      if (change.movedDays !== undefined && before && now) {
        const days = Math.abs(change.movedDays);
        return [`${plural(days, "day")} ${change.movedDays < 0 ? "sooner" : "later"}`, `${at(before)} \u2192 ${at(now)}`];
      }
      if (now && now.severity !== "none") return [now.severity, now.date || now.isCrossed ? at(now) : "beyond the horizon, but possible"];
      return [`was ${before?.severity ?? "at risk"}`, now ? "no longer likely in time" : "no live readings with a ceiling any more"];
    };
    const line = (change) => {
      const row = rowOf.get(`${change.server}\u0000${change.resource}`);
      const name = change.server || "(no name)";
      const [first, second] = what(change);
      return el("li", {}, el("div", {}, row === undefined ? el("strong", {}, name) : el("button", { class: "name", type: "button", onclick: () => openRow(row) }, name), el("span", { class: "under" }, `${change.resource} \u00b7 ${change.threshold}`)),
        el("div", { class: "what" }, first, el("span", { class: "under" }, second), change.reason ? el("span", { class: "under" }, change.reason) : null));
    };
    const card = (list, title, none) => {
      const head = el("h3", {}, el("span", { class: "figure" }, count(list.count)), title);
      const items = list.first.map(line);
      const rest = items.slice(5);
      return el("div", { class: "card pad" }, head, items.length === 0 ? el("p", { class: "muted" }, none) : el("ul", { class: "list" }, ...items.slice(0, 5)),
        rest.length === 0 ? null : el("details", {}, el("summary", {}, `${plural(rest.length, "more", "more")}${list.count > list.first.length ? ` of ${count(list.count)}` : ""}`), el("ul", { class: "list" }, ...rest)));
    };
    body.append(el("p", { class: "hint" }, `Compared with the run ${changes.run}.`),
      el("div", { class: "thirds" }, card(changes.appeared, "new risks", "No series came to the list."), card(changes.gone, "gone risks", "No series left the list."),
        card(changes.moved, "dates moved by more than 14 days", "Every date stands where it stood.")));
  }

  // Headroom: one table for each column of the inventory.

  let grouping = 0, allGroups = false;
  const MOST_GROUPS = 12;

  function fillHeadroom() {
    const headroom = data.headroom;
    if (headroom.all.length === 0) return;
    $("headroom").hidden = false;
    const lowest = thresholds[thresholds.length - 1];
    $("headroom-hint").textContent = `Points between utilization now and ${digits.format(lowest.value)} %: the median series, the worst one, and how many are at risk within ${plural(data.settings.withinDays, "day")}. ` +
      (headroom.groupings.length ? "Choose a cell to list its series." : "With an inventory (--inventory FILE) this table is kept by region, application or whatever its columns are.");
    if (headroom.groupings.length > 1) {
      $("headroom-actions").append(el("label", { class: "inline" }, "Group by", el("select", { id: "grouping", onchange: (event) => chooseGrouping(Number(event.target.value)) },
        ...headroom.groupings.map((entry, i) => el("option", { value: String(i) }, entry.name)))));
    }
    drawHeadroom();
  }

  function chooseGrouping(index) {
    grouping = index;
    allGroups = false;
    drawHeadroom();
    fillGroupFilter();
    show({ group: "" });
  }

  function drawHeadroom() {
    const headroom = data.headroom;
    const chosen = headroom.groupings[grouping];
    const rows = chosen ? chosen.groups.map((name, i) => ({ name: name || "no group", value: String(i), cells: chosen.cells[i] })) : [];
    const shown = allGroups ? rows : rows.slice(0, MOST_GROUPS);
    const share = (cell) => (cell ? cell.atRisk / cell.series : 0);
    const most = Math.max(0.02, ...[...rows.flatMap((row) => row.cells), ...headroom.all].map(share));
    const points = (value) => (Math.abs(value) < 9.95 ? digits.format(value) : whole.format(value)).replace("-", "\u2212");
    const cell = (row, entry, i) => {
      if (!entry) return el("td", { class: "muted" }, "\u2013");
      const name = headroom.resources[i];
      return el("td", { class: "heat room", "--heat": (0.95 * share(entry)) / most },
        el("button", { class: "pick", type: "button", "aria-label": `${row.name}, ${name}: median headroom ${points(entry.median)} points, worst ${points(entry.worst)}, ${count(entry.atRisk)} of ${count(entry.series)} series at risk. Show them`,
          onclick: () => {
            show({ ...initial, group: row.value, resource: name, severity: entry.atRisk > 0 ? initial.severity : "" });
            $("risks").scrollIntoView();
          } },
        el("span", { class: "median" }, points(entry.median)), el("span", { class: "under" }, `worst ${points(entry.worst)}`), el("span", { class: "under" + (entry.atRisk ? " hit" : "") }, entry.atRisk ? `${count(entry.atRisk)} at risk` : "none at risk")));
    };
    const line = (row) => el("tr", {}, el("th", { scope: "row" }, row.name, el("span", { class: "under" }, `${count(row.cells.reduce((sum, entry) => sum + (entry?.series ?? 0), 0))} series`)), ...row.cells.map((entry, i) => cell(row, entry, i)));
    $("headroom-box").replaceChildren(el("table", { class: "plain rooms" },
      el("caption", { class: "hidden-text" }, chosen ? `Headroom by ${chosen.name} and resource` : "Headroom by resource"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, chosen ? chosen.name : "Fleet"), ...headroom.resources.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...shown.map(line), line({ name: rows.length ? "all" : "all servers", value: "", cells: headroom.all }))));
    $("headroom-more").replaceChildren();
    if (rows.length > shown.length) {
      $("headroom-more").append(el("button", { class: "button", type: "button", onclick: () => {
        allGroups = true;
        drawHeadroom();
        $("headroom-box").focus();
      } }, `Show all ${count(rows.length)} groups`));
    }
  }

  function fillGroupFilter() {
    const chosen = data.headroom.groupings[grouping];
    const label = $("filter-group").parentNode;
    label.hidden = !chosen;
    if (!chosen) return;
    label.firstChild.textContent = chosen.name;
    $("filter-group").replaceChildren(el("option", { value: "" }, "any"), ...chosen.groups.map((name, i) => el("option", { value: String(i) }, name || "no group")));
    if ($("grouping")) $("grouping").value = String(grouping);
  }

  function fillOutlook() {
    if (total === 0) return;
    $("outlook").hidden = false;
    const entries = reached;
    const names = entries[0]?.resources.map((part) => part.name) ?? [];
    const most = Math.max(1, ...entries.flatMap((entry) => entry.resources.map((part) => part.count)));
    const title = (entry) => (entry.days === 0 ? "now" : entry.days === WHOLE ? "horizon" : `${entry.days} days`);
    const cell = (entry, name, value, share) => el("td", { class: "num heat", "--heat": share },
      el("button", {
        class: "pick", type: "button", onclick: () => showWindow(entry.days, name),
        "aria-label": `${count(value)} ${name || "series"} ${windowWords(entry.days)}, show them`,
      }, count(value)));
    const rows = names.map((name) => el("tr", {}, el("th", { scope: "row" }, name), ...entries.map((entry) => {
      const value = entry.resources.find((part) => part.name === name)?.count ?? 0;
      return cell(entry, name, value, value / most);
    })));
    rows.push(el("tr", {}, el("th", { scope: "row" }, "all"), ...entries.map((entry) => cell(entry, "", entry.count, 0))));
    $("outlook-table").append(el("div", { class: "scroll" }, el("table", { class: "plain windows" },
      el("caption", {}, "Series over a threshold, by resource"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Resource"), ...entries.map((entry) => el("th", { scope: "col", class: "num" }, title(entry))))),
      el("tbody", {}, ...rows))));

    const bars = (heading, list, kind, style, act) => {
      const top = Math.max(1, ...list.map((entry) => entry.count));
      return el("table", { class: "plain" }, el("caption", {}, heading), el("tbody", {}, ...list.map((entry) => el("tr", {},
        el("th", { scope: "row" }, style(entry.name)),
        el("td", {}, el("div", { class: "meter" }, el("span", { class: "track" }, el("span", { class: "fill " + kind(entry.name), "--share": entry.count / top })),
          el("button", { class: "pick value", type: "button", onclick: () => act(entry.name), "aria-label": `${count(entry.count)} ${entry.name}, show them` }, count(entry.count))))))));
    };
    const atRisk = data.fleet.severities.filter((entry) => entry.name !== "none");
    $("outlook-counts").append(
      bars("At risk, by severity", atRisk, tone, badge, (name) => show({ severity: name })),
      el("div", { class: "hint" }),
      bars("At risk, by trust in the forecast", data.fleet.tiers, () => "calm", trust, (name) => show({ severity: "at risk", tier: name })));
  }

  // The ranked table. `list` holds the rows that pass the filters, in order; only those in sight are elements.

  const initial = { text: "", severity: "at risk", tier: "", resource: "", group: "", threshold: "worst", window: null, sort: "rank", down: false };
  const view = { ...initial };
  const table = { list: [], open: -1, openHeight: 0, elements: new Map(), chart: null };

  const windowClass = (days) => `c-p c-p${days}${days === mainWindow ? "" : " c-p-more"}`;
  const heading = [
    { key: "rank", title: "#", class: "c-rank num", long: "Rank", value: (row) => row },
    { key: "server", title: "Server", class: "c-server", value: server },
    { key: "resource", title: "Resource", class: "c-resource", value: resource },
    { key: "severity", title: "Severity", class: "c-severity", value: (row) => rankOf(severity(row)) },
    { key: "threshold", title: "Limit", class: "c-threshold num", long: "Threshold, percent of capacity", value: (row) => columns.thresholdValue[row] },
    { key: "now", title: "Now", class: "c-now num", long: "Utilization now, percent of capacity", down: true, value: (row) => columns.current[row] },
    { key: "headroom", title: "Headroom", class: "c-headroom num", long: "Points between utilization now and the threshold", value: (row) => columns.headroom[row] },
    ...columnsShown.map((days) => ({ key: "p" + days, title: `${days}\u202fd`, class: windowClass(days) + " num", long: `Probability of a breach within ${days} days`, down: true, value: (row) => within[days][row] })),
    { key: "when", title: "Breach date", class: "c-when", long: "Median date of the first breach", value: (row) => columns.daysP50[row] },
    { key: "tier", title: "Trust", class: "c-tier", long: "Trust in the forecast at that lead", value: (row) => tierRank[tier(row)] ?? 3 },
    { key: "order", title: "Order by", class: "c-order", long: "Last day to order capacity", value: (row) => orderBy(row) || null },
    { key: "capacity", title: "Needs", class: "c-capacity num", long: "Recommended capacity", down: true, value: (row) => columns.recommendedCapacity[row] },
  ];

  function select(label, key, choices) {
    const box = el("select", { id: "filter-" + key, onchange: (event) => show({ [key]: event.target.value }) },
      ...choices.map(([value, text]) => el("option", { value }, text)));
    return el("label", {}, label, box);
  }

  function buildFilters() {
    const names = columns.resource.words.slice().sort();
    const form = $("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.append(
      el("label", { class: "wide" }, "Server or resource", el("input", { id: "filter-text", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "part of a name",
        oninput: (event) => show({ text: event.target.value }) })),
      select("Severity", "severity", [["at risk", "at risk"], ...severities.map((name) => [name, name]), ["", "any"]]),
      select("Resource", "resource", [["", "any"], ...names.map((name) => [name, name])]),
      select("Group", "group", []),
      select("Trust", "tier", [["", "any"], ["high", "high"], ["medium", "medium"], ["low", "low"]]),
      select("Breach", "window", [["", "any time"], ...reached.map((entry) => [String(entry.days), windowWords(entry.days)])]),
      select("Threshold", "threshold", [["worst", "each series once"], ...thresholds.map((entry) => [entry.name, `${entry.name} ${digits.format(entry.value)} %`]), ["", "all, a row each"]]));
    fillGroupFilter();
    $("risk-actions").append(
      el("button", { class: "button small", type: "button", id: "reset", onclick: () => show({ ...initial }) }, "Reset"),
      el("button", { class: "button small", type: "button", onclick: saveCSV }, "Save these rows as CSV"));
  }

  function showWindow(days, name) {
    show({ ...initial, window: days, resource: name, severity: days === null ? initial.severity : "" });
    $("risks").scrollIntoView();
  }

  /** Changes the view, then everything that follows from it. */
  function show(change) {
    Object.assign(view, change);
    if (view.window === "") view.window = null;
    if (view.window !== null) view.window = Number(view.window);
    for (const key of ["severity", "resource", "group", "tier", "threshold"]) $("filter-" + key).value = view[key];
    $("filter-window").value = view.window === null ? "" : String(view.window);
    if ($("filter-text").value !== view.text) $("filter-text").value = view.text;
    document.querySelectorAll("[data-window]").forEach((node) => node.setAttribute("aria-pressed", String(Number(node.dataset.window) === view.window)));
    table.list = sorted(filtered());
    close();
    for (const node of table.elements.values()) node.remove();
    table.elements.clear();
    $("risk-box").scrollTop = 0;
    describeList();
    paint();
  }

  function filtered() {
    const text = view.text.trim().toLowerCase();
    const serverHit = lowerServers.map((name) => !text || name.includes(text));
    const resourceHit = lowerResources.map((name) => !text || name.includes(text));
    const both = (row) => {
      if (!text || serverHit[columns.server.indices[row]] || resourceHit[columns.resource.indices[row]]) return true;
      return `${lowerServers[columns.server.indices[row]]} ${lowerResources[columns.resource.indices[row]]}`.includes(text);
    };
    let rows = [];
    for (let row = 0; row < total; row++) {
      if (view.resource && resource(row) !== view.resource) continue;
      if (view.group !== "" && data.headroom.groupings[grouping].members[columns.server.indices[row]] !== Number(view.group)) continue;
      if (view.threshold && view.threshold !== "worst" && threshold(row) !== view.threshold) continue;
      if (view.window !== null && !inWindow(row, view.window)) continue;
      if (both(row)) rows.push(row);
    }
    if (view.threshold === "worst") {
      const best = new Map();
      for (const row of rows) {
        const seen = best.get(seriesOf(row));
        if (seen === undefined || rankOf(severity(row)) < rankOf(severity(seen))) best.set(seriesOf(row), row);
      }
      rows = rows.filter((row) => best.get(seriesOf(row)) === row);
    }
    return rows.filter((row) => (!view.tier || tier(row) === view.tier) &&
      (!view.severity || (view.severity === "at risk" ? severity(row) !== "none" : severity(row) === view.severity)));
  }

  function sorted(rows) {
    if (view.sort === "rank") return view.down ? rows.reverse() : rows;
    const { value } = heading.find((entry) => entry.key === view.sort);
    const keys = new Map(rows.map((row) => [row, value(row)]));
    const sign = view.down ? -1 : 1;
    const collator = new Intl.Collator("en", { numeric: true });
    return rows.sort((a, b) => {
      const left = keys.get(a), right = keys.get(b);
      // Unknown stands last whichever way the column is sorted.
      if (left === null || right === null) return (left === null) - (right === null) || a - b;
      return sign * (typeof left === "string" ? collator.compare(left, right) : left - right) || a - b;
    });
  }

  function describeList() {
    const shown = table.list.length;
    const what = view.threshold === "worst" ? "series" : shown === 1 ? "row" : "rows";
    const outOf = view.threshold === "worst" ? data.fleet.series : total;
    $("shown").textContent = shown === 0 ? "" : `${count(shown)} of ${count(outOf)} ${what}`;
    $("risk-box").hidden = shown === 0;
    const empty = $("risk-empty");
    empty.hidden = shown > 0;
    empty.replaceChildren();
    if (shown > 0) return;
    if (total === 0) {
      empty.append("There is nothing to rank: no series has a ceiling. Give a capacity column, or say the unit with --unit, and run again.");
      return;
    }
    const untouched = Object.keys(initial).every((key) => key === "sort" || key === "down" || view[key] === initial[key]);
    empty.append(untouched ? `No series is likely to cross a threshold within ${plural(data.settings.withinDays, "day")}.` : "No series fits these filters.",
      el("button", { class: "button small", type: "button", onclick: () => show(untouched ? { severity: "" } : { ...initial }) }, untouched ? "Show all series" : "Clear the filters"));
  }

  let body, before, after;
  function buildTable() {
    if (total === 0) {
      for (const id of ["filters", "risk-actions", "risk-hint"]) $(id).hidden = true;
      return;
    }
    const head = el("tr", {}, ...heading.map((entry) => el("th", { scope: "col", class: entry.class, "data-key": entry.key },
      el("button", { type: "button", title: entry.long, "aria-label": entry.long ? `${entry.title}: ${entry.long}` : null, onclick: () => sortBy(entry) }, entry.title))));
    before = el("tr", { class: "space", "aria-hidden": "true" }, el("td"));
    after = before.cloneNode(true);
    body = el("tbody", {}, before, after);
    const node = el("table", { class: "risk", "aria-labelledby": "risks-title" },
      el("colgroup", {}, ...heading.map((entry) => el("col", { class: entry.class }))), el("thead", {}, head), body);
    const box = $("risk-box");
    box.append(node);
    let waiting = false;
    const repaint = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        paint();
      });
    };
    box.addEventListener("scroll", repaint, { passive: true });
    new ResizeObserver(() => {
      table.detail?.firstChild.setAttribute("colspan", visibleColumns());
      repaint();
    }).observe(box);
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr.row");
      if (row && !String(getSelection())) toggle(Number(row.dataset.row), event.target.closest("button") !== null);
    });
    $("risk-hint").textContent = data.fleet.riskRows > total
      ? `The page holds the first ${count(total)} of ${count(data.fleet.riskRows)} rows; all are in risks.parquet and risks.csv. Open a row for its chart and the reason.`
      : "Open a row for its chart, the dates in words and the reason for its trust.";
  }

  function sortBy(entry) {
    const same = view.sort === entry.key;
    show({ sort: entry.key, down: same ? !view.down : Boolean(entry.down) });
  }

  function paint() {
    if (total === 0 || table.list.length === 0) return;
    document.querySelectorAll(".risk thead th").forEach((node) => {
      if (node.dataset.key === view.sort) node.setAttribute("aria-sort", view.down ? "descending" : "ascending");
      else node.removeAttribute("aria-sort");
    });
    const box = $("risk-box");
    const height = rowHeight();
    const room = box.clientHeight || 700;
    const openAt = table.open < 0 ? -1 : table.list.indexOf(table.open);
    const extra = openAt < 0 ? 0 : table.openHeight;
    const top = box.scrollTop;
    const indexAt = (y) => {
      if (openAt < 0 || y < (openAt + 1) * height) return Math.floor(y / height);
      return Math.max(openAt, Math.floor((y - extra) / height));
    };
    const first = printing ? 0 : Math.max(0, indexAt(top) - 8);
    const last = printing ? Math.min(table.list.length, 100) : Math.min(table.list.length, indexAt(top + room) + 9);
    const keep = new Set(table.list.slice(first, last));
    for (const [row, node] of table.elements) {
      if (keep.has(row)) continue;
      node.remove();
      table.elements.delete(row);
    }
    let place = before;
    for (let i = first; i < last; i++) {
      const row = table.list[i];
      let node = table.elements.get(row);
      if (!node) {
        node = rowElement(row);
        table.elements.set(row, node);
      }
      node.setAttribute("aria-rowindex", String(i + 2));
      if (place.nextSibling !== node) place.after(node);
      place = node;
      if (row === table.open && table.detail) {
        if (place.nextSibling !== table.detail) place.after(table.detail);
        place = table.detail;
      }
    }
    const openSeen = openAt >= first && openAt < last;
    if (table.detail && !openSeen) table.detail.remove();
    const set = (node, rows, passed) => {
      node.style.height = `${rows * height + (passed ? extra : 0)}px`;
      node.hidden = rows === 0 && !passed;
    };
    set(before, first, openAt >= 0 && openAt < first);
    set(after, printing ? 0 : table.list.length - last, openAt >= last);
    body.parentNode.setAttribute("aria-rowcount", String(table.list.length + 1));
  }

  const phone = matchMedia("screen and (max-width: 720px)");
  const rowHeight = () => (phone.matches ? 56 : 46);

  /** A cell that spans more columns than there are would add empty ones. */
  const visibleColumns = () => [...document.querySelectorAll(".risk thead th")].filter((node) => node.offsetWidth > 0).length;

  function whenText(row) {
    const days = columns.daysP50[row];
    if (!isNumber(days)) return ["later", `later than ${horizonWords}`];
    if (days <= 0) return ["over now", days > -0.5 ? "over now" : `for ${inDays(days)}`];
    return [dateAfter(days), `in ${inDays(days)}`];
  }

  function rowElement(row) {
    const open = row === table.open;
    const cell = (entry, ...content) => el("td", { class: entry }, ...content);
    const p = (days) => {
      const value = within[days][row];
      return el("td", { class: windowClass(days) + " num heat", "--heat": isNumber(value) ? value : 0 }, chance(value));
    };
    const [date, distance] = whenText(row);
    const later = !isNumber(columns.daysP50[row]);
    const when = later ? cell("c-when", el("span", { class: "muted" }, date)) : cell("c-when", date.slice(0, 10), distance === date ? null : el("span", { class: "under" }, distance));
    const now = columns.capacity[row], better = columns.recommendedCapacity[row];
    const grows = isNumber(better) && (!isNumber(now) || better > now);
    const name = server(row) || "(no name)";
    return el("tr", { class: "row", "data-row": row, "data-open": open },
      cell("c-rank num muted", count(row + 1)),
      el("th", { scope: "row", class: "c-server", title: name },
        el("button", { class: "open-row", type: "button", "aria-expanded": String(open) }, name), el("span", { class: "under phone" }, resource(row))),
      cell("c-resource", resource(row)),
      cell("c-severity", badge(severity(row))),
      cell("c-threshold num", percent(columns.thresholdValue[row])),
      cell("c-now num", percent(columns.current[row])),
      cell("c-headroom num", isNumber(columns.headroom[row]) ? digits.format(Math.round(columns.headroom[row] * 10) / 10) : "\u2013"),
      ...columnsShown.map(p), when,
      cell("c-tier", trust(tier(row))),
      cell("c-order", !orderBy(row) ? el("span", { class: "muted" }, "\u2013") : Date.parse(orderBy(row)) <= asOf ? el("strong", { title: `the safe day was ${orderBy(row)}` }, "now") : orderBy(row)),
      cell("c-capacity num", grows ? amount(better, unit(row)) : el("span", { class: "muted" }, isNumber(better) ? "enough" : "\u2013")));
  }

  function close() {
    table.chart?.destroy();
    table.chart = null;
    table.detail?.remove();
    table.detail = null;
    table.watcher?.disconnect();
    table.openHeight = 0;
    if (table.open >= 0) mark(table.open, false);
    table.open = -1;
  }

  function mark(row, open) {
    const node = table.elements.get(row);
    if (!node) return;
    node.toggleAttribute("data-open", open);
    node.querySelector(".open-row").setAttribute("aria-expanded", String(open));
  }

  function toggle(row, keyboard) {
    const was = table.open;
    close();
    if (was !== row) {
      table.open = row;
      mark(row, true);
      table.detail = detailElement(row);
    }
    paint();
    if (table.detail) {
      const measure = () => {
        const height = table.detail?.getBoundingClientRect().height ?? 0;
        if (height > 0 && height !== table.openHeight) {
          table.openHeight = height;
          paint();
        }
      };
      table.watcher = new ResizeObserver(measure);
      table.watcher.observe(table.detail);
      measure();
      table.detail.mount?.();
      reveal(row);
    }
  }

  /** Scrolls the box so far that an opened row and its detail are in sight. */
  function reveal(row) {
    const box = $("risk-box");
    const at = table.list.indexOf(row) * rowHeight();
    const needed = at + rowHeight() + table.openHeight + 42 - box.clientHeight;
    if (box.scrollTop < needed) box.scrollTop = Math.min(needed, at);
  }

  function detailElement(row) {
    const chart = columns.chart[row];
    const spare = columns.reclaimable[row];
    const fact = (name, ...value) => [el("dt", {}, name), el("dd", {}, ...value)];
    const left = el("div", {}, el("p", { class: "words" }, outlook(row)), act(row) ? el("p", { class: "words act" }, act(row)) : null, trustWords(row) ? el("p", { class: "words" }, trustWords(row)) : null, el("dl", { class: "facts" },
      ...fact("Threshold", `${threshold(row)} ${percent(columns.thresholdValue[row])}`),
      ...fact("Headroom", isNumber(columns.headroom[row]) ? `${digits.format(columns.headroom[row])} points` : "\u2013"),
      ...(columnsShown.length ? fact("Breach within", columnsShown.map((days) => `${days}\u202fd ${chance(within[days][row])}`).join(" \u00b7 ")) : []),
      ...fact("Capacity", isNumber(columns.capacity[row]) ? amount(columns.capacity[row], unit(row)) : "100\u202f%"),
      ...(isNumber(columns.recommendedCapacity[row]) ? fact("Recommended", amount(columns.recommendedCapacity[row], unit(row))) : []),
      ...(isNumber(spare) && spare > 0 ? fact("Reclaimable", amount(spare, unit(row))) : []),
      ...fact("Trust", trust(tier(row)), trustReason(row) ? `: ${trustReason(row)}` : ""), ...fact("Why", reason(row))));
    const right = el("div");
    const node = el("tr", { class: "detail" }, el("td", { colspan: visibleColumns() }, el("div", { class: "detail-grid" }, left, right)));
    if (isNumber(chart) && data.charts[chart]) {
      const card = chartCard(data.charts[chart], false);
      right.append(...card.parts);
      node.mount = () => { table.chart = card; card.draw(); };
    } else {
      right.append(el("p", { class: "hint" }, `Charts are kept for the first ${count(data.charts.length)} risks. This one: `,
        el("code", {}, `horizonscale explain ${shellWord(server(row))} ${shellWord(resource(row))}`)));
    }
    return node;
  }

  const shellWord = (text) => (/^[\w.\-\/:]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  function saveCSV() {
    const quote = (value) => {
      let text = value === null || value === undefined ? "" : String(value);
      // A spreadsheet would run these as formulas.
      if (typeof value === "string" && /^[=+\-@\t]/.test(text)) text = "'" + text;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const fields = [
      ["server", server], ["resource", resource], ["threshold", (row) => columns.thresholdValue[row]], ["severity", severity], ["tier", tier],
      ["current", (row) => columns.current[row]], ["headroom", (row) => columns.headroom[row]],
      ...windows.map((days) => [`p_breach_${days}d`, (row) => within[days][row]]),
      ["days_to_breach_p10", (row) => columns.daysP10[row]], ["days_to_breach_p50", (row) => columns.daysP50[row]], ["days_to_breach_p90", (row) => columns.daysP90[row]],
      ["order_by", orderBy], ["recommended_capacity", (row) => columns.recommendedCapacity[row]], ["reclaimable", (row) => columns.reclaimable[row]],
      ["capacity", (row) => columns.capacity[row]], ["unit", unit], ["reason", reason],
    ];
    const lines = [fields.map(([name]) => name).join(",")];
    for (const row of table.list) lines.push(fields.map(([, value]) => quote(value(row))).join(","));
    const address = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    el("a", { href: address, download: `risks-${data.asOf.slice(0, 10)}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // Charts.

  const live = new Set();

  /** The pieces of a chart: the plot is empty until `draw()`, its table until it is opened. */
  function chartCard(chart, titled) {
    const plot = el("div", { class: "plot", role: "img", tabindex: "0", "aria-label": `${chart.server} ${chart.resource}. ${FanChart.sentence(chart)} Arrow keys read it point by point.`, onkeydown: (event) => {
      if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      drawn?.move(event.key);
    } });
    const readout = el("p", { class: "readout", "aria-live": "polite" });
    const say = (text) => { readout.textContent = text; };
    const full = el("button", { class: "button small", type: "button", "aria-pressed": "false", title: "Show all readings, or drag in the chart to zoom" }, "All history");
    let drawn = null, all = false;
    const made = makeup(chart);
    const card = {
      draw() {
        if (drawn) return;
        drawn = FanChart.draw(plot, chart, all, say);
        made?.draw();
        live.add(card);
      },
      destroy() {
        drawn?.destroy();
        made?.destroy();
        drawn = null;
        live.delete(card);
      },
    };
    full.addEventListener("click", () => {
      all = !all;
      full.setAttribute("aria-pressed", String(all));
      card.destroy();
      card.draw();
    });
    say(FanChart.sentence(chart));
    const meta = [chart.unit ? `in ${chart.unit}` : "", isNumber(chart.capacity) ? `capacity ${amount(chart.capacity, chart.unit)}` : "", `forecast by ${chart.model}`].filter(Boolean).join(" \u00b7 ");
    const title = titled ? el("h3", { title: chart.server }, `${chart.server} \u00b7 ${chart.resource}`) : null;
    const key = (kind, text) => el("li", {}, el("span", { class: "key " + kind, "aria-hidden": "true" }), text);
    const breaks = chart.thresholds.some((line) => isNumber(line.breachP10) || isNumber(line.breachP50));
    card.parts = [
      el("div", { class: "chart-head" }, el("div", {}, title, el("p", { class: "muted" }, meta)), full), plot, readout,
      el("ul", { class: "legend" }, key("history", "readings"), key("median", "median forecast"), key("fan", "50, 80, 90 % of outcomes"),
        key("line", "thresholds"), chart.marks.length ? key("mark", "level or capacity changed") : null, breaks ? key("breach", "first breach: 10 to 90 % range, dot at the median") : null, key("tiers", "darker is less trusted")),
      made?.node ?? "",
      tableBehind(chart),
    ];
    return card;
  }

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  /** The parts of the forecast as small charts; null where the model cannot tell. */
  function makeup(chart) {
    if (!chart.makeup) return null;
    const { model, parts, words } = chart.makeup;
    const boxes = parts.map((part) => el("div", { class: "part-plot", role: "img", "aria-label": `${part.name}: ${part.words}` }));
    const captions = parts.map((part) => el("span", {}, part.words));
    const figures = parts.map((part, i) => el("figure", { class: "part" }, el("figcaption", {}, el("strong", {}, capital(part.name)), boxes[i], captions[i])));
    let drawn = [];
    return {
      node: el("div", { class: "makeup" },
        el("p", { class: "makeup-title" }, el("strong", {}, "What the forecast is made of"), el("span", { class: "muted" }, ` by ${model}, in percent of capacity`)),
        el("div", { class: "parts", "data-count": parts.length }, ...figures), ...words.map((sentence) => el("p", { class: "readout" }, sentence))),
      draw() {
        drawn = parts.map((part, i) => PartChart.draw(boxes[i], part, chart, (text) => { captions[i].textContent = text ?? part.words; }));
      },
      destroy() {
        drawn.forEach((plot) => plot.destroy());
        drawn = [];
      },
    };
  }

  function partTable(part, chart) {
    const places = PartChart.places(part, chart);
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Part: ${part.name}` }, el("table", {},
      el("caption", {}, `Part of the forecast in percent of capacity: ${part.name}${part.shape === "line" ? ", straight between these dates" : ""}`),
      el("tbody", {}, ...part.values.map((value, i) => el("tr", {}, el("th", { scope: "row" }, places[i]), el("td", {}, PartChart.text(part, value)))))));
  }

  function tableBehind(chart) {
    const box = el("details", { class: "behind" }, el("summary", {}, "The numbers as a table"));
    box.addEventListener("toggle", () => {
      if (!box.open || box.childElementCount > 1) return;
      const unpacked = FanChart.unpack(chart);
      const head = (names) => el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name))));
      const day = (index) => el("th", { scope: "row" }, FanChart.date(unpacked.times[index], chart.stepSeconds));
      const forecast = chart.leads.map((lead, i) => el("tr", {}, day(unpacked.history + i),
        ...chart.quantiles.map((level) => el("td", {}, amount(level[i]))), el("td", {}, FanChart.tierAt(chart, lead))));
      const readings = chart.values.map((value, i) => el("tr", {}, day(i), el("td", {}, isNumber(value) ? amount(value) : "no reading"))).reverse();
      box.append(
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Forecast values" }, el("table", {}, el("caption", {}, "Forecast: value not exceeded with this probability"), head(["Date", ...FanChart.LEVELS, "Trust"]), el("tbody", {}, ...forecast))),
        el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Readings" }, el("table", {}, el("caption", {}, "Readings, newest first"), head(["Date", "Value"]), el("tbody", {}, ...readings))),
        ...(chart.makeup?.parts ?? []).map((part) => partTable(part, chart)));
    });
    return box;
  }

  let shownCharts = 0;
  const cards = new WeakMap();
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const card = cards.get(entry.target);
      if (entry.isIntersecting) card.draw();
      else if (!printing) card.destroy();
    }
  }, { rootMargin: "300px 0px" });

  function moreCharts(upTo) {
    const grid = $("chart-grid");
    for (; shownCharts < Math.min(upTo, data.charts.length); shownCharts++) {
      const card = chartCard(data.charts[shownCharts], true);
      const node = el("article", { class: "card chart" }, ...card.parts);
      cards.set(node, card);
      grid.append(node);
      sight.observe(node);
    }
    const left = data.charts.length - shownCharts;
    $("chart-more").replaceChildren();
    if (left === 0) return;
    $("chart-more").append(el("button", { class: "button", type: "button", onclick: () => moreCharts(shownCharts + 12) }, `Show ${Math.min(12, left)} more`),
      el("button", { class: "button", type: "button", onclick: () => moreCharts(data.charts.length) }, `Show all ${count(data.charts.length)}`));
  }

  function fillCharts() {
    if (data.charts.length === 0) {
      $("charts-hint").textContent = "There is no risk to draw.";
      return;
    }
    $("charts-hint").textContent = "In the order of the ranking. Point at a chart to read it, drag to zoom, double-click to see everything again.";
    moreCharts(12);
  }

  function redraw() {
    for (const card of [...live]) {
      card.destroy();
      card.draw();
    }
  }

  // Colours: the reader's system decides until the button is used; nothing is stored.

  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  let theme = null;
  function paintTheme() {
    document.documentElement.toggleAttribute("data-printing", printing);
    const dark = printing ? false : (theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";
    if (printing) document.documentElement.dataset.theme = "light";
    else if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    $("theme").textContent = dark ? "Light colours" : "Dark colours";
    redraw();
  }
  $("theme").addEventListener("click", () => {
    theme = (theme ?? (darkSystem.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
    paintTheme();
  });
  darkSystem.addEventListener("change", paintTheme);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || table.open < 0) return;
    const node = table.elements.get(table.open);
    close();
    paint();
    node?.querySelector(".open-row").focus();
  });
  phone.addEventListener("change", () => {
    if (table.list.length > 0) paint();
  });
  let printing = false;
  const beginPrint = () => {
    printing = true;
    paintTheme();
    document.querySelectorAll("#chart-grid .chart").forEach((node) => cards.get(node).draw());
    paint();
  };
  const endPrint = () => {
    printing = false;
    paintTheme();
    paint();
  };
  addEventListener("beforeprint", beginPrint);
  addEventListener("afterprint", endPrint);

  // Track record.

  const sumOf = (lines, name) => lines.reduce((sum, line) => sum + line[name], 0);
  const shareText = (part, whole) => (whole > 0 ? `${Math.round((100 * part) / whole)}\u202f%` : "\u2013");

  function fillRecord() {
    const { origins, lines, firstDue } = data.record;
    const box = $("record-body");
    if (lines.length === 0) {
      box.append(el("p", { class: "verdict" }, "No earlier forecast was looked at: none is old enough to be held against 30 days of readings, or the run was made with --fresh. ",
        `The forecasts of this page are due from ${firstDue} on: the runs after that day tell what became of them.`));
      return;
    }
    const tiers = ["high", "medium", "low"].map((tier) => [tier, lines.filter((line) => line.tier === tier)]).filter(([, own]) => own.length > 0);
    const told = tiers.map(([tier, own]) => `${tier} held ${shareText(sumOf(own, "inside80"), sumOf(own, "readings"))}`);
    const called = sumOf(lines, "called"), came = sumOf(lines, "came"), hits = sumOf(lines, "hits");
    const runs = origins.length === 1 ? `a run of ${origins[0]}` : `${count(origins.length)} runs, ${origins[0]} to ${origins[origins.length - 1]}`;
    box.append(el("p", { class: "verdict" },
      el("strong", {}, `Bands that promised 80\u202f% of the readings: ${told.join(", ")}.`),
      ` From ${runs}, held against ${plural(sumOf(lines, "readings"), "reading")} that came later.`,
      called + came > 0 ? ` Breaches: ${count(called)} called, ${count(hits)} of them came; ${count(came)} came, ${count(hits)} of them had been called.` : " No breach was called, and none came."));
    const share = (line, name) => el("td", { class: "num", "data-label": `In the ${name.slice(6)} % band` }, shareText(line[name], line.readings));
    const rows = lines.map((line) => el("tr", {},
      el("th", { scope: "row" }, trust(line.tier), ` ${line.bucket}\u00a0d`),
      share(line, "inside50"),
      el("td", { "data-label": "In the 80 % band" }, line.readings === 0 ? "\u2013" : el("div", { class: "meter" }, el("span", { class: "track" }, el("span", { class: "fill", "--share": line.inside80 / line.readings })),
        el("span", { class: "value" }, shareText(line.inside80, line.readings)))),
      share(line, "inside90"),
      el("td", { class: "num", "data-label": "Breaches called" }, count(line.called)),
      el("td", { class: "num", "data-label": "Of those, came" }, line.called > 0 ? `${count(line.hits)} (${shareText(line.hits, line.called)})` : "\u2013"),
      el("td", { class: "num", "data-label": "Breaches that came" }, count(line.came)),
      el("td", { class: "num", "data-label": "Of those, called" }, line.came > 0 ? `${count(line.hits)} (${shareText(line.hits, line.came)})` : "\u2013"),
      el("td", { class: "num", "data-label": "Forecasts" }, count(line.forecasts))));
    const heading = (text, numeric) => el("th", { scope: "col", class: numeric ? "num" : null }, text);
    box.append(el("div", { class: "card pad scroll", tabindex: "0", role: "region", "aria-label": "Table of the track record, scrolls" }, el("table", { class: "plain cards-on-phone" },
      el("thead", {}, el("tr", {}, heading("Trust, days ahead"), heading("In the 50\u202f% band", true), heading("In the 80\u202f% band"), heading("In the 90\u202f% band", true),
        heading("Breaches called", true), heading("Of those, came", true), heading("Breaches that came", true), heading("Of those, called", true), heading("Forecasts", true))),
      el("tbody", {}, ...rows))));
    box.append(el("p", { class: "hint" }, "A breach counts at the lowest threshold, by the end of the days in its row, for series that had not crossed it yet; called is one that was more likely than not. A forecast is one series of one run."));
  }

  // Contest.

  function better(ratio) {
    if (ratio > 0.995 && ratio < 1.005) return "as good as";
    return ratio < 1 ? `${Math.round((1 - ratio) * 100)}\u202f% better than` : `${Math.round((ratio - 1) * 100)}\u202f% worse than`;
  }

  function fillContest() {
    const contest = data.contest;
    const box = $("contest-body");
    if (contest.seriesScored === 0) {
      box.append(el("p", { class: "verdict" }, "No contest was held: there was too little history to hold any of it back. Seasonal naive and the straight line were published, with low trust."));
    } else {
      const naive = contest.championToSeasonalNaive, line = contest.championToLine30;
      const parts = [isNumber(line) ? `${better(line)} the straight line over 30 days that most alerts draw` : "", isNumber(naive) ? `${better(naive)} repeating last season` : ""].filter(Boolean);
      box.append(el("p", { class: "verdict" },
        parts.length ? el("strong", {}, `On readings they had not seen, the chosen models were ${parts.join(" and ")}.`) : "The models were scored on readings they had not seen.",
        ` ${count(contest.seriesScored)} series, ${plural(data.settings.folds, "fold")} each; the measure is the loss of the whole forecast, bands included.`));
    }
    if (contest.models.length === 0) return;
    const timed = contest.models.some((model) => isNumber(model.seconds));
    const wins = Math.max(1, contest.models.reduce((sum, model) => sum + model.wins, 0));
    const top = Math.max(1, ...contest.models.map((model) => model.wins));
    const rows = contest.models.map((model) => el("tr", {}, el("th", { scope: "row" }, model.name),
      el("td", { class: "muted" }, model.summary),
      el("td", { "data-label": "Chosen for" }, el("div", { class: "meter" }, el("span", { class: "track" }, el("span", { class: "fill", "--share": model.wins / top })),
        el("span", { class: "value", title: `${Math.round((100 * model.wins) / wins)} %` }, count(model.wins)))),
      el("td", { class: "num", "data-label": "Loss to seasonal naive" }, isNumber(model.lossToSeasonalNaive) ? model.lossToSeasonalNaive.toFixed(3) : "\u2013"),
      timed ? el("td", { class: "num", "data-label": "CPU seconds" }, isNumber(model.seconds) ? digits.format(Math.round(model.seconds * 100) / 100) : "\u2013") : null));
    box.append(el("div", { class: "card pad scroll" }, el("table", { class: "plain cards-on-phone" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Model"), el("th", { scope: "col" }, "What it does"), el("th", { scope: "col" }, "Series it was chosen for"),
        el("th", { scope: "col", class: "num" }, "Loss to seasonal naive"), timed ? el("th", { scope: "col", class: "num" }, "CPU seconds") : null)),
      el("tbody", {}, ...rows))));
    box.append(el("p", { class: "hint" }, "A loss of 0.80 is a forecast a fifth better than seasonal naive, over the series on which the model was scored."));
  }

  // Data.

  function fillQuality() {
    const { inputs, quality } = data;
    const series = inputs.series;
    const pair = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
    const share = inputs.rowsRead > 0 ? (100 * inputs.rowsRejected) / inputs.rowsRead : 0;
    const stack = el("div", { class: "stack" }, el("dl", { class: "card pad counts" },
      pair("Rows read", count(inputs.rowsRead)),
      pair("Rows rejected", inputs.rowsRejected === 0 ? "0" : `${count(inputs.rowsRejected)} (${share < 0.01 ? "<0.01" : digits.format(Math.round(share * 100) / 100)}\u202f%)`),
      pair("Series", count(series.total)), pair("Live", count(series.live)), pair("Ended", count(series.ended)), pair("Refused", count(series.refused)),
      pair("With a stand-in", count(series.withStandIn)), pair("Without a ceiling", count(series.withoutCeiling))));
    const place = (example) => {
      if (!example) return "\u2013";
      const where = [example.file, isNumber(example.line) ? `line ${count(example.line)}` : "", example.column ? `column ${example.column}` : ""].filter(Boolean).join(", ");
      return el("span", { class: "example" }, where ? `${where}: ` : "", el("code", {}, example.text));
    };
    const findings = (title, list, what) => el("div", { class: "card pad scroll" }, list.length === 0
      ? el("div", {}, el("h3", {}, title), el("p", { class: "muted" }, what))
      : el("table", { class: "plain cards-on-phone" }, el("caption", {}, title),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "What"), el("th", { scope: "col", class: "num" }, "How many"), el("th", { scope: "col" }, "Done"), el("th", { scope: "col" }, "For example"))),
        el("tbody", {}, ...list.map((finding) => el("tr", {}, el("th", { scope: "row" }, finding.reason), el("td", { class: "num", "data-label": "How many" }, count(finding.count)),
          el("td", { "data-label": "Done" }, finding.action || "\u2013"), el("td", { "data-label": "For example" }, place(finding.example)))))));
    stack.append(
      findings("Rows", quality.rows, "Every row could be used as it was."),
      findings("Series", quality.series, "Nothing to remark on any series."));
    stack.append(el("details", { class: "behind" }, el("summary", {}, plural(inputs.files.length, "input file")),
      el("ul", {}, ...inputs.files.map((file) => el("li", { class: "example" }, el("code", {}, file))))));
    if (data.notes.length > 0) stack.prepend(el("ul", { class: "notice" }, ...data.notes.map((note) => el("li", {}, note))));
    $("quality-body").append(stack);
  }

  function fillGuide() {
    const limits = thresholds.map((entry) => `${entry.name} at ${digits.format(entry.value)} %`).join(", ");
    const entries = [
      ["Series, ceiling", "A series is one resource of one server. Its ceiling is its capacity; utilization is percent of it. A series without a known ceiling is forecast, but cannot run out."],
      ["Threshold and breach", `A breach is utilization at or above a threshold (${limits}) for long enough to count: ${data.settings.breachRule}. One short peak is not a breach.`],
      ["30 d, 60 d, 90 d, 180 d", "The probability that the first breach happens within so many days, counted over many possible futures that fit the past errors of the forecast. 70 % means: of ten such series, about seven get there."],
      ["Breach date", "The day by which a breach is as likely as not. \u201cLater\u201d means that this day lies beyond the horizon. The bar in a chart runs from one chance in ten to nine in ten."],
      ["Headroom", `Points of utilization between now and a threshold; below zero it is crossed. In the table by group it is that of the lowest threshold.`],
      ["Severity", `The name of a threshold that is crossed already or more likely than not within ${plural(data.settings.withinDays, "day")}; watch from one chance in five; else none.`],
      ["Order by", `The early date (one chance in ten) minus ${plural(data.settings.procurementDays, "day")} for procurement: order by then and capacity is there in nine of ten futures.`],
      ["Recommended capacity", "The least capacity with which a breach within the horizon has at most one chance in ten."],
      ["Trust: high, medium, low", "Earned, not claimed: enough clean history, better than the straight line and last season on readings held back, bands that held what they promised, and narrow against the headroom. High reaches at most 90 days ahead, medium 180. The reason names the test that failed."],
      ["Bands", "The darkest holds half of the possible outcomes, the middle one 80 %, the lightest 90 %. The line is the median."],
      ["Level and capacity changes", "A move of load or a resize is a new level and not growth: forecasts are made as if it had always been so. A chart marks each with its factor."],
      ["What the forecast is made of", "The parts that a model adds up: its trend, the pattern of day, week and year, holidays, and what it remembers of the newest errors. Only some models can be taken apart, and the published bands are calibrated afterwards."],
      ["Contest", "Every model forecasts stretches of the past it has not seen. The best one for a series becomes its champion; a cheaper one wins a tie. The straight line that alerts draw today always takes part."],
      ["Stand-in", "Where the champion failed on a series, a simple baseline forecasts it instead, under its own name and with low trust."],
    ];
    $("guide-body").append(...entries.map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, text))));
  }

  function fillFooter() {
    const s = data.settings;
    $("footer").textContent = `Made with HorizonScale ${data.version} from data up to ${asOfText}. Step ${s.step}, horizon ${horizonWords}, ${plural(s.folds, "fold")}, ` +
      `seed ${s.seed}, thresholds ${s.thresholds.map((entry) => `${entry.name} ${digits.format(entry.value)} %`).join(", ")}, breach ${s.breachRule}. Dates are UTC. ` +
      "Charts by uPlot (MIT licence). This file needs no network and sends nothing.";
  }

  fillHeader();
  fillFirst();
  fillChanges();
  fillOutlook();
  fillHeadroom();
  buildTable();
  if (total > 0) {
    buildFilters();
    show({});
  } else {
    describeList();
  }
  fillCharts();
  fillRecord();
  fillContest();
  fillQuality();
  fillGuide();
  fillFooter();
  paintTheme();
  performance.mark("horizonscale-ready");
})();
