// Starts the dashboard: knows the pages, follows the address, says what is loading and what went wrong.
import { get } from "./api.js";
import { forgetCharts } from "./chart.js";
import { el } from "./elements.js";
import { date } from "./format.js";
import { current, go, href, startRouter, toRisks, toServer } from "./router.js";
import { forgetRun, run, watchRun } from "./run.js";
import { offerSignOut, signIn } from "./sign-in.js";
import { startTheme } from "./theme.js";

/** In the order of the navigation; those without a title are reached from their parent. */
const PAGES = {
  fleet: { title: "Fleet", key: "f", load: () => import("./fleet.js") },
  risks: { title: "Risks", key: "r", load: () => import("./risks.js") },
  changes: { load: () => import("./changes.js"), parent: "fleet" },
  servers: { load: () => import("./server.js"), parent: "risks" },
  series: { load: () => import("./series.js"), parent: "risks" },
  "what-if": { title: "What if", key: "w", load: () => import("./what-if.js") },
  idle: { title: "Idle", key: "i", load: () => import("./idle.js") },
  models: { title: "Models", key: "m", load: () => import("./models.js") },
  record: { title: "Record", key: "t", load: () => import("./record.js") },
  quality: { title: "Data", key: "d", load: () => import("./quality.js") },
};

const main = document.getElementById("main");
const nav = document.getElementById("pages");
const banner = document.getElementById("banner");
let leaving = null;
let shown = null;

function drawNavigation() {
  nav.replaceChildren(...Object.entries(PAGES).filter(([, page]) => page.title).map(([name, page]) =>
    el("a", { href: href(name), "data-page": name }, page.title)));
}

function bones() {
  return el("div", { class: "wrap", "aria-busy": "true" }, el("div", { role: "status" }, el("h1", { class: "hidden-text" }, "Loading")),
    el("div", { class: "bones", "aria-hidden": "true" }, el("div", { class: "bone thin" }), el("div", { class: "bone" }), el("div", { class: "bone tall" })));
}

/** What went wrong and what to do about it. */
function problemState(problem) {
  const words = problem.status === 404 ? ["Not in this run", problem.detail || problem.title] : [problem.title || "The page could not be drawn", problem.detail || problem.message];
  return el("div", { class: "wrap" }, el("div", { class: "card state", role: "alert" },
    el("h1", {}, words[0]), words[1] ? el("p", {}, words[1]) : null, problem.remedy ? el("p", {}, problem.remedy) : null,
    el("span", { class: "group-buttons" }, el("button", { class: "button", type: "button", onclick: () => show(true) }, "Try again"), el("a", { class: "button", href: href("fleet") }, "To the fleet"))));
}

/** Files are of one version: when the server runs another one, a page that was not shown before is not to be had. */
function otherVersion() {
  throw Object.assign(new Error(), { title: "This page is not of the version that the server runs", remedy: "Load it again: press F5, or pull it down." });
}

