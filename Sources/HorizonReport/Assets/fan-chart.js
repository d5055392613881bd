// Draws one series with its forecast on uPlot: readings, three bands, median, thresholds, tiers behind the leads, breach dates.
// The library draws axes, lines and bands; its hooks add the shading and the marks. Text reaches the page as text only.
const FanChart = (() => {
  "use strict";
  const UTC = "UTC";
  const LEVELS = ["5 %", "10 %", "25 %", "50 %", "75 %", "90 %", "95 %"];
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const factor = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

  /** How numbers and dates are said; the dashboard has its reader's language here. */
  const words = {
    number: (value) => number.format(value), factor: (value) => factor.format(value), compact: (value) => compact.format(value).replace("K", "k"),
    date: isoDate, axis: axisLabels,
  };
  const speak = (others) => Object.assign(words, others);
  const date = (seconds, stepSeconds) => words.date(seconds, stepSeconds);

  function isoDate(seconds, stepSeconds) {
    const text = new Date(seconds * 1000).toISOString();
    return stepSeconds < 86400 ? text.slice(0, 10) + " " + text.slice(11, 16) : text.slice(0, 10);
  }

  /** Arrays as uPlot wants them: every time once, nulls where a line has no value. */
  function unpack(chart) {
    const times = [];
    const values = chart.values.slice();
    let time = chart.timeFirst;
    values.forEach((_, i) => {
      if (i > 0) time += chart.timeDifferences[i - 1] * chart.timeUnit;
      times.push(time);
    });
    const history = times.length;
    chart.leads.forEach((lead) => times.push(chart.start + lead * chart.stepSeconds));
    const pad = (count) => new Array(count).fill(null);
    const lines = [values.concat(pad(chart.leads.length))];
    chart.quantiles.forEach((level) => lines.push(pad(history).concat(level)));
    return { times, history, lines };
  }

  function tierAt(chart, lead) {
    const range = chart.tiers.find((tier) => lead >= tier.from && lead <= tier.to);
    return range ? range.tier : "low";
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue("--" + name).trim();
    return {
      ink: get("chart-ink"), muted: get("muted"), card: get("card"), grid: get("chart-grid"), fan: get("chart-fan"),
      median: get("chart-median"), most: get("chart-most"), next: get("chart-next"), capacity: get("chart-capacity"),
      tier: get("chart-tier"),
    };
  }

  /** Dates on the axis: as coarse as the distance between marks allows. */
  function axisLabels(marks, gap) {
    const names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let year = null;
    return marks.map((mark) => {
      const day = new Date(mark * 1000);
      const fresh = day.getUTCFullYear() !== year;
      year = day.getUTCFullYear();
      if (gap >= 360 * 86400) return String(year);
      if (gap >= 27 * 86400) return names[day.getUTCMonth()] + (fresh ? "\n" + year : "");
      const text = day.getUTCDate() + " " + names[day.getUTCMonth()];
      if (gap >= 86400) return text + (fresh ? "\n" + year : "");
      const clock = day.toISOString().slice(11, 16);
      return clock === "00:00" ? text : clock;
    });
  }

  /** Extra lines of the dashboard: `lines` of `{values, stroke, width, dash, isStepped}` over the chart's own times, `bands` of pairs of them. */
  const NOTHING = { lines: [], bands: [], behind: () => {}, before: () => {} };

  function valueRange(chart, data, from, to, extra) {
    let low = Infinity, high = -Infinity;
    const see = (value) => {
      if (value === null || !Number.isFinite(value)) return;
      if (value < low) low = value;
      if (value > high) high = value;
    };
    data.times.forEach((time, i) => {
      if (time < from || time > to) return;
      see(data.lines[0][i]);
      see(data.lines[1][i]);
    });
    chart.thresholds.forEach((line) => see(line.value));
    extra.lines.forEach((line) => line.values.forEach((value, i) => {
      if (data.times[i] >= from && data.times[i] <= to) see(value);
    }));
    const limit = 1.5 * Math.max(Math.abs(high), 1e-9);
    data.times.forEach((time, i) => {
      if (time >= from && time <= to && data.lines[7][i] !== null) see(Math.min(data.lines[7][i], Math.max(limit, high)));
    });
    if (low > high) return [0, 1];
    const pad = (high - low || Math.abs(high) || 1) * 0.08;
    return [low >= 0 && low < 0.55 * high ? 0 : low - pad, high + 1.4 * pad];
  }

  /** `most`, the highest threshold, and the others differ in colour and in dash. */
  function lineStyle(chart, line, paint) {
    const top = Math.max(...chart.thresholds.map((other) => other.value));
    return line.value === top ? { stroke: paint.most, dash: [9, 4] } : { stroke: paint.next, dash: [3, 3] };
  }

  function shadeTiers(u, chart, paint) {
    const { left, top, width, height } = u.bbox;
    const ctx = u.ctx;
    const scale = devicePixelRatio || 1;
    const clampX = (seconds) => Math.min(left + width, Math.max(left, u.valToPos(seconds, "x", true)));
    ctx.save();
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    const strength = { high: 0.03, medium: 0.09, low: 0.16 };
    chart.tiers.forEach((range) => {
      const from = clampX(chart.start + (range.from - 1) * chart.stepSeconds);
      const to = clampX(chart.start + range.to * chart.stepSeconds);
      if (to - from < 1) return;
      ctx.fillStyle = `rgba(${paint.tier}, ${strength[range.tier] ?? 0.16})`;
      ctx.fillRect(from, top, to - from, height);
      for (const text of [range.tier + " trust", range.tier]) {
        if (ctx.measureText(text).width + 8 * scale > to - from) continue;
        ctx.fillStyle = paint.muted;
        ctx.fillText(text, from + 4 * scale, top - 4 * scale);
        break;
      }
    });
    ctx.restore();
  }

  function label(ctx, text, x, y, colour, paint, scale) {
    const width = ctx.measureText(text).width;
    ctx.globalAlpha = 0.82;
    ctx.fillStyle = paint.card;
    ctx.fillRect(x - 3 * scale, y - 8 * scale, width + 6 * scale, 16 * scale);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
    return width;
  }

  function drawMarks(u, chart, paint) {
    const { left, top, width, height } = u.bbox;
    const ctx = u.ctx;
    const scale = devicePixelRatio || 1;
    const x = (seconds) => u.valToPos(seconds, "x", true);
    const right = left + width;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.setLineDash([]);

    const now = x(chart.start);
    ctx.strokeStyle = paint.muted;
    ctx.lineWidth = scale;
    ctx.beginPath();
    ctx.moveTo(now, top);
    ctx.lineTo(now, top + height);
    ctx.stroke();

    drawCapacity(u, chart, paint, ctx, scale);
    drawLevelMarks(u, chart, paint, ctx, scale);
    chart.thresholds.forEach((line) => {
      const y = u.valToPos(line.value, "y", true);
      const { stroke } = lineStyle(chart, line, paint);
      label(ctx, `${line.name} ${words.number(line.value)}`, left + 6 * scale, y - 10 * scale, stroke, paint, scale);
      if (line.breachP10 === undefined && line.breachP50 === undefined) return;
      const from = Math.max(left, x(line.breachP10 ?? line.breachP50));
      const to = line.breachP90 === undefined ? right : Math.min(right, x(line.breachP90));
      ctx.globalAlpha = 0.55;
      ctx.fillStyle = stroke;
      ctx.fillRect(from, y - 3 * scale, Math.max(to - from, 2 * scale), 6 * scale);
      ctx.globalAlpha = 1;
      if (line.breachP50 === undefined) return;
      const at = x(line.breachP50);
      if (at < left || at > right) return;
      ctx.strokeStyle = stroke;
      ctx.lineWidth = 1.5 * scale;
      ctx.setLineDash([4 * scale, 3 * scale]);
      ctx.beginPath();
      ctx.moveTo(at, y);
      ctx.lineTo(at, top + height);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(at, y, 4.5 * scale, 0, 2 * Math.PI);
      ctx.fillStyle = stroke;
      ctx.fill();
      ctx.strokeStyle = paint.card;
      ctx.stroke();
    });
    placeBreachDates(u, chart, paint, ctx, scale);
    ctx.restore();
  }

  function drawCapacity(u, chart, paint, ctx, scale) {
    const { left, top, width } = u.bbox;
    if (chart.capacity === undefined || chart.thresholds.some((line) => line.value >= chart.capacity)) return;
    const y = u.valToPos(chart.capacity, "y", true);
    if (y < top) return;
    ctx.strokeStyle = paint.capacity;
    ctx.lineWidth = 1.25 * scale;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    label(ctx, `capacity ${words.number(chart.capacity)}`, left + 6 * scale, y + 10 * scale, paint.capacity, paint, scale);
  }

  const markText = (mark) => `${mark.isCapacity ? "capacity" : "level"} \u00d7${words.factor(mark.factor)}`;

  /** Resizes and level shifts, each a line where the new level begins. */
  function drawLevelMarks(u, chart, paint, ctx, scale) {
    const { left, top, width, height } = u.bbox;
    let end = left;
    chart.marks.forEach((mark) => {
      const at = u.valToPos(mark.time, "x", true);
      if (at < left || at > left + width) return;
      ctx.strokeStyle = paint.ink;
      ctx.lineWidth = scale;
      ctx.setLineDash([2 * scale, 3 * scale]);
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, top + height);
      ctx.stroke();
      ctx.setLineDash([]);
      const wide = ctx.measureText(markText(mark)).width;
      const from = at + wide + 10 * scale > left + width ? at - wide - 6 * scale : at + 6 * scale;
      const y = top + height - (from < end ? 45 : 28) * scale;
      end = from + wide + 6 * scale;
      label(ctx, markText(mark), from, y, paint.ink, paint, scale);
    });
  }

  /** Dates stand at the foot of their markers, one above the other where they would touch. */
  function placeBreachDates(u, chart, paint, ctx, scale) {
    const { left, top, width, height } = u.bbox;
    const taken = [];
    chart.thresholds.filter((line) => line.breachP50 !== undefined).sort((a, b) => a.breachP50 - b.breachP50).forEach((line) => {
      const at = u.valToPos(line.breachP50, "x", true);
      if (at < left || at > left + width) return;
      const text = date(line.breachP50, chart.stepSeconds);
      const wide = ctx.measureText(text).width;
      const from = at + wide + 10 * scale > left + width ? at - wide - 6 * scale : at + 6 * scale;
      let y = top + height - 11 * scale;
      while (taken.some((box) => Math.abs(box.y - y) < 15 * scale && from < box.to && from + wide > box.from)) y -= 17 * scale;
      taken.push({ from, to: from + wide + 6 * scale, y });
      label(ctx, text, from, y, lineStyle(chart, line, paint).stroke, paint, scale);
    });
  }

  function options(chart, data, size, view, say, extra) {
    const paint = colours();
    const fan = (alpha) => `rgba(${paint.fan}, ${alpha})`;
    const hidden = { stroke: "transparent", width: 0, points: { show: false } };
    const axis = {
      stroke: paint.muted, font: "12px system-ui, sans-serif", grid: { stroke: paint.grid, width: 1 },
      ticks: { stroke: paint.grid, width: 1, size: 4 }, border: { show: false },
    };
    const threshold = (line) => ({ ...lineStyle(chart, line, paint), width: 1.5, points: { show: false } });
    return {
      ...size, legend: { show: false }, padding: [22, 12, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), UTC),
      cursor: { y: false, drag: { x: true, y: false, setScale: true }, points: { show: false } },
      scales: {
        x: { time: true, min: view[0], max: view[1] },
        y: { range: (u) => valueRange(chart, data, u.scales.x.min ?? view[0], u.scales.x.max ?? view[1], extra) },
      },
      axes: [
        { ...axis, space: 64, size: 42, values: (u, marks, axis, space, gap) => words.axis(marks, gap) },
        { ...axis, size: 50, gap: 4, space: 36, values: (u, marks) => marks.map(words.compact) },
      ],
      series: [
        {},
        { stroke: paint.ink, width: 1.4, points: { show: false } },
        hidden, hidden, hidden,
        { stroke: paint.median, width: 2, points: { show: false } },
        hidden, hidden, hidden,
        ...chart.thresholds.map(threshold),
        ...extra.lines.map(({ stroke, width, dash, isStepped }) => ({
          stroke: stroke ?? "transparent", width: width ?? 0, dash, points: { show: false }, paths: isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        })),
      ],
      bands: [
        { series: [8, 2], fill: fan(0.17) },
        { series: [7, 3], fill: fan(0.2) },
        { series: [6, 4], fill: fan(0.28) },
        ...extra.bands.map(({ upper, lower, fill }) => ({ series: [upper, lower].map((i) => 9 + chart.thresholds.length + i), fill })),
      ],
      hooks: {
        drawClear: [(u) => shadeTiers(u, chart, paint), (u) => extra.behind(u, paint)],
        draw: [(u) => drawMarks(u, chart, paint), (u) => extra.before(u, paint)],
        setCursor: [(u) => say(u.cursor.idx === undefined || u.cursor.left < 0 ? null : u.cursor.idx)],
      },
    };
  }

  /** What the picture says, for those who do not see it, and while nothing is pointed at. */
  function sentence(chart) {
    const last = chart.leads.length - 1;
    if (last < 0) return "No forecast.";
    const [, low, , median, , high] = chart.quantiles;
    const unit = chart.unit ? " " + chart.unit : "";
    const end = date(chart.start + chart.leads[last] * chart.stepSeconds, chart.stepSeconds);
    const changes = chart.marks.map((mark) => ` ${mark.isCapacity ? "Capacity" : "Level"} \u00d7${words.factor(mark.factor)} on ${date(mark.time, chart.stepSeconds)}.`).join("");
    return `By ${end} the median forecast is ${words.number(median[last])}${unit}, 80 % of outcomes lie between ` +
      `${words.number(low[last])} and ${words.number(high[last])}.${changes}`;
  }

  function readout(chart, data, index) {
    const when = date(data.times[index], chart.stepSeconds);
    const unit = chart.unit ? " " + chart.unit : "";
    if (index < data.history) {
      const value = data.lines[0][index];
      return value === null ? `${when}: no reading` : `${when}: ${words.number(value)}${unit}`;
    }
    const lead = chart.leads[index - data.history];
    const at = (level) => words.number(data.lines[level][index]);
    return `${when}: median ${at(4)}${unit}, 50 % in ${at(3)} to ${at(5)}, 80 % in ${at(2)} to ${at(6)}, ` +
      `90 % in ${at(1)} to ${at(7)}, ${tierAt(chart, lead)} trust`;
  }

  /** A chart inside `box`; `say(text, index)` gets the readout. Call `destroy()` when it leaves the view. */
  function draw(box, chart, whole, say, more = {}) {
    const extra = { ...NOTHING, ...more };
    const data = unpack(chart);
    const thresholds = chart.thresholds.map((line) => data.times.map(() => line.value));
    const end = data.times[data.times.length - 1];
    const span = end - chart.start;
    const first = data.times[0];
    const view = more.view ?? [whole ? first : Math.max(first, chart.start - 2 * Math.max(span, chart.stepSeconds * 20)), end];
    const size = () => ({ width: Math.max(200, box.clientWidth), height: Math.max(160, box.clientHeight) });
    const tell = (index) => say(index === null ? sentence(chart) : readout(chart, data, index), index);
    tell(null);
    const plot = new uPlot(options(chart, data, size(), view, tell, extra), [data.times, ...data.lines, ...thresholds, ...extra.lines.map((line) => line.values)], box);
    const watcher = new ResizeObserver(() => {
      const wanted = size();
      if (wanted.width !== plot.width || wanted.height !== plot.height) plot.setSize(wanted);
    });
    watcher.observe(box);
    let at = data.history - 1;
    return {
      /** Reads the next point to the left or right aloud, or the first or last one in sight. */
      move(key) {
        const { min, max } = plot.scales.x;
        const inSight = data.times.map((_, i) => i).filter((i) => data.times[i] >= min && data.times[i] <= max);
        const [least, most] = [inSight[0], inSight[inSight.length - 1]];
        at = key === "Home" ? least : key === "End" ? most : Math.min(most, Math.max(least, at + (key === "ArrowLeft" ? -1 : 1)));
        plot.setCursor({ left: plot.valToPos(data.times[at], "x"), top: 10 });
      },
      /** Shows the times from `min` to `max`, in seconds. */
      zoom(min, max) {
        plot.setScale("x", { min, max });
      },
      destroy() {
        watcher.disconnect();
        plot.destroy();
      },
    };
  }

  return { draw, sentence, unpack, tierAt, date, colours, speak, LEVELS };
})();
