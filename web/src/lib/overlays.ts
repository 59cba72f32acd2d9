/** What lies over an image: masks of class ids, boxes, and which of them are shown. */

import { classColor, rgb } from "./colors";
import { isDescriptor, numberOf } from "./values";
import type { Descriptor } from "./types";

export interface MaskPixels {
  width: number;
  height: number;
  ids: Uint8Array | Uint16Array;
}

export interface Box {
  /** Fractions of the picture: left, top, right, bottom. */
  edges: [number, number, number, number];
  classId: number;
  caption: string;
  scores: Record<string, number>;
}

export interface Layer {
  name: string;
  descriptor: Descriptor;
  labels: Record<string, string>;
}

export interface ScoreFilter {
  atLeast: boolean;
  value: number;
}

/** What an image's panel shows: an image with its layers; a mask, or boxes, logged alone as the only layer of itself. */
export function asImage(one: Descriptor): Descriptor {
  if (one._type === "mask") return { ...one, masks: { mask: one } };
  if (one._type === "boxes2D") return { ...one, boxes: { boxes: one } };
  return one;
}

/** The names of an image's classes, by id. */
export function classNames(classes: unknown): Record<string, string> {
  const set = (classes as { class_set?: unknown } | null | undefined)?.class_set;
  if (!Array.isArray(set)) return {};
  return Object.fromEntries(set.map((one: { id?: unknown; name?: unknown }) => [String(one.id), String(one.name)]));
}

/** The layers that a descriptor holds under `member`, each with its labels; the image's classes name the rest. */
export function layersOf(image: Descriptor, member: "masks" | "boxes", classes: Record<string, string>): Layer[] {
  const layers = image[member];
  if (typeof layers !== "object" || layers === null) return [];
  return Object.entries(layers)
    .filter((pair): pair is [string, Descriptor] => isDescriptor(pair[1]))
    .map(([name, descriptor]) => ({
      name,
      descriptor,
      labels: { ...classes, ...((descriptor.class_labels as Record<string, string>) ?? {}) },
    }));
}

export function labelOf(labels: Record<string, string>, id: number): string {
  return Object.hasOwn(labels, String(id)) ? labels[String(id)] : `class_${id}`;
}

const GROUNDS = new Set(["class_0", "background", "void", "unlabeled", "unlabelled", "unknown", "ignore", "none", "bg"]);

/** Class 0 without a name, or with one that means nothing, covers nothing until it is asked for. */
export function isGround(id: number, labels: Record<string, string>): boolean {
  return id === 0 && (!Object.hasOwn(labels, "0") || GROUNDS.has(labels["0"].trim().toLowerCase()));
}

/** RGBA of a mask: shown classes in their colours, everything else clear. `outline` leaves the edges of regions only. */
export function paintMask(mask: MaskPixels, hidden: ReadonlySet<number>, outline = false): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, ids } = mask;
  const colors = new Map<number, [number, number, number]>();
  const out = new Uint8ClampedArray(width * height * 4);
  const reach = outline ? Math.max(1, Math.round(Math.max(width, height) / 320)) : 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const id = ids[i];
      if (hidden.has(id)) continue;
      if (outline && !onEdge(mask, x, y, i, reach)) continue;
      let color = colors.get(id);
      if (!color) colors.set(id, (color = rgb(classColor(id))));
      out[i * 4] = color[0];
      out[i * 4 + 1] = color[1];
      out[i * 4 + 2] = color[2];
      out[i * 4 + 3] = 255;
    }
  }
  return out;
}

function onEdge({ width, height, ids }: MaskPixels, x: number, y: number, i: number, reach: number): boolean {
  const id = ids[i];
  for (let d = 1; d <= reach; d += 1) {
    if (x < d || x >= width - d || y < d || y >= height - d) return true;
    if (ids[i - d] !== id || ids[i + d] !== id || ids[i - d * width] !== id || ids[i + d * width] !== id) return true;
  }
  return false;
}

const DIFFERENT = rgb("#e8344e");
const EQUAL = rgb("#2bb673");

