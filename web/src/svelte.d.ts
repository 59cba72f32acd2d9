/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module "3dmol" {
  export function createViewer(host: HTMLElement, options: object): unknown;
  export const SurfaceType: { VDW: unknown };
}
