// The address holds the view: `#/risks?tier=high`. Behind the `#` nothing of it reaches the server or its logs, and a link shares it.

/** What the address says: the page, the parts of its path, the rest as parameters. */
export function current() {
  const [path, query = ""] = splitOnce(location.hash.replace(/^#\/?/, ""), "?");
  const parts = path.split("/").filter((part) => part !== "").map(decode);
  return { page: parts[0] ?? "fleet", parts: parts.slice(1), params: new URLSearchParams(query) };
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address within the dashboard; parameters that are empty are left out. */
export function href(page, parts = [], params = {}) {
  const path = ["#", page, ...parts.map(encodeURIComponent)].join("/");
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

export const toSeries = (server, resource, params) => href("series", [server, resource], params);
export const toServer = (server) => href("servers", [server]);

/** Writes the view into the address without a step back for each letter typed. */
export function remember(page, parts, params) {
  history.replaceState(null, "", href(page, parts, params));
}

export function go(address) {
  location.hash = address.slice(1);
}
