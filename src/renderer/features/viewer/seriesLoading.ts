/**
 * Brings series to the panes: for each a slice at once, and while its volume is on its way whatever slice is looked at;
 * then the volumes, one after another, the active pane's first. What was loaded before comes from memory.
 */
import type { ErrorData } from '../../../shared/errors.ts';
import { failureOf } from '../../bridge.ts';
import { loadSlice, loadVolume } from './loadVolume.ts';
import type { LoadedVolume } from './loadVolume.ts';
import type { SeriesTarget } from './panes.ts';
import { Turns } from './turns.ts';
import { VolumeMemory } from './volumeMemory.ts';

export interface LoadingEvents {
  readonly isOnScreen: (key: string) => boolean;
  /** The smaller, the sooner a series is wanted. */
  readonly rank: (key: string) => number;
  /** Slice that is looked at, while only single slices are there; null when the series is gone. */
  readonly wantedSlice: (key: string) => number | null;
  readonly onSlice: (key: string, slice: LoadedVolume) => void;
  readonly onShare: (key: string, share: number) => void;
  readonly onVolume: (key: string, volume: LoadedVolume) => void;
  readonly onFailure: (key: string, failure: ErrorData) => void;
}

interface Load {
  readonly target: SeriesTarget;
  readonly stop: AbortController;
  /** The slice that is on the screen; null before the first. */
  slice: number | null;
  fetching: boolean;
}

export class SeriesLoading {
  readonly #events: LoadingEvents;
  readonly #memory = new VolumeMemory();
  readonly #turns = new Turns();
  readonly #loads = new Map<string, Load>();

  constructor(events: LoadingEvents) {
    this.#events = events;
  }

  start(key: string, target: SeriesTarget): void {
    this.stop(key);
    const held = this.#memory.recall(target);
    if (held !== undefined) {
      this.#events.onVolume(key, held);
      return;
    }
    const load: Load = { target, stop: new AbortController(), slice: null, fetching: false };
    this.#loads.set(key, load);
    void this.#showSlices(key, load).then(() => this.#loadVolume(key, load)); // the slice first: decoding all would hold it up
  }

  stop(key: string): void {
    this.#loads.get(key)?.stop.abort();
    this.#loads.delete(key);
  }

  /** The reader moved: series of which only single slices are here fetch theirs. */
  follow(): void {
    for (const [key, load] of this.#loads) if (!load.fetching && load.slice !== null) void this.#showSlices(key, load);
  }

  /** Drops a study's volumes from memory. */
  forget(study: string): void {
    this.#memory.forget(study);
  }

  get bytesInMemory(): number {
    return this.#memory.bytes;
  }

  async #showSlices(key: string, load: Load): Promise<void> {
    load.fetching = true;
    try {
      do {
        const wanted = load.slice === null ? null : this.#events.wantedSlice(key);
        const slice = await loadSlice(load.target.series, load.target.stack, wanted);
        if (load.stop.signal.aborted || this.#loads.get(key) !== load) return;
        load.slice = slice.only;
        this.#events.onSlice(key, slice);
      } while (load.slice !== this.#events.wantedSlice(key));
    } catch {
      // What is wrong with the series is told by the load of the whole volume, which goes on.
    } finally {
      load.fetching = false;
    }
  }

  async #loadVolume(key: string, load: Load): Promise<void> {
    const { target, stop: { signal } } = load;
    try {
      const volume = await this.#turns.take(() => this.#events.rank(key), signal, () => loadVolume(target.series, target.stack, signal, (share) => { if (!signal.aborted) this.#events.onShare(key, share); }));
      signal.throwIfAborted();
      this.#loads.delete(key);
      this.#memory.keep(target, volume, this.#events.isOnScreen);
      this.#events.onVolume(key, volume);
    } catch (error) {
      if (signal.aborted) return;
      load.stop.abort();
      this.#loads.delete(key);
      const failure = failureOf(error, target.series);
      if (failure !== null) this.#events.onFailure(key, failure);
    }
  }
}
