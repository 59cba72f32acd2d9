/** Vega-Lite charts, without eval: expressions are trees that an interpreter walks. Nothing is ever fetched. */

import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { expressionInterpreter } from "vega-interpreter";
import { tableOf, type DataTable, type Look } from "../lib/charts";
import { pngOf } from "../lib/save";
import type { Context, Handle, Item, Json, TableView } from "../lib/types";

type Spec = Record<string, unknown>;

const refuse = (uri: string): Promise<never> => Promise.reject(new Error(`This page fetches nothing: ${String(uri).slice(0, 80)}`));

function loader(): vega.Loader {
  const none = vega.loader();
  none.load = refuse;
  none.sanitize = refuse;
  none.http = refuse;
  none.file = refuse;
  return none;
}

const INK = { light: { text: "#3b4452", grid: "#e4e7ec", line: "#9aa4b2" }, dark: { text: "#c3cad4", grid: "#2b323c", line: "#59677c" } };

function themed(theme: "light" | "dark", own: unknown): Spec {
  const { text, grid, line } = INK[theme];
  const given = (own ?? {}) as Record<string, Spec | undefined>;
  const colors = { labelColor: text, titleColor: text, gridColor: grid, domainColor: line, tickColor: line };
  const range = given.range as { category?: unknown } | undefined;
  return {
    ...given,
    ...(theme === "dark" && Array.isArray(range?.category) ? { range: { ...range, category: range.category.map(lighter) } } : {}),
    background: "transparent",
    title: { ...given.title, color: text, subtitleColor: text },
    axis: { ...given.axis, ...colors },
    legend: { ...given.legend, labelColor: text, titleColor: text },
    header: { ...given.header, labelColor: text, titleColor: text },
    view: { stroke: "transparent", ...given.view },
  };
}

/** Dark colours of a palette, so far lightened that they can be seen on a dark ground. */
function lighter(color: unknown): unknown {
  if (typeof color !== "string" || !/^#[0-9a-f]{6}$/i.test(color)) return color;
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  const light = (0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]) / 255;
  const mix = Math.max(0, 0.62 - light);
  return `#${parts.map((part) => Math.round(part + (255 - part) * mix).toString(16).padStart(2, "0")).join("")}`;
}

/** The rows of a chart's table, for a spec that names its data instead of holding it. */
function rowsOf(view: TableView): Record<string, Json>[] {
  return view.data.map((row) => Object.fromEntries(view.columns.map((name, i) => [name, row[i]])));
}

async function specOf(item: Item, context: Context): Promise<Spec> {
  const spec = JSON.parse(new TextDecoder().decode(await context.bytes(String(item.value.path)))) as Spec;
  const data = spec.data as { values?: unknown; name?: string } | undefined;
  const table = item.value.table as { sha256?: string } | undefined;
  if (data && data.values === undefined && table?.sha256) spec.data = { ...data, values: rowsOf(await context.view(table.sha256)) };
  return spec;
}

/** Every table that a spec holds, in its order: its own data and that of its layers and parts. */
function dataOf(spec: Spec, path = ""): { name: string; values: unknown; format?: unknown }[] {
  const found: { name: string; values: unknown; format?: unknown }[] = [];
  const data = spec.data as { values?: unknown; name?: string; format?: unknown } | null | undefined;
  if (data?.values !== undefined) found.push({ name: data.name ?? (path || "data"), values: data.values, format: data.format });
  for (const [name, values] of Object.entries((spec.datasets as object | undefined) ?? {})) found.push({ name, values });
  for (const part of ["layer", "hconcat", "vconcat", "concat"])
    for (const [i, one] of ((spec[part] as Spec[] | undefined) ?? []).entries()) found.push(...dataOf(one, `${path}${part} ${i}`));
  if (typeof spec.spec === "object" && spec.spec !== null) found.push(...dataOf(spec.spec as Spec, `${path}spec`));
  return found;
}

function rowTable(name: string, given: unknown, format?: unknown): DataTable {
  // A spec may hold its rows as the text of a CSV file, too.
  const read = typeof given === "string" ? vega.read(given, (format ?? { type: "json" }) as never) : given;
  const values: Json[] = Array.isArray(read) ? read : [read as Json];
  const columns = [...new Set(values.flatMap((row) => (isRow(row) ? Object.keys(row) : ["data"])))];
  return tableOf(name, columns, values.map((row) => columns.map((column) => (isRow(row) ? cellOf(row[column]) : column === "data" ? row : null))));
}

function isRow(value: unknown): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cellOf(cell: unknown): Json {
  return cell === undefined ? null : cell instanceof Date ? cell.toISOString() : (cell as Json);
}

/** What the marks stand for after bins and sums were made of the rows, where that is something else. */
function drawnTables(compiled: vega.Spec, view: vega.View, held: DataTable[]): DataTable[] {
  const names = new Set<string>();
  const marks = [...(compiled.marks ?? [])];
  for (let mark = marks.pop(); mark; mark = marks.pop()) {
    const from = mark.from as { data?: string; facet?: { data?: string } } | undefined;
    for (const name of [from?.data, from?.facet?.data]) if (typeof name === "string" && compiled.data?.some((one) => one.name === name)) names.add(name);
    if (mark.type === "group") marks.push(...((mark as { marks?: vega.Mark[] }).marks ?? []));
  }
  return [...names].sort().flatMap((name) => {
    const drawn = rowTable("as drawn", view.data(name) as unknown as Json[]);
    const same = held.some((one) => one.length === drawn.length && drawn.columns.every((column) => one.columns.includes(column)));
    return same || !drawn.length ? [] : [{ ...drawn, name: names.size > 1 ? `as drawn: ${name}` : "as drawn" }];
  });
}

