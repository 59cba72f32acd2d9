/** Points of metrics: reading columns, thinning to what a screen can show, smoothing. */

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

/** Points in the order of x. A point whose x is no number has no place and is left out. */
export function ordered(points: Points): Points {
  let sorted = true;
  for (let i = 0; i < points.x.length; i += 1) {
    if (!Number.isFinite(points.x[i]) || (i > 0 && points.x[i] < points.x[i - 1])) {
      sorted = false;
      break;
    }
  }
  if (sorted) return points;
  const order = Array.from(points.x.keys()).filter((i) => Number.isFinite(points.x[i]));
  order.sort((a, b) => points.x[a] - points.x[b]);
  return { x: Float64Array.from(order, (i) => points.x[i]), y: Float64Array.from(order, (i) => points.y[i]) };
}

/**
 * The envelope of the points between `low` and `high`: in each of `columns` equal parts the smallest and the largest
 * value, the first and the last. Nothing is sampled: every extreme is there. What fits is returned as it is.
 */
export function envelope(points: Points, low: number, high: number, columns: number): Points {
  const { x, y } = points;
  let start = 0;
  let end = x.length;
  while (start < end && x[start] < low) start += 1;
  while (end > start && x[end - 1] > high) end -= 1;
  // One point beyond each side, so that lines run to the edges.
  start = Math.max(start - 1, 0);
  end = Math.min(end + 1, x.length);
  if (end - start <= columns * 4) return { x: x.subarray(start, end), y: y.subarray(start, end) };
  const width = (high - low) / columns || 1;
  const kept: number[] = [];
  let i = start;
  while (i < end) {
    const column = Math.floor((x[i] - low) / width);
    let [first, last, least, most] = [i, i, -1, -1];
    let gap = -1;
    while (i < end && Math.floor((x[i] - low) / width) === column) {
      if (Number.isFinite(y[i])) {
        if (least < 0 || y[i] < y[least]) least = i;
        if (most < 0 || y[i] > y[most]) most = i;
      } else gap = i;
      last = i;
      i += 1;
    }
    const chosen = new Set([first, last]);
    if (least >= 0) chosen.add(least);
    if (most >= 0) chosen.add(most);
    if (gap >= 0) chosen.add(gap);
    for (const index of [...chosen].sort((a, b) => a - b)) kept.push(index);
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

/** Several series on one x, as uPlot takes them: undefined where a series has no point, null where it has a gap. */
export function align(series: Points[]): [number[], ...(number | null | undefined)[][]] {
  const all = new Set<number>();
  for (const { x } of series) for (const value of x) all.add(value);
  const xs = Float64Array.from(all).sort();
  const places = new Map<number, number>();
  xs.forEach((value, place) => places.set(value, place));
  const columns = series.map(({ x, y }) => {
    const column = new Array<number | null | undefined>(xs.length).fill(undefined);
    for (let i = 0; i < x.length; i += 1) column[places.get(x[i]) as number] = Number.isFinite(y[i]) ? y[i] : null;
    return column;
  });
  return [Array.from(xs), ...columns];
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
