import "uplot/dist/uPlot.min.css";
import "./page.css";
import { mount } from "svelte";
import App from "./page/App.svelte";
import ItemView from "./page/ItemView.svelte";
import { EmbeddedSource, parse } from "./lib/source";
import { Page } from "./page/state.svelte";
import type { Index } from "./lib/types";

const READS = 1;

function say(target: HTMLElement, text: string): void {
  const box = document.createElement("p");
  box.className = "fatal";
  box.textContent = text;
  target.append(box);
}

async function start(): Promise<void> {
  const target = document.getElementById("app");
  if (!target) return;
  const text = document.getElementById("medialog-index")?.textContent;
  if (!text) return say(target, "This file holds no run: its index is missing.");
  let index: Index;
  try {
    index = parse(text) as Index;
  } catch (error) {
    return say(target, `This file is damaged: its index cannot be read (${String(error)}).`);
  }
  if (index.version > READS)
    return say(target, `This file has version ${index.version}; this page reads up to ${READS}. Make it again with a matching medialog.`);
  if (!("DecompressionStream" in window)) return say(target, "This browser is too old for this page: it cannot unpack the data.");
  const page = new Page(new EmbeddedSource(index));
  try {
    await page.load();
  } catch (error) {
    return say(target, `This file is damaged: its steps cannot be read (${String(error)}).`);
  }
  addEventListener("hashchange", () => page.readAddress());
  mount(index.mode === "item" ? ItemView : App, { target, props: { page } });
  document.documentElement.dataset.ready = "true";
}

void start();
