/** Long work in short pieces: between them the page scrolls, types and paints. Its policy allows no worker. */

const PIECE = 8; // milliseconds

export class Slices {
  private since = performance.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** Ask often; when it says so, wait for `pause`. */
  get due(): boolean {
    return performance.now() - this.since > PIECE;
  }

  /** Let the browser do what waits; raises when the work is no longer wanted. */
  async pause(): Promise<void> {
    await turn();
    this.signal?.throwIfAborted();
    this.since = performance.now();
  }
}

function turn(): Promise<void> {
  const scheduler = (globalThis as { scheduler?: { yield?: () => Promise<void> } }).scheduler;
  return scheduler?.yield ? scheduler.yield() : new Promise((done) => setTimeout(done));
}
