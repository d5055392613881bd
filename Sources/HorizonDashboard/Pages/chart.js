// Charts on uPlot: the report's fan chart in the reader's language, and small ones of bars or a line. Each has a table behind it.
/* global uPlot, FanChart */
import { el } from "./elements.js";
import { axisDates, compact, date, isNumber, number, number3 } from "./format.js";
import { whenColoursChange } from "./theme.js";

FanChart.speak({ number, factor: number3, compact, axis: axisDates, date: (seconds) => date(seconds * 1000) });

/** What is drawn now; a page that is left takes its charts with it. */
const live = new Set();
whenColoursChange(() => {
  for (const chart of live) chart.redraw();
});

// Paper shows what was not scrolled to as well.
addEventListener("beforeprint", () => {
  for (const chart of live) if (!chart.current) chart.redraw();
});

export function forgetCharts() {
  for (const chart of [...live]) chart.destroy();
}

/** Keeps a drawing alive: `draw()` gives `{destroy()}` and is called again when colours change. */
class Drawing {
  #draw;
  current = null;

  constructor(draw) {
    this.#draw = draw;
    live.add(this);
  }

  redraw() {
    this.current?.destroy();
    this.current = this.#draw();
  }

  destroy() {
    this.current?.destroy();
    this.current = null;
    live.delete(this);
  }
}

/** Draws when the box first comes into sight, so that a long page costs what is seen of it. */
function whenSeen(box, draw) {
  const drawing = new Drawing(draw);
  const sight = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    sight.disconnect();
    drawing.redraw();
  }, { rootMargin: "300px 0px" });
  sight.observe(box);
  return drawing;
}

export const chartColours = () => FanChart.colours();

/**
 * History and forecast of a series.
 *
 * @param chart As `FanChart` takes it.
 * @param options `label`: its name; `extra()`: lines, bands and hooks in the colours of now; `view`: `[from, to]` in seconds;
 *   `say`: gets what is read at the pointer
 * @returns `{node, readout, zoom(from, to), redraw(), destroy()}`
 */
export function fanChart(chart, { label, extra = () => ({}), view = null, isTall = false }) {
  let range = view;
  const readout = el("p", { class: "readout", "aria-live": "polite" });
  const box = el("div", {
    class: `plot${isTall ? " tall" : ""}`, role: "img", tabindex: "0", "aria-label": `${label}. ${FanChart.sentence(chart)} Arrow keys read it point by point.`,
    onkeydown: (event) => {
      if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key) || event.altKey || event.metaKey) return;
      event.preventDefault();
      drawing.current?.move(event.key);
    },
  });
  readout.textContent = FanChart.sentence(chart);
  const drawing = whenSeen(box, () => FanChart.draw(box, chart, false, (text) => {
    readout.textContent = text;
  }, { ...extra(), ...(range ? { view: range } : {}) }));
  return {
    node: box,
    readout,
    zoom(from, to) {
      range = [from, to];
      drawing.current?.zoom(from, to);
    },
    redraw: () => drawing.redraw(),
    destroy: () => drawing.destroy(),
  };
}

export const legendKey = (kind, text) => el("li", {}, el("span", { class: `key ${kind}`, "aria-hidden": "true" }), text);

/** The numbers of a chart, made when they are asked for. `tables()` gives elements. */
export function tableBehind(tables, title = "The numbers as a table") {
  const box = el("details", { class: "behind" }, el("summary", {}, title));
  box.addEventListener("toggle", () => {
    if (box.open && box.childElementCount === 1) box.append(...tables());
  });
  return box;
}

