import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { classColor, ink, rgb } from "../src/lib/colors";
import { asImage, classCounts, classNames, frameOf, isGround, layersOf, paintDifference, paintMask, passes, readBoxes, scoreRanges } from "../src/lib/overlays";
import { readMask } from "../src/lib/png";

function png(width: number, height: number, depth: number, rows: number[][], color = 0, interlaced = 0): Uint8Array {
  const chunk = (name: string, data: Uint8Array) => {
    const out = new Uint8Array(12 + data.length);
    new DataView(out.buffer).setUint32(0, data.length);
    out.set(new TextEncoder().encode(name), 4);
    out.set(data, 8);
    return out;
  };
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  [header[8], header[9], header[12]] = [depth, color, interlaced];
  const pieces = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk("IHDR", header), chunk("IDAT", deflateSync(Uint8Array.from(rows.flat()))), chunk("IEND", new Uint8Array())];
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

describe("readMask", () => {
  it("gives the ids, whatever the filter of a row", async () => {
    const rows = [
      [0, 1, 2, 3],
      [1, 4, 1, 1], // left: 4 5 6
      [2, 1, 1, 1], // up: 5 6 7
      [3, 3, 0, 0], // mean: 3 + 5 >> 1 = 5, then (5 + 6) >> 1 = 5, (5 + 7) >> 1 = 6
      [4, 1, 0, 0], // Paeth
    ];
    const { ids, width, height } = await readMask(png(3, 5, 8, rows));
    expect([width, height]).toEqual([3, 5]);
    expect([...ids]).toEqual([1, 2, 3, 4, 5, 6, 5, 6, 7, 5, 5, 6, 6, 6, 6]);
  });

  it("gives ids above 255", async () => {
    const { ids } = await readMask(png(2, 1, 16, [[0, 1, 44, 255, 255]]));
    expect([...ids]).toEqual([300, 65535]);
  });

  it("gives the bits of a one-bit mask, and the indices of a palette", async () => {
    expect([...(await readMask(png(10, 1, 1, [[0, 0b10100000, 0b01000000]]))).ids]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    expect([...(await readMask(png(2, 1, 8, [[0, 7, 9]], 3))).ids]).toEqual([7, 9]);
  });

  it("puts the seven passes of an interlaced one in their places", async () => {
    const rows = [
      [0, 0], // the first pixel
      [0, 4], // x = 4
      [0, 2], // the third pass is empty: x = 2 of the fourth
      [1, 20, 2, 2], // row 2, every second pixel, each from the one on its left
      [0, 1, 3], // odd pixels of row 0
      [2, 20, 20], // and of row 2, from those above them in their pass
      [0, 10, 11, 12, 13, 14], // row 1
    ];
    const { ids } = await readMask(png(5, 3, 8, rows, 0, 1));
    expect([...ids]).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]);
    expect([...(await readMask(png(1, 1, 16, [[0, 1, 44]], 0, 1))).ids]).toEqual([300]);
    await expect(readMask(png(1, 1, 8, [[0, 1]], 0, 2))).rejects.toThrow("interlacing");
  });

  it.each([
    ["no PNG", Uint8Array.of(1, 2, 3), "no PNG"],
    ["colours", png(1, 1, 8, [[0, 1, 2, 3]], 2), "one channel"],
    ["too few rows", png(4, 4, 8, [[0, 1, 2, 3, 4]]), "cut"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readMask(bytes)).rejects.toThrow(message);
  });
});

describe("painting", () => {
  const mask = { width: 3, height: 3, ids: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0) };

  it("paints shown classes in their colours and leaves hidden ones clear", () => {
    const pixels = paintMask(mask, new Set([0]));
    expect([...pixels.slice(16, 20)]).toEqual([...rgb(classColor(1)), 255]);
    expect(pixels[3]).toBe(0);
  });

  it("an outline has no inside", () => {
    const filled = { width: 5, height: 5, ids: new Uint8Array(25).fill(1) };
    const pixels = paintMask(filled, new Set(), true);
    expect(pixels[(2 * 5 + 2) * 4 + 3]).toBe(0);
    expect(pixels[3]).toBe(255);
  });

  it("counts where two masks differ", () => {
    const other = { ...mask, ids: Uint8Array.of(0, 0, 0, 0, 2, 1, 0, 0, 0) };
    const { different, pixels } = paintDifference(mask, other, new Set([0]));
    expect(different).toBe(2);
    expect(pixels[3]).toBe(0);
    expect(pixels[4 * 4 + 3]).toBeGreaterThan(200);
  });
});

