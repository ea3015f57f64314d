/**
 * Output cells that hold nothing but traces of neighbouring voxels: whether MONAI would have exactly zero there depends
 * on the last bits of its coordinates, crosstalk between axes included. There are few (edges of empty regions, where
 * samples fall on voxels), so each is computed as MONAI does, sample by sample.
 */
import type { VoxelArray } from '../types.ts';
import { baseGrid, cellSamples, normalisedAxis, unnormalise } from './axisWeights.ts';
import { binOffset } from './curation.ts';
import type { AxisPlan, ResamplingPlan } from './resamplingPlan.ts';

/**
 * Sums below this cannot be told from traces: curated values are whole numbers, so a real part of even one voxel is
 * far larger, and traces of the largest value (800) in every direction stay below.
 */
export const traceLimit = 1e-6;

export interface TraceSource {
  readonly voxels: VoxelArray;
  readonly dims: readonly [number, number, number];
  readonly table: Int16Array | null;
  readonly plan: ResamplingPlan;
  /** Output size along superior, anterior, right. */
  readonly size: readonly [number, number, number];
}

/** Makes the function that computes the cell at (s, a, r) exactly: 0, or the trace as MONAI has it. */
export function exactCell({ voxels, dims, table, plan, size }: TraceSource): (s: number, a: number, r: number) => number {
  const axes = plan.axes;
  const normalised = axes.map(normalisedAxis);
  // Crosstalk in normalised terms: place on axis p moves with the base grid of axis q.
  const cross = axes.map((p) => axes.map((q) => (2 / p.voxels) * plan.crosstalk[p.voxelAxis]![q.voxelAxis] * (q.samples / 2)));
  const shifts = axes.map((_, n) => axes.reduce((sum, q, m) => sum + cross[n]![m]! * ((q.samples - 1) / q.samples), 0));
  const strides = [1, dims[0], dims[0] * dims[1]];
  const offset = binOffset(voxels);
  const read = (index: number): number => (table === null ? voxels[index]! : table[voxels[index]! + offset]!);

  return (s, a, r) => {
    const ranges = [cellSamples(axes[0], s, size[0]), cellSamples(axes[1], a, size[1]), cellSamples(axes[2], r, size[2])] as const;
    let total = 0;
    const sample = [0, 0, 0];
    for (sample[0] = ranges[0].from; sample[0] < ranges[0].to; sample[0]++)
      for (sample[1] = ranges[1].from; sample[1] < ranges[1].to; sample[1]++)
        for (sample[2] = ranges[2].from; sample[2] < ranges[2].to; sample[2]++) {
          const base = sample.map((n, m) => baseGrid(axes[m]!.samples, n));
          const taps = axes.map((axis, n) => axisTaps(axis, base[n]! * normalised[n]!.factor + normalised[n]!.offset + shifts[n]! + base.reduce((sum, place, m) => sum + place * cross[n]![m]!, 0)));
          for (const [i, u] of taps[0]!) for (const [j, v] of taps[1]!) for (const [k, w] of taps[2]!) total += u * v * w * read(i * strides[axes[0].voxelAxis]! + j * strides[axes[1].voxelAxis]! + k * strides[axes[2].voxelAxis]!);
        }
    return total / ranges.reduce((product, { from, to }) => product * (to - from), 1);
  };
}

function axisTaps({ voxels, fromLast }: AxisPlan, place: number): [number, number][] {
  const coordinate = unnormalise(place, voxels);
  const lower = Math.floor(coordinate);
  const taps: [number, number][] = [[lower, lower + 1 - coordinate]];
  if (lower + 1 < voxels && coordinate > lower) taps.push([lower + 1, coordinate - lower]);
  return fromLast ? taps.map(([voxel, weight]) => [voxels - 1 - voxel, weight]) : taps;
}
