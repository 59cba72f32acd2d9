/** What is behind the chart of a histogram over steps, and the chart as vectors. */

import { viridis } from "./colors";
import { wholeSvg, round, text, xml } from "./svg";
import { tableOf, type DataTable, type Look } from "./charts";
import { lastAtOrBefore } from "./steps";
import { formatNumber } from "./values";
import type { Heatmap, Histogram } from "./histograms";

export interface Column {
  row: number;
  step: number;
  histogram: Histogram;
}

/** The bars of the chosen step; where there are more steps, those of all of them as a second table. */
export function histogramTables(columns: Column[], chosen: number): DataTable[] {
  const bars = ({ histogram: { values, bins } }: Column) => values.map((count, i) => [bins[i], bins[i + 1], count]);
  const tables = chosen < 0 ? [] : [tableOf(`step ${columns[chosen].step}`, ["low", "high", "count"], bars(columns[chosen]))];
  if (columns.length < 2 && tables.length) return tables;
  const starts: number[] = [];
  let length = 0;
  for (const { histogram } of columns) {
    starts.push(length);
    length += histogram.values.length;
  }
  return [
    ...tables,
    {
      name: `all ${columns.length} steps`,
      columns: ["step", "low", "high", "count"],
      length,
      row(index) {
        const at = lastAtOrBefore(starts, index);
        const { values, bins } = columns[at].histogram;
        const i = index - starts[at];
        return [columns[at].step, bins[i], bins[i + 1], values[i]];
      },
    },
  ];
}

/** How bright a share of the samples is, from 0 to 1. */
export function brightness(share: number, log: boolean): number {
  return log ? Math.log1p(share * 1000) / Math.log(1001) : Math.sqrt(share);
}

/** Which histogram is shown at each of `width` places: each reaches to the next one. */
export function placesOf(columns: Column[], width: number, first: number, span: number): Int32Array {
  const steps = Float64Array.from(columns, (one) => one.step);
  return Int32Array.from({ length: width }, (_, x) => Math.max(lastAtOrBefore(steps, first + ((x + 0.5) / width) * span), 0));
}

const LEVELS = 64;

export function histogramSvg(title: string, columns: Column[], map: Heatmap, chosen: number, log: boolean, size: [number, number], look: Look, accent: string): string {
  const [width, height] = size;
  const box = { left: 64, top: 44, bottom: height - 40 };
  const many = columns.length > 1;
  const middle = many ? round(width * 0.68) : box.left;
  const bottom = box.bottom;
  const py = (value: number) => bottom - ((value - map.low) / (map.high - map.low)) * (bottom - box.top);
  const body = [text(16, 22, title, look.text, 'font-size="14" font-weight="600"')];
  for (const value of [map.low, ...(map.low < 0 && map.high > 0 ? [0] : []), map.high])
    body.push(text(box.left - 6, py(value) + 4, formatNumber(value, 3), look.text, 'text-anchor="end"'));
  const heat = middle - box.left - 12;
  if (many) {
    const [first, last] = [columns[0].step, columns[columns.length - 1].step];
    const span = (last - first) * (1 + 1 / (columns.length - 1));
    const count = Math.min(columns.length * 4, 1200);
    const places = placesOf(columns, count, first, span);
    const levels: string[][] = Array.from({ length: LEVELS }, () => []);
    const [w, h] = [heat / count, (bottom - box.top) / map.bins];
    for (let x = 0; x < count; x += 1) {
      let end = x + 1;
      while (end < count && places[end] === places[x]) end += 1;
      map.columns[places[x]].forEach((share, bin) => {
        if (share <= 0) return;
        const t = brightness(share / (map.most || 1), log);
        levels[Math.min(Math.floor(t * LEVELS), LEVELS - 1)].push(
          `M${round(box.left + x * w)} ${round(bottom - (bin + 1) * h)}h${round((end - x) * w)}v${round(h)}h${round(-(end - x) * w)}z`,
        );
      });
      x = end - 1;
    }
    levels.forEach((cells, level) => {
      if (!cells.length) return;
      const t = (level + 0.5) / LEVELS;
      body.push(`<path d="${cells.join("")}" fill="rgb(${viridis(look.dark ? t : 1 - t).join(",")})" shape-rendering="crispEdges"/>`);
    });
    body.push(text(box.left, bottom + 16, formatNumber(first), look.text), text(box.left + heat, bottom + 16, formatNumber(last), look.text, 'text-anchor="end"'));
    body.push(text(box.left + heat / 2, bottom + 32, "step", look.text, 'text-anchor="middle"'));
  }
  if (chosen >= 0) {
    const { histogram: { values, bins }, step } = columns[chosen];
    const length = (count: number) => (log ? Math.log1p(count) : count);
    const most = values.reduce((highest, count) => Math.max(highest, length(count)), 1e-12);
    body.push(`<path d="M${middle} ${box.top}V${bottom}" stroke="${xml(look.grid)}"/>`);
    values.forEach((count, i) => {
      if (count > 0)
        body.push(`<rect x="${middle}" y="${round(py(bins[i + 1]))}" width="${round((length(count) / most) * (width - 20 - middle))}" height="${round(Math.max(py(bins[i]) - py(bins[i + 1]) - 0.5, 0.5))}" fill="${xml(accent)}"/>`);
    });
    body.push(text(middle, bottom + 16, `counts of step ${step}${log ? ", logarithmic" : ""}`, look.text));
  }
  return wholeSvg(width, height, look.ground, body);
}
