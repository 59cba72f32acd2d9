/** Where the page's bytes come from. Today they are embedded in the document; a server is the second `Source`. */

import type { FileInfo, Index, PosterInfo, Renderer, TableView } from "./types";

export class FileProblem extends Error {
  constructor(
    readonly state: "missing" | "damaged" | "left-out" | "unreadable",
    readonly place: string,
    reason: string,
  ) {
    // The place is shown beside it: once is enough.
    super(reason.startsWith(`${place}: `) ? reason.slice(place.length + 2) : reason);
  }
}

export interface Source {
  readonly index: Index;
  /** A block of columns: steps, times, series. */
  column(block: string): Promise<Uint8Array>;
  file(path: string): FileInfo | undefined;
  bytes(path: string): Promise<Uint8Array>;
  digest(sha256: string): Promise<Uint8Array>;
  /** An address for `src=`; good until many others were asked for. */
  url(path: string): Promise<string>;
  /** An address that stays good until it is released: a player asks for parts of its file as long as it plays. */
  lease(path: string): Promise<{ url: string; release: () => void }>;
  poster(key: string, row: number): Promise<{ url: string; info: PosterInfo } | null>;
  view(sha256: string): Promise<TableView>;
  renderer(name: string): Promise<Renderer>;
}

const KEPT_BYTES = 256 * 2 ** 20;
const KEPT_CELLS = 2_000_000;

export class EmbeddedSource implements Source {
  private readonly digests = new Map<string, string>();
  private readonly urls = new Map<string, { url: string; size: number }>();
  private readonly views = new Map<string, { view: Promise<TableView>; cells: number }>();
  private readonly renderers = new Map<string, Promise<Renderer>>();
  private kept = 0;

  constructor(
    readonly index: Index,
    private readonly root: Document = document,
  ) {
    for (const path of Object.keys(index.files ?? {})) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      this.digests.set(name.split(".")[0], path);
    }
  }

  async column(block: string): Promise<Uint8Array> {
    return this.block(block);
  }

  file(path: string): FileInfo | undefined {
    return own(this.index.files, path);
  }

  async bytes(path: string): Promise<Uint8Array> {
    return this.block(this.placed(path).block ?? "");
  }

  async digest(sha256: string): Promise<Uint8Array> {
    const path = this.digests.get(sha256);
    if (path === undefined) throw new FileProblem("missing", sha256, "The file is not in this report.");
    return this.bytes(path);
  }

  async url(path: string): Promise<string> {
    const found = this.urls.get(path);
    if (found) {
      this.urls.delete(path);
      this.urls.set(path, found);
      return found.url;
    }
    const info = this.placed(path);
    return this.keep(path, await this.block(info.block ?? ""), info.type ?? "application/octet-stream");
  }

  async lease(path: string): Promise<{ url: string; release: () => void }> {
    const info = this.placed(path);
    const bytes = await this.block(info.block ?? "");
    const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: info.type ?? "application/octet-stream" }));
    return { url, release: () => URL.revokeObjectURL(url) };
  }

  async poster(key: string, row: number): Promise<{ url: string; info: PosterInfo } | null> {
    const name = `${key}\u0000${row}`;
    const info = own(this.index.posters, name);
    if (!info) return null;
    const found = this.urls.get(name);
    return { url: found ? found.url : this.keep(name, await this.block(info.block), info.type), info };
  }

  view(sha256: string): Promise<TableView> {
    const found = this.views.get(sha256);
    if (found) {
      this.views.delete(sha256);
      this.views.set(sha256, found);
      return found.view;
    }
    const entry = { view: this.readView(sha256), cells: 0 };
    this.views.set(sha256, entry);
    void entry.view.then(
      ({ data, columns }) => {
        entry.cells = data.length * columns.length;
        this.forgetViews(entry);
      },
      () => undefined,
    );
    return entry.view;
  }

  renderer(name: string): Promise<Renderer> {
    let module = this.renderers.get(name);
    if (!module) {
      module = this.load(name);
      this.renderers.set(name, module);
    }
    return module;
  }

  /** Tables are kept by their cells: many small ones, few large ones, the one just read in any case. */
  private forgetViews(last: object): void {
    let kept = 0;
    for (const { cells } of this.views.values()) kept += cells;
    for (const [sha256, entry] of this.views) {
      if (kept <= KEPT_CELLS) break;
      if (entry === last) continue;
      this.views.delete(sha256);
      kept -= entry.cells;
    }
  }

  private async readView(sha256: string): Promise<TableView> {
    const info = own(this.index.views, sha256);
    if (!info || !info.block) {
      throw new FileProblem(info?.state ?? "missing", sha256, info?.reason ?? "The rows are not in this report.");
    }
    const text = new TextDecoder().decode(await this.block(info.block));
    const view = parse(text) as unknown as TableView;
    // Increments of one table share a block: each is its first rows.
    const data = view.data.length > info.shown ? view.data.slice(0, info.shown) : view.data;
    return { ...view, data, rows: info.rows, truncated: info.truncated ?? info.shown < info.rows };
  }

  private async load(name: string): Promise<Renderer> {
    const code = await this.block(`renderer-${name}`);
    const url = URL.createObjectURL(new Blob([code as BlobPart], { type: "text/javascript" }));
    try {
      const module = (await import(/* @vite-ignore */ url)) as { default?: Renderer };
      return module.default ?? (module as unknown as Renderer);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  private placed(path: string): FileInfo {
    const info = own(this.index.files, path);
    if (!info) throw new FileProblem("missing", path, "The file is not in this report.");
    if (info.state) throw new FileProblem(info.state, path, info.reason ?? "");
    return info;
  }

  private async block(name: string): Promise<Uint8Array> {
    const element = this.root.getElementById(`block-${name}`);
    if (!element) throw new FileProblem("missing", name, `The block ${name} is not in this document.`);
    const bytes = fromBase64(element.textContent ?? "");
    if (element.dataset.encoding !== "gzip") return bytes;
    return inflate(bytes, "gzip");
  }

  /** Keep an address, and let go of those unused for longest: memory stays bounded however long one scrubs. */
  private keep(name: string, bytes: Uint8Array, type: string): string {
    const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
    this.urls.set(name, { url, size: bytes.length });
    this.kept += bytes.length;
    for (const [other, { url: address, size }] of this.urls) {
      if (this.kept <= KEPT_BYTES || other === name) break;
      URL.revokeObjectURL(address);
      this.urls.delete(other);
      this.kept -= size;
    }
    return url;
  }
}

function own<T>(record: Record<string, T> | undefined, name: string): T | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

export function fromBase64(text: string): Uint8Array {
  const native = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (native.fromBase64) return native.fromBase64(text);
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export async function inflate(bytes: Uint8Array, format: CompressionFormat): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** `JSON.parse` without a way to a prototype: names in a run are data. */
export function parse(text: string): unknown {
  // To look at every member takes ten times as long: only where one may have that name, written out or escaped.
  if (!/__proto__|\\u00(?:5f|70|72|6f|74)/i.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value) => (key === "__proto__" ? undefined : value));
}

export async function readJson(source: { bytes(path: string): Promise<Uint8Array> }, path: string): Promise<unknown> {
  try {
    return parse(new TextDecoder().decode(await source.bytes(path)));
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem("damaged", path, `The file is no JSON: ${String(error)}`);
  }
}
