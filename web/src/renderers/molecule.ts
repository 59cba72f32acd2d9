/** Molecules in ten formats. 3Dmol shares one WebGL context among its viewers. */

import * as $3Dmol from "3dmol";
import type { Context, Handle, Item } from "../lib/types";

const PARSERS: Record<string, string> = { pdb: "pdb", pqr: "pqr", mmcif: "cif", mcif: "cif", cif: "cif", sdf: "sdf", sd: "sdf", gro: "gro", mol2: "mol2", mmtf: "mmtf" };
const STYLES = ["stick", "cartoon", "sphere", "line"] as const;
type Style = (typeof STYLES)[number];
/** Names of the page, and 3Dmol's: by element, by chain (ligands by element), along each chain. */
const COLOURS = { element: "Jmol", chain: "chainHetatm", position: "spectrum" } as const;
type Colour = keyof typeof COLOURS;

interface Atom {
  x: number;
  y: number;
  z: number;
  elem: string;
  bondOrder?: number[];
  resn?: string;
  atom?: string;
  bonds?: number[];
  hetflag?: boolean;
  chain?: string;
}
interface Model {
  selectedAtoms(selection: object): Atom[];
}
interface Viewer {
  addModel(data: string | Uint8Array, format: string, options?: object): Model;
  addModelsAsFrames(data: string, format: string): void;
  clear(): void;
  removeAllModels(): void;
  removeAllSurfaces(): void;
  addSurface(kind: unknown, style: object): void;
  setStyle(selection: object, style: object): void;
  setBackgroundColor(color: string | number, alpha?: number): void;
  zoomTo(): void;
  zoom(factor: number): void;
  render(): void;
  resize(): void;
  rotate(degrees: number, axis: string): void;
  getView(): number[];
  setView(view: number[]): void;
  setHoverable(): void;
}

const views = new Map<string, number[]>();

