import { describe, expect, it } from "vitest";
import { columnsTable, csvOf, exact, fileName, tableOf } from "../src/lib/charts";
import { histogramSvg, histogramTables, placesOf } from "../src/lib/histogramchart";
import { heatmap } from "../src/lib/histograms";
import { drawnPoints, linesSvg, linesTable, smoothedOf, type Line, type Lines } from "../src/lib/lines";
import { align, alone, envelope, notPositive, ordered, smooth } from "../src/lib/series";
import { logTicks, ticks, xml } from "../src/lib/svg";
import { arrayOf, traceTables } from "../src/lib/traces";
import { filesOf, seriesSnippet, snippet } from "../src/lib/values";

const LOOK = { dark: false, ground: "#ffffff", text: "#1a1f26", grid: "#e4e7ec" };

describe("CSV", () => {
  it.each([0.1 + 0.2, 1 / 3, 5e-324, -1.7976931348623157e308, -0, 9007199254740991, 1e21])("%d is read back as the same double", (value) => {
    const cell = csvOf(tableOf("", ["value"], [[value]])).split("\r\n")[1];
    expect(Object.is(Number(cell), value)).toBe(true);
    expect(exact(value)).toBe(cell);
  });

  it("writes what is no number, text with marks, and nothing", () => {
    const rows = [[NaN, Infinity, null, 'a "b", c', "=1+1", true]];
    expect(csvOf(tableOf("", ["a", "b", "c", "d", "e", "f,g"], rows))).toBe('a,b,c,d,e,"f,g"\r\nNaN,Infinity,,"a ""b"", c",\'=1+1,true');
  });

  it("columns of several lengths end in empty cells", () => {
    const table = columnsTable("t", [["x", [1, 2, 3]], ["y", Float64Array.of(4)]]);
    expect([0, 1, 2].map((i) => table.row(i))).toEqual([[1, 4], [2, null], [3, null]]);
    expect(table.length).toBe(3);
  });
});

it.each([
  [["run", "val/loss", 3], "svg", "run-val_loss-3.svg"],
  [["../../etc", "a\u0000b"], "png", "etc-a_b.png"],
  [["损失 ø"], "csv", "损失_ø.csv"],
  [["/", ".."], "svg", "chart.svg"],
  [["x".repeat(400)], "svg", `${"x".repeat(120)}.svg`],
])("%j is saved as a name that every system takes", (parts, suffix, name) => {
  expect(fileName(parts, suffix)).toBe(name);
});

