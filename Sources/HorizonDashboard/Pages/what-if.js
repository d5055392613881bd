// What if: changes of capacity, load and thresholds, the risk list before and after; kept as a named scenario or thrown away.
import { get, send } from "./api.js";
import { el, freshId, plainTable, scrollBox, section, selectBox, under } from "./elements.js";
import { amount, chance, count, date, isNumber, onDay, plural, shown } from "./format.js";
import { LongList } from "./long-list.js";
import { remember, toSeries } from "./router.js";

/** What a change can be: its fields in the API, and how it is asked for. */
const KINDS = {
  capacity_percent: { title: "Capacity, by percent", unit: "%", hint: "25 adds a quarter, \u221225 takes one away", start: 25, min: -99, max: 10000 },
  capacity_add: { title: "Capacity, by an amount", unit: "in the unit of the readings", hint: "8 adds 8 cores, GB, \u2026; \u22128 takes them away", start: 8 },
  load_percent: { title: "Load, by percent", unit: "%", hint: "20 is a fifth more load from that day on", start: 20, min: -100, max: 10000 },
  thresholds: { title: "Threshold", unit: "% of capacity", hint: "where the threshold is to stand", start: 75, min: 0.1, max: 1000 },
};
/** Characters of a scenario that an address still holds. */
const LONGEST = 3000;
const CHANGES = { new: "newly at risk", gone: "no longer at risk", sooner: "sooner", later: "later", other: "other chances", same: "as it is" };

export async function draw({ params, run: facts, signal }) {
  const state = await beginning(params, signal, facts);
  const results = el("div");
  const changeList = el("ol", { class: "change-list" });
  const saved = el("div");
  const title = el("input", { class: "text-input", type: "text", maxlength: "120", autocomplete: "off", placeholder: "such as: two more nodes in spring", value: state.title });
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  let outcome = null;
  let pending = 0;

  const fail = (text) => {
    error.textContent = text;
    error.hidden = !text;
  };

  function redrawChanges() {
    changeList.replaceChildren(...state.changes.map((change, i) => changeForm(change, i, {
      facts, changed: () => evaluateSoon(), redraw: redrawChanges, remove: state.changes.length > 1 ? () => {
        state.changes.splice(i, 1);
        redrawChanges();
        evaluateSoon();
        changeList.querySelector("select, input")?.focus();
      } : null,
    })));
  }

  function evaluateSoon() {
    clearTimeout(pending);
    pending = setTimeout(evaluate, 300);
  }

  async function evaluate() {
    clearTimeout(pending);
    const form = changeList.closest("form");
    if (!form.checkValidity()) {
      form.reportValidity();
      return;
    }
    fail("");
    const scenario = asScenario(state, title.value);
    const text = JSON.stringify(scenario);
    // A longer address would be refused when it is loaded anew.
    remember("what-if", [], text.length < LONGEST ? { scenario: text } : {});
    outcome?.destroy();
    outcome = showOutcome(scenario, facts, results);
    await outcome.load();
  }

  async function save(event) {
    event.preventDefault();
    const form = changeList.closest("form");
    const name = slug(title.value);
    if (!name) {
      fail("Give the scenario a name first: letters or digits.");
      title.focus();
      return;
    }
    if (!form.reportValidity()) return;
    try {
      await send("PUT", `/scenarios/${name}`, asScenario(state, title.value));
      fail("");
      await drawSaved();
      saved.querySelector(`[data-name="${name}"]`)?.focus();
    } catch (problem) {
      fail([problem.title, problem.detail, problem.remedy].filter(Boolean).join(". "));
    }
  }

  async function drawSaved() {
    const { scenarios } = await get("/scenarios", null, { signal });
    saved.replaceChildren(scenarios.length === 0 ? el("p", { class: "muted" }, "None is kept yet.") : el("ul", { class: "list" }, ...scenarios.map((entry) => el("li", {},
      el("div", {}, el("button", { class: "name", type: "button", "data-name": entry.name, onclick: () => open(entry.name) }, entry.title || entry.name), under(`${plural(entry.changes, "change")} \u00b7 ${date(entry.modified)}`)),
      el("div", { class: "what" }, el("button", { class: "button small danger", type: "button", "aria-label": `Throw ${entry.title || entry.name} away`, onclick: () => discard(entry.name) }, "Throw away"))))));
  }

  async function open(name) {
    try {
      Object.assign(state, asState(await get(`/scenarios/${name}`, null, { signal }), facts));
    } catch (problem) {
      fail(`${problem.title}. ${problem.detail}`);
      return;
    }
    title.value = state.title;
    redrawChanges();
    await evaluate();
    results.querySelector("h2")?.scrollIntoView({ block: "nearest" });
  }

  async function discard(name) {
    try {
      await send("DELETE", `/scenarios/${name}`);
    } catch (problem) {
      if (problem.status !== 404) {
        fail(`${problem.title}. ${problem.detail}`);
        return;
      }
    }
    await drawSaved();
  }

  redrawChanges();
  await drawSaved();
  const form = el("form", { class: "card pad change-form", "aria-label": "Changes", onsubmit: async (event) => {
    event.preventDefault();
    await evaluate();
    results.scrollIntoView({ block: "start" });
  } },
  changeList,
  el("div", { class: "form-actions" },
    el("button", { class: "button", type: "button", onclick: () => {
      state.changes.push(newChange({}));
      redrawChanges();
      changeList.lastElementChild.querySelector("select").focus();
    } }, "Add another change"),
    el("button", { class: "button primary" }, "Show what happens")),
  error);
  const keep = el("form", { class: "card pad change-form", "aria-label": "Keep this scenario", onsubmit: save }, el("h3", {}, "Keep it"),
    el("label", { class: "stacked-label" }, "Name", title), el("div", { class: "form-actions" }, el("button", { class: "button" }, "Keep as scenario")),
    el("h3", { class: "top-gap" }, "Kept scenarios"), saved);
  return {
    title: "What if",
    content: [el("div", { class: "wrap" }, el("h1", {}, "What if"), el("p", { class: "scope" }, "Change capacity, load or thresholds and see the list of risks before and after. Nothing is written unless you keep it."),
      section("changes", "Changes", el("div", { class: "side" }, form, keep)), results)],
    shown: () => {
      if (state.isGiven) evaluate();
    },
    leave: () => outcome?.destroy(),
  };
}