/** The table from which a chart was made, which may hold more than is drawn: thresholds, all of the points. */
async function loggedTable(item: Item, context: Context): Promise<DataTable[]> {
  const table = item.value.table as { sha256?: string } | undefined;
  if (!table?.sha256) return [];
  const view = await context.view(table.sha256);
  const name = view.truncated ? `logged table, ${view.data.length} of ${view.rows} rows` : "logged table";
  return [tableOf(name, view.columns, view.data)];
}

const COMPOSED = ["facet", "hconcat", "vconcat", "concat", "repeat"];

export async function mount(host: HTMLElement, item: Item, context: Context): Promise<Handle> {
  const stage = document.createElement("div");
  stage.style.cssText = "position:absolute;inset:0;padding:4px 10px 6px;box-sizing:border-box";
  host.append(stage);
  let view: vega.View | null = null;
  let spec = await specOf(item, context);
  let surroundings = context;
  let shown = item;
  let compiled: vega.Spec = {};

  /** On a ground of its own: the page's is not in the file. */
  async function grounded<T>(look: Look, make: (view: vega.View) => Promise<T>): Promise<T> {
    if (!view) throw new Error("The chart is not drawn.");
    const before = view.background();
    view.background(look.ground);
    try {
      return await make(view);
    } finally {
      view.background(before);
    }
  }

  async function draw(): Promise<void> {
    const composed = COMPOSED.some((name) => name in spec) || ["row", "column", "facet"].some((name) => name in ((spec.encoding as object | undefined) ?? {}));
    const [width, height] = [Math.max(stage.clientWidth - 20, 80), Math.max(stage.clientHeight - 10, 60)];
    stage.style.overflow = composed ? "auto" : "hidden";
    const config = themed(surroundings.theme, spec.config);
    const sized = composed ? { ...spec, config } : { ...spec, config, width, height, autosize: { type: "fit", contains: "padding" } };
    const quiet = vega.logger(vega.Error);
    compiled = compile(sized as unknown as TopLevelSpec, { logger: quiet as never }).spec as vega.Spec;
    view?.finalize();
    const target = document.createElement("div");
    view = new vega.View(vega.parse(compiled, undefined, { ast: true }), {
      renderer: "canvas",
      container: target,
      hover: true,
      loader: loader(),
      expr: expressionInterpreter as never,
      logger: quiet,
    });
    view.tooltip((_handler, event, _item, value) => point(event as MouseEvent, value));
    await view.runAsync();
    stage.replaceChildren(target);
    const title = spec.title as { text?: string } | string | undefined;
    for (const canvas of target.querySelectorAll("canvas")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Chart${title ? `: ${typeof title === "string" ? title : String(title.text ?? "")}` : ""}`);
    }
  }

  const tip = document.createElement("div");
  tip.style.cssText = "position:absolute;display:none;z-index:3;pointer-events:none;padding:4px 9px;border-radius:7px;font-size:11px;white-space:pre;background:var(--raised);border:1px solid var(--line-strong);color:var(--text)";
  host.append(tip);
  function point(event: MouseEvent, value: unknown): void {
    if (value === null || value === undefined || value === "") {
      tip.style.display = "none";
      return;
    }
    tip.textContent = typeof value === "object" ? Object.entries(value as object).map(([name, one]) => `${name}: ${String(one)}`).join("\n") : String(value);
    tip.style.display = "";
    const box = host.getBoundingClientRect();
    const x = event.clientX - box.left;
    tip.style.left = x > box.width / 2 ? "" : `${x + 12}px`;
    tip.style.right = x > box.width / 2 ? `${box.width - x + 12}px` : "";
    tip.style.top = `${Math.max(event.clientY - box.top - 20, 2)}px`;
  }

  await draw();
  let [width, height] = [stage.clientWidth, stage.clientHeight];
  let timer = 0;
  const observer = new ResizeObserver(() => {
    if (!stage.clientWidth || (stage.clientWidth === width && stage.clientHeight === height)) return;
    [width, height] = [stage.clientWidth, stage.clientHeight];
    clearTimeout(timer);
    timer = window.setTimeout(() => void draw(), 80);
  });
  observer.observe(stage);
  return {
    async update(wanted, now) {
      const same = wanted.value.sha256 === shown.value.sha256;
      if (same && now.theme === surroundings.theme) return;
      surroundings = now;
      if (!same) spec = await specOf(wanted, now);
      shown = wanted;
      await draw();
    },
    chart: {
      async tables() {
        const held = dataOf(spec).map(({ name, values, format }) => rowTable(name, values, format));
        return [...held, ...(view ? drawnTables(compiled, view, held) : []), ...(await loggedTable(shown, surroundings))];
      },
      svg: (look) => grounded(look, (live) => live.toSVG()),
      png: (look) => grounded(look, async (live) => pngOf((await live.toCanvas(2)) as unknown as HTMLCanvasElement)),
    },
    destroy() {
      clearTimeout(timer);
      observer.disconnect();
      view?.finalize();
      host.replaceChildren();
    },
  };
}

export default { mount };
