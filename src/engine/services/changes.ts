/** Tells every open list that stored studies changed. */
import type { Handlers } from '../../shared/contract.ts';

export interface Change {
  /** The study that changed, or null when any may have. */
  readonly study: string | null;
}

export class Changes {
  readonly #listeners = new Set<(change: Change) => void>();

  emit(study: string | null): void {
    for (const listener of this.#listeners) listener({ study });
  }

  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function changeHandlers(changes: Changes): Pick<Handlers, 'events.changed'> {
  return {
    async *'events.changed'(_, { signal }) {
      // What changed while the reader was busy is told once, not once per change. The first item says that anything may
      // have: a caller that read before it listened would miss for good what changed in between.
      const pending = new Set<string | null>([null]);
      let wake: () => void = () => undefined;
      const stopListening = changes.listen(({ study }) => {
        pending.add(study);
        wake();
      });
      const stop = (): void => { wake(); };
      signal.addEventListener('abort', stop);
      try {
        while (!signal.aborted) {
          if (pending.size === 0) await new Promise<void>((resolve) => { wake = resolve; });
          const told = [...pending];
          pending.clear();
          for (const study of told) yield { study };
        }
      } finally {
        stopListening();
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
