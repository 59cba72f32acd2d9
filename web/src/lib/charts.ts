/** What a chart can give besides its picture: the numbers behind it, and itself as a file. */

import { plain, quoted } from "./tables";
import type { Json } from "./types";

/** Rows are made when they are asked for: a table of a million points costs nothing until then. */
export interface DataTable {
  name: string;
  columns: string[];
  length: number;
  row(index: number): Json[];
}

/** How a picture that is saved looks: as the page does now, on a ground of its own. */
export interface Look {
  dark: boolean;
  ground: string;
  text: string;
  grid: string;
}

export interface Chart {
  /** The tables behind the picture as it is now. */
  tables(): Promise<DataTable[]>;
  svg?(look: Look): Promise<string>;
  png?(look: Look): Promise<Blob>;
}

export function tableOf(name: string, columns: string[], rows: Json[][]): DataTable {
  return { name, columns, length: rows.length, row: (index) => rows[index] };
}

/** A table of columns that are as long as the longest of them; what is missing at the end stays empty. */
export function columnsTable(name: string, columns: [string, ArrayLike<Json>][]): DataTable {
  return {
    name,
    columns: columns.map(([title]) => title),
    length: columns.reduce((most, [, values]) => Math.max(most, values.length), 0),
    row: (index) => columns.map(([, values]) => (index < values.length ? values[index] : null)),
  };
}

/** RFC 4180 with every digit: a number is written so that it is read back as the same double. */
export function csvOf(table: DataTable): string {
  const lines = [table.columns.map(quoted).join(",")];
  for (let index = 0; index < table.length; index += 1) lines.push(table.row(index).map((cell) => quoted(plain(cell))).join(","));
  return lines.join("\r\n");
}

/** A cell as it is shown: as the file has it, no digit left out. */
export const exact = plain;

/** A name that every file system takes. */
export function fileName(parts: (string | number)[], suffix: string): string {
  const name = parts
    .map((part) => String(part).replace(/[^\p{Letter}\p{Number}._-]+/gu, "_").replace(/^[._]+|[._]+$/g, ""))
    .filter(Boolean)
    .join("-");
  return `${name.slice(0, 120) || "chart"}.${suffix}`;
}