// A scenario of the API, and the form that it is edited in.

const newChange = (scope) => ({ scope: { server: "", resource: "", group: "", ...scope }, kind: "capacity_percent", value: KINDS.capacity_percent.start, from: "", threshold: "" });

/** What the address asks for: a scenario as JSON, a kept one by name, or a server and resource to begin with. */
async function beginning(params, signal, facts) {
  if (params.has("scenario")) {
    try {
      return { ...asState(JSON.parse(params.get("scenario")), facts), isGiven: true };
    } catch { /* An address that was cut off: begin anew. */ }
  }
  if (params.has("name")) return { ...asState(await get(`/scenarios/${encodeURIComponent(params.get("name"))}`, null, { signal }), facts), isGiven: true };
  const scope = { server: params.get("server") ?? "", resource: params.get("resource") ?? "" };
  return { title: "", changes: [newChange(scope)], isGiven: Boolean(scope.server) };
}

function asState(scenario, facts) {
  const changes = scenario.changes.flatMap((change) => {
    const { server = [], resource = [], group = {} } = change.scope ?? {};
    const [column, values] = Object.entries(group)[0] ?? [];
    const scope = { server: server.join(", "), resource: resource[0] ?? "", group: column ? JSON.stringify([column, values[0]]) : "" };
    return Object.keys(KINDS).filter((kind) => change[kind] !== undefined && change[kind] !== null).flatMap((kind) => (kind === "thresholds"
      ? Object.entries(change.thresholds).map(([threshold, value]) => ({ ...newChange(scope), kind, value, threshold }))
      : [{ ...newChange(scope), kind, value: change[kind], from: change.load_from ?? "" }]));
  });
  return { title: scenario.title ?? "", changes: changes.length ? changes : [newChange({})] };
}

function asScenario(state, title) {
  return { title: title.trim(), changes: state.changes.map((change) => {
    const scope = {};
    const servers = namesIn(change.scope.server);
    if (servers.length) scope.server = servers;
    if (change.scope.resource) scope.resource = [change.scope.resource];
    if (change.scope.group) {
      const [column, value] = JSON.parse(change.scope.group);
      scope.group = { [column]: [value] };
    }
    const body = change.kind === "thresholds" ? { thresholds: { [change.threshold]: change.value } } : { [change.kind]: change.value };
    if (change.kind === "load_percent" && change.from) body.load_from = change.from;
    return Object.keys(scope).length ? { scope, ...body } : body;
  }) };
}

