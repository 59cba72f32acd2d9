/** Values of a run: what they are, how they are written. */

import type { Descriptor, Json } from "./types";

export function isDescriptor(value: unknown): value is Descriptor {
  return typeof value === "object" && value !== null && typeof (value as Descriptor)._type === "string";
}

/** The number that a JSON value stands for, NaN and infinities with it; undefined when it is none. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isDescriptor(value) && value._type === "number") return Number(value.value);
  return undefined;
}

const LISTS = new Set(["images/separated", "audio", "videos", "html", "molecule", "object3D"]);

/** One value as the single objects in it: list forms and plain lists are opened. */
export function itemsOf(value: Json): Descriptor[] {
  if (Array.isArray(value)) return value.length && value.every(isDescriptor) ? value.flatMap((one) => itemsOf(one as Json)) : [];
  if (!isDescriptor(value)) return [];
  if (LISTS.has(value._type) && Array.isArray(value.items)) return (value.items as unknown[]).filter(isDescriptor);
  return [value];
}

const PLAIN = new Set(["number", "timestamp", "timestamp_tz", "date", "time", "duration", "decimal", "bytes", "ndarray"]);

/** Whether a cell of a table holds something to look at rather than a value. */
export const isMedia = (cell: Json): boolean => itemsOf(cell).some((one) => !PLAIN.has(one._type));

/** The kind of a value as panels know it. */
export function kindOf(value: Json): string {
  if (typeof value === "string") return "text-value";
  const items = itemsOf(value);
  return items.length && items[0]._type !== "number" ? items[0]._type : "json-value";
}

export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return size < 1e5 ? sign(String(value)) : sign(value.toLocaleString("en-US"));
  if (size >= 1e6 || size < 1e-4) return sign(value.toExponential(digits - 2).replace("e+", "e"));
  return sign(String(Number(value.toPrecision(digits))));
}

function sign(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

export function formatBytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A value in one line of text: table cells, summary, config. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  const number = numberOf(value);
  if (number !== undefined) {
    // Of integers that no double holds every digit counts.
    if (!Number.isSafeInteger(number) && isDescriptor(value) && /^-?\d+$/.test(String(value.value))) return sign(String(value.value));
    return formatNumber(number);
  }
  if (isDescriptor(value)) {
    if (["timestamp", "timestamp_tz", "date", "time", "duration", "decimal", "bytes"].includes(value._type))
      return String(value.value ?? "");
    return value.caption ? `${label(value._type)}: ${value.caption}` : label(value._type);
  }
  if (Array.isArray(value)) {
    const shown = value.slice(0, 6).map((one) => formatValue(one));
    return `[${shown.join(", ")}${value.length > 6 ? `, … ${value.length} values` : ""}]`;
  }
  return JSON.stringify(value);
}

const LABELS: Record<string, string> = {
  "image-file": "image",
  "images/separated": "images",
  "audio-file": "audio",
  "video-file": "video",
  "html-file": "page",
  "text-file": "text",
  "text-value": "text",
  "json-value": "value",
  boxes2D: "boxes",
  "molecule-file": "molecule",
  "object3D-file": "3D",
  "table-file": "table",
  "incremental-table-file": "table",
  "plotly-file": "plotly",
  "vega-file": "vega",
  "numpy.ndarray": "array",
};

export function label(kind: string): string {
  return LABELS[kind] ?? kind;
}

/** The parts of a key: the members of its path, and what stands between slashes. */
export function parts(path: string[]): string[] {
  const found = path.flatMap((member) => member.split("/")).filter((part) => part !== "");
  return found.length ? found : [path.join(".")];
}

/** A text as Python writes it. JSON's escapes are Python's, too. */
function python(text: string): string {
  return JSON.stringify(text);
}

/** The lines of Python that read a value back, where the run directory lies where a run writes it by itself. */
export function snippet(run: string, key: string, step: number, value: Json): string {
  const open = `import medialog\n\nrun = medialog.open_run(${python(`runs/${run}`)})  # the run directory\n`;
  if (itemsOf(value).length && itemsOf(value)[0]._type !== "number") return `${open}value = run.media(${python(key)}, step=${step})`;
  return `${open}value = next(row[${python(key)}] for row in run.history(keys=${python(key)}) if row["_step"] == ${step})`;
}

/** The same for the points of metrics. */
export function seriesSnippet(run: string, keys: string[]): string {
  const names = keys.map(python).join(", ");
  return `import medialog\n\nrun = medialog.open_run(${python(`runs/${run}`)})  # the run directory\nrows = run.history(keys=[${names}])  # dicts with "_step" and what was logged`;
}

export interface StoredFile {
  path: string;
  /** What it is of the value: "image 3", "mask truth", "table". */
  what: string;
}

const MEMBERS: Record<string, string> = { masks: "mask", boxes: "boxes", image: "picture", plotly: "figure for plotly", vega: "figure for Vega", table: "table" };

/** Every file of a value: its own, those of its items, and those that belong to it (masks, boxes, the table of a chart). */
export function filesOf(value: Json): StoredFile[] {
  const found = new Map<string, string>();
  const add = (one: unknown, what: string): void => {
    if (isDescriptor(one) && typeof one.path === "string" && !found.has(one.path)) found.set(one.path, what);
  };
  const items = itemsOf(value);
  items.forEach((item, i) => {
    const which = items.length > 1 ? ` ${i + 1}` : "";
    add(item, `${label(item._type)}${which}`);
    for (const [member, name] of Object.entries(MEMBERS)) {
      const inside = item[member];
      if (isDescriptor(inside)) add(inside, `${name}${which}`);
      else if (typeof inside === "object" && inside !== null) for (const [layer, one] of Object.entries(inside)) add(one, `${name} ${layer}${which && ` of ${which.trim()}`}`);
    }
  });
  return [...found].map(([path, what]) => ({ path, what }));
}
