/** Histograms over steps as one matrix of densities. */

import { numberOf } from "./values";
import type { Descriptor } from "./types";

export interface Histogram {
  values: number[];
  bins: number[];
}

export function readHistogram(value: Descriptor): Histogram {
  const numbers = (member: unknown): number[] => (Array.isArray(member) ? member.map((one) => numberOf(one) ?? NaN) : []);
  const [values, bins] = [numbers(value.values), numbers(value.bins)];
  if (bins.length !== values.length + 1 || bins.some((edge) => !Number.isFinite(edge))) throw new Error("not a histogram");
  return { values, bins };
}

export interface Heatmap {
  low: number;
  high: number;
  bins: number;
  /** One column per histogram: the share of its samples in each common bin, from the lowest. */
  columns: Float64Array[];
  most: number;
}

/** Each histogram spread over common bins; a bin's samples are taken as even within it. */
export function heatmap(histograms: Histogram[], bins = 48): Heatmap {
  let [low, high] = [Infinity, -Infinity];
  for (const { bins: edges, values } of histograms) {
    if (!values.some((count) => count > 0)) continue;
    low = Math.min(low, edges[0]);
    high = Math.max(high, edges[edges.length - 1]);
  }
  if (!(low < high)) [low, high] = Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1];
  let most = 0;
  const columns = histograms.map((histogram) => {
    const column = spread(histogram, low, high, bins);
    for (const share of column) most = Math.max(most, share);
    return column;
  });
  return { low, high, bins, columns, most };
}

function spread({ values, bins: edges }: Histogram, low: number, high: number, bins: number): Float64Array {
  const out = new Float64Array(bins);
  const total = values.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) return out;
  const width = (high - low) / bins;
  for (let i = 0; i < values.length; i += 1) {
    if (!(values[i] > 0)) continue;
    const [from, to] = [(edges[i] - low) / width, (edges[i + 1] - low) / width];
    const share = values[i] / total;
    const first = Math.min(Math.max(Math.floor(from), 0), bins - 1);
    const last = Math.min(Math.max(Math.ceil(to) - 1, first), bins - 1);
    for (let bin = first; bin <= last; bin += 1) {
      const covered = last === first ? 1 : (Math.min(to, bin + 1) - Math.max(from, bin)) / (to - from);
      out[bin] += share * Math.max(covered, 0);
    }
  }
  return out;
}
