/** Points of metrics: reading columns, thinning to what a screen can show, smoothing. */

import { lastAtOrBefore } from "./steps";

export interface Points {
  x: Float64Array;
  y: Float64Array;
}

/** A series' block: `count` uint32 rows, padded to eight bytes, then `count` float64 values. */
export function readSeries(bytes: Uint8Array, count: number): { rows: Uint32Array; values: Float64Array } {
  const start = Math.ceil((count * 4) / 8) * 8;
  if (bytes.byteLength < start + count * 8) throw new Error(`a series of ${count} points in ${bytes.byteLength} bytes`);
  const buffer = bytes.byteOffset % 8 === 0 ? bytes.buffer : bytes.slice().buffer;
  const offset = buffer === bytes.buffer ? bytes.byteOffset : 0;
  return { rows: new Uint32Array(buffer, offset, count), values: new Float64Array(buffer, offset + start, count) };
}

export function readColumn(bytes: Uint8Array): Float64Array {
  const copy = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Float64Array(copy.buffer, copy.byteOffset, Math.floor(copy.byteLength / 8));
}

/** Points in the order of x, and where each stood before. A point whose x is no number has no place and is left out. */
export function ordered(points: Points): Points & { order: Uint32Array | null } {
  let sorted = true;
  for (let i = 0; i < points.x.length; i += 1) {
    if (!Number.isFinite(points.x[i]) || (i > 0 && points.x[i] < points.x[i - 1])) {
      sorted = false;
      break;
    }
  }
  if (sorted) return { ...points, order: null };
  const order = Uint32Array.from(Array.from(points.x.keys()).filter((i) => Number.isFinite(points.x[i])));
  order.sort((a, b) => points.x[a] - points.x[b] || a - b);
  return { x: Float64Array.from(order, (i) => points.x[i]), y: Float64Array.from(order, (i) => points.y[i]), order };
}

/**
 * The envelope of the points between `low` and `high`: in each of `columns` equal parts the smallest and the largest
 * value, the first and the last. Nothing is sampled: every extreme is there. What fits is returned as it is.
 */
export function envelope(points: Points, low: number, high: number, columns: number): Points {
  const { x, y } = points;
  // One point beyond each side, so that lines run to the edges.
  const start = Math.max(firstAtOrAfter(x, low) - 1, 0);
  const end = Math.min(lastAtOrBefore(x, high) + 2, x.length);
  if (end - start <= columns * 4) return { x: x.subarray(start, end), y: y.subarray(start, end) };
  const width = (high - low) / columns || 1;
  const kept: number[] = [];
  const chosen: number[] = [0, 0, 0, 0, 0];
  let i = start;
  while (i < end) {
    const limit = low + (Math.floor((x[i] - low) / width) + 1) * width;
    const first = i;
    let [least, most, gap] = [-1, -1, -1];
    do {
      const value = y[i];
      if (Number.isFinite(value)) {
        if (least < 0 || value < y[least]) least = i;
        if (most < 0 || value > y[most]) most = i;
      } else gap = i;
      i += 1;
    } while (i < end && x[i] < limit);
    [chosen[0], chosen[1], chosen[2], chosen[3], chosen[4]] = [first, least, most, gap, i - 1];
    chosen.sort((one, other) => one - other);
    let before = -1;
    for (const index of chosen) if (index > before) kept.push((before = index));
  }
  return { x: Float64Array.from(kept, (k) => x[k]), y: Float64Array.from(kept, (k) => y[k]) };
}

/** An exponential mean without the bias of its start; what is no number is passed over and stays a gap. */
export function smooth(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const out = new Float64Array(values.length);
  let mean = 0;
  let norm = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) {
      out[i] = NaN;
      continue;
    }
    mean = mean * weight + (1 - weight) * values[i];
    norm = norm * weight + (1 - weight);
    out[i] = mean / norm;
  }
  return out;
}

function firstAtOrAfter(values: Float64Array, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Several series on one x, as uPlot takes them: undefined where a series has no point, null where it has a gap. Points of
 * one series on the same x (all batches of an epoch) stay as many as they are: that x stands there as often.
 */
export function align(series: Points[]): [number[], ...(number | null | undefined)[][]] {
  const at = series.map(() => 0);
  const xs: number[] = [];
  const columns: (number | null | undefined)[][] = series.map(() => []);
  for (;;) {
    let x = Infinity;
    for (let s = 0; s < series.length; s += 1) if (at[s] < series[s].x.length && series[s].x[at[s]] < x) x = series[s].x[at[s]];
    if (x === Infinity) return [xs, ...columns];
    const start = xs.length;
    for (let s = 0; s < series.length; s += 1) {
      const { x: own, y } = series[s];
      let place = start;
      for (; at[s] < own.length && own[at[s]] === x; at[s] += 1, place += 1) {
        if (place === xs.length) xs.push(x);
        columns[s][place] = Number.isFinite(y[at[s]]) ? y[at[s]] : null;
      }
    }
    for (const column of columns) while (column.length < xs.length) column.push(undefined);
  }
}

/** The points between two gaps, which no line reaches. `undefined` is no point of this series, and no gap of its line. */
export function alone(column: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  let [last, since] = [-1, 0];
  for (let i = 0; i < column.length; i += 1) {
    const value = column[i];
    if (value === undefined) continue;
    if (value === null) {
      if (since === 1) found.push(last);
      since = 0;
    } else [last, since] = [i, since + 1];
  }
  if (since === 1) found.push(last);
  return found;
}

/** How many values a logarithm has no place for: zero and below. */
export function notPositive(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (value <= 0 && value !== -Infinity) count += 1;
  return count;
}

export function notFinite(values: Float64Array): { nan: number; infinite: number } {
  let nan = 0;
  let infinite = 0;
  for (const value of values) {
    if (Number.isNaN(value)) nan += 1;
    else if (!Number.isFinite(value)) infinite += 1;
  }
  return { nan, infinite };
}
