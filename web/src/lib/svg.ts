/** Pictures that are written as text: what all of them share. */

/** Text as XML can hold it: escaped, and without what XML has no place for. */
export function xml(text: string): string {
  return [...text]
    .filter((one) => /[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\u{10000}-\u{10ffff}]/u.test(one))
    .join("")
    .replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

export function wholeSvg(width: number, height: number, ground: string, body: string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="${xml(ground)}"/>`,
    ...body,
    "</svg>",
  ].join("\n");
}

export function text(x: number, y: number, value: string, fill: string, more = ""): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="${xml(fill)}"${more ? ` ${more}` : ""}>${xml(value)}</text>`;
}

/** A place on the picture: a hundredth of a pixel is below what is seen. Never used for a value. */
export function round(place: number): number {
  return Math.round(place * 100) / 100;
}

/** Round values between two others, about `count` of them; whole ones where only those mean something. */
export function ticks(low: number, high: number, count: number, whole = false): number[] {
  if (!(high > low) || !Number.isFinite(high - low)) return Number.isFinite(low) ? [low] : [];
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough) ?? rough;
  if (whole) step = Math.max(Math.round(step), 1);
  const found: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && found.length < 100; i += 1) found.push(Number((i * step).toPrecision(12)));
  return found;
}

/** Powers of ten; where there are fewer than two between the ends, round values. */
export function logTicks(low: number, high: number): number[] {
  const found: number[] = [];
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const by = Math.max(1, Math.ceil((last - first) / 8));
  for (let power = first; power <= last; power += by) found.push(10 ** power);
  return found.length > 1 ? found : ticks(low, high, 4).filter((value) => value > 0);
}
