// The catalog: what each model does, where it wins, what it costs.
import { get } from "./api.js";
import { el, facts as factList, meter, section } from "./elements.js";
import { capital, count, isNumber, plural, ratio, share } from "./format.js";

const COSTS = { instant: "a few microseconds a fit", cheap: "below a millisecond a fit", combined: "several fits of other models", dear: "milliseconds and more a fit" };

export async function draw({ signal }) {
  const [{ models }, board] = await Promise.all([get("/models", null, { signal }), get("/leaderboard", null, { signal })]);
  const took = models.filter((model) => model.in_run).sort((a, b) => b.champions - a.champions || (a.loss_ratio ?? 9) - (b.loss_ratio ?? 9));
  const others = models.filter((model) => !model.in_run);
  const all = took.reduce((sum, model) => sum + model.champions, 0);
  return {
    title: "Models",
    content: [el("div", { class: "wrap" }, el("h1", {}, "Models"),
      el("p", { class: "scope" }, "Every model forecasts stretches of the past it has not seen; the best one for a series becomes its champion, and a cheaper one wins a tie."),
      isNumber(board.champion_loss_ratio) ? el("p", { class: "headline" }, el("strong", {}, `The champions\u2019 loss is ${ratio(board.champion_loss_ratio)} of that of repeating the last season`),
        ` on readings that were held back, over ${plural(all, "series", "series")}.`) : el("p", { class: "headline" }, "No contest was held: there was too little history to hold any of it back."),
      section("took-part", "Took part in this run", el("div", { class: "model-grid" }, ...took.map((model) => modelCard(model, all)))),
      others.length ? section("others", "Also in the catalog", el("p", { class: "hint" }, "Choose them with --models."), el("div", { class: "model-grid" }, ...others.map((model) => modelCard(model, all)))) : null,
      el("p", { class: "hint" }, "A loss of 0.80 is a forecast a fifth better than seasonal naive, bands included, as the geometric mean over the series on which the model was scored."))],
  };
}

function modelCard(model, all) {
  const most = Math.max(1, ...(model.resources ?? []).map((entry) => entry.champions));
  const wins = (model.resources ?? []).filter((entry) => entry.champions > 0);
  return el("article", { class: "card model" },
    el("h3", {}, model.name, model.baseline ? el("span", { class: "badge none" }, "baseline") : null),
    el("p", {}, model.summary),
    model.in_run ? el("div", {}, el("p", { class: "wins" }, el("strong", {}, count(model.champions)), ` of ${plural(all, "series", "series")} (${share(model.champions, all)})`),
      wins.length ? el("table", { class: "plain mini" }, el("caption", { class: "hidden-text" }, `Series that ${model.name} was chosen for, by resource`), el("tbody", {}, ...wins.map((entry) => el("tr", {},
        el("th", { scope: "row" }, entry.resource), el("td", {}, meter(entry.champions / most, count(entry.champions))))))) : null) : null,
    factList([
      model.in_run ? ["Loss to seasonal naive", ratio(model.loss_ratio)] : null,
      ["Cost", `${capital(model.cost)}: ${COSTS[model.cost] ?? ""}`],
      ["Least history", plural(model.minimum_history, "reading")],
      ["Described in", model.reference],
    ]));
}
