import { describe, expect, it } from "vitest";
import { plain, filteredRows, isNumeric, sortedRows, toCsv } from "../src/lib/tables";
import type { Json, TableView } from "../src/lib/types";

function view(data: Json[][], types: Json[] = []): TableView {
  return { columns: data[0].map((_, i) => `c${i}`), column_types: types, data, rows: data.length, truncated: false };
}
const all = (of: TableView) => Array.from(of.data.keys());

describe("order", () => {
  const mixed = view([[10], [null], [{ _type: "number", value: "NaN" }], ["b"], [2], [{ _type: "number", value: "Infinity" }], ["a10"], ["a9"]]);

  it("puts numbers before text, missing and NaN last, text as people count", async () => {
    expect(await sortedRows(mixed, all(mixed), { column: 0, descending: false })).toEqual([4, 0, 5, 7, 6, 3, 1, 2]);
  });

  it("keeps missing cells last when it is turned round", async () => {
    expect(await sortedRows(mixed, all(mixed), { column: 0, descending: true })).toEqual([3, 6, 7, 5, 0, 4, 1, 2]);
  });

  it("is stable, and none is none", async () => {
    const equal = view([[1], [1], [0]]);
    expect(await sortedRows(equal, all(equal), { column: 0, descending: true })).toEqual([0, 1, 2]);
    expect(await sortedRows(equal, all(equal), null)).toEqual([0, 1, 2]);
  });
});

it("a filter looks at every cell, in any case", async () => {
  const table = view([["Cat", 1], ["dog", 2], ["bird", 12]]);
  expect(await filteredRows(table, "CAT")).toEqual([0]);
  expect(await filteredRows(table, "2")).toEqual([1, 2]);
  expect(await filteredRows(table, " ")).toEqual([0, 1, 2]);
});

it("a column is numeric by its type, else by its cells", () => {
  expect(isNumeric(view([["1"]], [{ type: "integer" }]), 0)).toBe(true);
  expect(isNumeric(view([[1]], [{ type: "string" }]), 0)).toBe(false);
  expect(isNumeric(view([[1], [null]]), 0)).toBe(true);
  expect(isNumeric(view([["x"]]), 0)).toBe(false);
});

it("CSV quotes what needs it, and no cell becomes a formula", async () => {
  const table = view([["a,b", 'say "x"', "line\nbreak", "=1+1", -2, null, { _type: "image-file", path: "media/x.png" }, "-cmd"]]);
  expect((await toCsv(table, [0])).split("\r\n")[1]).toBe('"a,b","say ""x""","line\nbreak",\'=1+1,-2,,media/x.png,\'-cmd');
});

it("CSV has every digit of a number and all of a list", () => {
  const cells: [Json, string][] = [
    [0.1 + 0.2, "0.30000000000000004"],
    [1e-7, "1e-7"],
    [-0, "-0"],
    [{ _type: "number", value: "12345678901234567890123" }, "12345678901234567890123"],
    [{ _type: "number", value: "NaN" }, "NaN"],
    [[1, 2, 3, 4, 5, 6, 7, 8.5], "[1,2,3,4,5,6,7,8.5]"],
    [true, "true"],
    [[{ _type: "image-file", path: "media/a.png" }, { _type: "image-file", path: "media/b.png" }], "media/a.png media/b.png"],
    [{ _type: "date", value: "2026-01-02" }, "2026-01-02"],
  ];
  for (const [cell, text] of cells) expect(plain(cell)).toBe(text);
});

describe("long tables", () => {
  const random = (() => {
    let seed = 1;
    return () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  })();
  const long = view(Array.from({ length: 20_000 }, (_, i) => [i % 7 ? Math.floor(random() * 500) : null, `name ${Math.floor(random() * 900)}`]));

  it.each([0, 1])("are sorted as short ones are (column %i)", async (column) => {
    for (const descending of [false, true]) {
      const got = await sortedRows(long, all(long), { column, descending });
      const cells = got.map((row) => long.data[row][column]);
      expect([...got].sort((a, b) => a - b)).toEqual(all(long));
      const wrong: number[] = [];
      const none = cells.filter((cell) => cell === null).length;
      expect(cells.slice(cells.length - none).every((cell) => cell === null)).toBe(true);
      for (let i = 1; i < cells.length - none; i += 1) {
        const [a, b] = [cells[i - 1], cells[i]];
        const order = column ? Number(String(a).slice(5)) - Number(String(b).slice(5)) : Number(a) - Number(b);
        if ((descending ? -order : order) > 0 || (order === 0 && got[i - 1] > got[i])) wrong.push(i);
      }
      expect(wrong).toEqual([]);
    }
  });

  it("let others run in between, and stop when nobody waits", async () => {
    const stop = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 2) stop.abort();
    });
    const huge = view(Array.from({ length: 400_000 }, (_, i) => [`name ${(i * 7919) % 400_009}`]));
    await expect(sortedRows(huge, all(huge), { column: 0, descending: false }, stop.signal)).rejects.toThrow(/abort/i);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(2);
  });
});
