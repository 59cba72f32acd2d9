/** Points, boxes and files of 3D scenes, without a 3D library. */

export interface Cloud {
  count: number;
  positions: Float32Array;
  categories: Uint8Array | null;
  colors: Uint8Array | null;
}

const SIZES: Record<string, number> = { char: 1, uchar: 1, int8: 1, uint8: 1, short: 2, ushort: 2, int16: 2, uint16: 2, int: 4, uint: 4, int32: 4, uint32: 4, float: 4, float32: 4, double: 8, float64: 8 };

/** A binary little-endian PLY of points; null when it is something else (a mesh, text): the 3D library reads those. */
export function readCloud(bytes: Uint8Array): Cloud | null {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, Math.min(bytes.length, 4096)));
  const end = head.indexOf("end_header\n");
  if (!head.startsWith("ply") || end < 0) return null;
  const lines = head.slice(0, end).split("\n");
  if (!lines.some((line) => line.startsWith("format binary_little_endian")) || lines.some((line) => /^element (?!vertex)/.test(line) && !/ 0$/.test(line.trim()))) return null;
  const count = Number(/^element vertex (\d+)/m.exec(head)?.[1] ?? NaN);
  const places: Record<string, { at: number; type: string }> = {};
  let stride = 0;
  for (const line of lines) {
    const property = /^property (\S+) (\S+)\s*$/.exec(line);
    if (!property) continue;
    const size = SIZES[property[1]];
    if (!size) return null;
    places[property[2]] = { at: stride, type: property[1] };
    stride += size;
  }
  if (!Number.isFinite(count) || !["x", "y", "z"].every((name) => places[name] && /^float/.test(places[name].type))) return null;
  const start = end + "end_header\n".length;
  if (bytes.length < start + count * stride) throw new Error(`the cloud's file is cut: ${count} points announced`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * stride);
  const positions = new Float32Array(count * 3);
  const colored = ["red", "green", "blue"].every((name) => places[name] && SIZES[places[name].type] === 1);
  const category = places.category && SIZES[places.category.type] === 1 ? places.category : null;
  const colors = colored ? new Uint8Array(count * 3) : null;
  const categories = category ? new Uint8Array(count) : null;
  for (let i = 0; i < count; i += 1) {
    const at = i * stride;
    positions[i * 3] = view.getFloat32(at + places.x.at, true);
    positions[i * 3 + 1] = view.getFloat32(at + places.y.at, true);
    positions[i * 3 + 2] = view.getFloat32(at + places.z.at, true);
    if (colors) {
      colors[i * 3] = view.getUint8(at + places.red.at);
      colors[i * 3 + 1] = view.getUint8(at + places.green.at);
      colors[i * 3 + 2] = view.getUint8(at + places.blue.at);
    }
    if (categories && category) categories[i] = view.getUint8(at + category.at);
  }
  return { count, positions, categories, colors };
}

type Corner = readonly number[];

/**
 * The twelve edges of a box, as pairs of corner numbers, whatever the order of its corners. From each corner the box
 * runs along three edge vectors, and the other corners are sums of them; the corner sums to the opposite one.
 */
export function boxEdges(corners: Corner[]): [number, number][] {
  if (corners.length !== 8) return [];
  const origin = corners[0];
  const offsets = corners.map((corner) => corner.map((value, i) => value - origin[i]));
  const scale = Math.max(...offsets.flat().map(Math.abs), 1e-12);
  const near = (a: number[], b: number[]) => a.every((value, i) => Math.abs(value - b[i]) <= 0.03 * scale);
  const sum = (...vectors: number[][]) => [0, 1, 2].map((i) => vectors.reduce((total, vector) => total + vector[i], 0));
  const others = [1, 2, 3, 4, 5, 6, 7];
  for (const a of others)
    for (const b of others)
      for (const c of others) {
        if (a >= b || b >= c) continue;
        const bits = assign(offsets, [a, b, c], near, sum);
        if (bits) return pairs(bits);
      }
  return [];
}

function assign(
  offsets: number[][],
  [a, b, c]: [number, number, number],
  near: (x: number[], y: number[]) => boolean,
  sum: (...vectors: number[][]) => number[],
): number[] | null {
  const expected = [[0, 0, 0], offsets[a], offsets[b], sum(offsets[a], offsets[b]), offsets[c], sum(offsets[a], offsets[c]), sum(offsets[b], offsets[c]), sum(offsets[a], offsets[b], offsets[c])];
  const bits = new Array<number>(8).fill(-1);
  const used = new Set<number>();
  for (const [bit, wanted] of expected.entries()) {
    const found = offsets.findIndex((offset, i) => !used.has(i) && near(offset, wanted));
    if (found < 0) return null;
    used.add(found);
    bits[found] = bit;
  }
  return bits;
}

function pairs(bits: number[]): [number, number][] {
  const out: [number, number][] = [];
  for (let i = 0; i < 8; i += 1)
    for (let j = i + 1; j < 8; j += 1) {
      const difference = bits[i] ^ bits[j];
      if (difference === 1 || difference === 2 || difference === 4) out.push([i, j]);
    }
  return out;
}

export function clampColor(color: unknown): [number, number, number] | null {
  if (!Array.isArray(color) || color.length < 3) return null;
  return color.slice(0, 3).map((part) => Math.min(Math.max(Number(part) || 0, 0), 255)) as [number, number, number];
}
