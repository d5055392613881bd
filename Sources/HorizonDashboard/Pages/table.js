// A table of any length: only the rows in sight are elements, so 80,000 rows scroll as 30 do.
import { el } from "./elements.js";

/** More rows than this would be taller than a browser can lay out. */
export const MOST_ROWS = 300000;
const MARGIN = 6;
const phone = matchMedia("screen and (max-width: 720px)");

const widthOf = (column) => (phone.matches ? column.phoneWidth : null) ?? column.width;

export class WindowedTable {
  #source;
  #all = [];
  #columns = [];
  #rows = new Map();
  #active = 0;
  /** The row that is to be focused as soon as it is there. */
  #awaited = -1;
  #before = el("tr", { class: "space", "aria-hidden": "true" }, el("td"));
  #after = el("tr", { class: "space", "aria-hidden": "true" }, el("td"));
  #body = el("tbody", {}, this.#before, this.#after);
  #head = el("thead");
  #widths = el("colgroup");
  #isWaiting = false;
  #isPrinting = false;
  #watcher;
  #options;

  /**
   * @param options `label`: of the table; `columns`: `{key, title, long?, width, phoneWidth?, numeric?, isSortable?, cell(row, index)}`, the one
   *   with `isName` links the row and takes the room that is left; `source`: `{total, at(index), need(first, last)}`, where `at` gives undefined for what has not come yet;
   *   `fitsScreen`: on phones only columns with `isForPhone` are shown; `address(row)`; `sort`: `{key, down}`; `sorted(column)`: called when a heading is chosen.
   */
  constructor(options) {
    this.#options = options;
    this.#source = options.source;
    this.table = el("table", { class: "risk windowed", "aria-label": options.label }, this.#widths, this.#head, this.#body);
    this.node = el("div", { class: "card table-box", tabindex: "0", role: "region", "aria-label": `${options.label}, scrolls` }, this.table);
    this.node.addEventListener("scroll", () => this.#soon(), { passive: true });
    this.#body.addEventListener("click", (event) => this.#follow(event));
    this.#body.addEventListener("keydown", (event) => this.#move(event));
    this.#body.addEventListener("focusin", (event) => this.#take(event));
    this.#watcher = new ResizeObserver(() => this.#soon());
    this.#watcher.observe(this.node);
    phone.addEventListener("change", this.#followScreen);
    addEventListener("beforeprint", this.#beginPrint);
    addEventListener("afterprint", this.#endPrint);
    this.setColumns(options.columns);
  }

  destroy() {
    this.#watcher.disconnect();
    phone.removeEventListener("change", this.#followScreen);
    removeEventListener("beforeprint", this.#beginPrint);
    removeEventListener("afterprint", this.#endPrint);
  }

  /** Other columns, the same rows. */
  setColumns(all) {
    this.#all = all;
    const columns = this.#options.fitsScreen && phone.matches ? all.filter((column) => column.isName || column.isForPhone) : all;
    this.#columns = columns;
    this.#widths.replaceChildren(...columns.map((column) => {
      const node = el("col");
      if (!column.isName) node.style.width = `${widthOf(column)}px`;
      return node;
    }));
    const sum = columns.reduce((total, column) => total + widthOf(column), 0);
    this.table.style.minWidth = `${sum}px`;
    this.#drawHead();
    for (const space of [this.#before, this.#after]) space.firstChild.setAttribute("colspan", columns.length);
    this.reload();
  }

  get sort() {
    return this.#options.sort;
  }

  setSort(sort) {
    this.#options.sort = sort;
    this.#drawHead();
  }

  #drawHead() {
    const { sort } = this.#options;
    const focused = this.#head.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#head.replaceChildren(el("tr", { "aria-rowindex": "1" }, ...this.#columns.map((column) => {
      const isSorted = sort && sort.key === column.key;
      const name = column.long ? `${column.title}: ${column.long}` : column.title;
      return el("th", { scope: "col", class: column.numeric ? "num" : null, "aria-sort": isSorted ? (sort.down ? "descending" : "ascending") : null },
        column.isSortable === false
          ? el("span", { class: "plain-head", title: column.long ?? null }, column.title)
          : el("button", { type: "button", title: column.long ?? null, "aria-label": name, "data-key": column.key, onclick: () => this.#options.sorted(column) }, column.title));
    })));
    if (focused) this.#head.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Other rows, from the top. */
  setSource(source) {
    this.#source = source;
    this.#active = 0;
    this.node.scrollTop = 0;
    this.reload();
  }

  /** Draws every row in sight anew. */
  reload() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.paint();
  }

  /** Rows have come in: those that were empty are drawn, each in its place, so that the table never gets shorter meanwhile. */
  refresh() {
    for (const [index, row] of this.#rows) {
      if (!row.hasAttribute("aria-busy")) continue;
      const fresh = this.#draw(index);
      row.replaceWith(fresh);
      this.#rows.set(index, fresh);
    }
    this.#focusAwaited();
  }

  #soon = () => {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.paint();
    });
  };

  #followScreen = () => this.setColumns(this.#all);

  #beginPrint = () => {
    this.#isPrinting = true;
    this.paint();
  };

  #endPrint = () => {
    this.#isPrinting = false;
    this.paint();
  };

