// The address holds the view, so a link shares it: `/risks?tier=high&group.region=eu-west`. Filters have the names that the API gives them.

/** What the address says: the page, the parts of its path, the rest as parameters; where the reader was, who comes back. */
export function current() {
  const parts = location.pathname.split("/").filter((part) => part !== "").map(decode);
  return { page: parts[0] ?? "fleet", parts: parts.slice(1), params: new URLSearchParams(location.search), position: history.state?.position ?? null };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address within the dashboard; parameters that are empty are left out, lists stand several times. */
export function href(page, parts = [], params = {}) {
  const path = page === "fleet" ? "/" : `/${[page, ...parts].map(encodeURIComponent).join("/")}`;
  const query = asQuery(params).toString();
  return query ? `${path}?${query}` : path;
}

export function asQuery(params) {
  if (params instanceof URLSearchParams) return params;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, one);
    }
  }
  return query;
}

export const toSeries = (server, resource) => href("series", [server, resource]);
export const toServer = (server) => href("servers", [server]);
/** The list of risks with these filters. */
export const toRisks = (params) => href("risks", [], params);

let arrive = () => {};
let position = () => null;

/** `arrive()` is called for every new place, `position()` before one is left; links within the dashboard no longer load a page. */
export function startRouter(listeners) {
  ({ arrive, position } = listeners);
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => arrive());
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.hasAttribute("download") || link.target || /^\/(api|assets)\//.test(link.pathname)) return;
    if (link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    go(link.href);
  });
}

export function go(address) {
  history.replaceState({ position: position() }, "");
  history.pushState(null, "", address);
  arrive();
}

/** Writes the view into the address without a step back for each letter typed. */
export function remember(page, parts, params) {
  history.replaceState(null, "", href(page, parts, params));
}