/** Draws what the address says. A page that knows how may take new parameters without being drawn anew. */
async function show(isForced = false) {
  const view = current();
  const page = PAGES[view.page];
  const place = [view.page, ...view.parts].join("/");
  if (!isForced && shown?.place === place && shown.update) {
    shown.update(view);
    return;
  }
  banner.hidden = true;
  leaving?.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  shown?.leave?.();
  shown = null;
  forgetCharts();
  for (const link of nav.children) {
    if (link.dataset.page === (page?.title ? view.page : page?.parent)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.setAttribute("aria-busy", "true");
  const waiting = setTimeout(() => main.replaceChildren(bones()), 120);
  signal.addEventListener("abort", () => clearTimeout(waiting));
  try {
    if (!page) throw Object.assign(new Error(), { status: 404, detail: `The dashboard has no page '${view.page}'.` });
    const [module, facts] = await Promise.all([page.load().catch(otherVersion), run(signal)]);
    const made = await module.draw({ ...view, run: facts, signal });
    if (signal.aborted) {
      made.leave?.();
      return;
    }
    clearTimeout(waiting);
    document.title = `${made.title} \u00b7 HorizonScale`;
    main.replaceChildren(...made.content);
    made.shown?.();
    shown = { place, ...made };
    if (footerOf !== facts.name) drawFooter(facts);
    performance.mark("horizonscale-ready");
  } catch (problem) {
    clearTimeout(waiting);
    if (problem.name === "AbortError" || signal.aborted) return;
    document.title = "HorizonScale";
    main.replaceChildren(problem.status === 401 ? signIn(() => show(true)) : problemState(problem));
  }
  main.removeAttribute("aria-busy");
  if (!started) return;
  main.focus({ preventScroll: true });
  // Who comes back finds the place again.
  scrollTo(0, view.position?.page ?? 0);
  if (view.position) shown?.scrollList?.(view.position.list);
}
let started = false;

/** Name of the run that the footer tells of. */
let footerOf = null;

function drawFooter(facts) {
  footerOf = facts.name;
  const footer = document.getElementById("footer");
  footer.textContent = `Run ${facts.name}, made with HorizonScale ${facts.version} from readings up to ${date(facts.asOf)}, looking ${facts.horizonWords} ahead. ` +
    "Dates are UTC. Charts by uPlot (MIT licence). Nothing on this page leaves this server.";
  offerSignOut(footer, () => {
    footerOf = null;
    footer.replaceChildren();
    forgetRun();
    show(true);
  });
}

// The search for a server: names come as they are typed.

function startFind() {
  const form = document.getElementById("find");
  const box = document.getElementById("find-text");
  const list = document.getElementById("find-list");
  let pending = null;
  box.addEventListener("input", async () => {
    pending?.abort();
    const text = box.value.trim();
    if (!text) return;
    pending = new AbortController();
    try {
      const { rows } = await get("/servers", new URLSearchParams({ text, limit: "12" }), { signal: pending.signal });
      list.replaceChildren(...rows.map((row) => el("option", { value: row.server })));
    } catch { /* The list of names is a help, not a need. */ }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    const exact = [...list.children].some((option) => option.value === text);
    go(exact ? toServer(text) : toRisks({ text, severity: "all" }));
    box.value = "";
    list.replaceChildren();
  });
}

// Keys.

const KEYS_OFF = "horizonscale-keys-off";

function startKeys() {
  const dialog = document.getElementById("keys-dialog");
  const lines = [
    ...Object.values(PAGES).filter((page) => page.title).map((page) => [["g", page.key], page.title]),
    [["/"], "Find a server"], [["\u2191", "\u2193"], "Row by row in a list; Home and End to its ends"], [["Enter"], "Open the row"],
    [["\u2190", "\u2192"], "Point by point in a chart"], [["?"], "These keys"],
  ];
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };
  dialog.append(el("h2", { id: "keys-title" }, "Keys"),
    el("dl", { class: "facts" }, ...lines.flatMap(([keys, words]) => [el("dt", {}, ...keys.flatMap((key, i) => [i ? " " : "", el("kbd", {}, key)])), el("dd", {}, words)])),
    el("form", { method: "dialog", class: "form-actions" }, el("button", { class: "button" }, "Close")));
  document.getElementById("keys").addEventListener("click", open);
  let lead = 0;
  let areOn = sessionStorage.getItem(KEYS_OFF) === null;
  const box = el("input", { type: "checkbox", checked: areOn, onchange: () => {
    areOn = box.checked;
    if (areOn) sessionStorage.removeItem(KEYS_OFF);
    else sessionStorage.setItem(KEYS_OFF, "yes");
  } });
  dialog.querySelector("form").before(el("label", { class: "check" }, box, "Letters, / and ? are keys; off for whoever speaks or mistypes"));
  addEventListener("keydown", (event) => {
    if (!areOn) return;
    const isTyping = event.target.closest?.("input, select, textarea, dialog");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    const now = performance.now();
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find-text").focus();
    } else if (event.key === "?") {
      open();
    } else if (event.key === "g") {
      lead = now;
    } else if (now - lead < 1500) {
      lead = 0;
      const page = Object.entries(PAGES).find(([, entry]) => entry.key === event.key);
      if (page) go(href(page[0]));
    }
  });
}

/** What is shown stays until the reader wants the new run; the next page is of that one anyway. */
function tellOfNewRun(name) {
  forgetRun();
  banner.replaceChildren(`Run ${name} is there. `, el("button", { class: "button small", type: "button", onclick: () => show(true) }, "Show it"));
  banner.hidden = false;
}

/** Menus close when the reader goes elsewhere. */
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
      menu.open = false;
      if (event.type === "keydown" && menu.contains(event.target)) menu.querySelector("summary").focus();
    }
  }
}

drawNavigation();
startTheme(document.getElementById("theme"));
startFind();
startKeys();
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
startRouter({ arrive: () => show(), position: () => ({ page: scrollY, list: shown?.listPosition?.() ?? 0 }) });
addEventListener("click", closeMenus);
addEventListener("keydown", closeMenus);
watchRun(tellOfNewRun);
await show();
started = true;
