/** What a panel's frame (its menu, its table) knows of the chart inside it: the chart says it, the frame asks. */

import { getContext, setContext } from "svelte";
import type { Chart } from "../lib/charts";

export class PanelTools {
  /** Another object whenever the numbers behind the picture are others. */
  chart = $state.raw<Chart | null>(null);
  /** The table is shown instead of the picture. */
  data = $state(false);
  /** Zoom of a line chart: in, out, whole. */
  zoom = $state.raw<((by: number) => void) | null>(null);
}

const KEY = Symbol("panel");

export function givePanelTools(): PanelTools {
  return setContext(KEY, new PanelTools());
}

/** Those of the panel around; null where an object stands alone. */
export function panelTools(): PanelTools | null {
  return getContext<PanelTools | undefined>(KEY) ?? null;
}
