/** What a video and a sound share: their files are let go when nothing asks for them any more. */

/** The browser tells the console of a player that asks for an address that is gone, so it is let go some seconds later. */
function releaseLater(release: () => void): void {
  setTimeout(release, 5000);
}

/** What is shown, with its file: the one before is shown until the next is there, so it is let go only then. */
export class Held<T extends { release: () => void }> {
  private value: T | null = null;

  /** Take what was loaded; when nobody waits for it any more, it is let go at once. */
  take(next: T, gone: boolean): T {
    if (gone) releaseLater(next.release);
    else {
      this.drop();
      this.value = next;
    }
    return next;
  }

  drop(): void {
    if (this.value) releaseLater(this.value.release);
    this.value = null;
  }
}

/** A player that is taken away stops to load. */
export function stops(player: HTMLMediaElement) {
  return {
    destroy() {
      player.pause();
      player.removeAttribute("src");
      player.load();
    },
  };
}
