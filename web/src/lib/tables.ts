/** Rows of a table: order, filter, text. */

import { formatValue, isDescriptor, numberOf } from "./values";
import type { Json, TableView } from "./types";

export interface Order {
  column: number;
  descending: boolean;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Numbers before text, missing cells last in both directions; equal cells stay in their order. */
export function sortedRows(view: TableView, rows: number[], order: Order | null): number[] {
  if (!order) return rows;
  const { column, descending } = order;
  const keys = new Map<number, number | string | null>();
  for (const row of rows) keys.set(row, sortKey(view.data[row][column]));
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [keys.get(a) as number | string | null, keys.get(b) as number | string | null];
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    if (typeof x === "number" && typeof y === "number") return sign * (x - y) || a - b;
    if (typeof x !== typeof y) return sign * (typeof x === "number" ? -1 : 1);
    return sign * collator.compare(x as string, y as string) || a - b;
  });
}

function sortKey(cell: Json): number | string | null {
  if (cell === null || cell === undefined) return null;
  const number = numberOf(cell);
  if (number !== undefined) return Number.isNaN(number) ? null : number;
  return formatValue(cell);
}

/** The rows with a cell that contains `text`, in any case. */
export function filteredRows(view: TableView, text: string): number[] {
  const wanted = text.trim().toLowerCase();
  const all = Array.from(view.data.keys());
  if (!wanted) return all;
  return all.filter((row) => view.data[row].some((cell) => formatValue(cell).toLowerCase().includes(wanted)));
}

export function isNumeric(view: TableView, column: number): boolean {
  const type = view.column_types[column];
  const kind = typeof type === "object" && type !== null && !Array.isArray(type) ? type.type : type;
  if (typeof kind === "string") return kind === "number" || kind === "integer";
  return view.data.slice(0, 20).every((row) => row[column] === null || typeof row[column] === "number");
}

/** RFC 4180, for the clipboard: media cells are their paths, a leading formula sign is quoted with an apostrophe. */
export function toCsv(view: TableView, rows: number[]): string {
  const lines = [view.columns, ...rows.map((row) => view.data[row].map(plain))];
  return lines.map((cells) => cells.map(quoted).join(",")).join("\r\n");
}

export function plain(cell: Json): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return Object.is(cell, -0) ? "-0" : String(cell);
  if (isDescriptor(cell) && typeof cell.path === "string") return cell.path;
  const number = numberOf(cell);
  return number === undefined || typeof cell === "boolean" ? formatValue(cell) : String(number);
}

export function quoted(text: string): string {
  // A spreadsheet would run these as formulas; numbers stay numbers.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