export function numberTable(caption, heads, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${caption}, scrolls` }, el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, i) => el(i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : {}, cell)))))));
}

/**
 * A small chart of bars or a line, and its table.
 *
 * @param options `title`, `words` (said while nothing is pointed at), `names` of the places, `values`, `times` in seconds where places are
 *   times, `isBars`, `text(value)`, `fromZero`, `lines`: more lines of the same places `{values, tone}`, `bars`: a width in 0..1
 */
export function smallChart({ title, words = "", names, values, times = null, isBars = false, text = number, fromZero = true, isWide = false, mark = null }) {
  const caption = el("span", {}, words);
  const box = el("div", { class: `part-plot${isWide ? " wide" : ""}`, role: "img", "aria-label": `${title}. ${words}` });
  whenSeen(box, () => {
    const paint = FanChart.colours();
    const x = times ?? values.map((_, i) => i);
    const size = () => ({ width: Math.max(120, box.clientWidth), height: Math.max(60, box.clientHeight) });
    const axis = {
      stroke: paint.muted, font: "11px system-ui, sans-serif", grid: { stroke: paint.grid, width: 1 }, ticks: { show: false }, border: { show: false },
    };
    const every = Math.max(1, Math.ceil(values.length / (isWide ? 16 : 7)));
    const along = times
      ? { ...axis, size: 40, gap: 7, space: 52, values: (u, marks, at, space, gap) => axisDates(marks, gap) }
      : { ...axis, size: 26, gap: 5, grid: { show: false }, splits: () => x.filter((i) => i % every === 0), values: (u, at) => at.map((i) => short(names[i])) };
    const range = () => {
      const known = values.filter(isNumber);
      const [low, high] = [Math.min(...known, fromZero ? 0 : Infinity), Math.max(...known, fromZero ? 0 : -Infinity)];
      const pad = (high - low || Math.abs(high) || 1) * 0.12;
      return [fromZero && low >= 0 ? 0 : low - pad, fromZero && high <= 0 ? 0 : high + pad];
    };
    const step = x.length > 1 ? (x[x.length - 1] - x[0]) / (x.length - 1) : 1;
    const room = isBars ? step / 2 : 0;
    const plot = new uPlot({
      ...size(), legend: { show: false }, padding: [8, 8, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: times !== null, range: () => [x[0] - room, x[x.length - 1] + room] }, y: { range } },
      axes: [along, { ...axis, size: 44, gap: 2, space: 20, values: (u, at) => at.map(text) }],
      series: [{}, isBars
        ? { stroke: paint.median, fill: `rgba(${paint.fan}, 0.55)`, width: 1, paths: uPlot.paths.bars({ size: [0.8, 40] }), points: { show: false } }
        : { stroke: paint.median, width: 1.75, points: { show: false } }],
      hooks: {
        drawAxes: [(u) => zeroLine(u, paint, mark)],
        setCursor: [(u) => {
          const at = u.cursor.idx;
          caption.textContent = at === undefined || at === null || u.cursor.left < 0 ? words : `${names[at]}: ${text(values[at])}`;
        }],
      },
    }, [x, values], box);
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
  });
  return el("figure", { class: "part" }, el("figcaption", {}, el("strong", {}, title), caption), box,
    tableBehind(() => [numberTable(title, ["Where", "Value"], names.map((name, i) => [name, text(values[i])]))], "As a table"));
}

/** Three letters are enough of a day or a month; times of a day stay whole. */
const short = (name) => (/^\d/.test(name) ? name : name.slice(0, 3));

function zeroLine(u, paint, mark) {
  const { left, top, width, height } = u.bbox;
  const stroke = (from, to) => {
    u.ctx.beginPath();
    u.ctx.moveTo(...from);
    u.ctx.lineTo(...to);
    u.ctx.stroke();
  };
  u.ctx.save();
  u.ctx.strokeStyle = paint.muted;
  u.ctx.lineWidth = devicePixelRatio || 1;
  const zero = u.valToPos(0, "y", true);
  if (zero >= top && zero <= top + height) stroke([left, zero], [left + width, zero]);
  if (mark !== null) {
    const at = u.valToPos(mark, "x", true);
    if (at > left && at < left + width) stroke([at, top], [at, top + height]);
  }
  u.ctx.restore();
}