/** Names separated by commas; one that holds a comma is taken whole when it stands alone as it was given. */
const namesIn = (text) => text.split(/,\s+|\n/).map((name) => name.trim()).filter(Boolean);

const slug = (title) => title.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64).replace(/-+$/, "");

function changeForm(change, i, { facts, changed, redraw, remove }) {
  const kind = KINDS[change.kind];
  if (change.kind === "thresholds" && !change.threshold) change.threshold = facts.lowest.name;
  const names = freshId("servers");
  const list = el("datalist", { id: names });
  const server = el("input", { type: "text", list: names, autocomplete: "off", spellcheck: "false", placeholder: "all of them", value: change.scope.server, oninput: async () => {
    change.scope.server = server.value;
    changed();
    const typed = server.value.split(/,\s*/).pop().trim();
    if (!typed) return;
    try {
      const { rows } = await get("/servers", new URLSearchParams({ text: typed, limit: "10" }));
      list.replaceChildren(...rows.map((row) => el("option", { value: [...namesIn(server.value).slice(0, -1), row.server].join(", ") })));
    } catch { /* The list of names is a help, not a need. */ }
  } });
  const groups = facts.groups.flatMap(({ column, values }) => values.map(({ value }) => [JSON.stringify([column, value]), `${column}: ${value || "no group"}`]));
  const hint = freshId("hint");
  const value = el("input", { type: "number", step: "any", required: true, min: kind.min ?? null, max: kind.max ?? null, value: change.value, "aria-describedby": hint, oninput: () => {
    if (!value.validity.valid) return;
    change.value = Number(value.value);
    changed();
  } });
  const from = el("input", { type: "date", value: change.from, onchange: () => {
    change.from = from.value;
    changed();
  } });
  return el("li", {}, el("fieldset", { class: "plain-set" }, el("legend", {}, `Change ${i + 1}`), el("div", { class: "form-grid" },
    el("label", {}, "Servers", server, list),
    groups.length ? selectBox("Group", [["", "any"], ...groups], change.scope.group, (chosen) => {
      change.scope.group = chosen;
      changed();
    }) : null,
    selectBox("Resource", [["", "any"], ...facts.resources.map((name) => [name, name])], change.scope.resource, (chosen) => {
      change.scope.resource = chosen;
      changed();
    }),
    selectBox("What changes", Object.entries(KINDS).map(([name, entry]) => [name, entry.title]), change.kind, (chosen) => {
      Object.assign(change, { kind: chosen, value: KINDS[chosen].start });
      redraw();
      changed();
    }),
    change.kind === "thresholds" ? selectBox("Which", facts.severities.thresholds.map((entry) => [entry.name, facts.severities.words(entry)]), change.threshold, (chosen) => {
      change.threshold = chosen;
      changed();
    }) : null,
    el("label", {}, `By how much, ${kind.unit}`.replace("By how much, % of", "At, % of"), value),
    change.kind === "load_percent" ? el("label", {}, "From", from) : null),
  el("p", { class: "hint", id: hint }, `${kind.hint}.`)),
  remove ? el("button", { class: "button small", type: "button", "aria-label": `Remove change ${i + 1}`, onclick: remove }, "Remove") : null);
}

// Before and after.

function showOutcome(scenario, facts, place) {
  let isOnlyChanged = false;
  const head = el("div");
  const table = new LongList({
    label: "Risks before and after", address: (row) => toSeries(row.server, row.resource), words: (total) => `${count(total)} series`, sortBy: () => {},
    read: (query, signal) => {
      query.delete("sort");
      if (isOnlyChanged) query.set("changed", "true");
      return send("POST", "/scenarios/evaluate", scenario, { query, signal });
    },
    heard: (answer) => head.replaceChildren(comparison(answer, facts)),
    empty: () => el("div", { class: "card state" }, el("h3", {}, isOnlyChanged ? "Nothing becomes different" : "Nothing is at risk, before or after")),
    columns: outcomeColumns(facts),
  });
  const only = el("label", { class: "check" }, el("input", { type: "checkbox", onchange: (event) => {
    isOnlyChanged = event.target.checked;
    table.load(new URLSearchParams(), "rank");
  } }), "Only what becomes different");
  return {
    async load() {
      place.setAttribute("aria-busy", "true");
      try {
        await table.load(new URLSearchParams(), "rank");
      } finally {
        place.removeAttribute("aria-busy");
      }
      place.replaceChildren(section("outcome", "Before and after", head, el("div", { class: "status" }, table.status, only), table.node));
      table.paint();
    },
    destroy: () => table.destroy(),
  };
}

