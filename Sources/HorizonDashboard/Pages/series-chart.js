// A series of the API as the fan chart takes it, and what the dashboard adds: gaps, the capacity over time, fold forecasts.
/* global FanChart */
import { numberTable } from "./chart.js";
import { count, date, isNumber, number } from "./format.js";

const LEVELS = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"];
/** More readings than this are in the API, not in a table that people read. */
const MOST_READINGS = 1500;
/** Beside blue, orange and ochre, told apart by people who see few colours. */
const FOLD = { light: "#8a3f9e", dark: "#cf8be0" };

/** Null where there is neither a reading nor a forecast. */
export function asChart(series) {
  const { history, forecast, step_seconds: step } = series;
  const leads = forecast.q50.map((_, i) => i + 1);
  if (history.values.length === 0 && leads.length === 0) return null;
  const times = history.values.map((_, i) => history.start + i * step);
  const start = leads.length ? forecast.start - step : times[times.length - 1];
  return {
    server: series.server, resource: series.resource, unit: series.unit ?? "", model: series.model, start, stepSeconds: step,
    // Drawn as a line over time where it has changed.
    capacity: series.capacity_changes.length || !isNumber(series.capacity) ? undefined : series.capacity,
    timeFirst: times[0] ?? start, timeUnit: step, timeDifferences: times.slice(1).map(() => 1), values: history.values,
    leads, quantiles: LEVELS.map((level) => forecast[level]), tiers: series.tiers,
    thresholds: series.thresholds.filter((line) => isNumber(line.value)).map((line) => ({ name: line.name, value: line.value, ...breachTimes(line.risk, start) })),
    marks: [
      ...series.events.filter((event) => event.kind === "shift").map((event) => ({ time: event.time, isCapacity: false, factor: event.factor })),
      ...series.capacity_changes.filter((change) => change.from > 0).map((change) => ({ time: change.time, isCapacity: true, factor: change.to / change.from })),
    ].sort((a, b) => a.time - b.time),
    times, end: start + leads.length * step,
    gaps: series.events.filter((event) => event.kind === "gap"),
    capacities: series.capacity_changes.length && isNumber(series.capacity) ? series.capacity_changes : null,
  };
}

/** Quantiles of the first breach as times; left out where it was crossed before, or lies beyond the horizon. */
function breachTimes(risk, start) {
  if (!risk || (isNumber(risk.days_to_breach_p50) && risk.days_to_breach_p50 <= 0)) return {};
  const at = (days) => (isNumber(days) ? start + Math.round(days * 86400) : undefined);
  return { breachP10: at(risk.days_to_breach_p10), breachP50: at(risk.days_to_breach_p50), breachP90: at(risk.days_to_breach_p90) };
}

/** Lines and hooks for `FanChart.draw`. `folds`: fold forecasts to lay over the readings. */
export function extras(chart, folds, paint, isDark) {
  const lines = [], bands = [];
  const all = [...chart.times, ...chart.leads.map((lead) => chart.start + lead * chart.stepSeconds)];
  const place = new Map(all.map((time, i) => [time, i]));
  if (chart.capacities) lines.push({ values: capacityOver(all, chart.capacities), stroke: paint.capacity, width: 1.5, isStepped: true });
  const stroke = isDark ? FOLD.dark : FOLD.light;
  for (const fold of folds) {
    const along = (values) => {
      const line = all.map(() => null);
      values.forEach((value, i) => {
        const at = place.get(fold.start + i * chart.stepSeconds);
        if (at !== undefined) line[at] = value;
      });
      return line;
    };
    const first = lines.length;
    lines.push({ values: along(fold.q50), stroke, width: 1.5, dash: [6, 3] }, { values: along(fold.q90) }, { values: along(fold.q10) });
    bands.push({ upper: first + 1, lower: first + 2, fill: `${stroke}2e` });
  }
  return { lines, bands, behind: (u) => shadeGaps(u, chart, paint) };
}

function capacityOver(times, changes) {
  return times.map((time) => {
    const last = changes.findLast((change) => change.time <= time);
    return last ? last.to : changes[0].from;
  });
}

/** Hatching where there are no readings. */
function shadeGaps(u, chart, paint) {
  const { left, top, width, height } = u.bbox;
  const { ctx } = u;
  const scale = devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = paint.muted;
  ctx.globalAlpha = 0.4;
  ctx.lineWidth = scale;
  for (const gap of chart.gaps) {
    const from = Math.max(left, u.valToPos(gap.time - chart.stepSeconds / 2, "x", true));
    const to = Math.min(left + width, u.valToPos((gap.until ?? chart.start) - chart.stepSeconds / 2, "x", true));
    if (to - from < scale) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, top, to - from, height);
    ctx.clip();
    ctx.beginPath();
    for (let x = from - height; x < to; x += 7 * scale) {
      ctx.moveTo(x, top + height);
      ctx.lineTo(x + height, top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

/** What the chart shows, as tables. */
export function chartTables(chart) {
  const at = (seconds) => date(seconds * 1000);
  const forecast = chart.leads.map((lead, i) => [at(chart.start + lead * chart.stepSeconds), ...chart.quantiles.map((level) => number(level[i])), FanChart.tierAt(chart, lead)]);
  const readings = chart.times.map((time, i) => [at(time), isNumber(chart.values[i]) ? number(chart.values[i]) : "no reading"]).reverse();
  const newest = readings.length > MOST_READINGS ? `Readings, the newest ${count(MOST_READINGS)} of ${count(readings.length)}` : "Readings, newest first";
  return [
    numberTable("Forecast: value not exceeded with this probability", ["Date", ...FanChart.LEVELS, "Trust"], forecast),
    numberTable(newest, ["Date", "Value"], readings.slice(0, MOST_READINGS)),
  ];
}
