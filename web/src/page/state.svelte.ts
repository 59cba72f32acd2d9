/** What the whole page agrees on: the chosen row, the filter, the theme. All of it stands in the address. */

import { lastAtOrBefore, monotone, nextRow } from "../lib/steps";
import { readColumn, readSeries } from "../lib/series";
import { kindOf, parts } from "../lib/values";
import type { Index, ItemInfo, SeriesInfo } from "../lib/types";
import type { Source } from "../lib/source";
import type { PanelModel } from "./model";

export type Theme = "auto" | "light" | "dark";
export type Grouping = "type" | "prefix" | "none";
export type Comparing = "side" | "swipe" | "blink";

const MEDIA = new Set(["histogram", "json-value", "text-value"]);

export interface LoadedSeries {
  rows: Uint32Array;
  values: Float64Array;
}

export class Page {
  readonly index: Index;
  steps = $state.raw<Float64Array>(new Float64Array());
  times = $state.raw<Float64Array>(new Float64Array());
  /** The chosen row; null follows the last one. */
  chosen = $state<number | null>(null);
  query = $state("");
  theme = $state<Theme>("auto");
  systemDark = $state(matchMedia("(prefers-color-scheme: dark)").matches);
  axis = $state("step");
  smoothing = $state(0);
  grouping = $state<Grouping>("type");
  open = $state<string | null>(null);
  /** The row of the opened table that is shown as a page; null shows the table. */
  openRow = $state<number | null>(null);
  /** An object opened from a cell of a table. */
  peek = $state.raw<PanelModel | null>(null);
  /** The item of a list with which a panel is opened; -1 leaves it as it is. */
  openAt = $state(-1);
  help = $state(false);
  playing = $state(false);
  /** The rows to which panels are pinned: one, or two that are compared. */
  pins = $state<Record<string, number[]>>({});
  /** How two steps of the opened panel are compared. */
  comparing = $state<Comparing>("side");
  masks = $state(true);
  boxes = $state(true);
  difference = $state(false);
  /** Counts `[`, `]` and `r`: panels follow a change. */
  itemMoves = $state({ key: "", by: 0, count: 0 });
  cameraResets = $state(0);
  /** The part of an axis that all line charts on it show; null is all of it. */
  zoomed = $state.raw<{ axis: string; x: [number, number] } | null>(null);
  /** Counts `x`: the other one of two that blink. */
  swaps = $state(0);
  focused = $state("");
  readonly axes: string[];
  readonly marks: number[];
  private readonly loaded = new Map<string, Promise<LoadedSeries>>();
  private timer = 0;

