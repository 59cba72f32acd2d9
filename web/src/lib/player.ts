/** What a video and a sound share: their files are let go when nothing asks for them any more. */

/** The browser tells the console of a player that asks for an address that is gone, so it is let go some seconds later. */
export function releaseLater(release: () => void): void {
  setTimeout(release, 5000);
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
