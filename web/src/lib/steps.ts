/** The step model: which entry a panel shows when the page is at a row. Rows are indices into the run's steps. */

import type { Entry } from "./types";

/** The last index whose value is at most `wanted`; -1 when there is none. `values` ascend. */
export function lastAtOrBefore(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface Shown {
  /** The entry shown; null before the first one. */
  entry: Entry | null;
  position: number;
  /** It was logged before the chosen row and is held. */
  held: boolean;
  /** The row of the first entry. */
  first: number;
}

export function shownAt(entries: Entry[], row: number): Shown {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].row <= row) low = middle + 1;
    else high = middle;
  }
  const position = low - 1;
  const entry = position < 0 ? null : entries[position];
  return { entry, position, held: entry !== null && entry.row < row, first: entries.length ? entries[0].row : -1 };
}

/** The next of `rows` (ascending) in the direction of `by`, counted from `row`; `row` itself when there is none. */
export function nextRow(rows: ArrayLike<number>, row: number, by: number): number {
  if (rows.length === 0) return row;
  const at = lastAtOrBefore(rows, row);
  const exact = at >= 0 && rows[at] === row;
  const target = by > 0 ? at + by : at + by + (exact ? 0 : 1);
  const next = Math.min(Math.max(target, 0), rows.length - 1);
  if (by > 0 && rows[next] < row) return row;
  if (by < 0 && rows[next] > row) return row;
  return rows[next];
}

/** Whether the values ascend, so that they can serve as the axis of the page. */
export function monotone(values: ArrayLike<number>): boolean {
  let before = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    if (value < before) return false;
    before = value;
  }
  return true;
}
