// The JSON API of this server, described in docs/api.md and /api/v1/openapi.json.

const BASE = "/api/v1";

/** What the server said went wrong (problem+json), or that it could not be reached. */
export class Problem extends Error {
  constructor({ status = 0, title = "", detail = "", remedy = "", type = "" } = {}) {
    super(title);
    Object.assign(this, { status, title, detail, remedy, type });
  }
}

export function address(path, query) {
  const text = query ? query.toString() : "";
  return BASE + path + (text ? `?${text}` : "");
}

export const seriesPath = (server, resource) => `/series/${encodeURIComponent(server)}/${encodeURIComponent(resource)}`;

let hearRun = () => {};
/** Calls `listener(run)` with the name of the run that an answer is of. */
export function whenRunIsTold(listener) {
  hearRun = listener;
}

async function call(path, query, options) {
  let answer;
  try {
    answer = await fetch(address(path, query), { credentials: "same-origin", ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "The server does not answer", detail: "\u201chorizonscale serve\u201d may have been stopped, or the network is down.", remedy: "Start it again, then try again here." });
  }
  if (answer.ok) return answer;
  let told = {};
  try {
    told = await answer.json();
  } catch { /* Not JSON: the status has to do. */ }
  throw new Problem({ title: `The server answered ${answer.status}`, ...told, status: answer.status });
}

export async function get(path, query, { signal } = {}) {
  const answer = await call(path, query, { signal });
  const body = await answer.json();
  if (typeof body.run === "string") hearRun(body.run);
  return body;
}

/** `POST`, `PUT` or `DELETE`; the answer's JSON, or null where there is none. */
export async function send(method, path, body = {}, { signal, query } = {}) {
  const answer = await call(path, query, { method, signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.status === 204 ? null : answer.json();
}
