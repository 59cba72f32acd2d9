import { describe, expect, it } from "vitest";
import { heatmap, readHistogram } from "../src/lib/histograms";
import { markdownLines } from "../src/lib/markdown";
import { packRows } from "../src/lib/packing";
import { fromBase64, parse } from "../src/lib/source";
import { formatBytes, formatDuration, formatNumber, formatValue, itemsOf, kindOf, parts } from "../src/lib/values";
import { panelsOf, sectionsOf } from "../src/page/model";
import type { Index } from "../src/lib/types";

describe("packRows", () => {
  it.each([
    [[1, 1, 1, 1, 1, 1, 1], 3, [[0, 1, 2], [3, 4], [5, 6]]],
    [[2, 2, 1, 1], 3, [[0, 2], [1, 3]]],
    [[2], 1, [[0]]],
    [[1, 2, 1], 2, [[0, 2], [1]]],
    [[], 3, []],
  ])("%j in %d columns", (weights, columns, expected) => {
    expect(packRows(weights, columns)).toEqual(expected);
  });

  it("places each panel once and fills no row beyond its columns", () => {
    for (let n = 1; n < 30; n += 1) {
      const weights = Array.from({ length: n }, (_, i) => 1 + ((i * 7) % 3 === 0 ? 1 : 0));
      const rows = packRows(weights, 4);
      expect(rows.flat().sort((a, b) => a - b)).toEqual(Array.from(weights.keys()));
      expect(rows.every((row) => row.reduce((sum, i) => sum + weights[i], 0) <= 4)).toBe(true);
    }
  });
});

describe("values", () => {
  it.each([
    [0, "0"], [1234, "1234"], [123456, "123,456"], [-0.5, "−0.5"], [0.123456, "0.1235"], [1e-7, "1.00e-7"], [NaN, "NaN"], [-Infinity, "−∞"], [2.5e9, "2,500,000,000"], [2.5e9 + 0.5, "2.50e9"],
  ])("%d is written %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it("writes bytes and times", () => {
    expect([formatBytes(999), formatBytes(1500), formatBytes(52_000_000)]).toEqual(["999 B", "1.5 kB", "52 MB"]);
    expect([formatDuration(3), formatDuration(75), formatDuration(3725)]).toEqual(["3.0 s", "1:15", "1:02:05"]);
  });

  it("opens every form of list", () => {
    const one = { _type: "image-file" };
    expect(itemsOf({ _type: "images/separated", items: [one, one] })).toHaveLength(2);
    expect(itemsOf([one, one])).toHaveLength(2);
    expect(itemsOf(one)).toHaveLength(1);
    expect(itemsOf([one, 3])).toHaveLength(0);
    expect(itemsOf("text")).toHaveLength(0);
  });

  it("knows kinds", () => {
    expect(kindOf("x")).toBe("text-value");
    expect(kindOf([1, 2])).toBe("json-value");
    expect(kindOf({ _type: "number", value: "NaN" })).toBe("json-value");
    expect(kindOf({ _type: "hologram" })).toBe("hologram");
    expect(kindOf({ _type: "audio", items: [{ _type: "audio-file" }] })).toBe("audio-file");
  });

  it("writes lists shortly", () => {
    expect(formatValue([1, 2, 3, 4, 5, 6, 7])).toBe("[1, 2, 3, 4, 5, 6, … 7 values]");
    expect(formatValue({ _type: "number", value: "Infinity" })).toBe("∞");
  });

  it("splits keys at nesting and slashes, not at dots inside a name", () => {
    expect(parts(["a/b", "c"])).toEqual(["a", "b", "c"]);
    expect(parts(["v1.0", "x"])).toEqual(["v1.0", "x"]);
    expect(parts(["/"])).toEqual(["/"]);
  });
});

it.each(["__proto__", "\\u005f_proto__", "_\\u005Fproto__", "__\\u0070roto__", "__p\\u0072oto__", "__pr\\u006fto__", "__pro\\u0074o__"])("JSON has no way to a prototype: %s", (name) => {
  const value = parse(`{"${name}": {"bad": 1}, "constructor": 2, "deep": [{"${name}": {"bad": 1}}]}`) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["constructor", "deep"]);
  expect(Object.keys((value.deep as object[])[0])).toEqual([]);
  expect(value.bad).toBeUndefined();
});

it("base64 of more than a chunk is whole", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  expect(fromBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
});

describe("histograms", () => {
  it("spreads each over common bins and keeps its mass", () => {
    const map = heatmap([{ values: [4], bins: [0, 2] }, { values: [1, 3], bins: [0, 1, 4] }], 8);
    expect([map.low, map.high]).toEqual([0, 4]);
    expect(map.columns.map((column) => column.reduce((a, b) => a + b, 0).toFixed(9))).toEqual(["1.000000000", "1.000000000"]);
    expect([...map.columns[0]].map((share) => Number(share.toFixed(3)))).toEqual([0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0]);
  });

  it("a histogram of nothing is empty, not a division by zero", () => {
    const map = heatmap([{ values: [0], bins: [0, 1] }], 4);
    expect([...map.columns[0]]).toEqual([0, 0, 0, 0]);
    expect(heatmap([]).columns).toEqual([]);
  });

  it("refuses what is none", () => {
    expect(() => readHistogram({ _type: "histogram", values: [1], bins: [0] })).toThrow("not a histogram");
  });
});

it("Markdown is lines and styles of text; markup in it stays text", () => {
  const lines = markdownLines("# A *b*\n- `c`\n```\n**d**\n```\n<img src=x onerror=alert(1)>");
  expect(lines.map((line) => line.kind)).toEqual(["heading", "item", "code", "plain"]);
  expect(lines[0].runs).toEqual([{ text: "A ", style: "" }, { text: "b", style: "emphasis" }]);
  expect(lines[2].runs).toEqual([{ text: "**d**", style: "" }]);
  expect(lines[3].runs).toEqual([{ text: "<img src=x onerror=alert(1)>", style: "" }]);
});

describe("panels", () => {
  const series = (key: string) => ({ key, path: [key], block: "s", count: 1 });
  const index = {
    format: "medialog-view", version: 1, mode: "report", run: { id: "x" },
    metrics: [{ name: "secret", hidden: true }],
    series: [series("train/loss"), series("val/loss"), series("lr"), series("secret")],
    items: [
      { key: "sound", path: ["sound"], kind: "audio-file", entries: [{ row: 0, value: { _type: "audio-file" } }] },
      { key: "a.b", path: ["a", "b"], kind: "image-file", entries: [{ row: 0, value: { _type: "image-file", masks: {} } }, { row: 1, value: "text" }] },
    ],
  } as unknown as Index;

  it("lays equal names over one another and hides hidden metrics", () => {
    const lines = panelsOf(index).filter((panel) => panel.series);
    expect(lines.map((panel) => [panel.id, panel.series?.length])).toEqual([["metric:loss", 2], ["lr", 1]]);
  });

  it("groups by type, prefix or not at all", () => {
    const panels = panelsOf(index);
    expect(sectionsOf(panels, "type").map((section) => section.title)).toEqual(["Samples", "Metrics"]);
    expect(sectionsOf(panels, "prefix").map((section) => section.title)).toEqual(["a", "Everything else", "train"]);
    expect(sectionsOf(panels, "none").map((section) => section.panels.length)).toEqual([4]);
  });

  it("says which types a key has, pictures with layers first", () => {
    const [first] = panelsOf(index);
    expect(first.id).toBe("a.b");
    expect(first.kinds).toEqual(["image-file", "text-value"]);
  });
});
