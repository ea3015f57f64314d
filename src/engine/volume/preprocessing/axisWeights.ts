/**
 * One axis of MONAI's `Spacing` (bilinear, border) then `Resize` (area), as a single matrix. Without shear both work on
 * each voxel axis alone and are linear, so their product per axis does in one pass what MONAI does in two.
 * - Coordinates go through PyTorch's normalised grid (affine_grid, grid_sample), imitated step by step.
 * - Area averaging is adaptive_avg_pool3d: cell c covers samples floor(c * n / size) to ceil((c + 1) * n / size) - 1.
 * - Where a sample falls on a voxel, rounding in MONAI lets in a trace of one neighbour or the other. The trace has no
 *   size, but the next step asks which values are exactly zero. Both neighbours get a {@link traceWeight} here, and
 *   cells that hold nothing but traces are settled one by one (traceCells.ts).
 */
import type { AxisPlan } from './resamplingPlan.ts';

/** Rows of weights: output cell c is the sum of `weights[start[c] + n] * voxel[first[c] + n]` over its `count[c]` voxels. */
export interface AxisWeights {
  readonly size: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

export const traceWeight = 1e-10;
/** A reading place nearer than this to a voxel is on it, in voxels; crosstalk stays well below. */
const onVoxel = 1e-4;

/** Samples of the plan, as the file counts them, that output cell `cell` of `size` averages. */
export function cellSamples({ samples, reversed }: AxisPlan, cell: number, size: number): { readonly from: number; readonly to: number } {
  const from = Math.floor((cell * samples) / size);
  const to = Math.ceil(((cell + 1) * samples) / size);
  return reversed ? { from: samples - to, to: samples - from } : { from, to };
}

/** PyTorch's place of sample n on its normalised base grid: linspace(-1, 1), whose kernel fuses multiply and add, shrunk to cell centres. */
export function baseGrid(samples: number, n: number): number {
  if (samples === 1) return 0;
  const step = 2 / (samples - 1);
  const even = n < Math.floor(samples / 2) ? fusedMultiplyAdd(step, n, -1) : fusedMultiplyAdd(-step, samples - 1 - n, 1);
  return (even * (samples - 1)) / samples;
}

/** a * b + c with the product unrounded: Dekker's exact product and Knuth's exact sum. */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const split = (x: number): [number, number] => {
    const wide = 134_217_729 * x;
    const high = wide - (wide - x);
    return [high, x - high];
  };
  const product = a * b;
  const [ah, al] = split(a);
  const [bh, bl] = split(b);
  const productError = al * bl - (product - ah * bh - al * bh - ah * bl);
  const sum = product + c;
  const back = sum - product;
  return sum + (product - (sum - back) + (c - back) + productError);
}

/** Normalised source place to voxel coordinate, held inside the volume (`padding_mode` border). */
export const unnormalise = (place: number, voxels: number): number => Math.min(voxels - 1, Math.max(0, ((place + 1) * voxels - 1) / 2));

/** The normalised affine of one axis: place = base * factor + offset. */
export function normalisedAxis({ voxels, samples, scale, shift }: AxisPlan): { readonly factor: number; readonly offset: number } {
  const inverse = 1 / (2 / samples);
  const perVoxel = 2 / voxels;
  return { factor: perVoxel * scale * inverse, offset: perVoxel * scale * -((1 / samples - 1) * inverse) + perVoxel * shift + (1 / voxels - 1) };
}

/**
 * The matrix from voxels along the plan's axis, in the volume's own order, to `size` output cells.
 * @param untouched samples are the voxels themselves
 */
export function axisWeights(plan: AxisPlan, size: number, untouched: boolean): AxisWeights {
  const { voxels, fromLast } = plan;
  const rows: { first: number; weights: number[] }[] = [];
  for (let cell = 0; cell < size; cell++) {
    const { from, to } = cellSamples(plan, cell, size);
    const dense = new Map<number, number>();
    for (let sample = from; sample < to; sample++) {
      for (const [stored, weight] of untouched ? [[sample, 1] as const] : taps(plan, sample)) {
        if (stored < 0 || stored >= voxels) continue;
        const voxel = fromLast ? voxels - 1 - stored : stored;
        dense.set(voxel, (dense.get(voxel) ?? 0) + weight / (to - from));
      }
    }
    const first = Math.min(...dense.keys());
    const last = Math.max(...dense.keys());
    rows.push({ first, weights: Array.from({ length: last - first + 1 }, (_, n) => dense.get(first + n) ?? 0) });
  }
  const start = new Int32Array(size);
  let total = 0;
  rows.forEach((row, cell) => { start[cell] = total; total += row.weights.length; });
  return {
    size, start,
    first: Int32Array.from(rows, (row) => row.first),
    count: Int32Array.from(rows, (row) => row.weights.length),
    weights: Float64Array.from(rows.flatMap((row) => row.weights)),
  };
}

/** Voxels, as the file counts them, that a sample reads, with their weights. */
function taps(plan: AxisPlan, sample: number): readonly (readonly [number, number])[] {
  const { factor, offset } = normalisedAxis(plan);
  const coordinate = unnormalise(baseGrid(plan.samples, sample) * factor + offset, plan.voxels);
  const nearest = Math.round(coordinate);
  if (Math.abs(coordinate - nearest) < onVoxel) return [[nearest - 1, traceWeight], [nearest, 1], [nearest + 1, traceWeight]];
  const lower = Math.floor(coordinate);
  return [[lower, lower + 1 - coordinate], [lower + 1, coordinate - lower]];
}
