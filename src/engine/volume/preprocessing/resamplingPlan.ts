/**
 * Which samples MONAI's `Spacing` (1 mm) and `Orientation('SAR')` take from a volume: MONAI 1.6, read off its
 * `zoom_affine`, `compute_shape_offset` and `spatial_resample`, in the terms of the NIfTI file it would be given.
 * - Spacing within 0.001 mm of 1 is left alone, and a volume with no other spacing is not resampled at all.
 * - Samples along an axis: round((n - 1) * spacing + 1), halves to even.
 * - The first sample lies on the file's first voxel if that voxel is the corner of the resampled grid to 1e-8. The
 *   float32 affine of an oblique file is never quite at right angles, so there it mostly is not, and MONAI puts the
 *   centres of both grids together instead. With thick slices that moves the grid by some millimetres, so it is followed.
 */
import { dot, lps, type Affine, type Dims, type Lps } from '../../../shared/geometry.ts';
import { anatomicalAxes } from '../anatomicalAxes.ts';
import { sameStorage } from '../niftiStorage.ts';
import type { NiftiStorage } from '../types.ts';

/** How one patient axis of the output is made. Samples and voxels are counted as the NIfTI file stores them. */
export interface AxisPlan {
  /** Voxel axis of the volume it comes from: 0 i, 1 j, 2 k. */
  readonly voxelAxis: 0 | 1 | 2;
  readonly voxels: number;
  readonly samples: number;
  /** Sample n reads the file at voxel `shift + scale * n`. */
  readonly scale: number;
  readonly shift: number;
  /** The file counts this axis from the volume's last voxel. */
  readonly fromLast: boolean;
  /** The output axis runs against the samples. */
  readonly reversed: boolean;
}

export interface ResamplingPlan {
  /** Superior, anterior, right. */
  readonly axes: readonly [AxisPlan, AxisPlan, AxisPlan];
  /** Samples are the voxels themselves. */
  readonly untouched: boolean;
  /**
   * Entry [a][b]: voxels that the reading place on voxel axis a moves for one sample along voxel axis b; zero on the
   * diagonal. A trace of float32 rounding, too small for any value, but it decides which voxels are exactly zero.
   */
  readonly crosstalk: readonly (readonly [number, number, number])[];
}

const affineTolerance = 1e-3;
const cornerTolerance = 1e-8;

export function planResampling(dims: Dims, voxelToLps: Affine, nifti: NiftiStorage = sameStorage): ResamplingPlan {
  const columns = storedColumns(voxelToLps, nifti);
  const counts = nifti.axes.map((axis) => dims[axis]);
  const spacing = columns.map((column) => Math.sqrt(dot(column, column)));
  const step = spacing.map((mm) => (Math.abs(mm - 1) <= affineTolerance ? mm : 1));
  const factor = cholesky(columns);
  const xform = timesDiagonal(invertUpper(factor), step);
  // Furthest the voxel grid reaches past its own first corner, per resampled axis, and against it.
  const reach = factor.map((row, a) => row.map((entry, b) => (entry / step[a]!) * (counts[b]! - 1)));
  const against = reach.map((row) => row.reduce((sum, part) => sum + Math.min(0, part), 0));
  const samples = reach.map((row) => roundHalfToEven(row.reduce((sum, part) => sum + Math.abs(part), 0) + 1));
  const atCorner = against.every((part) => part >= -cornerTolerance);
  const shift = xform.map((row, a) => (atCorner ? 0 : counts[a]! / 2 - row.reduce((sum, entry, b) => sum + (entry * samples[b]!) / 2, 0)));
  const untouched = step.every((mm, a) => mm === spacing[a] && samples[a] === counts[a]);

  const { voxelAxis, sign } = anatomicalAxes(voxelToLps);
  const fileAxis = [0, 1, 2].map((axis) => nifti.axes.indexOf(axis as 0 | 1 | 2));
  const plan = (patientAxis: 0 | 1 | 2, towards: 1 | -1): AxisPlan => {
    const axis = voxelAxis[patientAxis];
    const n = fileAxis[axis]!;
    return {
      voxelAxis: axis, voxels: counts[n]!, samples: samples[n]!,
      scale: untouched ? 1 : xform[n]![n]!, shift: untouched ? 0 : shift[n]!,
      fromLast: nifti.direction[axis] === -1,
      reversed: sign[axis] * nifti.direction[axis] !== towards,
    };
  };
  const crosstalk = [0, 1, 2].map((a) => [0, 1, 2].map((b) => (a === b ? 0 : xform[fileAxis[a]!]![fileAxis[b]!]!)) as [number, number, number]);
  // Anatomical signs are in LPS: superior is +z, anterior -y, right -x.
  return { axes: [plan(2, 1), plan(1, -1), plan(0, -1)], untouched, crosstalk };
}

/** Columns of the NIfTI file's affine, with float32 rounding as the file has it. Left-right and front-back signs do not matter here. */
function storedColumns(a: Affine, { axes, direction }: NiftiStorage): Lps[] {
  const entries = [a[0], a[1], a[2], a[4], a[5], a[6], a[8], a[9], a[10]];
  // Numbers that are float32 already come from a NIfTI file; others are rounded as dcm2niix does, direction times spacing.
  const fromFile = entries.every((entry) => Math.fround(entry) === entry);
  return axes.map((axis) => {
    const column = [a[axis], a[(4 + axis) as 4], a[(8 + axis) as 8]];
    const length = Math.hypot(...column);
    const [x, y, z] = column.map((entry) => direction[axis] * (fromFile ? entry : Math.fround(Math.fround(entry / length) * Math.fround(length)))) as [number, number, number];
    return lps(x, y, z);
  });
}

type Matrix = number[][];

/** Upper triangular factor U of the columns' products: U' U = C' C. */
function cholesky([a, b, c]: readonly Lps[]): Matrix {
  const u00 = Math.sqrt(dot(a!, a!));
  const u01 = dot(a!, b!) / u00;
  const u02 = dot(a!, c!) / u00;
  const u11 = Math.sqrt(dot(b!, b!) - u01 * u01);
  const u12 = (dot(b!, c!) - u01 * u02) / u11;
  const u22 = Math.sqrt(dot(c!, c!) - u02 * u02 - u12 * u12);
  return [[u00, u01, u02], [0, u11, u12], [0, 0, u22]];
}

function invertUpper(upper: Matrix): Matrix {
  const [[a, b, c], [, d, e], [, , f]] = upper as [number[], number[], number[]];
  return [
    [1 / a!, -b! / (a! * d!), (b! * e! - c! * d!) / (a! * d! * f!)],
    [0, 1 / d!, -e! / (d! * f!)],
    [0, 0, 1 / f!],
  ];
}

const timesDiagonal = (matrix: Matrix, diagonal: readonly number[]): Matrix => matrix.map((row) => row.map((entry, column) => entry * diagonal[column]!));

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
