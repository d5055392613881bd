// A row of filters over a list. What is chosen stands in `URLSearchParams`, under the names that the API gives it.
import { el } from "./elements.js";
import { count, list } from "./format.js";

const GROUP = "group.";

/**
 * @param controls `{kind: "text", key, label, placeholder}`, `{kind: "many", key, label, choices, none}`: boxes, nothing ticked means `none`;
 *   `{kind: "one", key, label, choices}`; `{kind: "day", key, label}`; `{kind: "groups", groups}`
 * @param view What is chosen; changed in place
 * @param changed Called after a change
 */
export class FilterBar {
  #updates = [];
  /** What was typed and is not yet in the view, by key. */
  #typed = new Map();

  constructor({ label, controls, view, changed }) {
    Object.assign(this, { view, changed });
    this.node = el("form", { class: "filters", role: "search", "aria-label": label, onsubmit: (event) => event.preventDefault() }, ...controls.map((control) => this[`_${control.kind}`](control)));
  }

  /** Shows another view, as from the address. */
  show(view) {
    this.view = view;
    for (const update of this.#updates) update();
  }

  #set(key, values) {
    for (const put of this.#typed.values()) put();
    this.#put(key, values);
    for (const update of this.#updates) update();
    this.changed();
  }

  #put(key, values) {
    this.view.delete(key);
    for (const value of values) this.view.append(key, value);
  }

  _text({ key, label, placeholder }) {
    let typing = 0;
    const values = () => (box.value.trim() ? [box.value.trim()] : []);
    const box = el("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder, maxlength: "200", oninput: () => {
      clearTimeout(typing);
      this.#typed.set(key, () => {
        clearTimeout(typing);
        this.#typed.delete(key);
        this.#put(key, values());
      });
      typing = setTimeout(() => this.#set(key, values()), 160);
    } });
    this.#follow(() => {
      const value = this.view.get(key) ?? "";
      if (box.value.trim() !== value) box.value = value;
    });
    return el("label", { class: "wide" }, label, box);
  }

  _one({ key, label, choices }) {
    const box = el("select", { onchange: () => this.#set(key, box.value ? [box.value] : []) }, ...choices.map(([value, text]) => el("option", { value }, text)));
    this.#follow(() => {
      box.value = this.view.get(key) ?? "";
    });
    return el("label", {}, label, box);
  }

  _day({ key, label }) {
    const box = el("input", { type: "date", class: "day", onchange: () => this.#set(key, box.value ? [box.value] : []) });
    this.#follow(() => {
      box.value = this.view.get(key) ?? "";
    });
    return el("label", {}, label, box);
  }

  /** Boxes behind a button that says what is ticked. `all`: the value that stands for every choice. */
  _many({ key, label, choices, none, all }) {
    return this.#menu(label, () => {
      const chosen = this.#chosen(key, choices, all);
      return chosen.length === 0 ? none : chosen.length === choices.length && all ? "all" : list(choices.filter(([value]) => chosen.includes(value)).map(([, text]) => text));
    }, [this.#boxes(key, label, choices, all)]);
  }

  _groups({ groups }) {
    const sets = groups.map(({ column, values }) => this.#boxes(GROUP + column, column, values.map(({ value, servers }) => [value, `${value || "no group"} (${count(servers)})`])));
    return this.#menu("Group", () => {
      const chosen = groups.flatMap(({ column }) => this.view.getAll(GROUP + column).map((value) => `${column} ${value || "none"}`));
      return chosen.length === 0 ? "any" : list(chosen);
    }, sets);
  }

  #chosen(key, choices, all) {
    const values = this.view.getAll(key);
    return all && values.includes(all) ? choices.map(([value]) => value) : values;
  }

  #boxes(key, label, choices, all) {
    const boxes = choices.map(([value, text]) => [value, el("input", { type: "checkbox", onchange: () => {
      const chosen = boxes.filter(([, box]) => box.checked).map(([name]) => name);
      this.#set(key, all && chosen.length === choices.length ? [all] : chosen);
    } }), text]);
    this.#follow(() => {
      const chosen = this.#chosen(key, choices, all);
      for (const [value, box] of boxes) box.checked = chosen.includes(value);
    });
    return el("fieldset", {}, el("legend", {}, label), ...boxes.map(([, box, text]) => el("label", { class: "check" }, box, text)));
  }

  #menu(label, words, content) {
    const said = el("span", { class: "said" });
    this.#follow(() => {
      said.textContent = words();
    });
    return el("div", { class: "filter" }, el("span", { class: "filter-name", "aria-hidden": "true" }, label),
      el("details", { class: "menu" }, el("summary", { class: "choice" }, el("span", { class: "hidden-text" }, `${label}: `), said), el("div", { class: "sheet left" }, ...content)));
  }

  #follow(update) {
    this.#updates.push(update);
    update();
  }
}

/** The part of an address that is a filter of the API; `names` are those besides groups. */
export function filtersOf(params, names) {
  const query = new URLSearchParams();
  for (const [name, value] of params) if (names.includes(name) || name.startsWith(GROUP)) query.append(name, value);
  return query;
}
