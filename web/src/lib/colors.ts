/** One palette for the page. A class keeps its colour over steps, panels and runs, because its id chooses it. */

/** The palette of `medialog.plot`: Okabe and Ito's colours, darker ones first, then others between them. */
export const PALETTE = [
  "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b6914",
  "#5a3e9b", "#b22222", "#2f4f4f", "#9acd32", "#a0522d", "#708090", "#f0c000",
] as const; // prettier-ignore

export function classColor(id: number): string {
  return PALETTE[((id % PALETTE.length) + PALETTE.length) % PALETTE.length];
}

export function rgb(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Black or white, whichever is read better on a colour. */
export function ink(color: readonly number[]): string {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

/** Lines on a white and on a dark ground: the same hues, each readable on its own. */
export const LINES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b0528a", "#a87400", "#3b8fc4", "#7f3fbf", "#5f6b3a"],
  dark: ["#56b4e9", "#f08a4b", "#2fc79a", "#e29ac6", "#f0b83c", "#8ccdf5", "#b48cf0", "#b5c46a"],
} as const;

const VIRIDIS = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
  [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
]; // prettier-ignore

export function viridis(t: number): [number, number, number] {
  const at = Math.min(Math.max(t, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const part = at - low;
  return [0, 1, 2].map((i) => Math.round(VIRIDIS[low][i] * (1 - part) + VIRIDIS[low + 1][i] * part)) as [number, number, number];
}
