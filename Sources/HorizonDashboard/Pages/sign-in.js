// Where the server asks for a token: it is sent once and comes back as a cookie that scripts cannot read.
import { get, send } from "./api.js";
import { el } from "./elements.js";

/** A form for the token; `entered()` when the server has taken it. */
export function signIn(entered) {
  const box = el("input", { type: "password", name: "token", autocomplete: "current-password", required: true, class: "text-input", "aria-describedby": "sign-in-error" });
  const error = el("p", { class: "form-error", id: "sign-in-error", role: "alert", hidden: true });
  const form = el("form", { class: "sign-in", onsubmit: async (event) => {
    event.preventDefault();
    try {
      await send("POST", "/session", { token: box.value.trim() });
      entered();
    } catch (problem) {
      error.hidden = false;
      error.textContent = problem.status === 401 ? "The server does not know this token. Copy it whole, without quotes." : `${problem.title}. ${problem.detail}`;
      box.select();
    }
  } },
  // For password managers: there is one user.
  el("input", { type: "text", name: "username", autocomplete: "username", value: "horizonscale", hidden: true }),
  el("label", { class: "stacked-label" }, "Token", box), error, el("div", { class: "form-actions" }, el("button", { class: "button primary" }, "Sign in")));
  queueMicrotask(() => box.focus());
  return el("div", { class: "wrap" }, el("div", { class: "card state" }, el("h1", {}, "Sign in"),
    el("p", {}, "This server asks for the token that it was started with. Whoever runs \u201chorizonscale serve\u201d has it."), form));
}

/** Puts a button to sign out into `place`, where there is something to sign out of. */
export async function offerSignOut(place, left) {
  try {
    const session = await get("/session");
    if (!session.token_required || !session.signed_in) return;
  } catch {
    return;
  }
  place.append(" ", el("button", { class: "button small", type: "button", onclick: async () => {
    await send("DELETE", "/session");
    left();
  } }, "Sign out"));
}
