/** Plotly is not built into the page: the report brings the file of the installed package, and it is used from here. */

import { readJson } from "../lib/source";
import type { Context, Handle, Item } from "../lib/types";

interface Figure {
  data?: unknown[];
  layout?: Record<string, unknown>;
  config?: Record<string, unknown>;
  frames?: unknown[];
}

interface Library {
  react(host: HTMLElement, data: unknown[], layout: unknown, config: unknown): Promise<unknown>;
  addFrames(host: HTMLElement, frames: unknown[]): Promise<unknown>;
  purge(host: HTMLElement): void;
  Plots: { resize(host: HTMLElement): void };
}

export async function mountPlotly(host: HTMLElement, item: Item, context: Context): Promise<Handle> {
  const library = (globalThis as unknown as { Plotly?: Library }).Plotly;
  if (!library) throw new Error("plotly.min.js did not start.");
  const target = document.createElement("div");
  target.style.cssText = "position:absolute;inset:0";
  host.append(target);

  async function draw(wanted: Item, surroundings: Context): Promise<void> {
    const figure = (await readJson(surroundings, String(wanted.value.path))) as Figure;
    const layout = { ...figure.layout };
    // The panel gives the size. A figure's own colours stay; where it has none it follows the page.
    delete layout.width;
    delete layout.height;
    const dark = surroundings.theme === "dark";
    host.style.background = typeof layout.paper_bgcolor === "string" ? layout.paper_bgcolor : "";
    // A figure that names its ground has chosen its inks for it (matplotlib's has): it stays as it is. Plotly fills its
    // text; the colour says the same to what looks at the page from outside.
    host.style.color = layout.paper_bgcolor === undefined ? "" : String((layout.font as { color?: string } | undefined)?.color ?? "#2a3f5f");
    if (layout.paper_bgcolor === undefined) {
      Object.assign(layout, {
        paper_bgcolor: "rgba(0,0,0,0)",
        ...(dark ? { plot_bgcolor: "rgba(0,0,0,0)", font: { ...(layout.font as object | undefined), color: "#cfd6e0" } } : {}),
      });
      if (dark)
        for (const name of Object.keys(layout).filter((one) => /^[xy]axis\d*$/.test(one)).concat(["xaxis", "yaxis"]))
          layout[name] = { ...(layout[name] as object | undefined), gridcolor: "#2b323c", zerolinecolor: "#3a424e", linecolor: "#59677c", tickcolor: "#59677c" };
    }
    // Margins in pixels were made for the figure's own size: here the labels say how much room they need.
    const margin = { l: 48, r: 16, t: layout.title ? 44 : 16, b: 40 };
    for (const name of new Set(Object.keys(layout).filter((one) => /^[xy]axis\d*$/.test(one)).concat(["xaxis", "yaxis"])))
      layout[name] = { ...(layout[name] as object | undefined), automargin: true };
    await library?.react(target, figure.data ?? [], { ...layout, autosize: true, margin }, {
      ...figure.config,
      responsive: false,
      displaylogo: false,
      displayModeBar: "hover",
      plotlyServerURL: "",
      showSendToCloud: false,
      showEditInChartStudio: false,
      topojsonURL: "",
    });
    if (Array.isArray(figure.frames) && figure.frames.length) await library?.addFrames(target, figure.frames);
    const remote = (figure.data ?? []).some((trace) => /map|geo/.test(String((trace as { type?: string }).type)));
    surroundings.note(remote ? "Map tiles and outlines are on the network, which this page never uses." : "");
  }

  await draw(item, context);
  const observer = new ResizeObserver(() => {
    if (target.clientWidth && target.clientHeight) library.Plots.resize(target);
  });
  observer.observe(host);
  return {
    update: draw,
    destroy() {
      observer.disconnect();
      library.purge(target);
      target.remove();
    },
  };
}
