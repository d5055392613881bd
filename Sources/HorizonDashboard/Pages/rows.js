// Rows of a long list: only the stretches that are looked at are read, wherever the reader has scrolled to.

const STRETCH = 250;

export class StretchedRows {
  #stretches = new Map();
  #reading = new Map();
  #wanted = [];
  #isStopped = false;
  total = 0;
  first = null;

  /**
   * @param options `read(offset, limit, signal)`: resolves to `{total, rows}`; `came()`: rows have come; `failed(problem)`
   */
  constructor({ read, came, failed }) {
    Object.assign(this, { read, came, failed });
  }

  /** Reads the first stretch; resolves when it is there, with the whole answer in `first`. */
  async start() {
    this.first = await this.#get(0, new AbortController().signal);
    return this;
  }

  at(index) {
    return this.#stretches.get(Math.floor(index / STRETCH))?.[index % STRETCH];
  }

  /** Asks for the rows from `first` up to `last`; what was asked for before and is out of sight is given up. */
  need(first, last) {
    const end = Math.min(last, this.total);
    this.#wanted = [];
    for (let i = Math.floor(first / STRETCH); i * STRETCH < end; i++) this.#wanted.push(i);
    for (const [i, stop] of this.#reading) {
      if (!this.#wanted.includes(i)) stop.abort();
    }
    for (const i of this.#wanted) {
      if (!this.#stretches.has(i) && !this.#reading.has(i)) this.#read(i);
    }
  }

  async #read(i) {
    const stop = new AbortController();
    this.#reading.set(i, stop);
    try {
      // Whoever drags the bar passes many stretches: only one that stays in sight is asked for.
      await new Promise((resolve) => setTimeout(resolve, 40));
      if (stop.signal.aborted || this.#isStopped) return;
      await this.#get(i, stop.signal);
      if (!this.#isStopped) this.came();
    } catch (problem) {
      if (problem.name !== "AbortError" && !this.#isStopped) this.failed(problem);
    } finally {
      this.#reading.delete(i);
    }
    // Given up, and in sight again meanwhile.
    if (stop.signal.aborted && !this.#isStopped && this.#wanted.includes(i)) this.#read(i);
  }

  async #get(i, signal) {
    const answer = await this.read(i * STRETCH, STRETCH, signal);
    this.total = answer.total;
    this.#stretches.set(i, answer.rows);
    return answer;
  }

  stop() {
    this.#isStopped = true;
    for (const stop of this.#reading.values()) stop.abort();
  }
}
