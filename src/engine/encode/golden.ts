/** The golden case of a pack: a prepared volume and what the encoder made of it where it was trained. */
import type { Pack } from '../pack/pack.ts';
import { readPackArray } from '../pack/load.ts';

export interface GoldenCase {
  /** float32 [channels, S, A, R], 0..1 */
  readonly volume: Float32Array;
  /** float32 [views, width], rows of length 1 */
  readonly projected: Float32Array;
  /** Largest absolute difference of `projected` a provider may show. */
  readonly tolerance: number;
}

export async function readGolden(pack: Pack): Promise<GoldenCase> {
  const { golden } = pack.manifest;
  const volume = await readPackArray(pack, golden.volume);
  const projected = await readPackArray(pack, golden.projected);
  return { volume: Float32Array.from(volume.data as Uint8Array, (value) => value / 255), projected: projected.data as Float32Array, tolerance: golden.tolerance };
}

/** Largest absolute difference of two arrays; infinite if their lengths differ or a number is not finite. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!Number.isFinite(difference)) return Infinity;
    if (difference > largest) largest = difference;
  }
  return largest;
}