describe("lines", () => {
  function linesOf(series: Record<string, [number[], number[]]>, axis: number[], name = "step"): Lines {
    const lines = Object.entries(series).map(([key, [rows, values]]): Line => {
      const raw = ordered({ x: Float64Array.from(rows, (row) => axis[row]), y: Float64Array.from(values) });
      const bad = [...raw.y.keys()].filter((i) => !Number.isFinite(raw.y[i]));
      const broken = { x: Float64Array.from(bad, (i) => raw.x[i]), y: Float64Array.from(bad, (i) => raw.y[i]) };
      return { info: { key, path: [key], block: "", count: rows.length }, label: key, rows: Uint32Array.from(rows), values: Float64Array.from(values), raw, broken };
    });
    return { axis: Float64Array.from(axis), name, lines, low: Math.min(...axis), high: Math.max(...axis) };
  }
  const STEPS = Float64Array.of(0, 10, 20, 30);

  it("a table has a row where one of the lines has a point", () => {
    const all = linesOf({ a: [[0, 2], [1, NaN]], b: [[2, 3], [5, 6]] }, [0, 10, 20, 30]);
    const table = linesTable(all, STEPS, 0, () => true);
    expect(table.columns).toEqual(["step", "a", "b"]);
    expect(Array.from({ length: table.length }, (_, i) => table.row(i))).toEqual([[0, 1, null], [20, NaN, 5], [30, null, 6]]);
    expect(linesTable(all, STEPS, 0, (key) => key === "b").length).toBe(2);
  });

  it("smoothed values stand beside the rows they belong to, also on an axis that goes back", () => {
    const axis = [3, 1, 2, NaN];
    const all = linesOf({ a: [[0, 1, 2, 3], [30, 10, 20, 40]] }, axis, "zigzag");
    const table = linesTable(all, STEPS, 0.5, () => true);
    const inOrder = smooth(Float64Array.of(10, 20, 30), 0.5);
    expect(table.row(0)).toEqual([0, 3, 30, inOrder[2]]);
    expect(table.row(1)).toEqual([10, 1, 10, inOrder[0]]);
    expect(table.row(3)).toEqual([30, null, 40, NaN]);
    expect(smoothedOf(all.lines[0], 0.5)).toBe(smoothedOf(all.lines[0], 0.5));
  });

  it("a logarithm keeps the extremes of what it can show", () => {
    const n = 5000;
    const all = linesOf({ a: [[...Array(n).keys()], Array.from({ length: n }, (_, i) => (i % 2 ? -1 : i === 2500 ? 1e-6 : 1))] }, [...Array(n).keys()]);
    const [points] = drawnPoints(all, { smoothing: 0, log: true }, 0, n - 1, 20);
    expect(points.y).toContain(1e-6);
    expect([...points.y].every((value) => Number.isNaN(value) || value > 0)).toBe(true);
    expect(notPositive(Float64Array.of(1, 0, -2, NaN, -Infinity))).toBe(2);
  });

  it("a picture is well formed whatever the names are, and holds each point", () => {
    const all = linesOf({ 'a<b>&"\u0000': [[0, 1, 2, 3], [1, NaN, 3, 2]] }, [0, 10, 20, 30]);
    const styles = [{ color: "#0072b2", dash: true, shown: true }];
    const svg = linesSvg("</svg><script>", all, { smoothing: 0, log: false }, { x: [0, 30], y: [0, 4] }, [400, 300], LOOK, styles, String);
    expect(svg).not.toMatch(/<script|\u0000/);
    expect(svg).toContain("&#60;/svg&#62;&#60;script&#62;");
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg.match(/M[\d.]+ [\d.]+L[\d.]+ [\d.]+" stroke="#0072b2"/)).not.toBeNull();
    const hidden = linesSvg("t", all, { smoothing: 0, log: false }, { x: [0, 30], y: [0, 4] }, [400, 300], LOOK, [{ ...styles[0], shown: false }], String);
    expect(hidden).not.toContain("#0072b2");
  });
});

describe("points on one x", () => {
  it("stay as many as they are", () => {
    const first = { x: Float64Array.of(0, 0, 0, 1), y: Float64Array.of(1, 5, 2, 3) };
    const second = { x: Float64Array.of(0, 1, 1), y: Float64Array.of(7, NaN, 8) };
    expect(align([first, second])).toEqual([
      [0, 0, 0, 1, 1],
      [1, 5, 2, 3, undefined],
      [7, undefined, undefined, null, 8],
    ]);
  });

  it("are ordered as they were logged", () => {
    const { x, y, order } = ordered({ x: Float64Array.of(1, 0, 1, NaN), y: Float64Array.of(1, 2, 3, 4) });
    expect([[...x], [...y], [...(order ?? [])]]).toEqual([[0, 1, 1], [2, 1, 3], [1, 0, 2]]);
  });

  it("keep their extremes in the envelope", () => {
    const x = Float64Array.from({ length: 9000 }, (_, i) => Math.floor(i / 3000));
    const y = Float64Array.from({ length: 9000 }, (_, i) => (i === 4321 ? 99 : i === 5432 ? -99 : Math.sin(i)));
    const thin = envelope({ x, y }, 0, 2, 50);
    expect(thin.x.length).toBeLessThan(20);
    expect([Math.max(...thin.y), Math.min(...thin.y)]).toEqual([99, -99]);
  });
});

it.each([
  [[1, null, 2, 3, null, 4], [0, 5]],
  [[1, undefined, null, undefined, 2], [0, 4]],
  [[null, 1, undefined, 2, null], []],
  [[], []],
  [[7], [0]],
])("the points of %j that no line reaches", (column, expected) => {
  expect(alone(column)).toEqual(expected);
});

describe("ticks", () => {
  it.each([[0, 1, 5], [-3.2, 7.9, 6], [1e-9, 3e-9, 4], [0, 399, 8], [1e6, 1e6 + 1, 5]])("between %d and %d", (low, high, count) => {
    const found = ticks(low, high, count);
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThanOrEqual(count * 2 + 1);
    expect(found.every((value) => value >= low - 1e-9 * Math.abs(low) && value <= high + 1e-9 * Math.abs(high))).toBe(true);
  });

  it("are whole where only those mean something, and one where there is no span", () => {
    expect(ticks(0, 3, 10, true)).toEqual([0, 1, 2, 3]);
    expect([ticks(4, 4, 5), ticks(NaN, 1, 5), ticks(0, Infinity, 5)]).toEqual([[4], [], [0]]);
  });

  it("of a logarithm are powers of ten", () => {
    expect(logTicks(1e-3, 100)).toEqual([1e-3, 1e-2, 1e-1, 1, 10, 100]);
    expect(logTicks(2, 9).every((value) => value >= 2 && value <= 9)).toBe(true);
    expect(logTicks(1e-300, 1e300).length).toBeLessThanOrEqual(10);
  });
});

it("text in a picture is what XML can hold", () => {
  expect(xml("a<b>&\"'\u0000\u001f\ud800 ø 😀")).toBe("a&#60;b&#62;&#38;&#34;&#39; ø 😀");
});

describe("histograms", () => {
  const columns = [
    { row: 0, step: 0, histogram: { values: [1, 2], bins: [0, 0.1, 0.3] } },
    { row: 1, step: 5, histogram: { values: [0, 3, 4], bins: [-1, 0, 1, 2] } },
  ];

  it("the bars of the step, and those of all steps", () => {
    const [chosen, all] = histogramTables(columns, 0);
    expect([chosen.columns, chosen.row(1)]).toEqual([["low", "high", "count"], [0.1, 0.3, 2]]);
    expect(Array.from({ length: all.length }, (_, i) => all.row(i))).toEqual([[0, 0, 0.1, 1], [0, 0.1, 0.3, 2], [5, -1, 0, 0], [5, 0, 1, 3], [5, 1, 2, 4]]);
    expect(histogramTables(columns, -1)).toHaveLength(1);
    expect(histogramTables(columns.slice(0, 1), 0)).toHaveLength(1);
  });

  it("each reaches to the next one", () => {
    expect([...placesOf(columns, 10, 0, 10)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it("as a picture", () => {
    const map = heatmap(columns.map((one) => one.histogram));
    const svg = histogramSvg("w & b", columns, map, 1, false, [720, 400], LOOK, "#2563eb");
    expect(svg.match(/fill="#2563eb"/g)).toHaveLength(2);
    expect(svg).toContain("counts of step 5");
    expect(svg).toContain("w &#38; b");
    expect(svg).not.toContain("NaN");
  });
});

describe("traces of plotly", () => {
  it("arrays of one length are one table", () => {
    const [table] = traceTables([{ name: "t", x: [1, 2], y: [0.1, null], marker: { size: 4, color: [7, 8] }, line: { colorscale: [[0, "red"]] } }]);
    expect([table.name, table.columns, table.row(1)]).toEqual(["t", ["x", "y", "marker.color"], [2, null, 8]]);
  });

  it("packed arrays are unpacked", () => {
    const bdata = btoa(String.fromCharCode(...new Uint8Array(Float64Array.of(0.1, 1 / 3).buffer)));
    expect(arrayOf({ dtype: "f8", bdata })).toEqual([0.1, 1 / 3]);
    expect(arrayOf({ dtype: "u1", bdata: btoa("\u0001\u0002\u0003\u0004\u0005\u0006"), shape: "2, 3" })).toEqual([[1, 2, 3], [4, 5, 6]]);
    expect([arrayOf({ dtype: "constructor", bdata: "" }), arrayOf("x"), arrayOf(null)]).toEqual([undefined, undefined, undefined]);
  });

  it("a matrix is a row for each cell", () => {
    const [axes, , matrix] = traceTables([{ type: "heatmap", x: ["a", "b", "c"], y: [5, 6], z: [[1, 2, 3], [4, 5, 6]] }]);
    expect(axes.columns).toEqual(["x"]);
    expect(matrix.columns).toEqual(["row", "column", "x", "y", "z"]);
    expect(matrix.row(5)).toEqual([1, 2, "c", 6, 6]);
    expect(traceTables([{ z: [[1], [2]] }])[0].row(1)).toEqual([1, 0, 2]);
  });

  it("what is inside a trace is found, and nothing else", () => {
    const tables = traceTables([{ type: "sankey", node: { label: ["a", "b"] }, link: { source: [0], target: [1], value: [3] } }, { type: "parcoords", dimensions: [{ label: "p", values: [1, 2] }] }]);
    expect(tables.map((one) => one.columns)).toEqual([["node.label"], ["link.source", "link.target", "link.value"], ["dimensions[0].values"]]);
    expect(traceTables([{ type: "scatter" }, null])).toEqual([]);
  });
});

describe("the menu of a panel", () => {
  it("names each file of a value", () => {
    const image = (path: string) => ({ _type: "image-file", path });
    expect(filesOf({ ...image("a.png"), masks: { truth: { _type: "mask", path: "m.png" } }, boxes: { guess: { _type: "boxes2D", path: "b.json" } } })).toEqual([
      { path: "a.png", what: "image" }, { path: "m.png", what: "mask truth" }, { path: "b.json", what: "boxes guess" },
    ]);
    expect(filesOf({ _type: "images/separated", items: [image("a.png"), image("b.png"), image("a.png")] }).map((one) => one.what)).toEqual(["image 1", "image 2"]);
    expect(filesOf({ _type: "figure", image: image("p.png"), plotly: { _type: "plotly-file", path: "f.json" } }).map((one) => one.what)).toEqual(["picture", "figure for plotly"]);
    expect([filesOf("text"), filesOf([1, 2]), filesOf({ _type: "histogram", values: [] })]).toEqual([[], [], []]);
  });

  it("writes Python that any name can stand in", () => {
    expect(snippet("r", 'a"b\\.c\n', 3, { _type: "image-file" })).toContain('run.media("a\\"b\\\\.c\\n", step=3)');
    expect(snippet("r", "words", 3, "text")).toContain('run.history(keys="words")');
    expect(snippet("r", "list", 3, [1, { _type: "number", value: "NaN" }])).toContain("history");
    expect(seriesSnippet("r", ["a", "b"])).toContain('keys=["a", "b"]');
  });
});
