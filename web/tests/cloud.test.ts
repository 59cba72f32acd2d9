import { describe, expect, it } from "vitest";
import { boxEdges, clampColor, readCloud } from "../src/lib/cloud";

const CUBE = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]);

function lengths(corners: number[][]): number[] {
  return boxEdges(corners)
    .map(([a, b]) => Math.hypot(...corners[a].map((value, i) => value - corners[b][i])))
    .sort((a, b) => a - b);
}

describe("boxEdges", () => {
  it("finds the twelve edges in every order of the corners", () => {
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 50; round += 1) {
      const order = [...CUBE].sort(() => random() - 0.5);
      expect(lengths(order)).toEqual(new Array(12).fill(1));
    }
  });

  it("knows the order of the documents' own example", () => {
    const corners = [[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]];
    expect(lengths(corners)).toEqual(new Array(12).fill(1));
  });

  it("keeps the sides of a long, turned and leaning box, with rounded corners", () => {
    const turn = ([x, y, z]: number[]) => [4 * x * Math.cos(0.5) - 2 * y * Math.sin(0.5) + 0.3 * z, 4 * x * Math.sin(0.5) + 2 * y * Math.cos(0.5), 1.5 * z].map((value) => Math.round(value * 100) / 100 + 20);
    const corners = [7, 2, 5, 0, 3, 6, 1, 4].map((i) => turn(CUBE[i]));
    const found = lengths(corners);
    expect(found).toHaveLength(12);
    expect(found.slice(4, 8).every((length) => Math.abs(length - 2) < 0.05)).toBe(true);
    expect(found.slice(8).every((length) => Math.abs(length - 4) < 0.05)).toBe(true);
  });

  it("draws nothing that is no box", () => {
    expect(boxEdges(CUBE.slice(0, 7))).toEqual([]);
    expect(boxEdges([...CUBE.slice(0, 7), [9, 9, 9]])).toEqual([]);
  });
});

describe("readCloud", () => {
  function ply(extra: string[], stride: number, count: number, fill: (view: DataView, at: number, i: number) => void): Uint8Array {
    const head = new TextEncoder().encode(["ply", "format binary_little_endian 1.0", `element vertex ${count}`, "property float x", "property float y", "property float z", ...extra, "end_header", ""].join("\n"));
    const bytes = new Uint8Array(head.length + stride * count);
    bytes.set(head);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i += 1) fill(view, head.length + i * stride, i);
    return bytes;
  }

  it("reads positions and categories", () => {
    const cloud = readCloud(ply(["property uchar category"], 13, 2, (view, at, i) => { view.setFloat32(at + 4, i + 0.5, true); view.setUint8(at + 12, 14 - i); }));
    expect(cloud?.count).toBe(2);
    expect([...(cloud?.positions ?? [])]).toEqual([0, 0.5, 0, 0, 1.5, 0]);
    expect([...(cloud?.categories ?? [])]).toEqual([14, 13]);
    expect(cloud?.colors).toBeNull();
  });

  it("reads colours", () => {
    const cloud = readCloud(ply(["property uchar red", "property uchar green", "property uchar blue"], 15, 1, (view, at) => { view.setUint8(at + 13, 200); }));
    expect([...(cloud?.colors ?? [])]).toEqual([0, 200, 0]);
  });

  it("leaves meshes and text to the 3D library, and names a cut file", () => {
    expect(readCloud(new TextEncoder().encode("ply\nformat ascii 1.0\nend_header\n"))).toBeNull();
    expect(readCloud(new TextEncoder().encode("solid x"))).toBeNull();
    const whole = ply([], 12, 3, () => undefined);
    expect(() => readCloud(whole.subarray(0, whole.length - 1))).toThrow("cut");
  });
});

it("colours are clamped: the documents contain 321", () => {
  expect(clampColor([321, -5, 10])).toEqual([255, 0, 10]);
  expect(clampColor(null)).toBeNull();
});
