/** Out of the page: a file, the clipboard. From `file://` and under the page's policy, so through a blob's address. */

import type { Look } from "./charts";

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  saveUrl(url, name);
  // The browser has taken it long before; a large one on a slow disk may need a while.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function saveUrl(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** The page's colours at an element, for a picture that stands alone. */
export function lookOf(node: Element, dark: boolean): Look {
  const style = getComputedStyle(node);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return { dark, ground: color("--panel"), text: color("--text"), grid: color("--line") };
}

export function svgBlob(svg: string): Blob {
  return new Blob([svg], { type: "image/svg+xml" });
}

/** A vector picture as PNG, twice as fine as it says. */
export async function rasterized(svg: string, scale = 2): Promise<Blob> {
  const url = URL.createObjectURL(svgBlob(svg));
  try {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(picture.naturalWidth * scale), Math.round(picture.naturalHeight * scale)];
    const context = canvas.getContext("2d");
    if (!context) throw new Error("The browser gives no canvas to draw on.");
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await pngOf(canvas);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large for this browser."))), "image/png");
  });
}
