/** The lines of a chart of metrics: their points on an axis, what is drawn of them, the table behind them, their picture. */

import { align, alone, envelope, smooth, type Points } from "./series";
import { wholeSvg, logTicks, round, text, ticks, xml } from "./svg";
import { formatNumber } from "./values";
import type { DataTable, Look } from "./charts";
import type { Json, SeriesInfo } from "./types";

export interface Line {
  info: SeriesInfo;
  label: string;
  rows: Uint32Array;
  values: Float64Array;
  /** In the order of x; `order` says where each point stood before, where that is not the same. */
  raw: Points & { order: Uint32Array | null };
  /** The points that are no number. */
  broken: Points;
}

export interface Lines {
  /** The place of each row on the axis. */
  axis: Float64Array;
  name: string;
  lines: Line[];
  low: number;
  high: number;
}

export interface Drawing {
  smoothing: number;
  log: boolean;
}

const smoothed = new WeakMap<Line, { weight: number; y: Float64Array }>();
const positive = new WeakMap<Float64Array, Float64Array>();

/** The smoothed values of a line in the order of x; kept, because every zoom asks for them again. */
export function smoothedOf(line: Line, weight: number): Float64Array {
  let found = smoothed.get(line);
  if (!found || found.weight !== weight) smoothed.set(line, (found = { weight, y: smooth(line.raw.y, weight) }));
  return found.y;
}

/** A logarithm has no place for zero and below: gaps. */
function loggable(y: Float64Array): Float64Array {
  let found = positive.get(y);
  if (!found) positive.set(y, (found = y.map((value) => (value > 0 ? value : NaN))));
  return found;
}

interface Fitted {
  low: number;
  high: number;
  width: number;
  points: Points;
}

const fitted = new WeakMap<Float64Array, Fitted>();

/** The envelope of some values, kept until it is asked for another part: smoothing changes one of two lines only. */
function fit(x: Float64Array, y: Float64Array, low: number, high: number, width: number): Points {
  const found = fitted.get(y);
  if (found && found.low === low && found.high === high && found.width === width) return found.points;
  const points = envelope({ x, y }, low, high, width);
  fitted.set(y, { low, high, width, points });
  return points;
}

/** What is drawn between two x: the envelope of each line, and after it that of its smoothed form. */
export function drawnPoints(all: Lines, { smoothing, log }: Drawing, low: number, high: number, width: number): Points[] {
  const drawn = (x: Float64Array, y: Float64Array) => fit(x, log ? loggable(y) : y, low, high, width);
  return all.lines.flatMap((line) => [
    drawn(line.raw.x, line.raw.y),
    ...(smoothing > 0 ? [drawn(line.raw.x, smoothedOf(line, smoothing))] : []),
  ]);
}

export function drawnColumns(all: Lines, drawing: Drawing, low: number, high: number, width: number): ReturnType<typeof align> {
  return align(drawnPoints(all, drawing, low, high, width));
}

/** Every row at which one of the lines has a value: its step, its place on the axis, the values with all their digits. */
export function linesTable(all: Lines, steps: Float64Array, smoothing: number, shown: (key: string) => boolean): DataTable {
  const lines = all.lines.filter((line) => shown(line.info.key));
  const present = new Uint8Array(steps.length);
  for (const { rows } of lines) for (const row of rows) present[row] = 1;
  const rows = new Uint32Array(present.reduce((sum, one) => sum + one, 0));
  for (let row = 0, i = 0; row < present.length; row += 1) if (present[row]) rows[i++] = row;
  const columns: { title: string; at(row: number): Json }[] = [{ title: "step", at: (row) => steps[row] }];
  if (all.name !== "step") columns.push({ title: all.name, at: (row) => (Number.isNaN(all.axis[row]) ? null : all.axis[row]) });
  for (const line of lines) {
    columns.push({ title: line.info.key, at: (row) => at(line.rows, line.values, row) });
    if (smoothing > 0) {
      const values = asLogged(line, smoothedOf(line, smoothing));
      columns.push({ title: `${line.info.key} (smoothed ${smoothing})`, at: (row) => at(line.rows, values, row) });
    }
  }
  return { name: "points", columns: columns.map((one) => one.title), length: rows.length, row: (index) => columns.map((one) => one.at(rows[index])) };
}

function asLogged(line: Line, values: Float64Array): Float64Array {
  const { order } = line.raw;
  if (!order) return values;
  const out = new Float64Array(line.values.length).fill(NaN);
  order.forEach((from, to) => (out[from] = values[to]));
  return out;
}

