// Rows of a long list, read page by page behind the table as it is scrolled.
import { get } from "./api.js";

const PAGE = 1000;

export class PagedRows {
  #rows = [];
  #cursor = null;
  #wanted = 0;
  #isReading = false;
  #stop = new AbortController();
  total = 0;

  /**
   * @param path Below /api/v1; @param query `URLSearchParams` without `cursor` and `limit`
   * @param came Called when rows have come; @param failed Called with a `Problem`
   */
  constructor(path, query, { came, failed }) {
    Object.assign(this, { path, query, came, failed });
  }

  /** Reads the first page; resolves when it is there. */
  async start() {
    await this.#next();
    return this;
  }

  at(index) {
    return this.#rows[index];
  }

  /** Asks for rows up to `last`; what lies before it comes with it. */
  need(first, last) {
    this.#wanted = Math.max(this.#wanted, last);
    if (!this.#isReading && this.#rows.length < Math.min(this.#wanted, this.total)) this.#read();
  }

  async #read() {
    this.#isReading = true;
    try {
      while (this.#cursor && this.#rows.length < Math.min(this.#wanted, this.total)) {
        await this.#next();
        this.came();
      }
    } catch (problem) {
      if (problem.name !== "AbortError") this.failed(problem);
    } finally {
      this.#isReading = false;
    }
  }

  async #next() {
    const query = new URLSearchParams(this.query);
    query.set("limit", String(PAGE));
    if (this.#cursor) query.set("cursor", this.#cursor);
    const page = await get(this.path, query, { signal: this.#stop.signal });
    for (const row of page.items) this.#rows.push(row);
    this.#cursor = page.next;
    this.total = page.total;
  }

  stop() {
    this.#stop.abort();
  }
}
