/**
 * One axis of MONAI's `Spacing` (1 mm, bilinear, border) then `Resize` (area), as a single matrix.
 * Without shear, resampling to 1 mm works on each voxel axis alone, and so does area averaging: both are linear, so
 * their product per axis does in one pass what MONAI does in two. Facts follow MONAI 1.6 and PyTorch:
 * - spacing within 0.001 mm of 1 is left alone (`AFFINE_TOL`);
 * - length: round((n - 1) * spacing + 1), halves to even (`compute_shape_offset`, numpy.round), first voxels coincide;
 * - coordinates go through PyTorch's normalised grid. It is imitated step by step because the next step asks which
 *   voxels are exactly zero: a coordinate of 2 - 4e-16 lets a trace of voxel 1 in, and the trace counts as nonzero;
 * - area averaging is adaptive_avg_pool3d: cell c covers samples floor(c * n / size) to ceil((c + 1) * n / size) - 1.
 */
import type { Affine, Dims } from '../../../shared/geometry.ts';
import { anatomicalAxes } from '../anatomicalAxes.ts';
import type { NiftiDirection } from '../types.ts';

/** Rows of weights: output cell c is the sum of `weights[start[c] + n] * voxel[first[c] + n]` over its `count[c]` voxels. */
export interface AxisWeights {
  readonly size: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

/** How one patient axis of the output is made. */
export interface AxisPlan {
  /** Voxel axis it comes from: 0 i, 1 j, 2 k. */
  readonly voxelAxis: 0 | 1 | 2;
  readonly voxels: number;
  readonly spacingMm: number;
  /** Samples along the axis after resampling, `stepMm` apart. */
  readonly samples: number;
  readonly stepMm: number;
  /** Sample 0 lies at the axis's last voxel rather than its first. */
  readonly fromLast: boolean;
  /** The output axis runs against the samples. */
  readonly reversed: boolean;
}

const tolerance = 1e-3;
const targetMm = 1;

const roundHalfToEven = (value: number): number => {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
};

/** Plans for the output axes superior, anterior, right. */
export function planAxes(dims: Dims, voxelToLps: Affine, niftiDirection: NiftiDirection = [1, 1, 1]): readonly [AxisPlan, AxisPlan, AxisPlan] {
  const { voxelAxis, sign } = anatomicalAxes(voxelToLps);
  const plan = (patientAxis: 0 | 1 | 2, towards: 1 | -1): AxisPlan => {
    const axis = voxelAxis[patientAxis];
    // NIfTI files carry their affine in float32, and ties in rounding the length depend on it.
    const step = [axis, 4 + axis, 8 + axis].map((n) => Math.fround(voxelToLps[n as 0]));
    const measured = Math.sqrt(step[0]! * step[0]! + step[1]! * step[1]! + step[2]! * step[2]!);
    const voxels = dims[axis];
    const stepMm = Math.abs(measured - targetMm) <= tolerance ? measured : targetMm;
    return {
      voxelAxis: axis, voxels, spacingMm: measured, stepMm,
      samples: roundHalfToEven((voxels - 1) * (measured / stepMm) + 1),
      fromLast: niftiDirection[axis] === -1,
      reversed: sign[axis] * niftiDirection[axis] !== towards,
    };
  };
  // Anatomical signs are in LPS: superior is +z, anterior -y, right -x.
  return [plan(2, 1), plan(1, -1), plan(0, -1)];
}

/** The matrix from voxels along the plan's axis (in the volume's own order) to `size` output cells. */
export function axisWeights(plan: AxisPlan, size: number): AxisWeights {
  const { voxels, samples, fromLast, reversed } = plan;
  const taps = bilinearTaps(plan);
  const rows: { first: number; weights: number[] }[] = [];
  for (let cell = 0; cell < size; cell++) {
    const from = Math.floor((cell * samples) / size);
    const to = Math.ceil(((cell + 1) * samples) / size);
    const dense = new Map<number, number>();
    for (let position = from; position < to; position++) {
      const { lower, upper, fraction } = taps[reversed ? samples - 1 - position : position]!;
      for (const [stored, weight] of [[lower, 1 - fraction], [upper, fraction]] as const) {
        if (weight === 0) continue;
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

/** Where each sample reads, in the order of storage: PyTorch's affine_grid and grid_sample (align_corners false, border). */
function bilinearTaps({ voxels, samples, stepMm, spacingMm }: AxisPlan): { lower: number; upper: number; fraction: number }[] {
  const scale = (2 / voxels) * (stepMm / spacingMm);
  const inverse = 1 / (2 / samples);
  const slope = scale * inverse;
  const shift = scale * -((1 / samples - 1) * inverse) + (1 / voxels - 1);
  const gridStep = samples > 1 ? 2 / (samples - 1) : 0;
  return Array.from({ length: samples }, (_, n) => {
    const even = n < samples / 2 ? -1 + gridStep * n : 1 - gridStep * (samples - n - 1);
    const grid = samples > 1 ? ((even * (samples - 1)) / samples) * slope + shift : shift;
    const coordinate = Math.min(voxels - 1, Math.max(0, ((grid + 1) * voxels - 1) / 2));
    const lower = Math.floor(coordinate);
    return { lower, upper: Math.min(lower + 1, voxels - 1), fraction: lower + 1 > voxels - 1 ? 0 : coordinate - lower };
  });
}
