/** The result of the last of several requests. The one before stays on screen until the next is there: no flicker. */
export class Latest<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  private turn = 0;

  async run(make: () => Promise<T>): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    try {
      const value = await make();
      if (turn !== this.turn) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (turn !== this.turn) return;
      this.error = error;
      this.value = null;
    }
  }

  drop(): void {
    this.turn += 1;
  }
}
