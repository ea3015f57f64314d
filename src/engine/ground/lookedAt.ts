/** Where a view looked, as a point and a slice: the centre of the strongest part of its attention. */
import type { LookedAt } from '../../shared/contract.ts';
import { ijk, voxelToPatient, type Affine, type Dims, type Lps } from '../../shared/geometry.ts';
import type { EncodedViews } from '../ports.ts';
import { attentionRow, type AttentionGeometry } from './attentionMap.ts';
import { sliceOf } from './slice.ts';

/** Part of the attention that counts, as for the slice a sentence jumps to (slice.ts). */
const keptShare = 0.25;

/** Centre of the strongest part of a map, LPS mm; null for an empty one. */
export function centreOfMap(map: Float32Array, { grid, gridToLps }: AttentionGeometry): Lps | null {
  const wanted = keptShare * map.reduce((sum, value) => sum + value, 0);
  if (!(wanted > 0)) return null;
  const [, anterior, right] = grid;
  const sums = [0, 0, 0] as [number, number, number];
  let weight = 0;
  for (const cell of Array.from(map.keys()).sort((a, b) => map[b]! - map[a]!)) {
    const value = map[cell]!;
    weight += value;
    sums[0] += value * (cell % right);
    sums[1] += value * (Math.floor(cell / right) % anterior);
    sums[2] += value * Math.floor(cell / (right * anterior));
    if (weight >= wanted) break;
  }
  return voxelToPatient(gridToLps, ijk(sums[0] / weight, sums[1] / weight, sums[2] / weight));
}

/** @param stack the stack the model read */
export function lookedAt(encoded: EncodedViews, view: number, geometry: AttentionGeometry, stack: { readonly dims: Dims; readonly voxelToLps: Affine }): LookedAt {
  const map = attentionRow(encoded, view, geometry);
  const centre = centreOfMap(map, geometry);
  return { slice: sliceOf(map, geometry, stack), centreLps: centre && [centre[0], centre[1], centre[2]] };
}
