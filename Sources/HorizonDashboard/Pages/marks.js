// Severity, trust and the words around them, as the report has them.
import { el } from "./elements.js";
import { count, DASH, date, dateAfter, inDays, instant, isNumber, number, onDay } from "./format.js";

export const TIERS = ["high", "medium", "low"];

/** Severities of a run, the most severe first: its thresholds from the highest, then `watch`, `none`. */
export class Severities {
  /** @param thresholds `{name, value}`, value in percent of capacity */
  constructor(thresholds) {
    this.thresholds = thresholds.slice().sort((a, b) => b.value - a.value);
    this.names = [...this.thresholds.map((threshold) => threshold.name), "watch", "none"];
  }

  rank(name) {
    const at = this.names.indexOf(name);
    return at < 0 ? this.names.length - 1 : at;
  }

  tone(name) {
    if (name === "watch") return "watch";
    const at = this.rank(name);
    return at >= this.thresholds.length ? "none" : at === 0 ? "most" : "next";
  }

  badge(name) {
    return el("span", { class: `badge ${this.tone(name)}` }, name);
  }

  /** "critical 90 %" */
  words(threshold) {
    return `${threshold.name} ${number(threshold.value)}\u202f%`;
  }
}

export const trust = (tier) => el("span", { class: `trust ${tier}` }, tier);

/** When a breach comes, in two parts: the date and how far off it is. */
export function whenWords(days, asOf, horizonWords) {
  if (!isNumber(days)) return ["later", `later than ${horizonWords}`];
  if (days <= 0) return ["over now", days > -0.5 ? "" : `for ${inDays(days)}`];
  return [days < 14 && !Number.isInteger(days) ? date(asOf + days * 86400000) : dateAfter(asOf, days), `in ${inDays(days)}`];
}

/** The last day to order, or that it has come. */
export function orderBy(day, facts) {
  if (!day) return el("span", { class: "muted" }, DASH);
  return instant(day) <= facts.asOf ? el("strong", { title: `The safe day was ${onDay(day)}` }, "now") : onDay(day);
}

/** A number that leads to its list. */
export function lead(value, address, label, attributes = {}) {
  return el("a", { class: "pick", href: address, "aria-label": `${count(value)} ${label}`, ...attributes }, count(value));
}
