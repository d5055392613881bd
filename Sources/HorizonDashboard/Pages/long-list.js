// A list of the API in a windowed table: what is loading, what is empty and what failed is said in its place.
import { get } from "./api.js";
import { el } from "./elements.js";
import { count } from "./format.js";
import { StretchedRows } from "./rows.js";
import { MOST_ROWS, WindowedTable } from "./table.js";

export class LongList {
  #options;
  #rows = null;
  #table = null;
  #columns;

  /**
   * @param options `label`, `path` below /api/v1 or `read(query, signal)`, `columns`, `fitsScreen` and `address` as of `WindowedTable`, `words(total)`, `empty()`: what stands where no row
   *   fits, `downwards`: columns that begin with the most, `isOneWay`: the API sorts each column in one direction, `sortBy(sort | null)`, `heard(answer)`: gets the first answer,
   *   `rowsOf(answer)`: where its rows are
   */
  constructor(options) {
    this.#options = { downwards: [], fitsScreen: true, heard: () => {}, rowsOf: (answer) => answer.rows, read: (query, signal) => get(options.path, query, { signal }), ...options };
    this.#columns = options.columns;
    this.node = el("div", { class: "list-place" });
    this.status = el("span", { role: "status" });
  }

  get total() {
    return this.#rows?.total ?? 0;
  }

  /** Lists what `query` asks for. */
  async load(query, sort) {
    this.#rows?.stop();
    query.set("sort", sort);
    if (sort === "rank") query.delete("sort");
    const rows = new StretchedRows({
      read: async (offset, limit, signal) => {
        const paged = new URLSearchParams(query);
        paged.set("limit", String(limit));
        paged.set("offset", String(offset));
        const answer = await this.#options.read(paged, signal);
        return { ...answer, rows: this.#options.rowsOf(answer) };
      },
      came: () => this.#table?.refresh(), failed: (problem) => this.#fail(problem),
    });
    this.#rows = rows;
    this.node.setAttribute("aria-busy", "true");
    try {
      await rows.start();
    } catch (problem) {
      if (this.#rows === rows) this.#fail(problem, () => this.load(query, sort));
      return;
    }
    if (this.#rows !== rows) return;
    this.node.removeAttribute("aria-busy");
    this.#options.heard(rows.first);
    this.#show(rows, sort);
  }

  #show(rows, sort) {
    const { total } = rows;
    this.status.textContent = total === 0 ? "" : this.#options.words(total) + (total > MOST_ROWS ? `, of which the first ${count(MOST_ROWS)} are listed: filter to see the others` : "");
    if (total === 0) {
      this.#drop();
      this.node.replaceChildren(this.#options.empty());
      return;
    }
    const key = sort.replace(/^-/, "");
    const order = { key, down: this.#options.isOneWay ? this.#options.downwards.includes(key) : sort.startsWith("-") };
    if (this.#table) {
      this.#table.setSort(order);
      this.#table.setSource(rows);
      return;
    }
    this.#table = new WindowedTable({
      label: this.#options.label, columns: this.#columns, fitsScreen: this.#options.fitsScreen, source: rows, address: this.#options.address, sort: order, sorted: (column) => this.#sort(column),
    });
    this.node.replaceChildren(this.#table.node);
    this.#table.paint();
  }

  /** The first choice of a heading sorts, the second turns round, the third goes back to the usual order. */
  #sort(column) {
    const { key, down } = this.#table.sort;
    const startsDown = this.#options.downwards.includes(column.key);
    const name = (isDown) => (isDown ? "-" : "") + column.key;
    if (this.#options.isOneWay) this.#options.sortBy(key === column.key ? null : column.key);
    else if (key !== column.key) this.#options.sortBy(name(startsDown));
    else if (down === startsDown && column.key !== "rank") this.#options.sortBy(name(!startsDown));
    else this.#options.sortBy(null);
  }

  #fail(problem, again) {
    if (problem.name === "AbortError") return;
    this.node.removeAttribute("aria-busy");
    this.status.textContent = "";
    this.#drop();
    this.node.replaceChildren(el("div", { class: "card state", role: "alert" }, el("h2", {}, problem.title), problem.detail ? el("p", {}, problem.detail) : null,
      problem.remedy ? el("p", {}, problem.remedy) : null, again ? el("button", { class: "button", type: "button", onclick: again }, "Try again") : null));
  }

  setColumns(columns) {
    this.#columns = columns;
    this.#table?.setColumns(columns);
  }

  paint() {
    this.#table?.paint();
  }

  /** How far it is scrolled, in pixels. */
  get position() {
    return this.#table?.node.scrollTop ?? 0;
  }

  set position(pixels) {
    if (!this.#table) return;
    this.#table.node.scrollTop = pixels;
    this.#table.paint();
  }

  /** What a page with such a list gives to `main`. */
  get forPage() {
    return {
      listPosition: () => this.position,
      scrollList: (pixels) => {
        this.position = pixels;
      },
    };
  }

  #drop() {
    this.#table?.destroy();
    this.#table = null;
  }

  destroy() {
    this.#rows?.stop();
    this.#rows = null;
    this.#drop();
  }
}

/** Buttons that save what is listed; `address(format)`. */
export function exportMenu(name, address) {
  return el("details", { class: "menu" }, el("summary", { class: "button small" }, "Export"), el("div", { class: "sheet" },
    el("p", { class: "muted" }, "All rows that are listed, in this order, with these columns."),
    el("div", { class: "group-buttons" }, ...[["csv", "CSV"], ["json", "JSON"], ["parquet", "Parquet"]].map(([format, text]) =>
      el("a", { class: "button small", href: address(format), download: `${name}.${format}` }, text)))));
}
