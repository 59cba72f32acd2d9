/** The numbers behind a plotly figure: the arrays of each of its traces. */

import { columnsTable, type DataTable } from "./charts";
import { fromBase64 } from "./source";
import { isDescriptor } from "./values";
import type { Json } from "./types";

const TYPES: Record<string, [number, (view: DataView, at: number) => number]> = {
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  u1c: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)],
};
const LOOKS = new Set(["colorscale", "domain", "colorbar", "hoverlabel", "legendgrouptitle", "transforms"]);

/** An array of a trace, also in plotly's packed form (`{dtype, bdata, shape}`); undefined for anything else. */
export function arrayOf(value: unknown): Json[] | undefined {
  if (Array.isArray(value)) return value as Json[];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as unknown as ArrayLike<number>);
  if (typeof value !== "object" || value === null || isDescriptor(value)) return undefined;
  const { dtype, bdata, shape } = value as { dtype?: unknown; bdata?: unknown; shape?: unknown };
  if (typeof dtype !== "string" || typeof bdata !== "string" || !Object.hasOwn(TYPES, dtype)) return undefined;
  const [size, read] = TYPES[dtype];
  const bytes = fromBase64(bdata);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flat = Array.from({ length: Math.floor(bytes.byteLength / size) }, (_, i) => read(view, i * size));
  const [, columns] = String(shape ?? "").split(",").map(Number);
  if (!(columns > 0)) return flat;
  return Array.from({ length: Math.ceil(flat.length / columns) }, (_, row) => flat.slice(row * columns, (row + 1) * columns));
}

/** One table for the arrays of a trace that are equally long, one for each matrix; the trace's name stands in theirs. */
export function traceTables(data: unknown[]): DataTable[] {
  return data.flatMap((trace, number) => {
    const found: [string, Json[]][] = [];
    collect(trace, "", found);
    const title = String((trace as { name?: unknown } | null)?.name ?? `trace ${number}`);
    const [flat, matrices] = [found.filter(([, values]) => !values.some(isRow)), found.filter(([, values]) => values.some(isRow))];
    const groups = new Map<number, [string, Json[]][]>();
    for (const [name, values] of flat) groups.set(values.length, [...(groups.get(values.length) ?? []), [name, values]]);
    const own = [...groups.values()].map((columns) => columnsTable(groups.size + matrices.length > 1 ? `${title}: ${columns.map(([name]) => name).join(", ")}` : title, columns));
    const axes = new Map(flat);
    return [...own, ...matrices.map(([name, values]) => matrixTable(groups.size + matrices.length > 1 ? `${title}: ${name}` : title, name, values, axes))];
  });
}

function isRow(value: unknown): boolean {
  return arrayOf(value) !== undefined;
}

function collect(value: unknown, path: string, found: [string, Json[]][]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (LOOKS.has(name) || typeof member !== "object" || member === null) continue;
    const at = path ? `${path}.${name}` : name;
    const values = arrayOf(member);
    if (values === undefined) collect(member, at, found);
    else if (values.length && values.every((one) => typeof one === "object" && one !== null && !isRow(one))) values.forEach((one, i) => collect(one, `${at}[${i}]`, found));
    else if (values.length) found.push([at, values]);
  }
}

/** A matrix as one line for each cell, which is how a spreadsheet and pandas want it. */
function matrixTable(title: string, name: string, values: Json[], axes: Map<string, Json[]>): DataTable {
  const rows = values.map((row) => arrayOf(row) ?? [row]);
  const [x, y] = [axes.get("x"), axes.get("y")];
  const cells = rows.flatMap((row, i) => row.map((cell, j): Json[] => [i, j, x && x.length === row.length ? x[j] : null, y && y.length === rows.length ? y[i] : null, cell]));
  const named = cells.some((cell) => cell[2] !== null || cell[3] !== null);
  return {
    name: title,
    columns: ["row", "column", ...(named ? ["x", "y"] : []), name],
    length: cells.length,
    row: (index) => (named ? cells[index] : [cells[index][0], cells[index][1], cells[index][4]]),
  };
}