  get #height() {
    return phone.matches ? 60 : 46;
  }

  get total() {
    return Math.min(this.#source.total, MOST_ROWS);
  }

  paint() {
    const height = this.#height;
    const total = this.total;
    const top = this.node.scrollTop;
    const room = this.node.clientHeight || 700;
    const first = this.#isPrinting ? 0 : Math.max(0, Math.floor(top / height) - MARGIN);
    const last = this.#isPrinting ? Math.min(total, 200) : Math.min(total, Math.ceil((top + room) / height) + MARGIN);
    this.#source.need(first, last);
    const focused = Number(document.activeElement?.closest?.("tr.row")?.dataset.index ?? first);
    if (this.node.contains(document.activeElement) && (focused < first || focused >= last)) this.node.focus({ preventScroll: true });
    for (const [index, row] of this.#rows) {
      if (index >= first && index < last) continue;
      row.remove();
      this.#rows.delete(index);
    }
    let place = this.#before;
    for (let index = first; index < last; index++) {
      let row = this.#rows.get(index);
      if (!row) {
        row = this.#draw(index);
        this.#rows.set(index, row);
      }
      if (place.nextSibling !== row) place.after(row);
      place = row;
    }
    const seen = Math.min(last - 1, Math.max(first, Math.ceil(top / height)));
    if (!this.#rows.has(this.#active)) this.#activate(seen);
    this.#stretch(this.#before, first * height);
    this.#stretch(this.#after, this.#isPrinting ? 0 : (total - last) * height);
    this.table.setAttribute("aria-rowcount", String(total + 1));
    this.#focusAwaited();
  }

  #stretch(space, height) {
    space.style.height = `${height}px`;
    space.hidden = height <= 0;
  }

  #draw(index) {
    const row = this.#source.at(index);
    const attributes = { class: "row", "data-index": index, "aria-rowindex": index + 2 };
    if (!row) {
      return el("tr", { ...attributes, "aria-busy": "true" }, ...this.#columns.map((column, i) => el("td", { class: "waiting" }, i === 0 ? "\u2026" : "")));
    }
    return el("tr", attributes, ...this.#columns.map((column) => {
      const content = column.cell(row, index);
      if (!column.isName) return content instanceof HTMLTableCellElement ? content : el("td", { class: column.numeric ? "num" : null }, content);
      const name = column.text(row);
      return el("th", { scope: "row", class: "name-cell" },
        el("a", { class: "row-link", href: this.#options.address(row), tabindex: index === this.#active ? "0" : "-1", title: name }, name), content);
    }));
  }

  #link(index) {
    return this.#rows.get(index)?.querySelector(".row-link") ?? null;
  }

  #activate(index) {
    this.#link(this.#active)?.setAttribute("tabindex", "-1");
    this.#active = index;
    this.#link(index)?.setAttribute("tabindex", "0");
  }

  #take(event) {
    const row = event.target.closest("tr.row");
    if (row) this.#activate(Number(row.dataset.index));
  }

  /** Arrow keys go from row to row; the way out is the tabulator. */
  #move(event) {
    if (!event.target.classList.contains("row-link")) return;
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.#height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.altKey || event.metaKey) return;
    event.preventDefault();
    const to = Math.min(this.total - 1, Math.max(0, this.#active + steps[event.key]));
    // Before the old row goes, so that the focus is never lost; the row itself may have to be read first.
    this.node.focus({ preventScroll: true });
    this.reveal(to);
    this.#activate(to);
    this.#awaited = to;
    this.#focusAwaited();
  }

  #focusAwaited() {
    const link = this.#link(this.#awaited);
    if (!link || document.activeElement !== this.node) return;
    this.#awaited = -1;
    link.focus({ preventScroll: true });
  }

  /** Scrolls so far that a row is in sight below the heading. */
  reveal(index) {
    const height = this.#height;
    const heading = this.#head.offsetHeight;
    const top = index * height;
    const room = this.node.clientHeight - heading;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + height > this.node.scrollTop + room) this.node.scrollTop = top + height - room;
    this.paint();
  }

  #follow(event) {
    if (event.target.closest("a, button") || String(getSelection())) return;
    event.target.closest("tr.row")?.querySelector(".row-link")?.click();
  }
}
