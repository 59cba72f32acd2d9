/**
 * Meshes, point clouds and scenes. All panels share one WebGL context, whose picture is copied into each panel's own
 * canvas: a browser gives about sixteen contexts, and takes the oldest back without a word.
 */

import {
  AmbientLight, Box3, BufferAttribute, BufferGeometry, Color, DirectionalLight, DoubleSide, Group, HemisphereLight, LineBasicMaterial, LineSegments,
  LoadingManager, Mesh, MeshStandardMaterial, Object3D, PerspectiveCamera, Points, PointsMaterial, Scene, SRGBColorSpace, Vector3, WebGLRenderer,
  type PointsMaterialParameters,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { OBJLoader } from "three/examples/jsm/loaders/OBJLoader.js";
import { PLYLoader } from "three/examples/jsm/loaders/PLYLoader.js";
import { STLLoader } from "three/examples/jsm/loaders/STLLoader.js";
import { classColor, ink, rgb, viridis } from "../lib/colors";
import { boxEdges, clampColor, readCloud, type Cloud } from "../lib/cloud";
import type { Context, Handle, Item } from "../lib/types";

interface View {
  position: [number, number, number];
  target: [number, number, number];
}

/** A view that is on screen: the others of its key, and those linked with it, follow its camera. */
interface Live {
  key: string;
  zUp: boolean;
  home: View;
  follow(view: View): void;
  redraw(): void;
}

/** One camera for each key, kept over steps and over scrolling away. */
const cameras = new Map<string, View>();
const live = new Set<Live>();
/** The keys whose cameras move together, and where the last of them looks from. */
const links = new Set<string>();
const bars = new Set<(key: string) => void>();
let linked: { view: View; home: View; zUp: boolean } | null = null;
let shared: WebGLRenderer | null = null;

/**
 * A camera of one view for another: the same one where both show things of like size and place (a prediction and its
 * truth), else the same side and as near in proportion.
 */
function translated(view: View, from: View, to: View): View {
  const [a, b] = [from, to].map(({ position, target }) => ({ target: new Vector3(...target), far: new Vector3(...position).distanceTo(new Vector3(...target)) || 1 }));
  const like = Math.max(a.far, b.far) < 1.5 * Math.min(a.far, b.far) && a.target.distanceTo(b.target) < 0.25 * Math.min(a.far, b.far);
  if (like) return view;
  const scale = b.far / a.far;
  const moved = (point: [number, number, number]) => new Vector3(...point).sub(a.target).multiplyScalar(scale).add(b.target).toArray() as [number, number, number];
  return { position: moved(view.position), target: moved(view.target) };
}

function spread(from: Live, view: View): void {
  cameras.set(from.key, view);
  const together = links.has(from.key);
  if (together) linked = { view, home: from.home, zUp: from.zUp };
  for (const other of live) {
    if (other === from) continue;
    if (other.key === from.key) other.follow(view);
    else if (together && links.has(other.key) && other.zUp === from.zUp) other.follow(translated(view, from.home, other.home));
  }
}

function renderer(): WebGLRenderer {
  if (shared && !shared.getContext().isContextLost()) return shared;
  shared = null;
  // Asked here first: three tells the console of each failure.
  const probe = document.createElement("canvas").getContext("webgl2");
  if (!probe) throw new Error("This browser has no WebGL, so 3D is a picture here.");
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  try {
    shared = new WebGLRenderer({ antialias: true, alpha: true, preserveDrawingBuffer: true });
  } catch {
    throw new Error("This browser has no WebGL, so 3D is a picture here.");
  }
  // The pictures stay, they are copies: drawn again in a new context, at the latest when one turns them.
  shared.domElement.addEventListener("webglcontextlost", () => {
    for (const view of live) view.redraw();
  });
  shared.outputColorSpace = SRGBColorSpace;
  shared.setPixelRatio(1);
  return shared;
}

/** Nothing is fetched: what a file refers to is inside it. */
function manager(): LoadingManager {
  const loading = new LoadingManager();
  loading.setURLModifier((url) => (url.startsWith("data:") || url.startsWith("blob:") ? url : "data:,"));
  return loading;
}

interface Made {
  object: Object3D;
  /** A cloud that can be coloured in several ways. */
  cloud: Cloud | null;
  labels: { at: Vector3; text: string; color: [number, number, number] }[];
  note: string;
  /** Clouds and scenes are in metres with z up; meshes have y up. */
  zUp: boolean;
}

export async function mount(host: HTMLElement, item: Item, context: Context): Promise<Handle> {
  renderer();
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "3D view");
  canvas.title = "Drag turns, Ctrl-drag moves, wheel zooms, r resets; by keyboard: arrows, Ctrl + arrows, + and −";
  canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;touch-action:none;outline-offset:-2px";
  const overlay = document.createElement("div");
  overlay.style.cssText = "position:absolute;inset:0;pointer-events:none;overflow:hidden";
  const bar = document.createElement("div");
  bar.style.cssText = "position:absolute;right:8px;top:4px;display:flex;gap:4px;flex-wrap:wrap;justify-content:flex-end;max-width:70%";
  // The legend stands below the picture and takes its room from it.
  const stage = document.createElement("div");
  stage.style.cssText = "position:absolute;inset:0";
  const legend = document.createElement("div");
  legend.style.cssText = "position:absolute;left:0;right:0;bottom:0;display:flex;gap:4px;flex-wrap:wrap;padding:6px 10px 0;box-sizing:border-box";
  const corner = document.createElement("div");
  corner.className = "corner";
  stage.append(canvas, overlay, bar, corner);
  host.append(stage, legend);
  const paper = canvas.getContext("2d");

  const scene = new Scene();
  const lights = [new HemisphereLight(0xffffff, 0x8890a0, 1.6), new AmbientLight(0xffffff, 0.5), new DirectionalLight(0xffffff, 1.6)];
  lights[2].position.set(3, 5, 4);
  scene.add(...lights);
  const camera = new PerspectiveCamera(42, 1, 0.01, 1000);
  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = false;
  let made: Made | null = null;
  let home: View | null = null;
  let key = item.key;
  let coloring = "";
  let hidden = new Set<number>();
  let pointSize = 1;
  let theme = context.theme;
  let asked = 0;

  function draw(): void {
    asked = 0;
    const ratio = Math.min(devicePixelRatio, 2);
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    if (!width || !height || !paper) return;
    let gl: WebGLRenderer;
    try {
      gl = renderer();
      lost.remove();
    } catch {
      stage.append(lost);
      return;
    }
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    gl.setSize(w, h, false);
    gl.setClearColor(theme === "dark" ? 0x101419 : 0xf3f5f8, 1);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    gl.render(scene, camera);
    paper.drawImage(gl.domElement, 0, 0, w, h);
    place();
  }
  /** What is seen is the last picture; the browser took the context, and gives none back yet. */
  const lost = document.createElement("p");
  lost.setAttribute("role", "note");
  lost.style.cssText = "position:absolute;left:8px;bottom:8px;margin:0;padding:3px 8px;border-radius:6px;font-size:12px;background:var(--warn-ground);color:var(--warn-text);display:flex;gap:8px;align-items:center";
  const again = document.createElement("button");
  again.className = "toggle";
  again.textContent = "try again";
  again.addEventListener("click", () => ask());
  lost.append("The browser took WebGL away: this is the last picture.", again);

  function ask(): void {
    asked ||= requestAnimationFrame(draw);
  }

  const tags: { element: HTMLElement; at: Vector3 }[] = [];
  function place(): void {
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    for (const { element, at } of tags) {
      const seen = at.clone().project(camera);
      element.style.display = seen.z > 1 ? "none" : "";
      element.style.left = `${((seen.x + 1) / 2) * width}px`;
      element.style.top = `${((1 - seen.y) / 2) * height}px`;
    }
  }

  function frame(object: Object3D, zUp: boolean): View {
    const box = new Box3().setFromObject(object);
    if (box.isEmpty()) box.set(new Vector3(-1, -1, -1), new Vector3(1, 1, 1));
    const center = box.getCenter(new Vector3());
    const direction = (zUp ? new Vector3(-0.9, -1.25, 0.8) : new Vector3(0.8, 0.55, 1.15)).normalize();
    // As near as what is there allows: some thousand of its vertices, wherever they lie in their box.
    const right = new Vector3().crossVectors(camera.up, direction).normalize();
    const upward = new Vector3().crossVectors(direction, right);
    const tangent = Math.tan((camera.fov * Math.PI) / 360) * 0.84;
    const aspect = Math.max(stage.clientWidth, 1) / Math.max(stage.clientHeight, 1);
    let distance = 1e-6;
    for (const vertex of someVertices(object)) {
      const offset = vertex.sub(center);
      const across = Math.max(Math.abs(offset.dot(right)) / aspect, Math.abs(offset.dot(upward)));
      distance = Math.max(distance, offset.dot(direction) + across / tangent);
    }
    const position = center.clone().addScaledVector(direction, distance);
    return { position: position.toArray() as View["position"], target: center.toArray() as View["target"] };
  }

  /** Look from there; `led` when another view leads, which then is not led back. */
  let following = false;
  function look(view: View, led = false): void {
    following = led;
    camera.position.fromArray(view.position);
    controls.target.fromArray(view.target);
    const far = camera.position.distanceTo(controls.target) || 1;
    [camera.near, camera.far] = [far / 500, far * 60];
    controls.update();
    following = false;
    ask();
  }

  const view = (): View => ({ position: camera.position.toArray() as View["position"], target: controls.target.toArray() as View["target"] });
  const self: Live = {
    key,
    zUp: false,
    home: { position: [0, 0, 1], target: [0, 0, 0] },
    follow: (wanted) => {
      look(wanted, true);
      cameras.set(key, wanted);
    },
    redraw: () => ask(),
  };
  controls.addEventListener("change", () => {
    if (!following) spread(self, view());
    ask();
  });
  function reset(): void {
    if (home) look(home);
  }
  host.addEventListener("medialog-reset", reset);
  canvas.addEventListener("dblclick", reset);

  function nearer(by: number): void {
    camera.position.sub(controls.target).multiplyScalar(by).add(controls.target);
    controls.update();
  }

  /** Turn about the upright axis and up or down, in radians. */
  function turn(across: number, up: number): void {
    const offset = camera.position.clone().sub(controls.target);
    const side = new Vector3().crossVectors(camera.up, offset).normalize();
    offset.applyAxisAngle(camera.up, across);
    const tilted = offset.clone().applyAxisAngle(side.applyAxisAngle(camera.up, across), up);
    // Not over the pole: what is up stays up.
    if (Math.abs(tilted.clone().normalize().dot(camera.up)) < 0.995) offset.copy(tilted);
    camera.position.copy(controls.target).add(offset);
    controls.update();
  }

  function shift(across: number, up: number): void {
    const far = camera.position.distanceTo(controls.target) * 0.08;
    const move = new Vector3().setFromMatrixColumn(camera.matrix, 0).multiplyScalar(across * far);
    move.addScaledVector(new Vector3().setFromMatrixColumn(camera.matrix, 1), up * far);
    camera.position.add(move);
    controls.target.add(move);
    controls.update();
  }

  // Arrows are the page's steps, unless one came here by keyboard to turn the picture.
  let clicked = false;
  canvas.addEventListener("pointerdown", () => (clicked = true));
  canvas.addEventListener("blur", () => (clicked = false));
  canvas.addEventListener("keydown", (event) => {
    const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const arrow = Object.hasOwn(arrows, event.key) ? arrows[event.key] : null;
    if (event.altKey || event.metaKey || event.shiftKey) return;
    if (arrow && event.ctrlKey) shift(...arrow);
    else if (arrow && !clicked) turn(arrow[0] * 0.12, arrow[1] * -0.12);
    else if (!event.ctrlKey && (event.key === "+" || event.key === "=")) nearer(1 / 1.2);
    else if (!event.ctrlKey && event.key === "-") nearer(1.2);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function paint(): void {
    const cloud = made?.cloud;
    if (!made || !cloud) return;
    const points = made.object.getObjectByName("points") as Points | undefined;
    if (!points) return;
    const colors = new Float32Array(cloud.count * 3);
    const color = new Color();
    let [low, high] = [Infinity, -Infinity];
    for (let i = 2; i < cloud.positions.length; i += 3) {
      low = Math.min(low, cloud.positions[i]);
      high = Math.max(high, cloud.positions[i]);
    }
    const index: number[] = [];
    for (let i = 0; i < cloud.count; i += 1) {
      let part: [number, number, number];
      if (coloring === "rgb" && cloud.colors) part = [cloud.colors[i * 3], cloud.colors[i * 3 + 1], cloud.colors[i * 3 + 2]];
      else if (coloring === "category" && cloud.categories) part = rgb(classColor(cloud.categories[i] - 1));
      else if (coloring === "height") part = viridis(high > low ? (cloud.positions[i * 3 + 2] - low) / (high - low) : 0.5);
      else part = theme === "dark" ? [170, 190, 220] : [50, 80, 120];
      color.setRGB(part[0] / 255, part[1] / 255, part[2] / 255, SRGBColorSpace).toArray(colors, i * 3);
      if (!cloud.categories || !hidden.has(cloud.categories[i])) index.push(i);
    }
    points.geometry.setAttribute("color", new BufferAttribute(colors, 3));
    points.geometry.setIndex(index.length === cloud.count ? null : index);
    const pixels = Math.min(Math.max(9 - 1.5 * Math.log10(Math.max(cloud.count, 1)), 1.4), 6);
    (points.material as PointsMaterial).size = pixels * pointSize * Math.min(devicePixelRatio, 2);
    ask();
  }

  function room(): void {
    stage.style.bottom = `${legend.childElementCount ? legend.offsetHeight : 0}px`;
  }

  function buttons(): void {
    bar.replaceChildren();
    legend.replaceChildren();
    room();
    overlay.replaceChildren();
    tags.length = 0;
    for (const { at, text, color } of made?.labels ?? []) {
      const element = document.createElement("span");
      element.textContent = text;
      element.style.cssText = `position:absolute;transform:translate(-50%,-100%);font-size:11px;line-height:15px;padding:0 5px;border-radius:3px;font-weight:600;color:${ink(color)};background:rgb(${color.map(Math.round).join(",")});white-space:nowrap`;
      overlay.append(element);
      tags.push({ element, at });
    }
    cameraButtons();
    const cloud = made?.cloud;
    if (!cloud) return;
    const choices = [cloud.colors ? "rgb" : "", cloud.categories ? "category" : "", "height", "plain"].filter(Boolean);
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Colour of the points");
    select.className = "pick";
    for (const choice of choices) select.append(new Option(choice, choice, false, choice === coloring));
    select.addEventListener("change", () => {
      coloring = select.value;
      buttons();
      paint();
    });
    const size = document.createElement("input");
    Object.assign(size, { type: "range", min: "0.3", max: "4", step: "0.1", value: String(pointSize) });
    size.style.width = "60px";
    size.setAttribute("aria-label", "Size of the points");
    size.addEventListener("input", () => {
      pointSize = Number(size.value);
      paint();
    });
    bar.prepend(size, select);
    if (coloring === "category" && cloud.categories) {
      const counts = new Map<number, number>();
      for (const category of cloud.categories) counts.set(category, (counts.get(category) ?? 0) + 1);
      for (const [category, count] of [...counts].sort((a, b) => a[0] - b[0])) {
        const chip = document.createElement("button");
        chip.className = "toggle";
        chip.setAttribute("aria-pressed", String(!hidden.has(category)));
        chip.title = `${count.toLocaleString("en-US")} points`;
        const swatch = document.createElement("i");
        swatch.style.background = classColor(category - 1);
        chip.append(swatch, String(category));
        chip.style.cssText += "height:20px;padding:0 7px;font-size:11px";
        chip.addEventListener("click", () => {
          hidden = new Set(hidden);
          if (!hidden.delete(category)) hidden.add(category);
          buttons();
          paint();
        });
        legend.append(chip);
      }
    }
    room();
  }

  function button(place: HTMLElement, text: string, name: string, title: string, act: () => void, pressed?: boolean): void {
    const made = document.createElement("button");
    made.className = "toggle";
    made.textContent = text;
    made.title = title;
    made.setAttribute("aria-label", name);
    if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
    made.addEventListener("click", act);
    place.append(made);
  }
  button(corner, "−", "Farther", "Farther (−)", () => nearer(1.2));
  button(corner, "+", "Nearer", "Nearer (+)", () => nearer(1 / 1.2));
  button(corner, "reset", "Reset the camera", "Reset the camera (r)", reset);

  function cameraButtons(): void {
    const on = links.has(key);
    button(bar, "link", "Link cameras", on ? "Turns with the other linked panels" : "Turn together with other panels: link those, too", () => {
      if (!links.delete(key)) {
        links.add(key);
        // The first one leads; one that comes later looks from where the others do.
        const others = [...live].some((one) => one !== self && links.has(one.key) && one.zUp === self.zUp);
        if (others && linked?.zUp === self.zUp) self.follow(translated(linked.view, linked.home, self.home));
        else spread(self, view());
      }
      for (const refresh of bars) refresh(key);
    }, on);
  }
  const refresh = (of: string): void => {
    if (of !== key) return;
    const focused = bar.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    buttons();
    if (focused) bar.querySelector<HTMLElement>(`[aria-label="${focused}"]`)?.focus();
  };
  bars.add(refresh);

  let turns = 0;
  async function show(wanted: Item, surroundings: Context): Promise<void> {
    turns += 1;
    const mine = turns;
    const next = await read(wanted, surroundings);
    if (mine !== turns) return discard(next.object);
    if (made) {
      scene.remove(made.object);
      discard(made.object);
    }
    made = next;
    key = wanted.key;
    scene.add(next.object);
    camera.up.set(0, next.zUp ? 0 : 1, next.zUp ? 1 : 0);
    // The controls read the camera's up once, when they are made.
    (controls as unknown as { _quat: { setFromUnitVectors(a: Vector3, b: Vector3): void; clone(): { invert(): unknown } }; _quatInverse: unknown })._quat.setFromUnitVectors(camera.up, new Vector3(0, 1, 0));
    (controls as unknown as { _quatInverse: unknown })._quatInverse = (controls as unknown as { _quat: { clone(): { invert(): unknown } } })._quat.clone().invert();
    home = frame(next.object, next.zUp);
    Object.assign(self, { key, zUp: next.zUp, home });
    live.add(self);
    const cloud = next.cloud;
    if (cloud && !["rgb", "category", "height", "plain"].includes(coloring)) coloring = cloud.colors ? "rgb" : cloud.categories ? "category" : "height";
    if (cloud && ((coloring === "rgb" && !cloud.colors) || (coloring === "category" && !cloud.categories))) coloring = "height";
    surroundings.note(next.note);
    canvas.setAttribute("aria-label", `3D view: ${next.note}`);
    buttons();
    paint();
    const kept = cameras.get(key);
    if (links.has(key) && linked?.zUp === next.zUp) look(translated(linked.view, linked.home, home), true);
    else look(kept ?? home, true);
    draw();
  }

  await show(item, context);
  const observer = new ResizeObserver(() => {
    room();
    ask();
  });
  observer.observe(host);

  return {
    async update(wanted, surroundings) {
      const changed = surroundings.theme !== theme;
      theme = surroundings.theme;
      if (wanted.value.sha256 === item.value.sha256 && wanted.key === item.key) {
        if (changed) {
          buttons();
          paint();
          ask();
        }
        return;
      }
      item = wanted;
      await show(wanted, surroundings);
    },
    destroy() {
      turns += 1;
      live.delete(self);
      bars.delete(refresh);
      host.removeEventListener("medialog-reset", reset);
      cancelAnimationFrame(asked);
      observer.disconnect();
      controls.dispose();
      if (made) discard(made.object);
      host.replaceChildren();
    },
  };
}

function someVertices(object: Object3D): Vector3[] {
  const found: Vector3[] = [];
  object.updateWorldMatrix(true, true);
  object.traverse((one) => {
    const positions = (one as Mesh).geometry?.getAttribute("position");
    if (!positions) return;
    const stride = Math.max(1, Math.floor(positions.count / 4000));
    for (let i = 0; i < positions.count; i += stride) found.push(new Vector3().fromBufferAttribute(positions, i).applyMatrix4(one.matrixWorld));
  });
  return found;
}

function discard(object: Object3D): void {
  object.traverse((one) => {
    const mesh = one as Mesh;
    mesh.geometry?.dispose();
    for (const material of [mesh.material].flat()) material?.dispose();
  });
}

async function read(item: Item, context: Context): Promise<Made> {
  const { value } = item;
  const bytes = await context.bytes(String(value.path));
  const format = String(value.format ?? "");
  const count = (n: number, one: string) => `${n.toLocaleString("en-US")} ${one}${n === 1 ? "" : "s"}`;
  if (format === "scene.json") return readScene(bytes, context);
  if (format === "ply") {
    const cloud = readCloud(bytes);
    if (cloud) {
      const object = new Group();
      object.add(pointsOf(cloud));
      return { object, cloud, labels: [], note: count(cloud.count, "point"), zUp: true };
    }
  }
  const object = await readMesh(bytes, format);
  const facts = [value.vertices !== undefined ? `${Number(value.vertices).toLocaleString("en-US")} vertices` : "", value.faces !== undefined ? `${Number(value.faces).toLocaleString("en-US")} faces` : ""].filter(Boolean);
  return { object, cloud: null, labels: [], note: [format, ...facts].join(" · "), zUp: false };
}

async function readMesh(bytes: Uint8Array, format: string): Promise<Object3D> {
  const buffer = bytes.slice().buffer;
  const plain = () => new MeshStandardMaterial({ color: 0x8fa6c4, roughness: 0.75, metalness: 0, side: DoubleSide, flatShading: false });
  const meshOf = (geometry: BufferGeometry): Object3D => {
    if (!geometry.getAttribute("normal")) geometry.computeVertexNormals();
    if (geometry.index === null && format === "ply" && !geometry.getAttribute("position")) return new Group();
    const material = plain();
    if (geometry.getAttribute("color")) [material.vertexColors, material.color] = [true, new Color(0xffffff)];
    return new Mesh(geometry, material);
  };
  if (format === "stl") return meshOf(new STLLoader(manager()).parse(buffer));
  if (format === "ply") {
    const geometry = new PLYLoader(manager()).parse(buffer);
    if (geometry.index) return meshOf(geometry);
    const material = disc({ size: 3, vertexColors: Boolean(geometry.getAttribute("color")) });
    return new Points(geometry, material);
  }
  if (format === "obj") {
    const object = new OBJLoader(manager()).parse(new TextDecoder().decode(bytes));
    object.traverse((one) => {
      const mesh = one as Mesh;
      if (!mesh.isMesh) return;
      if (!mesh.geometry.getAttribute("normal")) mesh.geometry.computeVertexNormals();
      const colored = Boolean(mesh.geometry.getAttribute("color"));
      mesh.material = plain();
      if (colored) Object.assign(mesh.material, { vertexColors: true, color: new Color(0xffffff) });
    });
    return object;
  }
  const gltf = await new GLTFLoader(manager()).parseAsync(format === "gltf" ? new TextDecoder().decode(bytes) : buffer, "");
  gltf.scene.traverse((one) => {
    const mesh = one as Mesh;
    if (!mesh.isMesh) return;
    if (!mesh.geometry.getAttribute("normal")) mesh.geometry.computeVertexNormals();
    for (const material of [mesh.material].flat() as MeshStandardMaterial[]) {
      // Metal without surroundings to mirror is black.
      if (material.metalness > 0.4 && !material.metalnessMap) material.metalness = 0.2;
      const untouched = material.name === "" && !material.map && !material.vertexColors && material.color?.getHex() === 0xffffff;
      if (untouched) material.color.set(0x8fa6c4);
      material.side = DoubleSide;
    }
  });
  return gltf.scene;
}

/** Points are discs of a size in pixels: they are seen at every distance. */
function disc(options: PointsMaterialParameters): PointsMaterial {
  const material = new PointsMaterial({ size: 3, sizeAttenuation: false, ...options });
  material.onBeforeCompile = (shader) => {
    shader.fragmentShader = shader.fragmentShader.replace(
      "#include <clipping_planes_fragment>",
      "#include <clipping_planes_fragment>\n if (length(gl_PointCoord - 0.5) > 0.5) discard;",
    );
  };
  return material;
}

function pointsOf(cloud: Cloud): Points {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(cloud.positions, 3));
  const points = new Points(geometry, disc({ vertexColors: true }));
  points.name = "points";
  return points;
}

interface StoredScene {
  points?: { sha256?: string };
  boxes?: { corners: number[][]; label?: string; color?: number[]; score?: number; edges?: [number, number][] }[];
  vectors?: { start: number[]; end: number[] }[];
}

async function readScene(bytes: Uint8Array, context: Context): Promise<Made> {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as StoredScene;
  const object = new Group();
  let cloud: Cloud | null = null;
  if (stored.points?.sha256) {
    cloud = readCloud(await context.digest(stored.points.sha256));
    if (cloud) object.add(pointsOf(cloud));
  }
  const labels: Made["labels"] = [];
  (stored.boxes ?? []).forEach((box, i) => {
    const color = clampColor(box.color) ?? rgb(classColor(i));
    const edges = box.edges ?? boxEdges(box.corners);
    const positions = new Float32Array(edges.flatMap(([a, b]) => [...box.corners[a], ...box.corners[b]]));
    const geometry = new BufferGeometry().setAttribute("position", new BufferAttribute(positions, 3));
    object.add(new LineSegments(geometry, new LineBasicMaterial({ color: new Color().setRGB(color[0] / 255, color[1] / 255, color[2] / 255, SRGBColorSpace) })));
    const text = [box.label ?? "", box.score !== undefined ? String(Number(box.score.toPrecision(3))) : ""].filter(Boolean).join(" ");
    if (!text) return;
    const top = box.corners.reduce((best, corner) => (corner[2] > best ? corner[2] : best), -Infinity);
    const middle = [0, 1].map((axis) => box.corners.reduce((sum, corner) => sum + corner[axis], 0) / 8);
    labels.push({ at: new Vector3(middle[0], middle[1], top), text, color });
  });
  for (const { start, end } of stored.vectors ?? []) object.add(arrow(start, end));
  const many = (n: number, one: string, more = `${one}s`) => (n ? `${n.toLocaleString("en-US")} ${n === 1 ? one : more}` : "");
  const note = [many(cloud?.count ?? 0, "point"), many(stored.boxes?.length ?? 0, "box", "boxes"), many(stored.vectors?.length ?? 0, "vector")].filter(Boolean).join(" · ");
  return { object, cloud, labels, note, zUp: true };
}

/** A line with a head of four strokes: visible from every side, at every size. */
function arrow(start: number[], end: number[]): Object3D {
  const [from, to] = [new Vector3().fromArray(start), new Vector3().fromArray(end)];
  const along = to.clone().sub(from);
  const length = along.length();
  const side = new Vector3(0, 0, 1).cross(along);
  if (side.length() < 1e-9 * length) side.set(1, 0, 0);
  side.normalize().multiplyScalar(length * 0.09);
  const other = along.clone().cross(side).normalize().multiplyScalar(length * 0.09);
  const neck = to.clone().addScaledVector(along, -0.2);
  const points = [from, to];
  for (const shift of [side, side.clone().negate(), other, other.clone().negate()]) points.push(to, neck.clone().add(shift));
  const geometry = new BufferGeometry().setFromPoints(points);
  return new LineSegments(geometry, new LineBasicMaterial({ color: 0xe69f00 }));
}

export default { mount };
