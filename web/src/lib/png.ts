/**
 * Class ids from the PNG of a mask. A browser's own decoder gives 8 bits a channel, after colour management: ids above
 * 255 and ids of a file with a profile would be lost. Grey and palette files of any depth, interlaced (Adam7) or not.
 */

import { inflate } from "./source";
import type { MaskPixels } from "./overlays";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const MOST_PIXELS = 2 ** 28;

export async function readMask(bytes: Uint8Array): Promise<MaskPixels> {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw new Error("the mask is no PNG");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: { width: number; height: number; depth: number; color: number; interlaced: number } | null = null;
  const data: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const start = at + 8;
    if (start + length > bytes.length) throw new Error("the mask's file is cut");
    if (name === "IHDR")
      header = {
        width: view.getUint32(start),
        height: view.getUint32(start + 4),
        depth: bytes[start + 8],
        color: bytes[start + 9],
        interlaced: bytes[start + 12],
      };
    else if (name === "IDAT") data.push(bytes.subarray(start, start + length));
    else if (name === "IEND") break;
    at = start + length + 4;
  }
  if (!header || !data.length) throw new Error("the mask's file has no picture");
  if (![0, 3].includes(header.color)) throw new Error("a mask has one channel");
  if (header.interlaced > 1) throw new Error("an unknown way of interlacing");
  const { width, height, depth } = header;
  if (width * height > MOST_PIXELS) throw new Error("the mask is too large to show");
  const raw = await inflate(joined(data), "deflate");
  return { width, height, ids: header.interlaced ? interlaced(raw, width, height, depth) : picture(raw, width, height, depth) };
}

function picture(raw: Uint8Array, width: number, height: number, depth: number): Uint8Array | Uint16Array {
  return unpack(unfilter(raw, bytesOf(width, depth), height, Math.max(1, depth / 8)), width, height, depth);
}

function bytesOf(width: number, depth: number): number {
  return Math.ceil((width * depth) / 8);
}

/** The seven passes of Adam7: where each begins, and how far apart its pixels lie. */
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]; // prettier-ignore

/** Each pass is a small picture of its own, filtered by itself; an empty one has no bytes. */
function interlaced(raw: Uint8Array, width: number, height: number, depth: number): Uint8Array | Uint16Array {
  const ids = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  let at = 0;
  for (const [left, top, across, down] of PASSES) {
    const [w, h] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    if (w <= 0 || h <= 0) continue;
    const part = picture(raw.subarray(at), w, h, depth);
    at += (bytesOf(w, depth) + 1) * h;
    for (let y = 0, i = 0; y < h; y += 1) for (let x = 0; x < w; x += 1, i += 1) ids[(top + y * down) * width + left + x * across] = part[i];
  }
  return ids;
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function unfilter(raw: Uint8Array, stride: number, height: number, unit: number): Uint8Array {
  if (raw.length < (stride + 1) * height) throw new Error("the mask's picture is cut");
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const kind = raw[y * (stride + 1)];
    const from = y * (stride + 1) + 1;
    const to = y * stride;
    for (let x = 0; x < stride; x += 1) {
      const left = x >= unit ? out[to + x - unit] : 0;
      const up = y > 0 ? out[to + x - stride] : 0;
      const corner = x >= unit && y > 0 ? out[to + x - stride - unit] : 0;
      let guess = 0;
      if (kind === 1) guess = left;
      else if (kind === 2) guess = up;
      else if (kind === 3) guess = (left + up) >> 1;
      else if (kind === 4) guess = paeth(left, up, corner);
      out[to + x] = raw[from + x] + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function unpack(bytes: Uint8Array, width: number, height: number, depth: number): Uint8Array | Uint16Array {
  if (depth === 8) return bytes;
  if (depth === 16) {
    const ids = new Uint16Array(width * height);
    for (let i = 0; i < ids.length; i += 1) ids[i] = (bytes[2 * i] << 8) | bytes[2 * i + 1];
    return ids;
  }
  const ids = new Uint8Array(width * height);
  const stride = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const bit = x * depth;
      ids[y * width + x] = (bytes[y * stride + (bit >> 3)] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  return ids;
}