function comparison(answer, facts) {
  const { before, after } = answer;
  const delta = (from, to) => {
    if (!isNumber(from) || !isNumber(to) || from === to) return el("span", { class: "muted" }, "as it is");
    return el("span", { class: to < from ? "better" : "worse" }, to < from ? `${count(from - to)} fewer` : `${count(to - from)} more`);
  };
  const bySeverity = (side, name) => side.severities.find((entry) => entry.severity === name)?.series ?? 0;
  const byWindow = (side, days) => side.windows.find((entry) => entry.days === days)?.series ?? null;
  const columns = (first) => [{ title: first }, { title: "Before", numeric: true }, { title: "After", numeric: true }, { title: "Difference" }];
  const line = (name, from, to) => [name, count(from), el("b", {}, count(to)), delta(from, to)];
  return el("div", {}, el("p", { class: "verdict", role: "status" }, el("strong", {}, verdict(before.at_risk, after.at_risk)), ` ${count(answer.touched)} of ${count(answer.series)} series are touched; worked out in ${count(answer.milliseconds)} ms.`),
    el("div", { class: "halves before-after" },
      scrollBox("Series at risk by severity", plainTable("Series at risk, by severity", columns("Severity"), [
        ...facts.severities.names.filter((name) => name !== "none").map((name) => line(facts.severities.badge(name), bySeverity(before, name), bySeverity(after, name))), line("all", before.at_risk, after.at_risk),
      ], { isCaptionSeen: true })),
      scrollBox("Series over a threshold by time", plainTable("Series over a threshold, by time", columns("When"),
        before.windows.filter((entry) => isNumber(entry.series)).map((entry) => line(entry.days === 0 ? "now" : `within ${entry.days} days`, entry.series, byWindow(after, entry.days))), { isCaptionSeen: true }))));
}

function verdict(before, after) {
  if (before === after) return `${count(after)} series at risk, as before.`;
  return `${count(after)} series at risk instead of ${count(before)}.`;
}

function outcomeColumns(facts) {
  const side = (row, which) => row[which] ?? {};
  const when = (one) => (one.severity === undefined ? "\u2013" : isNumber(one.days_to_breach_p50) && one.days_to_breach_p50 <= 0 ? "over now" : one.breach_date ? onDay(one.breach_date) : el("span", { class: "muted" }, "later"));
  const severity = (one) => (one.severity ? facts.severities.badge(one.severity) : "\u2013");
  const tone = { new: "worse", sooner: "worse", gone: "better", later: "better" };
  const words = (row) => (isNumber(row.moved_days) && (row.change === "sooner" || row.change === "later") ? `${plural(Math.abs(Math.round(row.moved_days)), "day")} ${row.change}` : CHANGES[row.change] ?? row.change);
  return [
    { key: "server", title: "Server", width: 210, phoneWidth: 112, isName: true, text: (row) => shown(row.server), cell: (row) => el("span", { class: "under phone" }, row.resource) },
    { key: "resource", title: "Resource", width: 92, isSortable: false, cell: (row) => row.resource },
    { key: "change", title: "What happens", width: 156, phoneWidth: 138, isForPhone: true, isSortable: false, cell: (row) => el("span", { class: tone[row.change] ?? "muted" }, words(row)) },
    { key: "before", title: "Before", width: 96, isSortable: false, cell: (row) => severity(side(row, "before")) },
    { key: "before-date", title: "Breach date", width: 118, isSortable: false, cell: (row) => when(side(row, "before")) },
    { key: "after", title: "After", width: 96, phoneWidth: 84, isForPhone: true, isSortable: false, cell: (row) => severity(side(row, "after")) },
    { key: "after-date", title: "Breach date", width: 118, isSortable: false, cell: (row) => when(side(row, "after")) },
    { key: "chance", title: `Within ${facts.within}\u202fd`, long: "Probability of a breach, before and after", width: 140, isSortable: false, cell: (row) => chances(row, facts) },
    { key: "needs", title: "Then needs", long: "Recommended capacity after", width: 116, numeric: true, isSortable: false, cell: (row) => amount(side(row, "after").recommended_capacity, row.unit) },
  ];
}

function chances(row, facts) {
  const days = facts.windows.includes(facts.within) ? facts.within : facts.windows.at(-1);
  const of = (one) => chance(one?.[`p_breach_${days}d`]);
  return `${of(row.before)} \u2192 ${of(row.after)}`;
}