describe("boxes", () => {
  it("reads pixels, fractions, and middles", () => {
    const boxes = readBoxes(
      {
        box_data: [
          { position: { minX: 10, maxX: 30, minY: 5, maxY: 25 }, domain: "pixel", class_id: 2 },
          { position: { minX: 0.1, maxX: 0.3, minY: 0, maxY: 1 }, class_id: 1 },
          { position: { middle: [0.5, 0.5], width: 0.2, height: 0.4 }, class_id: 1, scores: { p: 0.5, q: { _type: "number", value: "NaN" } } },
        ],
      },
      100,
      50,
    );
    expect(boxes[0].edges).toEqual([0.1, 0.1, 0.3, 0.5]);
    expect(boxes[1].edges).toEqual([0.1, 0, 0.3, 1]);
    expect(boxes[2].edges.map((edge) => Number(edge.toFixed(6)))).toEqual([0.4, 0.3, 0.6, 0.7]);
    expect(boxes[2].scores).toEqual({ p: 0.5, q: NaN });
  });

  it("filters by class and by score, from both sides", () => {
    const box = { edges: [0, 0, 1, 1] as [number, number, number, number], classId: 3, caption: "", scores: { p: 0.5 } };
    expect(passes(box, new Set(), {})).toBe(true);
    expect(passes(box, new Set([3]), {})).toBe(false);
    expect(passes(box, new Set(), { p: { atLeast: true, value: 0.5 } })).toBe(true);
    expect(passes(box, new Set(), { p: { atLeast: true, value: 0.51 } })).toBe(false);
    expect(passes(box, new Set(), { p: { atLeast: false, value: 0.4 } })).toBe(false);
    expect(passes(box, new Set(), { other: { atLeast: true, value: 9 } })).toBe(true);
    expect(scoreRanges([box, { ...box, scores: { p: 0.9 } }])).toEqual({ p: [0.5, 0.9] });
  });
});

it("what is logged alone is the only layer of itself", () => {
  const mask = { _type: "mask", path: "m.png", class_labels: { "1": "disc" } };
  expect(layersOf(asImage(mask), "masks", {})).toEqual([{ name: "mask", descriptor: mask, labels: { "1": "disc" } }]);
  expect(layersOf(asImage({ _type: "boxes2D", path: "b.json" }), "boxes", {})[0].name).toBe("boxes");
  expect(asImage({ _type: "image-file" })).toEqual({ _type: "image-file" });
});

it("an empty frame reaches as far as its boxes, and is the unit square for fractions", () => {
  const pixel = { domain: "pixel", position: { minX: 1, maxX: 30.5, minY: 2, maxY: 9 } };
  const middle = { domain: "pixel", position: { middle: [10, 20], width: 4, height: 6 } };
  expect(frameOf({ box_data: [pixel, middle] })).toEqual([31, 23]);
  expect(frameOf({ box_data: [{ position: { minX: 0, maxX: 1, minY: 0, maxY: 1 } }] })).toEqual([0, 0]);
  expect(frameOf({})).toEqual([0, 0]);
});

it("classes are named by their set, and counted in a mask", () => {
  expect(classNames({ _type: "classes", class_set: [{ id: 3, name: "cat" }] })).toEqual({ "3": "cat" });
  expect(classNames(undefined)).toEqual({});
  expect([...classCounts({ width: 2, height: 2, ids: Uint8Array.of(0, 7, 7, 1) })]).toEqual([[0, 1], [1, 1], [7, 2]]);
});

it("masks of two sizes have no difference", () => {
  const one = { width: 1, height: 1, ids: Uint8Array.of(0) };
  expect(() => paintDifference(one, { width: 2, height: 1, ids: Uint8Array.of(0, 0) }, new Set())).toThrow("1 × 1 and 2 × 1");
});

it("class 0 is ground without a name, and with one that says so", () => {
  expect(isGround(0, {})).toBe(true);
  expect(isGround(0, { "0": "Background" })).toBe(true);
  expect(isGround(0, { "0": "class_0" })).toBe(true);
  expect(isGround(0, { "0": "cat" })).toBe(false);
  expect(isGround(1, {})).toBe(false);
});

it("labels of a layer win over the classes of its image", () => {
  const image = { _type: "image-file", masks: { a: { _type: "mask", class_labels: { "1": "mine" } } } };
  expect(layersOf(image, "masks", { "1": "theirs", "2": "two" })[0].labels).toEqual({ "1": "mine", "2": "two" });
});

it("labels are black on light colours and white on dark ones", () => {
  expect(ink([123, 255, 111])).toBe("#000");
  expect(ink(rgb("#0072b2"))).toBe("#fff");
});
