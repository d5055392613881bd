// Draws one part of a forecast small: a line over past and future, bars at dates, or one cycle of day, week or year.
const PartChart = (() => {
  "use strict";
  const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  const signed = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, signDisplay: "exceptZero" });
  const isCycle = (part) => ["day", "week", "year"].includes(part.shape);

  /** Names of the places of a cycle, or dates. */
  function places(part, chart) {
    if (part.shape === "week") return DAYS;
    if (part.shape === "day") return part.values.map((_, hour) => String(hour).padStart(2, "0") + ":00");
    if (part.shape === "year") return part.values.map((_, i) => `${["1", "11", "21"][i % 3]} ${MONTHS[Math.floor(i / 3)]}`);
    return part.steps.map((step) => FanChart.date(chart.start + step * chart.stepSeconds, chart.stepSeconds));
  }

  /** A line's own amount, and what any other part adds to it. */
  const text = (part, value) => (part.name === "trend" ? number : signed).format(value);

  function axis(paint) {
    return {
      stroke: paint.muted, font: "11px system-ui, sans-serif", grid: { stroke: paint.grid, width: 1 },
      ticks: { show: false }, border: { show: false },
    };
  }

  function along(part, paint) {
    const base = { ...axis(paint), size: 22, gap: 2, grid: { show: false } };
    if (part.shape === "week") return { ...base, splits: () => DAYS.map((_, i) => i), values: (u, at) => at.map((i) => DAYS[i][0]) };
    if (part.shape === "day") return { ...base, splits: () => [0, 6, 12, 18], values: (u, at) => at.map((hour) => `${hour}h`) };
    if (part.shape === "year") return { ...base, splits: () => [1, 10, 19, 28], values: (u, at) => at.map((i) => MONTHS[Math.floor(i / 3)]) };
    return { ...base, space: 44, values: (u, marks, index, space, gap) => marks.map((mark) => {
      const day = new Date(mark * 1000);
      return gap >= 360 * 86400 ? String(day.getUTCFullYear()) : gap >= 27 * 86400 ? MONTHS[day.getUTCMonth()] : `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}`;
    }) };
  }

  /** Room above and below; beside the trend nothing is seen without its zero. */
  function valueRange(part) {
    const values = part.name === "trend" ? part.values : [...part.values, 0];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const pad = (high - low || Math.abs(high) || 1) * 0.12;
    return [low < 0 || part.name === "trend" ? low - pad : 0, high > 0 || part.name === "trend" ? high + pad : 0];
  }

  function marks(u, part, chart, paint) {
    const { left, top, width, height } = u.bbox;
    const ctx = u.ctx;
    ctx.save();
    ctx.lineWidth = devicePixelRatio || 1;
    const stroke = (colour, from, to) => {
      ctx.strokeStyle = colour;
      ctx.beginPath();
      ctx.moveTo(...from);
      ctx.lineTo(...to);
      ctx.stroke();
    };
    if (part.name !== "trend") {
      const zero = u.valToPos(0, "y", true);
      stroke(paint.muted, [left, zero], [left + width, zero]);
    }
    if (!isCycle(part)) {
      const now = u.valToPos(chart.start, "x", true);
      if (now > left && now < left + width) stroke(paint.muted, [now, top], [now, top + height]);
    }
    ctx.restore();
  }

  /** A small chart inside `box`; `say(text)` gets what is pointed at, or the part's own sentence. Call `destroy()` in the end. */
  function draw(box, part, chart, say) {
    const paint = FanChart.colours();
    const names = places(part, chart);
    const x = isCycle(part) ? part.values.map((_, i) => i) : part.steps.map((step) => chart.start + step * chart.stepSeconds);
    const isBars = part.shape === "bars" || part.shape === "week" || part.shape === "day";
    const size = () => ({ width: Math.max(120, box.clientWidth), height: Math.max(60, box.clientHeight) });
    const room = isCycle(part) && isBars ? 0.5 : 0;
    const end = chart.start + chart.leads[chart.leads.length - 1] * chart.stepSeconds;
    const plot = new uPlot({
      ...size(), legend: { show: false }, padding: [6, 6, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: !isCycle(part), range: () => (isCycle(part) ? [x[0] - room, x[x.length - 1] + room] : [x[0], Math.max(end, x[x.length - 1])]) },
        y: { range: () => valueRange(part) },
      },
      axes: [along(part, paint), { ...axis(paint), size: 40, gap: 2, space: 18, values: (u, at) => at.map((value) => text(part, value)) }],
      series: [{}, isBars
        ? { stroke: paint.median, fill: `rgba(${paint.fan}, 0.55)`, width: 1, paths: uPlot.paths.bars({ size: [0.7, 24] }), points: { show: false } }
        : { stroke: paint.median, width: 1.75, points: { show: false } }],
      hooks: {
        drawAxes: [(u) => marks(u, part, chart, paint)],
        setCursor: [(u) => {
          const at = u.cursor.idx;
          say(at === undefined || at === null || u.cursor.left < 0 ? null : `${names[at]}: ${text(part, part.values[at])}${part.name === "trend" ? " %" : " points"}`);
        }],
      },
    }, [x, part.values], box);
    const watcher = new ResizeObserver(() => {
      const wanted = size();
      if (wanted.width !== plot.width || wanted.height !== plot.height) plot.setSize(wanted);
    });
    watcher.observe(box);
    return {
      destroy() {
        watcher.disconnect();
        plot.destroy();
      },
    };
  }

  return { draw, places, text };
})();
