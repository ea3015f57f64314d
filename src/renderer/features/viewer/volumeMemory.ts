/**
 * Volumes kept in the window's memory, so that going back to a series is instant: the least recently used leave when
 * more than the budget is held, those on the screen never.
 */
import type { LoadedVolume } from './loadVolume.ts';
import { keyOf } from './panes.ts';
import type { SeriesTarget } from './panes.ts';

/** A third of what a browser's page may take on a workstation: about 16 series of 176 slices of 512 x 512. */
export const voxelBudget = 1.5 * 2 ** 30;

export class VolumeMemory {
  readonly #budget: number;
  /** Least recently used first. */
  readonly #held = new Map<string, { readonly study: string; readonly volume: LoadedVolume }>();

  constructor(budget: number = voxelBudget) {
    this.#budget = budget;
  }

  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { volume }) => sum + volume.voxels.byteLength, 0);
  }

  recall(target: SeriesTarget): LoadedVolume | undefined {
    const key = keyOf(target);
    const found = this.#held.get(key);
    if (found === undefined) return undefined;
    this.#held.delete(key);
    this.#held.set(key, found);
    return found.volume;
  }

  /** @param onScreen whether a volume may not leave */
  keep(target: SeriesTarget, volume: LoadedVolume, onScreen: (key: string) => boolean): void {
    const own = keyOf(target);
    this.#held.delete(own);
    this.#held.set(own, { study: target.study, volume });
    let bytes = this.bytes;
    for (const [key, { volume: oldest }] of this.#held) {
      if (bytes <= this.#budget) return;
      if (key === own || onScreen(key)) continue;
      this.#held.delete(key);
      bytes -= oldest.voxels.byteLength;
    }
  }

  /** Drops a study's volumes, or all of them. */
  forget(study: string | null): void {
    for (const [key, held] of this.#held) if (study === null || held.study === study) this.#held.delete(key);
  }
}
