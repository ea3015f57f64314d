/**
 * Where a place in one volume lies in another: the same patient coordinates, a rigid transform between two
 * examinations, or pairs of slices that show the same. Pure.
 */
import { ijk, invertAffine, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Affine, Ijk, Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from './loadVolume.ts';

export interface SlicePair {
  /** Slice index k of the series that is read, counted from 0. */
  readonly slice: number;
  /** Slice index k of the series beside it. */
  readonly companionSlice: number;
}

/** How a series beside the one that is read follows it. */
export type CompanionLink =
  /** Rigid, LPS mm of the current examination to LPS mm of the other; the unit matrix where they share their space. */
  | { readonly kind: 'patient'; readonly toCompanion: Affine }
  /** By slices that match; between pairs evenly, beyond them millimetre by millimetre. */
  | { readonly kind: 'slices'; readonly pairs: readonly SlicePair[] }
  | { readonly kind: 'none' };

export const unitAffine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

const transformed = (matrix: Affine, point: Lps): Lps => voxelToPatient(matrix, point as unknown as Ijk);

const sliceStep = ({ voxelToLps: m }: LoadedVolume): number => Math.hypot(m[2], m[6], m[10]);

/**
 * The slice of one series that goes with a slice of another.
 * @param pairs at least one; one slice may not be paired twice
 * @param slope slices to move per slice beyond the pairs, signed
 */
function pairedSlice(pairs: readonly (readonly [number, number])[], slice: number, slope: number): number {
  const sorted = pairs.toSorted((a, b) => a[0] - b[0]);
  const above = sorted.findIndex(([from]) => from >= slice);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  if (above === 0) return first[1] + (slice - first[0]) * slope;
  if (above < 0) return last[1] + (slice - last[0]) * slope;
  const [a, b] = [sorted[above - 1]!, sorted[above]!];
  return a[1] + ((slice - a[0]) / (b[0] - a[0])) * (b[1] - a[1]);
}

/** Whether slices of two stacks run the same way through the body, as far as their directions tell. */
function runsAlike(a: LoadedVolume, b: LoadedVolume): boolean {
  const axis = (v: LoadedVolume): readonly [number, number, number] => [v.voxelToLps[2], v.voxelToLps[6], v.voxelToLps[10]];
  const [p, q] = [axis(a), axis(b)];
  return p[0] * q[0] + p[1] * q[1] + p[2] * q[2] >= 0;
}

export interface Placed {
  readonly volume: LoadedVolume;
  readonly point: Lps;
}

/**
 * The place in `to` that goes with `from.point`.
 * @param direction `there` from the series that is read to the one beside it, `back` the other way
 * @returns null when the link says nothing
 */
export function followed(link: CompanionLink, from: Placed, to: Placed, direction: 'there' | 'back'): Lps | null {
  if (link.kind === 'none') return null;
  if (link.kind === 'patient') return transformed(direction === 'there' ? link.toCompanion : invertAffine(link.toCompanion), from.point);
  if (link.pairs.length === 0) return null;
  const pairs = link.pairs.map(({ slice, companionSlice }): readonly [number, number] => (direction === 'there' ? [slice, companionSlice] : [companionSlice, slice]));
  const slice = patientToVoxel(from.volume.lpsToVoxel, from.point)[2];
  const slope = (sliceStep(from.volume) / sliceStep(to.volume)) * (runsAlike(from.volume, to.volume) ? 1 : -1);
  const [i, j] = patientToVoxel(to.volume.lpsToVoxel, to.point);
  return voxelToPatient(to.volume.voxelToLps, ijk(i, j, pairedSlice(pairs, slice, slope)));
}
