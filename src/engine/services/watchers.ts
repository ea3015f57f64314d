/** Whoever follows a state: told of it at once and after each change; what changed while a follower was busy is told once. */
export class Watchers {
  readonly #listeners = new Set<() => void>();

  /** The state has changed, or nobody need wait any longer. */
  tell(): void {
    for (const noted of this.#listeners) noted();
  }

  /** @param isOver nothing is told from then on; ends the following with the next `tell` */
  async *follow<State>(state: () => State, signal: AbortSignal, isOver: () => boolean): AsyncGenerator<State, void, undefined> {
    let changed = true;
    let wake: () => void = () => undefined;
    const noted = (): void => { changed = true; wake(); };
    this.#listeners.add(noted);
    signal.addEventListener('abort', noted);
    try {
      while (!signal.aborted && !isOver()) {
        if (!changed) await new Promise<void>((resolve) => { wake = resolve; });
        changed = false;
        if (!isOver()) yield state();
      }
    } finally {
      this.#listeners.delete(noted);
      signal.removeEventListener('abort', noted);
    }
  }
}
