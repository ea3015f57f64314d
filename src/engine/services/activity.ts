/** Long work under way, so that closing the engine ends it and waits for it before the database goes. */

export class Activity {
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /**
   * Registers a piece of work.
   * @returns a signal that also fires when the engine closes, and a function to call when the work has ended
   */
  begin(signal: AbortSignal): { readonly signal: AbortSignal; readonly end: () => void } {
    let settle: () => void = () => undefined;
    const running = new Promise<void>((resolve) => { settle = resolve; });
    this.#running.add(running);
    return {
      signal: AbortSignal.any([signal, this.#closing.signal]),
      end: () => {
        this.#running.delete(running);
        settle();
      },
    };
  }

  /** Asks all work to end and waits until it has. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }
}