function at(rows: Uint32Array, values: Float64Array, row: number): Json {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle] < row) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row ? values[low] : null;
}

export interface Window {
  x: [number, number];
  y: [number, number];
}

/** The chart as it is on the screen, as vectors: its part of the axes, its lines, its gaps, its legend. */
export function linesSvg(
  title: string, all: Lines, drawing: Drawing, window: Window, size: [number, number], look: Look,
  styles: { color: string; dash: boolean; shown: boolean }[], write: (x: number) => string,
): string {
  const [width, height] = size;
  const box = { left: 64, top: 56, right: width - 20, bottom: height - 44 };
  const [[x0, x1], [y0, y1]] = [window.x, window.y];
  const scale = drawing.log ? Math.log10 : (value: number) => value;
  const px = (x: number) => box.left + ((x - x0) / (x1 - x0 || 1)) * (box.right - box.left);
  const py = (y: number) => box.bottom - ((scale(y) - scale(y0)) / (scale(y1) - scale(y0) || 1)) * (box.bottom - box.top);
  const body: string[] = [text(16, 22, title, look.text, 'font-size="14" font-weight="600"')];
  for (const value of drawing.log ? logTicks(y0, y1) : ticks(y0, y1, 6)) {
    body.push(`<path d="M${box.left} ${round(py(value))}H${box.right}" stroke="${xml(look.grid)}"/>`);
    body.push(text(box.left - 6, py(value) + 4, formatNumber(value), look.text, 'text-anchor="end"'));
  }
  for (const value of ticks(x0, x1, 8, all.name === "step")) {
    body.push(`<path d="M${round(px(value))} ${box.top}V${box.bottom}" stroke="${xml(look.grid)}"/>`);
    body.push(text(px(value), box.bottom + 16, write(value), look.text, 'text-anchor="middle"'));
  }
  body.push(text((box.left + box.right) / 2, height - 10, all.name, look.text, 'text-anchor="middle"'));
  body.push(`<clipPath id="box"><rect x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}"/></clipPath>`);
  const each = drawing.smoothing > 0 ? 2 : 1;
  const points = drawnPoints(all, drawing, x0, x1, box.right - box.left);
  let place = 16;
  body.push('<g clip-path="url(#box)" fill="none">');
  const legend: string[] = [];
  const mark = look.dark ? "#ff7b7b" : "#c2292e";
  all.lines.forEach((line, i) => {
    const { color, dash, shown } = styles[i];
    if (!shown) return;
    for (let k = 0; k < each; k += 1) body.push(...path(points[i * each + k], px, py, color, dash, each === 2 && k === 0));
    for (let k = 0; k < line.broken.x.length; k += 1) {
      const x = line.broken.x[k];
      if (x < x0 || x > x1) continue;
      const [edge, by] = line.broken.y[k] === -Infinity ? [box.bottom, -6] : [box.top, 6];
      body.push(`<path d="M${round(px(x) - 4)} ${edge}h8l-4 ${by}z" fill="${mark}"/>`);
    }
    legend.push(`<path d="M${place} 38h16" stroke="${xml(color)}" stroke-width="3"${dash ? ' stroke-dasharray="6 3"' : ""}/>`, text(place + 21, 42, line.label, look.text));
    place += 40 + line.label.length * 7;
  });
  body.push("</g>", ...legend);
  return wholeSvg(width, height, look.ground, body);
}

function path({ x, y }: Points, px: (x: number) => number, py: (y: number) => number, color: string, dash: boolean, faint: boolean): string[] {
  const out: string[] = [];
  let pen = false;
  const column: (number | null)[] = [];
  const parts: string[] = [];
  for (let i = 0; i < x.length; i += 1) {
    const fits = Number.isFinite(y[i]);
    column.push(fits ? y[i] : null);
    if (fits) parts.push(`${pen ? "L" : "M"}${round(px(x[i]))} ${round(py(y[i]))}`);
    pen = fits;
  }
  const more = `${dash ? ' stroke-dasharray="6 3"' : ""}${faint ? ' stroke-opacity="0.28"' : ""}`;
  if (parts.length) out.push(`<path d="${parts.join("")}" stroke="${xml(color)}" stroke-width="${faint ? 1 : 1.6}" stroke-linejoin="round"${more}/>`);
  for (const i of alone(column)) out.push(`<circle cx="${round(px(x[i]))}" cy="${round(py(y[i]))}" r="2.5" fill="${xml(color)}"/>`);
  return out;
}
