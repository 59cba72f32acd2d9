/** The keys of the page. Nothing happens while one types, and nothing that the browser needs is taken. */

import type { Page } from "./state.svelte";

export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName) ||
    (target instanceof HTMLInputElement && !["checkbox", "button"].includes(target.type));
}

export const KEYS: [string, string][] = [
  ["← →", "previous, next step with media"],
  ["Shift + ← →", "ten at once"],
  ["Home End", "first, latest step"],
  ["Space", "play"],
  ["/", "filter"],
  ["g", "next section"],
  ["Enter or f", "open the panel in full"],
  ["[ ]", "previous, next item of a list, row of a table"],
  ["+ - 0", "zoom the picture in focus, fit it"],
  [", .", "previous, next frame of the film in focus"],
  ["m b d", "masks, boxes, difference"],
  ["p", "pin the panel to its step; while comparing, the other side"],
  ["c", "compare with the pin: side by side, swipe, blink"],
  ["x", "show the other one of two that blink"],
  ["v", "the numbers behind a chart, or the chart"],
  ["+ -", "zoom a line chart at the step"],
  ["r", "reset cameras and every zoom"],
  ["t", "light, dark"],
  ["?", "this help"],
  ["Esc", "close"],
];

export function keyboard(event: KeyboardEvent, page: Page, nextSection: () => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  // A menu that is open takes the keys: Escape closes it and nothing behind it.
  if (document.querySelector(":popover-open")) return;
  if (event.key === "Escape") {
    // One thing is closed: the browser would close the dialog as well.
    if (page.help || page.peek || page.openRow !== null || page.open !== null) event.preventDefault();
    if (page.help) page.help = false;
    else if (page.peek) page.peek = null;
    else if (page.openRow !== null) {
      page.openRow = null;
      page.writeAddress();
    } else if (page.open !== null) page.close();
    else if (event.target instanceof HTMLElement) event.target.blur();
    return;
  }
  if (typing(event.target)) return;
  const onControl = event.target instanceof HTMLElement && event.target.closest("button, a, summary, video, audio, input") !== null;
  const key = event.target instanceof HTMLElement ? (event.target.closest<HTMLElement>("[data-panel]")?.dataset.panel ?? page.open ?? "") : "";
  const actions: Record<string, () => void> = {
    ArrowLeft: () => page.move(event.shiftKey ? -10 : -1),
    ArrowRight: () => page.move(event.shiftKey ? 10 : 1),
    Home: () => page.choose(0),
    End: () => page.choose(null),
    "/": () => document.getElementById("filter")?.focus(),
    g: nextSection,
    m: () => (page.masks = !page.masks),
    b: () => (page.boxes = !page.boxes),
    d: () => {
      page.difference = !page.difference;
      page.masks ||= page.difference;
    },
    r: () => (page.cameraResets += 1),
    t: () => {
      page.theme = page.dark ? "light" : "dark";
      page.writeAddress();
    },
    x: () => (page.swaps += 1),
    "?": () => (page.help = true),
    "[": () => (page.itemMoves = { key, by: -1, count: page.itemMoves.count + 1 }),
    "]": () => (page.itemMoves = { key, by: 1, count: page.itemMoves.count + 1 }),
  };
  if (!onControl) actions[" "] = () => page.play(!page.playing);
  if (key) {
    // Beside its pin, the side that is not pinned is meant.
    actions.p = () => (page.open === key && page.isPinned(key) ? page.pinSecond(key, page.pins[key].length < 2) : page.pin(key));
    actions.c = () => page.compare(key);
    actions.f = () => {
      page.open = key;
      page.writeAddress();
    };
    if (!onControl) actions.Enter = actions.f;
  }
  const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
  if (!action) return;
  event.preventDefault();
  action();
}
