// The fleet at a glance: what breaches when and how far to trust it, headroom by group, what changed, what was promised, how good the data is.
import { get } from "./api.js";
import { card, el, section, selectBox, under } from "./elements.js";
import { count, date, inDays, isNumber, onDay, plural, points, share } from "./format.js";
import { lead, TIERS, trust } from "./marks.js";
import { dataTiles } from "./data.js";
import { recordVerdict } from "./record.js";
import { href, remember, toSeries } from "./router.js";

const MOST_GROUPS = 12;

export async function draw({ params, run: facts, signal }) {
  const summary = await get("/summary", null, { signal });
  const first = summary.first ?? [];
  return {
    title: "Fleet",
    content: [
      masthead(summary, facts),
      el("div", { class: "wrap" },
        outlookSection(summary, facts),
        first.length ? firstSection(first, facts) : null,
        headroomSection(summary, facts, params),
        changesSection(summary.changes, facts),
        section("record", "What past forecasts promised", recordVerdict(summary.record, facts), el("p", { class: "more" }, el("a", { class: "button", href: href("record") }, "The whole record"))),
        section("quality", "The data behind it", dataTiles(summary, facts), el("p", { class: "more" }, el("a", { class: "button", href: href("data") }, "All findings")))),
    ],
  };
}

const listOf = (facts, params) => href("risks", [], params);