  constructor(readonly source: Source) {
    this.index = source.index;
    this.axes = ["step", "time", ...this.series.map((one) => one.key)];
    this.marks = this.rowsWithMedia();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => (this.systemDark = event.matches));
  }

  get series(): SeriesInfo[] {
    return this.index.series ?? [];
  }

  get items(): ItemInfo[] {
    return this.index.items ?? [];
  }

  get dark(): boolean {
    return this.theme === "auto" ? this.systemDark : this.theme === "dark";
  }

  get last(): number {
    return Math.max(this.steps.length - 1, 0);
  }

  get row(): number {
    return this.chosen === null ? this.last : Math.min(this.chosen, this.last);
  }

  step(row: number): number {
    return this.steps.length ? this.steps[Math.min(Math.max(row, 0), this.last)] : 0;
  }

  async load(): Promise<void> {
    const { steps, time } = this.index;
    if (steps) this.steps = readColumn(await this.source.column(steps.block)).subarray(0, steps.count);
    if (time) this.times = readColumn(await this.source.column(time.block)).subarray(0, this.steps.length);
    this.readAddress();
  }

  values(key: string): Promise<LoadedSeries> {
    let found = this.loaded.get(key);
    if (!found) {
      const info = this.series.find((one) => one.key === key);
      found = info
        ? this.source.column(info.block).then((bytes) => readSeries(bytes, info.count))
        : Promise.reject(new Error(`no series ${key}`));
      this.loaded.set(key, found);
    }
    return found;
  }

  /** Where each row lies on an axis: its step, the seconds since the first row, or the last value of a logged key. */
  async axisOf(name: string): Promise<Float64Array> {
    if (name === "step") return this.steps;
    if (name === "time") {
      const start = this.times.length ? this.times[0] : 0;
      return this.times.map((time) => time - start);
    }
    const { rows, values } = await this.values(name);
    const out = new Float64Array(this.steps.length).fill(NaN);
    for (let i = 0; i < rows.length; i += 1) out[rows[i]] = values[i];
    for (let row = 1; row < out.length; row += 1) if (Number.isNaN(out[row])) out[row] = out[row - 1];
    return out;
  }

  async isMonotone(name: string): Promise<boolean> {
    return monotone(await this.axisOf(name));
  }

  choose(row: number | null): void {
    this.chosen = row === null || row >= this.last ? null : Math.max(Math.round(row), 0);
    this.writeAddress();
  }

  chooseStep(step: number): void {
    this.choose(Math.max(lastAtOrBefore(this.steps, step), 0));
  }

  move(by: number): void {
    this.choose(nextRow(this.marks, this.row, by));
  }

  play(on: boolean): void {
    clearInterval(this.timer);
    this.playing = on && this.marks.length > 1;
    if (!this.playing) return;
    if (this.row >= this.marks[this.marks.length - 1]) this.choose(this.marks[0]);
    const pause = Math.max(120, Math.min(600, 12_000 / this.marks.length));
    this.timer = window.setInterval(() => {
      const before = this.row;
      this.move(1);
      if (this.row === before) this.play(false);
    }, pause);
  }

  pin(key: string): void {
    if (this.isPinned(key)) delete this.pins[key];
    else this.pins[key] = [this.row];
    this.writeAddress();
  }

  zoom(axis: string, x: [number, number] | null): void {
    const now = this.zoomed?.axis === axis ? this.zoomed.x : null;
    if (x === null ? now === null : now !== null && now[0] === x[0] && now[1] === x[1]) return;
    this.zoomed = x && { axis, x };
    this.writeAddress();
  }

  isPinned(key: string): boolean {
    return Object.hasOwn(this.pins, key);
  }

  /** Pin a panel to the page's step as well, to compare it with the one to which it is pinned; or give that pin up. */
  pinSecond(key: string, on = true): void {
    if (!this.isPinned(key)) return;
    this.pins[key] = on ? [this.pins[key][0], this.row] : [this.pins[key][0]];
    this.writeAddress();
  }

  /** Show one row of a table as a page, or the table again. */
  showRow(key: string, row: number | null): void {
    if (this.index.mode === "report") this.open = key;
    this.openRow = row;
    this.writeAddress();
  }

  close(): void {
    this.open = null;
    this.openRow = null;
    this.writeAddress();
  }

  rowOf(key: string): number {
    return this.isPinned(key) ? this.pins[key][0] : this.row;
  }

  /** Open a panel beside itself: at its pin, and at its second one or the page's step. Once more: the next way to compare. */
  compare(key: string): void {
    if (this.open === key && this.isPinned(key)) {
      const all: Comparing[] = ["side", "swipe", "blink"];
      this.comparing = all[(all.indexOf(this.comparing) + 1) % all.length];
    }
    if (!this.isPinned(key)) this.pins[key] = [this.row];
    this.open = key;
    this.writeAddress();
  }

  matches(key: string, kinds: string[]): boolean {
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    const text = `${key} ${kinds.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }

  /** A link into this page: only what differs from the page as it opens. */
  writeAddress(): void {
    const state = new URLSearchParams();
    if (this.chosen !== null) state.set("step", String(this.step(this.chosen)));
    if (this.query) state.set("q", this.query);
    if (this.open !== null) state.set("open", this.open);
    if (this.openRow !== null) state.set("row", String(this.openRow));
    if (this.theme !== "auto") state.set("theme", this.theme);
    if (this.axis !== "step") state.set("x", this.axis);
    if (this.smoothing > 0) state.set("smooth", String(this.smoothing));
    if (this.grouping !== "type") state.set("group", this.grouping);
    for (const [key, rows] of Object.entries(this.pins)) for (const row of rows) state.append("pin", `${this.step(row)}:${key}`);
    if (this.comparing !== "side") state.set("compare", this.comparing);
    if (this.zoomed) state.set("zoom", `${this.zoomed.x.join(":")}:${this.zoomed.axis}`);
    const fragment = state.toString();
    if (fragment === location.hash.slice(1)) return;
    try {
      history.replaceState(null, "", fragment ? `#${fragment}` : "#");
    } catch {
      // A sandboxed frame (the notebook) has no history to write to.
    }
  }

  readAddress(): void {
    const state = new URLSearchParams(location.hash.slice(1));
    const step = state.get("step");
    const row = step === null || !Number.isFinite(Number(step)) ? null : Math.max(lastAtOrBefore(this.steps, Number(step)), 0);
    this.chosen = row === null || row >= this.last ? null : row;
    this.query = state.get("q") ?? "";
    this.open = state.get("open");
    const at = state.get("row");
    this.openRow = at !== null && /^\d+$/.test(at) ? Number(at) : null;
    const theme = state.get("theme");
    this.theme = theme === "light" || theme === "dark" ? theme : "auto";
    const axis = state.get("x") ?? "step";
    this.axis = this.axes.includes(axis) ? axis : "step";
    this.smoothing = Math.min(Math.max(Number(state.get("smooth")) || 0, 0), 0.99);
    const grouping = state.get("group");
    this.grouping = grouping === "prefix" || grouping === "none" ? grouping : "type";
    const [low, high, ...of] = (state.get("zoom") ?? "").split(":");
    const zoomed: [number, number] = [Number(low || NaN), Number(high || NaN)];
    this.zoomed = zoomed[0] < zoomed[1] && zoomed.every(Number.isFinite) && this.axes.includes(of.join(":")) ? { axis: of.join(":"), x: zoomed } : null;
    const comparing = state.get("compare");
    this.comparing = comparing === "swipe" || comparing === "blink" ? comparing : "side";
    // Keys are data: `__proto__` is one like any other.
    const pins = Object.create(null) as Record<string, number[]>;
    for (const pin of state.getAll("pin")) {
      const [at, key] = [Number(pin.slice(0, pin.indexOf(":"))), pin.slice(pin.indexOf(":") + 1)];
      if (Number.isFinite(at) && key && this.steps.length) pins[key] = [...(pins[key] ?? []), Math.max(lastAtOrBefore(this.steps, at), 0)].slice(0, 2);
    }
    this.pins = Object.fromEntries(Object.entries(pins));
  }

  prefix(path: string[]): string {
    const all = parts(path);
    return all.length > 1 ? all[0] : "";
  }

  /** The rows at which something to look at was logged; where there is no media, every row. */
  private rowsWithMedia(): number[] {
    const rowsOf = (items: ItemInfo[]) => [...new Set(items.flatMap((item) => item.entries.map((entry) => entry.row)))];
    const media = this.items.filter((item) => item.entries.some((entry) => !MEDIA.has(kindOf(entry.value))));
    let rows = rowsOf(media);
    if (rows.length < 2) rows = rowsOf(this.items);
    if (rows.length < 2) rows = Array.from({ length: this.index.steps?.count ?? 0 }, (_, row) => row);
    return rows.sort((a, b) => a - b);
  }
}
