/** Work that would only slow each other down is done one after another, the most wanted first. */

interface Waiting {
  readonly wanted: () => number;
  readonly start: () => void;
}

export class Turns {
  readonly #waiting: Waiting[] = [];
  #busy = false;

  /**
   * Runs `work` when it is its turn.
   * @param wanted asked anew for each turn: the smallest number goes first
   * @throws what `work` throws, and the signal's reason if it was aborted before its turn
   */
  async take<T>(wanted: () => number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#busy) await new Promise<void>((start) => { this.#waiting.push({ wanted, start }); });
    this.#busy = true;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#busy = false;
      this.#next();
    }
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const ranks = this.#waiting.map(({ wanted }) => wanted());
    const at = ranks.indexOf(Math.min(...ranks));
    this.#busy = true; // nobody may slip in before the one that was called starts
    this.#waiting.splice(at, 1)[0]!.start();
  }
}
