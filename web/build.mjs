// One build for the core and one for each renderer, so that each file stands alone: a report loads it from a blob, and
// from a blob nothing can be imported. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.MEDIALOG_STATIC ?? join(here, "..", "src", "medialog", "viewer", "static");

const RENDERERS = {
  three: ["object3D-file"],
  molecule: ["molecule-file"],
  vega: ["chart", "vega-file"],
  plotly: ["plotly-file"],
};
const ENTRIES = [
  { name: "core", entry: "src/main.ts", file: "core.js" },
  { name: "three", entry: "src/renderers/three.ts", file: "renderers/three.js" },
  { name: "molecule", entry: "src/renderers/molecule.ts", file: "renderers/molecule.js" },
  { name: "vega", entry: "src/renderers/vega.ts", file: "renderers/vega.js" },
];

const packages = new Map();

function note(moduleId) {
  const at = moduleId.lastIndexOf("/node_modules/");
  if (at < 0) return;
  const [first, second] = moduleId.slice(at + "/node_modules/".length).split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  packages.set(name, join(moduleId.slice(0, at), "node_modules", name));
}

// What 3Dmol is changed in. It evaluates a callback named in attributes of the document: this page has none. And it takes
// optional fields of MMTF for given.
const CHANGES = [
  ['eval("(" + callback + ")")', "null"],
  ["mmtfData.entityList.forEach", "(mmtfData.entityList ?? []).forEach"],
  ["kl = groupData.bondOrderList.length", "kl = (groupData.bondOrderList ?? []).length"],
  ["mmtfData.atomIdList[atomIndex]", "(mmtfData.atomIdList ? mmtfData.atomIdList[atomIndex] : atomIndex + 1)"],
];
const changed = {
  name: "changed-3dmol",
  transform(code, id) {
    if (!id.endsWith("/build/3Dmol.js")) return null;
    for (const [from, to] of CHANGES) {
      if (code.split(from).length !== 2) throw new Error(`3Dmol is another one: look for ${from}`);
      code = code.replace(from, to);
    }
    return { code, map: null };
  },
};

async function bundle({ entry, file }) {
  const result = await build({
    root: here,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [changed, svelte({ configFile: join(here, "svelte.config.js") })],
    build: {
      write: false,
      target: "es2022",
      minify: true,
      cssMinify: true,
      cssCodeSplit: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 10_000,
      lib: { entry: join(here, entry), formats: ["es"], fileName: () => "out.js", cssFileName: "out" },
      rolldownOptions: { output: { minify: true, codeSplitting: false, comments: false } },
    },
  });
  for (const output of [result].flat().flatMap((one) => one.output)) {
    if (output.type === "chunk") {
      if (output.imports.length) throw new Error(`${file} imports ${output.imports.join(", ")}`);
      for (const id of Object.keys(output.modules)) note(id);
      write(file, output.code);
    } else if (output.fileName.endsWith(".css")) write(file.replace(/\.js$/, ".css"), output.source);
  }
}

function write(file, text) {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  writeFileSync(join(out, file), text);
}

function licences() {
  const texts = [...packages.keys()].sort().map((name) => {
    const directory = packages.get(name);
    const about = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    const files = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const inside = name === "3dmol" ? ["build/3Dmol.js.LICENSE.txt"].filter((file) => exists(join(directory, file))) : [];
    const text = [...files.sort(), ...inside].map((file) => readFileSync(join(directory, file), "utf8").trim()).join("\n\n");
    if (!text) throw new Error(`${name} brings no licence text`);
    return `${"=".repeat(100)}\n${name} ${about.version} (${about.license})\n${"=".repeat(100)}\n\n${text}\n`;
  });
  write("THIRD_PARTY_LICENSES.txt", `The page contains code of these packages.\n\n${texts.join("\n")}`);
}

function exists(path) {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function manifest() {
  const files = {};
  for (const file of ["core.css", ...ENTRIES.map((one) => one.file)].sort()) {
    const bytes = readFileSync(join(out, file));
    files[file] = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  }
  write("manifest.json", `${JSON.stringify({ ...files, renderers: RENDERERS }, null, 2)}\n`);
}

const wanted = process.argv.slice(2);
if (!wanted.length) rmSync(out, { recursive: true, force: true });
for (const one of ENTRIES) if (!wanted.length || wanted.includes(one.name)) await bundle(one);
if (!wanted.length) licences();
manifest();