/** RGBA of where two masks differ (red) and where both hold the same thing (green, faint). */
export function paintDifference(
  first: MaskPixels,
  second: MaskPixels,
  ground: ReadonlySet<number>,
): { pixels: Uint8ClampedArray<ArrayBuffer>; different: number } {
  if (first.width !== second.width || first.height !== second.height)
    throw new Error(`the masks differ in size: ${first.width} × ${first.height} and ${second.width} × ${second.height}`);
  const out = new Uint8ClampedArray(first.ids.length * 4);
  let different = 0;
  for (let i = 0; i < first.ids.length; i += 1) {
    const same = first.ids[i] === second.ids[i];
    if (same && ground.has(first.ids[i])) continue;
    if (!same) different += 1;
    out.set(same ? EQUAL : DIFFERENT, i * 4);
    out[i * 4 + 3] = same ? 80 : 235;
  }
  return { pixels: out, different };
}

/** How many pixels have each id. */
export function classCounts({ ids }: MaskPixels): Map<number, number> {
  const counts = new Uint32Array(ids instanceof Uint16Array ? 65536 : 256);
  for (let i = 0; i < ids.length; i += 1) counts[ids[i]] += 1;
  const found = new Map<number, number>();
  counts.forEach((count, id) => {
    if (count) found.set(id, count);
  });
  return found;
}

interface StoredBox {
  position: { minX?: number; maxX?: number; minY?: number; maxY?: number; middle?: [number, number]; width?: number; height?: number };
  domain?: string;
  class_id?: number;
  box_caption?: string;
  scores?: Record<string, unknown>;
}

/** Boxes of a `.boxes2D.json` in fractions of a picture of `width` x `height`. */
export function readBoxes(file: unknown, width: number, height: number): Box[] {
  const stored = (file as { box_data?: StoredBox[] }).box_data;
  if (!Array.isArray(stored)) throw new Error("the file has no box_data");
  return stored.map((box) => {
    const { position: p } = box;
    const [sx, sy] = box.domain === "pixel" ? [1 / width, 1 / height] : [1, 1];
    let [left, top, right, bottom] = [p.minX, p.minY, p.maxX, p.maxY].map(Number);
    if (p.middle) {
      const [half, tall] = [Number(p.width) / 2, Number(p.height) / 2];
      [left, top, right, bottom] = [p.middle[0] - half, p.middle[1] - tall, p.middle[0] + half, p.middle[1] + tall];
    }
    const scores: Record<string, number> = {};
    for (const [name, value] of Object.entries(box.scores ?? {})) {
      const number = numberOf(value);
      if (number !== undefined) scores[name] = number;
    }
    return {
      edges: [left * sx, top * sy, right * sx, bottom * sy],
      classId: Number(box.class_id ?? 0),
      caption: typeof box.box_caption === "string" ? box.box_caption : "",
      scores,
    };
  });
}

/** Width and height of the frame that boxes without a picture lie in: pixels as far as they reach, else the unit square. */
export function frameOf(file: unknown): [number, number] {
  const stored = (file as { box_data?: StoredBox[] }).box_data;
  const reach: [number, number] = [0, 0];
  for (const { domain, position: p } of Array.isArray(stored) ? stored : []) {
    if (domain !== "pixel") continue;
    const [right, bottom] = p.middle ? [p.middle[0] + Number(p.width) / 2, p.middle[1] + Number(p.height) / 2] : [Number(p.maxX), Number(p.maxY)];
    reach[0] = Math.max(reach[0], right);
    reach[1] = Math.max(reach[1], bottom);
  }
  const most = 2 ** 15;
  return reach[0] > 0 && reach[1] > 0 ? [Math.min(Math.ceil(reach[0]), most), Math.min(Math.ceil(reach[1]), most)] : [0, 0];
}

/** Whether a box passes: its class is shown, and every score that it has lies on the wanted side. */
export function passes(box: Box, hidden: ReadonlySet<number>, filters: Record<string, ScoreFilter>): boolean {
  if (hidden.has(box.classId)) return false;
  return Object.entries(filters).every(([name, { atLeast, value }]) => {
    if (!Object.hasOwn(box.scores, name)) return true;
    return atLeast ? box.scores[name] >= value : box.scores[name] <= value;
  });
}

/** The least and largest value of each score. */
export function scoreRanges(boxes: Box[]): Record<string, [number, number]> {
  const ranges: Record<string, [number, number]> = {};
  for (const { scores } of boxes)
    for (const [name, value] of Object.entries(scores)) {
      const range = (ranges[name] ??= [value, value]);
      range[0] = Math.min(range[0], value);
      range[1] = Math.max(range[1], value);
    }
  return ranges;
}
