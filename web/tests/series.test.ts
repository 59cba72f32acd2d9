import { describe, expect, it } from "vitest";
import { align, envelope, notFinite, ordered, readColumn, readSeries, smooth } from "../src/lib/series";

describe("readSeries", () => {
  it.each([[3], [4]])("reads %d rows, padded to eight bytes, then the values", (count) => {
    const start = Math.ceil((count * 4) / 8) * 8;
    const bytes = new Uint8Array(start + count * 8);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i += 1) {
      view.setUint32(i * 4, i * 7, true);
      view.setFloat64(start + i * 8, i / 2, true);
    }
    // A view into a larger buffer, at an odd place.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { rows, values } = readSeries(shifted.subarray(3), count);
    expect([...rows]).toEqual(Array.from({ length: count }, (_, i) => i * 7));
    expect([...values]).toEqual(Array.from({ length: count }, (_, i) => i / 2));
  });

  it("refuses a block that is too short", () => {
    expect(() => readSeries(new Uint8Array(8), 2)).toThrow("2 points in 8 bytes");
  });

  it("reads columns at an odd place", () => {
    const bytes = new Uint8Array(17);
    new DataView(bytes.buffer).setFloat64(1, 2.5, true);
    expect([...readColumn(bytes.subarray(1))]).toEqual([2.5, 0]);
  });
});

describe("envelope", () => {
  const n = 10_000;
  const x = Float64Array.from({ length: n }, (_, i) => i);
  const y = Float64Array.from({ length: n }, (_, i) => Math.sin(i / 50));

  it("keeps every extreme, however few columns there are", () => {
    const spiked = y.slice();
    spiked[7777] = 1000;
    spiked[3333] = -1000;
    const thin = envelope({ x, y: spiked }, 0, n - 1, 20);
    expect(thin.x.length).toBeLessThanOrEqual(20 * 5 + 5);
    expect(thin.y).toContain(1000);
    expect(thin.y).toContain(-1000);
    expect([...thin.x]).toEqual([...thin.x].sort((a, b) => a - b));
  });

  it("is exact once the points fit", () => {
    const thin = envelope({ x, y }, 100, 150, 400);
    expect([...thin.x]).toEqual(Array.from({ length: 53 }, (_, i) => 99 + i));
    expect(thin.y[1]).toBe(y[100]);
  });

  it("keeps gaps", () => {
    const gapped = y.slice();
    gapped[5000] = NaN;
    expect([...envelope({ x, y: gapped }, 0, n - 1, 10).y].some(Number.isNaN)).toBe(true);
  });
});

it("smoothing has no bias at its start, and a constant stays one", () => {
  expect([...smooth(Float64Array.of(2, 2, 2), 0.9)].every((value) => Math.abs(value - 2) < 1e-12)).toBe(true);
  const [first, second] = smooth(Float64Array.of(1, 3), 0.5);
  expect(first).toBe(1);
  expect(second).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 3) / 0.75);
});

it("smoothing passes over what is no number", () => {
  const out = smooth(Float64Array.of(1, NaN, 1), 0.5);
  expect(out[0]).toBe(1);
  expect(out[1]).toBeNaN();
  expect(out[2]).toBeCloseTo(1);
});

it("align gives one x, undefined where a series has no point, null where it has a gap", () => {
  const first = { x: Float64Array.of(0, 2), y: Float64Array.of(1, NaN) };
  const second = { x: Float64Array.of(1, 2), y: Float64Array.of(5, 6) };
  expect(align([first, second])).toEqual([[0, 1, 2], [1, undefined, null], [undefined, 5, 6]]);
});

it("ordered sorts by x, and leaves out points that have no place", () => {
  const { x, y } = ordered({ x: Float64Array.of(3, NaN, 1), y: Float64Array.of(30, 20, 10) });
  expect([...x]).toEqual([1, 3]);
  expect([...y]).toEqual([10, 30]);
});

it("counts what is no number", () => {
  expect(notFinite(Float64Array.of(1, NaN, Infinity, -Infinity))).toEqual({ nan: 1, infinite: 2 });
});