function available(): boolean {
  const canvas = document.createElement("canvas");
  const context = (canvas.getContext("webgl2") ?? canvas.getContext("webgl")) as WebGLRenderingContext | null;
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
let webgl: boolean | null = null;

const RADII: Record<string, number> = { H: 0.31, C: 0.76, N: 0.71, O: 0.66, F: 0.57, P: 1.07, S: 1.05, CL: 1.02, BR: 1.2, I: 1.39 };

/** Bonds of a file that lists none: atoms nearer than their covalent radii and a tolerance. */
function bondByDistance(atoms: Atom[]): void {
  const cells = new Map<string, number[]>();
  const size = 3;
  const cell = (atom: Atom, dx = 0, dy = 0, dz = 0) => `${Math.floor(atom.x / size) + dx},${Math.floor(atom.y / size) + dy},${Math.floor(atom.z / size) + dz}`;
  const radius = (atom: Atom) => RADII[atom.elem.toUpperCase()] ?? 1.2;
  atoms.forEach((atom, i) => {
    for (let dx = -1; dx <= 1; dx += 1)
      for (let dy = -1; dy <= 1; dy += 1)
        for (let dz = -1; dz <= 1; dz += 1)
          for (const j of cells.get(cell(atom, dx, dy, dz)) ?? []) {
            const other = atoms[j];
            const distance = Math.hypot(atom.x - other.x, atom.y - other.y, atom.z - other.z);
            if (distance < 0.4 || distance > radius(atom) + radius(other) + 0.4) continue;
            for (const [one, index] of [[atom, j], [other, i]] as const) {
              (one.bonds ??= []).push(index);
              (one.bondOrder ??= []).push(1);
            }
          }
    const own = cell(atom);
    cells.set(own, [...(cells.get(own) ?? []), i]);
  });
}

export async function mount(host: HTMLElement, item: Item, context: Context): Promise<Handle> {
  webgl ??= available();
  if (!webgl) throw new Error("This browser has no WebGL, so the molecule is a picture here.");
  const stage = document.createElement("div");
  stage.style.cssText = "position:absolute;inset:0";
  const bar = document.createElement("div");
  bar.style.cssText = "position:absolute;right:8px;top:4px;display:flex;gap:4px;z-index:2";
  host.append(stage, bar);
  let theme = context.theme;
  const ground = () => (theme === "dark" ? "#101419" : "#f3f5f8");
  const viewer = $3Dmol.createViewer(stage, { backgroundColor: ground(), antialias: true }) as unknown as Viewer;
  let model: Model | null = null;
  let style: Style = "stick";
  let colour: Colour = "element";
  let chosen = false;
  let recoloured = false;
  let residues = false;
  let surface = false;
  let spinning = false;

  function fit(): void {
    viewer.zoomTo();
    viewer.zoom(1.25);
  }

  function paint(): void {
    const by = colour === "position" ? { color: COLOURS.position } : { colorscheme: COLOURS[colour] };
    const looks: Record<Style, object> = {
      stick: { stick: { radius: 0.14, ...by }, sphere: { scale: 0.24, ...by } },
      cartoon: { cartoon: by },
      sphere: { sphere: by },
      line: { line: { linewidth: 2, ...by } },
    };
    viewer.setStyle({}, looks[style]);
    // Ligands and ions have no ribbon.
    if (style === "cartoon") viewer.setStyle({ hetflag: true }, looks.stick);
    viewer.removeAllSurfaces();
    if (surface) viewer.addSurface($3Dmol.SurfaceType.VDW, { opacity: 0.7, color: theme === "dark" ? "#9db4d6" : "#c4d2e6" });
    viewer.render();
  }

  // By frames and not by a clock, as 3Dmol does: where drawing is slow the page still has half of the time.
  let frame = 0;
  let rest = 0;
  function turn(before: number): void {
    frame = requestAnimationFrame((now) => {
      viewer.rotate(Math.min(now - before, 100) * 0.04, "y");
      const took = performance.now() - now;
      if (took > 12) rest = window.setTimeout(() => turn(now), took);
      else turn(now);
    });
  }
  function stop(): void {
    cancelAnimationFrame(frame);
    clearTimeout(rest);
  }

  function buttons(): void {
    bar.replaceChildren();
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Style of the molecule");
    select.className = "pick";
    for (const one of STYLES) if (one !== "cartoon" || residues) select.append(new Option(one, one, false, one === style));
    select.addEventListener("change", () => {
      style = select.value as Style;
      chosen = true;
      paint();
    });
    const button = (name: string, on: boolean, act: () => void) => {
      const made = document.createElement("button");
      made.className = "toggle";
      made.textContent = name;
      made.setAttribute("aria-pressed", String(on));
      made.addEventListener("click", () => {
        act();
        buttons();
      });
      bar.append(made);
    };
    button("surface", surface, () => {
      surface = !surface;
      paint();
    });
    button("spin", spinning, () => {
      spinning = !spinning;
      if (spinning) turn(performance.now());
      else stop();
    });
    bar.append(select);
    if (!residues) return;
    const colours = document.createElement("select");
    colours.setAttribute("aria-label", "Colours of the molecule");
    colours.className = "pick";
    for (const one of Object.keys(COLOURS)) colours.append(new Option(`by ${one}`, one, false, one === colour));
    colours.addEventListener("change", () => {
      colour = colours.value as Colour;
      recoloured = true;
      paint();
    });
    bar.append(colours);
  }

  async function show(wanted: Item, surroundings: Context): Promise<void> {
    const format = String(wanted.value.format ?? "");
    const parser = PARSERS[format];
    if (!parser) throw new Error(`The format ${format} is unknown to this page.`);
    const bytes = await surroundings.bytes(String(wanted.value.path));
    if (model) views.set(item.key, viewer.getView());
    viewer.removeAllModels();
    viewer.removeAllSurfaces();
    const data = parser === "mmtf" ? bytes : new TextDecoder().decode(bytes);
    model = viewer.addModel(data, parser, { keepH: true });
    const atoms = model.selectedAtoms({});
    if (parser === "mmtf" && atoms.every((atom) => !atom.bonds?.length)) bondByDistance(atoms);
    if (!atoms.length) throw new Error("No atom was found in the file.");
    // A ribbon needs residues with backbones: without them 3Dmol stumbles.
    residues = ["pdb", "cif", "mmtf", "pqr", "gro"].includes(parser) && atoms.filter((atom) => atom.atom === "CA" && !atom.hetflag).length > 3;
    if (!chosen) style = residues ? "cartoon" : "stick";
    if (style === "cartoon" && !residues) style = "stick";
    if (!residues) colour = "element";
    else if (!recoloured) colour = "chain";
    fit();
    const before = views.get(wanted.key);
    if (before) viewer.setView(before);
    item = wanted;
    paint();
    buttons();
    const count = Number(wanted.value.atoms ?? atoms.length);
    const facts = [`${count.toLocaleString("en-US")} atoms`, wanted.value.bonds !== undefined ? `${Number(wanted.value.bonds).toLocaleString("en-US")} bonds` : "", Number(wanted.value.models) > 1 ? `first of ${String(wanted.value.models)}` : "", format];
    surroundings.note(facts.filter(Boolean).join(" · "));
  }

  const reset = () => {
    fit();
    viewer.render();
  };
  host.addEventListener("medialog-reset", reset);
  await show(item, context);
  for (const canvas of stage.querySelectorAll("canvas")) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Molecule, ${String(item.value.atoms ?? "")} atoms`);
  }
  const observer = new ResizeObserver(() => {
    if (host.clientWidth) viewer.resize();
  });
  observer.observe(host);
  return {
    async update(wanted, surroundings) {
      if (surroundings.theme !== theme) {
        theme = surroundings.theme;
        viewer.setBackgroundColor(ground());
        paint();
        buttons();
      }
      if (wanted.value.sha256 !== item.value.sha256) await show(wanted, surroundings);
    },
    destroy() {
      views.set(item.key, viewer.getView());
      stop();
      observer.disconnect();
      host.removeEventListener("medialog-reset", reset);
      viewer.clear();
      host.replaceChildren();
    },
  };
}

export default { mount };
