/** Which panels there are, and where they stand. */

import { itemsOf, kindOf, parts } from "../lib/values";
import type { Index, ItemInfo, SeriesInfo } from "../lib/types";
import type { Grouping } from "./state.svelte";

export interface PanelModel {
  id: string;
  /** What is shown before the name, faintly: the sections of the key. */
  prefix: string;
  name: string;
  kinds: string[];
  section: string;
  /** In columns of its section. */
  weight: number;
  layered?: boolean;
  item?: ItemInfo;
  series?: SeriesInfo[];
}

export interface Section {
  id: string;
  title: string;
  panels: PanelModel[];
  height: number;
  columnWidth: number;
}

const PLACES: Record<string, string> = {
  "image-file": "Samples",
  mask: "Samples",
  boxes2D: "Samples",
  "video-file": "Samples",
  "audio-file": "Samples",
  "object3D-file": "3D",
  "molecule-file": "3D",
  chart: "Charts",
  "vega-file": "Charts",
  "plotly-file": "Charts",
  figure: "Charts",
  histogram: "Distributions",
  "table-file": "Tables",
  "incremental-table-file": "Tables",
};
const ORDER = ["Samples", "3D", "Charts", "Metrics", "Distributions", "Tables", "Text and values"];
const WITHIN = ["image-file", "mask", "boxes2D", "video-file", "audio-file", "object3D-file", "molecule-file", "html-file", "text-file", "text-value"];
const PICTURES = new Set(["image-file", "mask", "boxes2D"]);
const HEIGHTS: Record<string, number> = {
  Samples: 368,
  "3D": 340,
  Charts: 340,
  Metrics: 232,
  Distributions: 232,
  Tables: 372,
  "Text and values": 240,
};

export function slug(text: string): string {
  return text.toLowerCase().replace(/[^\p{Letter}\p{Number}]+/gu, "-");
}

function itemPanel(item: ItemInfo): PanelModel {
  const kinds = [...new Set(item.entries.map((entry) => kindOf(entry.value)))];
  if (!kinds.length) kinds.push(item.kind);
  const all = parts(item.path);
  const wide = item.entries.some((entry) => {
    const items = itemsOf(entry.value);
    return (PICTURES.has(items[0]?._type) && items.length > 1) || (items[0]?._type === "image-file" && (items[0].masks !== undefined || items[0].boxes !== undefined));
  });
  const table = item.entries.some((entry) => itemsOf(entry.value).some((one) => Number(one.ncols) > 6));
  return {
    id: item.key,
    prefix: all.slice(0, -1).join("/"),
    name: all[all.length - 1],
    kinds,
    section: PLACES[kinds[0]] ?? "Text and values",
    weight: wide || table ? 2 : 1,
    layered: item.entries.some((entry) => itemsOf(entry.value).some((one) => one.masks !== undefined || one.boxes !== undefined)),
    item,
  };
}

/** One chart for each last name: `train/loss` and `val/loss` lie over one another. */
function linePanels(index: Index): PanelModel[] {
  const hidden = new Set((index.metrics ?? []).filter((metric) => metric.hidden).map((metric) => metric.name));
  const groups = new Map<string, SeriesInfo[]>();
  for (const series of index.series ?? []) {
    if (hidden.has(series.key)) continue;
    const name = parts(series.path).at(-1) as string;
    groups.set(name, [...(groups.get(name) ?? []), series]);
  }
  return [...groups].map(([name, series]) => ({
    id: series.length === 1 ? series[0].key : `metric:${name}`,
    prefix: series.length === 1 ? parts(series[0].path).slice(0, -1).join("/") : "",
    name,
    kinds: ["metric"],
    section: "Metrics",
    weight: 1,
    series,
  }));
}

export function panelsOf(index: Index): PanelModel[] {
  // Pictures with layers first: they say most about a model.
  const rank = (panel: PanelModel) => {
    const at = WITHIN.indexOf(panel.kinds[0]);
    return at < 0 ? WITHIN.length : at - (panel.layered ? 0.5 : 0);
  };
  return [...(index.items ?? []).map(itemPanel).sort((a, b) => rank(a) - rank(b)), ...linePanels(index)];
}

export function sectionsOf(panels: PanelModel[], grouping: Grouping): Section[] {
  const groups = new Map<string, PanelModel[]>();
  if (grouping === "type") for (const name of ORDER) groups.set(name, []);
  for (const panel of panels) {
    const name = grouping === "type" ? panel.section : grouping === "none" ? "All" : panelPrefix(panel);
    groups.set(name, [...(groups.get(name) ?? []), panel]);
  }
  return [...groups]
    .filter(([, members]) => members.length)
    .map(([title, members]) => {
      const light = members.every((panel) => panel.section === "Metrics" || panel.section === "Distributions");
      const low = members.every((panel) => panel.kinds[0] === "audio-file");
      return {
        id: slug(title),
        title,
        panels: members,
        height: low ? 220 : grouping === "type" ? HEIGHTS[title] : light ? 240 : 352,
        columnWidth: light ? 264 : title === "Tables" ? 420 : 312,
      };
    });
}

function panelPrefix(panel: PanelModel): string {
  const path = panel.item?.path ?? panel.series?.[0].path ?? [];
  const all = parts(path);
  return all.length > 1 ? all[0] : "Everything else";
}
