/** A chart of lines by uPlot: the axes, zooming by dragging, gaps and lonely points, where the mouse points. */

import uPlot from "uplot";
import { drawnColumns, type Drawing, type Lines } from "../lib/lines";
import { alone } from "../lib/series";
import { formatNumber } from "../lib/values";

export interface Look {
  dark: boolean;
  log: boolean;
  /** Each line is there twice: faintly as it was logged, and smoothed. */
  smoothed: boolean;
  styles: { color: string; dash: boolean; shown: boolean }[];
}

export interface Doings {
  drawing(): Drawing;
  write(x: number): string;
  /** The part of the axis to show; null for all of it. */
  window(): [number, number] | null;
  onwindow(x: [number, number] | null): void;
  onpoint(x: number | null, left: number): void;
  onchoose(x: number): void;
  ondrawn(): void;
}

/** Steps are whole numbers, and so are the ticks of their axis. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Draw the same chart with other numbers: those of another smoothing. */
export function refresh(u: uPlot, all: Lines, drawing: Drawing): void {
  const { min, max } = u.scales.x;
  const [low, high] = [min ?? all.low, max ?? all.high];
  u.batch(() => {
    u.setData(drawnColumns(all, drawing, low, high, u.bbox.width / devicePixelRatio) as uPlot.AlignedData, false);
    u.setScale("x", { min: low, max: high });
  });
}

function seriesOf(all: Lines, { smoothed, styles }: Look): uPlot.Series[] {
  const lonely = (u: uPlot, index: number) => alone(u.data[index] as (number | null | undefined)[]);
  return all.lines.flatMap(({ label, raw }, i) => {
    const { color, dash: dashed, shown: show } = styles[i];
    const dash = dashed ? [6, 3] : undefined;
    // Few points are all drawn; of many those that no line reaches.
    const points: uPlot.Series.Points = { show: true, size: 5, fill: color, ...(raw.x.length < 40 && !smoothed ? {} : { filter: lonely }) };
    const line = { label, stroke: smoothed ? `${color}48` : color, width: smoothed ? 1 : 1.6, dash, show, spanGaps: false, points };
    return smoothed ? [line, { label, stroke: color, width: 1.8, dash, show, points: { ...points, filter: lonely } }] : [line];
  });
}

export function buildPlot(target: HTMLElement, [width, height]: [number, number], all: Lines, look: Look, doings: Doings): uPlot {
  const [text, grid] = [look.dark ? "#9aa4b2" : "#586272", look.dark ? "#262c35" : "#e9ecf0"];
  const font = `11px ${getComputedStyle(target).fontFamily}`;
  const axis: uPlot.Axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false }, gap: 4 };
  const whole: [number, number] = [all.low, all.high];
  let range = doings.window() ?? whole;
  function rescaled(u: uPlot, key: string): void {
    if (key !== "x") return;
    const { min, max } = u.scales.x;
    if (min === undefined || max === undefined || min === null || max === null || (min === range[0] && max === range[1])) return;
    // Zoomed: the envelope of this part, exact as soon as it fits.
    range = [min, max];
    const asked = doings.window() ?? whole;
    if (min !== asked[0] || max !== asked[1]) doings.onwindow(min <= whole[0] && max >= whole[1] ? null : range);
    queueMicrotask(() => {
      if (u.root.isConnected) refresh(u, all, doings.drawing());
    });
  }

  function point(u: uPlot): void {
    const { left } = u.cursor;
    if (left === undefined || left < 0 || !u.over.matches(":hover")) return doings.onpoint(null, 0);
    doings.onpoint(u.posToVal(left, "x"), u.bbox.left / devicePixelRatio + left);
  }

  const made = new uPlot(
    {
      width,
      height,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: {
        // Where the mouse is, is shown in all of them. What is dragged is told by the page, also to those that are not there yet.
        sync: { key: `medialog-${all.name}`, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
        drag: { x: true, y: false, setScale: true },
        points: { size: 6 },
        y: false,
        // Its own would fit what is in memory, which is the part that is zoomed to.
        bind: { dblclick: () => null },
      },
      scales: { x: { time: false, min: range[0], max: range[1] }, y: { distr: look.log ? 3 : 1 } },
      axes: [
        { ...axis, ...(all.name === "step" ? { incrs: WHOLE } : {}), size: 24, values: (_, ticks) => ticks.map(doings.write) },
        { ...axis, size: (_, ticks) => Math.max(30, ...(ticks ?? []).map((tick) => tick.length * 6.4 + 12)), values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formatNumber(tick))) },
      ],
      series: [{}, ...seriesOf(all, look)],
      hooks: {
        draw: [(u) => { marks(u, all, look); doings.ondrawn(); }],
        setCursor: [point],
        setScale: [rescaled],
      },
    },
    drawnColumns(all, doings.drawing(), range[0], range[1], width) as uPlot.AlignedData,
    target,
  );
  made.setScale("x", { min: range[0], max: range[1] });
  made.over.addEventListener("dblclick", () => made.setScale("x", { min: whole[0], max: whole[1] }));
  let down = 0;
  made.over.addEventListener("mousedown", (event) => (down = event.clientX));
  made.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - down) <= 4) doings.onchoose(made.posToVal(event.offsetX, "x"));
  });
  made.over.addEventListener("mouseleave", () => doings.onpoint(null, 0));
  return made;
}

/** Points that are no number: marked at the edge, so that a gap is not taken for missing points. */
function marks(u: uPlot, all: Lines, { dark, styles }: Look): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.fillStyle = dark ? "#ff7b7b" : "#c2292e";
  const unit = 4 * devicePixelRatio;
  all.lines.forEach(({ broken }, k) => {
    if (!styles[k].shown) return;
    // Of marks that lie on one another one is drawn: however many there are, each that can be seen is there.
    const last = [-Infinity, -Infinity];
    for (let i = 0; i < broken.x.length; i += 1) {
      const x = u.valToPos(broken.x[i], "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const below = broken.y[i] === -Infinity;
      if (x - last[Number(below)] < 1) continue;
      last[Number(below)] = x;
      const edge = below ? bbox.top + bbox.height : bbox.top;
      ctx.beginPath();
      ctx.moveTo(x - unit, edge);
      ctx.lineTo(x + unit, edge);
      ctx.lineTo(x, edge + (below ? -1 : 1) * unit * 1.5);
      ctx.fill();
    }
  });
  ctx.restore();
}
