// Light and dark: the reader's system decides until the button is used; the choice lasts for this tab only.

const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const listeners = new Set();
const KEY = "horizonscale-colours";
let chosen = read();
let printing = false;

function read() {
  try {
    const kept = sessionStorage.getItem(KEY);
    return kept === "dark" || kept === "light" ? kept : null;
  } catch {
    return null;
  }
}

export const isDark = () => !printing && (chosen ?? (dark.matches ? "dark" : "light")) === "dark";

/** Calls `listener` whenever colours have changed; charts draw anew. Gives back what ends it. */
export function whenColoursChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(button) {
  root.toggleAttribute("data-printing", printing);
  if (printing) root.dataset.theme = "light";
  else if (chosen) root.dataset.theme = chosen;
  else delete root.dataset.theme;
  button.textContent = isDark() ? "Light colours" : "Dark colours";
  for (const listener of listeners) listener();
}

export function startTheme(button) {
  button.addEventListener("click", () => {
    chosen = isDark() ? "light" : "dark";
    try {
      sessionStorage.setItem(KEY, chosen);
    } catch { /* Without storage the choice lasts until the page is loaded anew. */ }
    apply(button);
  });
  dark.addEventListener("change", () => apply(button));
  addEventListener("beforeprint", () => {
    printing = true;
    apply(button);
  });
  addEventListener("afterprint", () => {
    printing = false;
    apply(button);
  });
  apply(button);
}
