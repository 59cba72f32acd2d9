/** Markdown as text with style: lines and runs of characters, never markup. No link, picture or HTML comes to life. */

export interface Run {
  text: string;
  style: "" | "strong" | "emphasis" | "mono";
}

export interface Line {
  kind: "plain" | "heading" | "item" | "quote" | "code";
  level: number;
  runs: Run[];
}

export function markdownLines(text: string): Line[] {
  const lines: Line[] = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced;
      continue;
    }
    if (fenced) {
      lines.push({ kind: "code", level: 0, runs: [{ text: line, style: "" }] });
      continue;
    }
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(line);
    const quote = /^\s*>\s?(.*)$/.exec(line);
    if (heading) lines.push({ kind: "heading", level: heading[1].length, runs: runs(heading[2]) });
    else if (item) lines.push({ kind: "item", level: item[1].length, runs: runs(`${/\d/.test(item[2]) ? item[2] : "•"} ${item[3]}`) });
    else if (quote) lines.push({ kind: "quote", level: 0, runs: runs(quote[1]) });
    else lines.push({ kind: "plain", level: 0, runs: runs(line) });
  }
  return lines;
}

function runs(line: string): Run[] {
  const out: Run[] = [];
  const pattern = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\b_([^_]+)_\b/g;
  let at = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > at) out.push({ text: line.slice(at, match.index), style: "" });
    const strong = match[2] ?? match[3];
    if (match[1] !== undefined) out.push({ text: match[1], style: "mono" });
    else if (strong !== undefined) out.push({ text: strong, style: "strong" });
    else out.push({ text: match[4] ?? match[5], style: "emphasis" });
    at = match.index + match[0].length;
  }
  if (at < line.length || !out.length) out.push({ text: line.slice(at), style: "" });
  return out;
}
