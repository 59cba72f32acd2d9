/** The document that Python embeds (`medialog-index`), as this page reads it. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Tree = { [key: string]: Json };

export interface Descriptor {
  _type: string;
  path?: string;
  sha256?: string;
  size?: number;
  caption?: string;
  [member: string]: unknown;
}

export interface SeriesInfo {
  key: string;
  path: string[];
  block: string;
  count: number;
  kinds?: string[];
  last?: Json;
}

export interface Entry {
  row: number;
  value: Json;
}

export interface ItemInfo {
  key: string;
  path: string[];
  kind: string;
  kinds?: string[];
  entries: Entry[];
}

export interface FileInfo {
  block?: string;
  type?: string;
  size?: number;
  state?: "missing" | "damaged" | "left-out";
  reason?: string;
}

export interface ViewInfo {
  kind: "table";
  block?: string;
  rows: number;
  shown: number;
  truncated?: boolean;
  state?: FileInfo["state"];
  reason?: string;
}

export interface PosterInfo {
  block: string;
  type: string;
  width?: number;
  height?: number;
}

export interface Problem {
  place: string;
  message: string;
  kind: string;
}

export interface Metric {
  name: string;
  step_metric?: string | null;
  step_sync?: boolean;
  hidden?: boolean;
  summary?: Json;
  goal?: string | null;
}

export interface Index {
  format: string;
  version: number;
  mode: "report" | "item";
  run: Tree & { id: string };
  made?: Tree;
  config?: Tree;
  summary?: { key: string; value: Json }[];
  metrics?: Metric[];
  steps?: { block: string; count: number };
  time?: { block: string; count?: number };
  runtime?: { block: string; count?: number };
  series?: SeriesInfo[];
  items?: ItemInfo[];
  views?: Record<string, ViewInfo>;
  files?: Record<string, FileInfo>;
  posters?: Record<string, PosterInfo>;
  problems?: Problem[];
  left_out?: { steps?: number; keys?: string[]; bytes?: number; reason?: string } | null;
  html?: { scripts: boolean; eval?: boolean };
}

export interface TableView {
  columns: string[];
  column_types: Json[];
  data: Json[][];
  rows: number;
  truncated: boolean;
}

/** One object at one step, as a renderer gets it. */
export interface Item {
  key: string;
  kind: string;
  row: number;
  step: number;
  value: Descriptor;
}

export interface Context {
  theme: "light" | "dark";
  /** The bytes of a file of the run; a `FileProblem` when it is not there. */
  bytes(path: string): Promise<Uint8Array>;
  /** The bytes of the file with this SHA-256 (files inside files are named so). */
  digest(sha256: string): Promise<Uint8Array>;
  view(sha256: string): Promise<TableView>;
  /** Say something below the picture: counts, what was left out. */
  note(text: string): void;
  reducedMotion: boolean;
}

export interface Handle {
  update(item: Item, context: Context): void | Promise<void>;
  destroy(): void;
}

export interface Renderer {
  mount(host: HTMLElement, item: Item, context: Context): Handle | Promise<Handle>;
}
