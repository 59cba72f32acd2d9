/** Zoom and pan of a picture. Two pictures that are compared share one: they show the same place. */

import { getContext, setContext } from "svelte";

export class Lens {
  zoom = $state(1);
  pan = $state.raw<[number, number]>([0, 0]);
}

const KEY = Symbol("lens");

export function giveLens(): Lens {
  return setContext(KEY, new Lens());
}

export function lensHere(): Lens {
  return getContext<Lens | undefined>(KEY) ?? new Lens();
}
