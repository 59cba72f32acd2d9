import { describe, expect, it } from "vitest";
import { filteredRows, isNumeric, sortedRows, toCsv } from "../src/lib/tables";
import type { Json, TableView } from "../src/lib/types";

function view(data: Json[][], types: Json[] = []): TableView {
  return { columns: data[0].map((_, i) => `c${i}`), column_types: types, data, rows: data.length, truncated: false };
}
const all = (of: TableView) => Array.from(of.data.keys());

describe("order", () => {
  const mixed = view([[10], [null], [{ _type: "number", value: "NaN" }], ["b"], [2], [{ _type: "number", value: "Infinity" }], ["a10"], ["a9"]]);

  it("puts numbers before text, missing and NaN last, text as people count", () => {
    expect(sortedRows(mixed, all(mixed), { column: 0, descending: false })).toEqual([4, 0, 5, 7, 6, 3, 1, 2]);
  });

  it("keeps missing cells last when it is turned round", () => {
    expect(sortedRows(mixed, all(mixed), { column: 0, descending: true })).toEqual([3, 6, 7, 5, 0, 4, 1, 2]);
  });

  it("is stable, and none is none", () => {
    const equal = view([[1], [1], [0]]);
    expect(sortedRows(equal, all(equal), { column: 0, descending: true })).toEqual([0, 1, 2]);
    expect(sortedRows(equal, all(equal), null)).toEqual([0, 1, 2]);
  });
});

it("a filter looks at every cell, in any case", () => {
  const table = view([["Cat", 1], ["dog", 2], ["bird", 12]]);
  expect(filteredRows(table, "CAT")).toEqual([0]);
  expect(filteredRows(table, "2")).toEqual([1, 2]);
  expect(filteredRows(table, " ")).toEqual([0, 1, 2]);
});

it("a column is numeric by its type, else by its cells", () => {
  expect(isNumeric(view([["1"]], [{ type: "integer" }]), 0)).toBe(true);
  expect(isNumeric(view([[1]], [{ type: "string" }]), 0)).toBe(false);
  expect(isNumeric(view([[1], [null]]), 0)).toBe(true);
  expect(isNumeric(view([["x"]]), 0)).toBe(false);
});

it("CSV quotes what needs it, and no cell becomes a formula", () => {
  const table = view([["a,b", 'say "x"', "line\nbreak", "=1+1", -2, null, { _type: "image-file", path: "media/x.png" }, "-cmd"]]);
  expect(toCsv(table, [0]).split("\r\n")[1]).toBe('"a,b","say ""x""","line\nbreak",\'=1+1,-2,,media/x.png,\'-cmd');
});
