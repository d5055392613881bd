// The JSON API of this server: /api/v1. Its shapes are in docs/api.md.

const BASE = "/api/v1";

/** What the server said went wrong (problem+json), or that it could not be reached. */
export class Problem extends Error {
  constructor({ status = 0, title = "", detail = "", remedy = "" } = {}) {
    super(title);
    Object.assign(this, { status, title, detail, remedy });
  }
}

export function address(path, query) {
  const text = query ? query.toString() : "";
  return BASE + path + (text ? `?${text}` : "");
}

export const seriesPath = (server, resource) => `/series/${encodeURIComponent(server)}/${encodeURIComponent(resource)}`;

async function call(path, query, options) {
  let answer;
  try {
    answer = await fetch(address(path, query), { credentials: "same-origin", ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "The server does not answer", detail: "`horizonscale serve` may have been stopped, or the network is down.", remedy: "Start it again, then try again here." });
  }
  if (answer.ok) return answer;
  let told = {};
  try {
    told = await answer.json();
  } catch { /* Not JSON: the status has to do. */ }
  throw new Problem({ status: answer.status, title: told.title ?? `The server answered ${answer.status}`, detail: told.detail ?? "", remedy: told.remedy ?? "" });
}

const versions = new Set();

/** Calls `listener(run)` when an answer comes from another run than the one before. */
export const whenRunChanges = (listener) => versions.add(listener);

export async function get(path, query, { signal } = {}) {
  const answer = await call(path, query, { signal });
  return answer.json();
}

export async function send(method, path, body, { signal } = {}) {
  const answer = await call(path, null, {
    method, signal, headers: body === undefined ? {} : { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answer.status === 204 ? null : answer.json();
}
