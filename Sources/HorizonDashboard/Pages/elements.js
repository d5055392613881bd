// Elements, made without markup: text is only ever written as text, so a hostile name stays a name.

/**
 * An element with attributes and children.
 *
 * `on...` adds a listener, `--...` and `style:...` go through the object model (the policy forbids style attributes), `null`,
 * `undefined` and `false` leave the attribute out.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const hidden = (text) => el("span", { class: "hidden-text" }, text);

export const under = (...text) => el("span", { class: "under" }, ...text);

/** A section of a page with its heading; `id` also lets the address of a part of the page be shared. */
export function section(id, title, ...content) {
  return el("section", { "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...content);
}

export const card = (...content) => el("div", { class: "card pad" }, ...content);

/** A box that scrolls sideways where the screen is narrow, reachable by keyboard. */
export const scrollBox = (label, ...content) =>
  el("div", { class: "card pad scroll", tabindex: "0", role: "region", "aria-label": `${label}, scrolls` }, ...content);

/**
 * A plain table.
 *
 * @param columns `{title, numeric?, long?, isWideOnly?}`: the last is left out on phones
 * @param rows Arrays of cells in the order of `columns`; the first cell names the row. A cell is text or an element.
 */
export function plainTable(caption, columns, rows, { isCaptionSeen = false } = {}) {
  const cell = (content, i) => (i === 0
    ? el("th", { scope: "row" }, content)
    : el("td", { class: classOf(columns[i]), "data-label": columns[i].title }, content));
  const line = (row) => el("tr", {}, ...row.map(cell));
  return el("table", { class: "plain cards-on-phone" },
    el("caption", { class: isCaptionSeen ? null : "hidden-text" }, caption),
    el("thead", {}, el("tr", {}, ...columns.map((column) =>
      el("th", { scope: "col", class: classOf(column), title: column.long ?? null }, column.title)))),
    el("tbody", {}, ...rows.map(line)));
}

const classOf = (column) => [column.numeric ? "num" : "", column.isWideOnly ? "wide-only" : ""].filter(Boolean).join(" ") || null;

export function facts(pairs) {
  return el("dl", { class: "facts" }, ...pairs.filter(Boolean).flatMap(([name, ...value]) => [el("dt", {}, name), el("dd", {}, ...value)]));
}

export function counts(pairs) {
  return el("dl", { class: "card pad counts" }, ...pairs.filter(Boolean).map(([name, ...value]) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value))));
}

/** A share of something as a bar with its number beside it. */
export function meter(share, value, kind = "") {
  return el("div", { class: "meter" }, el("span", { class: "track" }, el("span", { class: `fill ${kind}`, "--share": Math.max(0, Math.min(1, share || 0)) })),
    value instanceof Node ? value : el("span", { class: "value" }, value));
}

let names = 0;
export const freshId = (stem) => `${stem}-${++names}`;

export function selectBox(label, choices, value, change, attributes = {}) {
  const box = el("select", { ...attributes, onchange: () => change(box.value) },
    ...choices.map(([choice, text]) => el("option", { value: choice, selected: String(choice) === String(value) }, text)));
  return el("label", {}, label, box);
}
