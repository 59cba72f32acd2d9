/** What is written nowhere in the page: ways for data to become markup, code or a request. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");
const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((file) => /\.(ts|svelte)$/.test(file));

it.each([
  ["{@html}", /\{@html/],
  ["innerHTML and outerHTML", /\b(inner|outer)HTML\b/],
  ["insertAdjacentHTML", /insertAdjacentHTML/],
  ["document.write", /document\.write/],
  ["createContextualFragment, setHTMLUnsafe", /createContextualFragment|setHTMLUnsafe/],
  ["eval and new Function", /\beval\(|new Function\b/],
  ["allow-same-origin", /allow-same-origin/],
  ["fetch, XMLHttpRequest, WebSocket, sendBeacon, EventSource", /\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource/],
  // The name of a namespace is none: nothing is asked for there.
  ["addresses on the network", /["'`(]https?:\/\/(?!www\.w3\.org\/2000\/svg")/],
  ["storage that outlives the page", /localStorage|sessionStorage|indexedDB|document\.cookie/],
])("no %s", (_, pattern) => {
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => pattern.test(readFileSync(join(ROOT, file), "utf8")))).toEqual([]);
});
