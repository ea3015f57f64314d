/**
 * Frames of one size and one orientation to a regular grid: sorts them along the normal, judges their spacing, and
 * writes the affine. The k axis always grows along the right-handed normal row x column, so every affine made here has
 * a positive determinant, whatever order the files came in.
 */
import { dot, lps, type Affine, type Lps } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import { planeOf } from './plane.ts';
import type { PlacedFrame } from './placedFrame.ts';
import { judgeSpacing } from './sliceSpacing.ts';
import { dicomNiftiStorage } from './niftiStorage.ts';
import type { SliceReference, StackGeometry } from './types.ts';

export interface SliceStack {
  readonly slices: readonly SliceReference[];
  readonly geometry: StackGeometry | null;
  readonly problems: readonly Problem[];
}

/** How far slices may wander sideways from the line along the normal, as a part of a pixel. More is a tilted gantry. */
export const sidewaysTolerance = 0.5;

/**
 * @param frames at least one, all of the same rows, columns, pixel spacing and orientation
 * @returns slices by growing offset; geometry null with a `refused` problem (`volume/duplicate-positions`,
 *   `volume/missing-slices`, `volume/uneven-spacing`, `volume/sheared`) where they make no volume. A single slice has
 *   geometry (its thickness as step) and the warning `volume/too-few-slices`: it can be shown, not modelled.
 */
export function stackFrames(frames: readonly PlacedFrame[]): SliceStack {
  const { normal } = frames[0]!;
  const sorted = frames.map((frame) => ({ frame, offsetMm: dot(frame.positionLps, normal) })).sort((a, b) => a.offsetMm - b.offsetMm);
  const slices = sorted.map(({ frame, offsetMm }): SliceReference => ({ instance: frame.instance, frame: frame.header.frame, offsetMm, ...(frame.tile === undefined ? {} : { tile: frame.tile }) }));
  const ordered = sorted.map(({ frame }) => frame);
  const first = ordered[0]!;
  if (ordered.length === 1) {
    const problem: Problem = { code: 'volume/too-few-slices', severity: 'warning', message: 'One slice is not a volume: it can be looked at, the models cannot use it' };
    return { slices, geometry: geometryOf(first, 1, first.header.sliceThicknessMm ?? 1, 'direct', first.positionLps), problems: [problem] };
  }
  const verdict = judgeSpacing(slices.map((slice) => slice.offsetMm));
  if (verdict.slicing === 'refused') return { slices, geometry: null, problems: [verdict.problem] };
  const sideways = judgeSideways(ordered);
  if ('problem' in sideways) return { slices, geometry: null, problems: [sideways.problem] };
  return {
    slices,
    geometry: geometryOf(first, ordered.length, verdict.stepMm, verdict.slicing, sideways.originLps),
    problems: verdict.problem === null ? [] : [verdict.problem],
  };
}

/**
 * Sideways places of slices relative to the first. Within tolerance the origin takes their mean, so that rounding of
 * the first position does not shift the whole stack.
 */
function judgeSideways(ordered: readonly PlacedFrame[]): { readonly originLps: Lps } | { readonly problem: Problem } {
  const { positionLps: origin, rowDirection: row, columnDirection: column, pixelSpacingMm } = ordered[0]!;
  const along = (direction: Lps): number[] => ordered.map(({ positionLps: p }) => dot(lps(p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]), direction));
  const wander = [along(row), along(column)] as const;
  const range = Math.max(...wander.map((values) => Math.max(...values) - Math.min(...values)));
  const smallestPixel = Math.min(...pixelSpacingMm);
  if (!(range <= sidewaysTolerance * smallestPixel))
    return { problem: { code: 'volume/sheared', severity: 'refused', message: `Slices are shifted sideways against each other by up to ${Number(range.toFixed(2))} mm (a tilted gantry or a moved field of view)` } };
  const [u, v] = wander.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length) as [number, number];
  return { originLps: lps(origin[0] + u * row[0] + v * column[0], origin[1] + u * row[1] + v * column[1], origin[2] + u * row[2] + v * column[2]) };
}

function geometryOf(first: PlacedFrame, count: number, stepMm: number, slicing: StackGeometry['slicing'], origin: Lps): StackGeometry {
  const { rowDirection: row, columnDirection: column, normal, pixelSpacingMm } = first;
  const [betweenRows, betweenColumns] = pixelSpacingMm;
  const voxelToLps: Affine = [
    row[0] * betweenColumns, column[0] * betweenRows, normal[0] * stepMm, origin[0],
    row[1] * betweenColumns, column[1] * betweenRows, normal[1] * stepMm, origin[1],
    row[2] * betweenColumns, column[2] * betweenRows, normal[2] * stepMm, origin[2],
    0, 0, 0, 1,
  ];
  return {
    dims: [first.columns, first.rows, count],
    voxelToLps,
    plane: planeOf(normal),
    frameOfReferenceUid: first.instance.frameOfReferenceUid,
    slicing,
    nifti: dicomNiftiStorage(voxelToLps, first.instance.sequence),
  };
}
