// Numbers and dates in the reader's locale; times are UTC, as the run's days are.

const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
const numbers = (options) => new Intl.NumberFormat(locale, options);
const dates = (options) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });

const whole = numbers({ maximumFractionDigits: 0 });
const four = numbers({ maximumSignificantDigits: 4 });
const three = numbers({ maximumSignificantDigits: 3 });
const signed = numbers({ maximumSignificantDigits: 3, signDisplay: "exceptZero" });
const short = numbers({ notation: "compact", maximumSignificantDigits: 3 });
const percentWhole = numbers({ style: "percent", maximumFractionDigits: 0 });
const percentTenth = numbers({ style: "percent", maximumFractionDigits: 1 });
const percentSigned = numbers({ style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const ratios = numbers({ minimumFractionDigits: 3, maximumFractionDigits: 3 });

const day = dates({ dateStyle: "medium" });
const moment = dates({ dateStyle: "medium", timeStyle: "short" });
const dayMonth = dates({ day: "numeric", month: "short" });
const month = dates({ month: "short" });
const monthYear = dates({ month: "short", year: "numeric" });
const year = dates({ year: "numeric" });
const clock = dates({ hour: "2-digit", minute: "2-digit" });

export const DASH = "\u2013";
const DAY = 86400000;

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
export const count = (value) => (isNumber(value) ? whole.format(value) : DASH);
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const number = (value) => (isNumber(value) ? four.format(value) : DASH);
export const number3 = (value) => (isNumber(value) ? three.format(value) : DASH);
export const change = (value) => (isNumber(value) ? signed.format(value) : DASH);
export const compact = (value) => short.format(value);
export const amount = (value, unit) => (isNumber(value) ? `${four.format(value)}${unit ? `\u202f${unit}` : ""}` : DASH);
export const ratio = (value) => (isNumber(value) ? ratios.format(value) : DASH);
export const points = (value) => (isNumber(value) ? (Math.abs(value) < 9.95 ? numbers({ maximumFractionDigits: 1 }) : whole).format(value) : DASH);
/** Of a value that is percent already. */
export const percent = (value) => (isNumber(value) ? (Math.abs(value) < 10 ? percentTenth : percentWhole).format(value / 100) : DASH);
export const percentChange = (value) => (isNumber(value) ? percentSigned.format(value / 100) : DASH);

/** A probability: never 0 or 100 % unless it is. */
export function chance(p) {
  if (!isNumber(p)) return DASH;
  if (p > 0 && p < 0.01) return `<${percentWhole.format(0.01)}`;
  if (p < 1 && p > 0.99) return `>${percentWhole.format(0.99)}`;
  return percentWhole.format(Math.max(0, Math.min(1, p)));
}

export const share = (part, all) => (all > 0 ? chance(part / all) : DASH);

/** Milliseconds since 1970 of an ISO date, with or without a time. */
export const instant = (text) => Date.parse(text?.length === 10 ? `${text}T00:00:00Z` : text);
const hasTime = (ms) => ms % DAY !== 0;

/** A day, with its time where that is not midnight. */
export function date(value) {
  const ms = typeof value === "number" ? value : instant(value);
  if (!Number.isFinite(ms)) return DASH;
  return hasTime(ms) ? `${moment.format(ms)} UTC` : day.format(ms);
}
export const onDay = (value) => {
  const ms = typeof value === "number" ? value : instant(value);
  return Number.isFinite(ms) ? day.format(ms) : DASH;
};
export const dateAfter = (asOf, days) => (isNumber(days) && isNumber(asOf) ? day.format(asOf + days * DAY) : DASH);
export const monthOf = (ms) => monthYear.format(ms);

export function inDays(days) {
  const size = Math.abs(days);
  if (size > 0 && size < 1.5 && !Number.isInteger(size)) return plural(Math.round(size * 24), "hour");
  return plural(Math.round(size), "day");
}

/** The words of a step: `day` is "daily readings", "days". */
export const stepWords = (step) => ({ day: ["daily", "days"], hour: ["hourly", "hours"], week: ["weekly", "weeks"] })[step] ?? [`every ${step}`, `steps of ${step}`];

/** Labels of a time axis, as coarse as the distance between its marks (seconds) allows. */
export function axisDates(marks, gap) {
  let last = null;
  return marks.map((mark) => {
    const ms = mark * 1000;
    const isFresh = year.format(ms) !== last;
    last = year.format(ms);
    if (gap >= 360 * 86400) return last;
    if (gap >= 27 * 86400) return month.format(ms) + (isFresh ? `\n${last}` : "");
    if (gap >= 86400) return dayMonth.format(ms) + (isFresh ? `\n${last}` : "");
    return hasTime(ms) ? clock.format(ms) : dayMonth.format(ms);
  });
}

/** A name as it can be shown: what would turn or hide the text around it is replaced. */
export const shown = (name) => name.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "\ufffd") || "(no name)";

export const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
/** Words in one list: "a, b and c". */
export const list = (items) => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`);
