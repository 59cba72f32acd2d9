/** Rows of a table: order, filter, text. What looks at every row is done in slices, however long the table is. */

import { Slices } from "./slices";
import { formatValue, isDescriptor, itemsOf, numberOf } from "./values";
import type { Json, TableView } from "./types";

export interface Order {
  column: number;
  descending: boolean;
}

type Key = number | string | null;

const collator = new Intl.Collator("en", { numeric: true });
const RUN = 1024;

/** Numbers before text, missing cells last in both directions; equal cells stay in their order. */
export async function sortedRows(view: TableView, rows: number[], order: Order | null, signal?: AbortSignal): Promise<number[]> {
  if (!order) return rows;
  const slices = new Slices(signal);
  const sign = order.descending ? -1 : 1;
  // Places instead of cells: texts are compared once, and then everything is a number.
  const places = new Float64Array(view.data.length);
  const texts = new Map<string, number>();
  const pending: { row: number; text: string }[] = [];
  for (const row of rows) {
    const key = sortKey(view.data[row][order.column]);
    if (typeof key === "string") {
      texts.set(key, 0);
      pending.push({ row, text: key });
    } else places[row] = key ?? NaN;
    if (slices.due) await slices.pause();
  }
  let text: Uint8Array | null = null;
  if (pending.length) {
    text = new Uint8Array(view.data.length);
    const names = await merged([...texts.keys()], (a, b) => collator.compare(a, b), slices);
    for (const [i, name] of names.entries()) {
      texts.set(name, i > 0 && collator.compare(names[i - 1], name) === 0 ? (texts.get(names[i - 1]) as number) : i);
      if (slices.due) await slices.pause();
    }
    for (const one of pending) [places[one.row], text[one.row]] = [texts.get(one.text) as number, 1];
  }
  return merged(
    rows,
    (a, b) => {
      const [x, y] = [places[a], places[b]];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : 1) : -1;
      if (text && text[a] !== text[b]) return sign * (text[a] - text[b]);
      return x === y ? 0 : sign * (x < y ? -1 : 1);
    },
    slices,
  );
}

/** A stable merge sort that pauses: short runs by the engine's own sort, then one pair of runs after the other. */
async function merged<T>(items: readonly T[], compare: (a: T, b: T) => number, slices: Slices): Promise<T[]> {
  let from: T[] = [];
  for (let at = 0; at < items.length; at += RUN) {
    for (const item of items.slice(at, at + RUN).sort(compare)) from.push(item);
    if (slices.due) await slices.pause();
  }
  let to: T[] = new Array<T>(from.length);
  for (let size = RUN; size < from.length; size *= 2) {
    for (let start = 0; start < from.length; start += 2 * size) {
      const [middle, end] = [Math.min(start + size, from.length), Math.min(start + 2 * size, from.length)];
      let [left, right] = [start, middle];
      for (let at = start; at < end; at += 1) {
        to[at] = left < middle && (right >= end || compare(from[left], from[right]) <= 0) ? from[left++] : from[right++];
        if ((at & 511) === 0 && slices.due) await slices.pause();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

function sortKey(cell: Json): Key {
  if (cell === null || cell === undefined) return null;
  const number = numberOf(cell);
  if (number !== undefined) return Number.isNaN(number) ? null : number;
  return formatValue(cell);
}

/** The rows with a cell that contains `text`, in any case. */
export async function filteredRows(view: TableView, text: string, signal?: AbortSignal): Promise<number[]> {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return Array.from(view.data.keys());
  const slices = new Slices(signal);
  const found: number[] = [];
  for (let row = 0; row < view.data.length; row += 1) {
    if (view.data[row].some((cell) => formatValue(cell).toLowerCase().includes(wanted))) found.push(row);
    if ((row & 31) === 0 && slices.due) await slices.pause();
  }
  return found;
}

export function isNumeric(view: TableView, column: number): boolean {
  const type = view.column_types[column];
  const kind = typeof type === "object" && type !== null && !Array.isArray(type) ? type.type : type;
  if (typeof kind === "string") return kind === "number" || kind === "integer";
  return view.data.slice(0, 20).every((row) => row[column] === null || typeof row[column] === "number");
}

/** RFC 4180, for the clipboard: media cells are their paths, a leading formula sign is quoted with an apostrophe. */
export async function toCsv(view: TableView, rows: number[], signal?: AbortSignal): Promise<string> {
  const slices = new Slices(signal);
  const lines = [view.columns.map(quoted).join(",")];
  for (const row of rows) {
    lines.push(view.data[row].map((cell) => quoted(plain(cell))).join(","));
    if (slices.due) await slices.pause();
  }
  return lines.join("\r\n");
}

/** A cell as text that says all of it: every digit, a whole list. */
export function plain(cell: Json): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return Object.is(cell, -0) ? "-0" : String(cell);
  if (typeof cell === "boolean") return String(cell);
  if (isDescriptor(cell)) {
    if (typeof cell.path === "string") return cell.path;
    if (typeof cell.value === "string" || typeof cell.value === "number") return String(cell.value);
  }
  const paths = itemsOf(cell).map((one) => one.path);
  if (paths.length && paths.every((path) => typeof path === "string")) return paths.join(" ");
  return JSON.stringify(cell);
}

export function quoted(text: string): string {
  // A spreadsheet would run these as formulas; numbers stay numbers.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
