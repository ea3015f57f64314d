/**
 * Numbers of measurements, in patient space: millimetres between points of LPS are millimetres in the patient, whatever
 * the volume's spacing and obliqueness. Pure.
 */
import { dot, lps, norm, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Ijk, Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from '../viewer/loadVolume.ts';
import type { ViewPlane } from '../viewer/planes.ts';

export const between = (a: Lps, b: Lps): Lps => lps(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
export const midpoint = (a: Lps, b: Lps): Lps => lps((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2);
export const shifted = (a: Lps, by: Lps, times = 1): Lps => lps(a[0] + times * by[0], a[1] + times * by[1], a[2] + times * by[2]);

/** Distance, mm. */
export const lengthMm = (a: Lps, b: Lps): number => norm(between(a, b));

/** The angle at `vertex`, degrees, 0..180; NaN when an arm has no length. */
export function angleDegrees(a: Lps, vertex: Lps, b: Lps): number {
  const [p, q] = [between(vertex, a), between(vertex, b)];
  return (Math.acos(Math.min(1, Math.max(-1, dot(p, q) / (norm(p) * norm(q))))) * 180) / Math.PI;
}

/** The ends of an ellipse's two axes: one axis, then the other. */
export type EllipseEnds = readonly [Lps, Lps, Lps, Lps];

/** The ellipse that fills the upright box between two corners of a picture; its longer axis first. */
export function ellipseIn(plane: Pick<ViewPlane, 'right' | 'up'>, a: Lps, b: Lps): EllipseEnds {
  const centre = midpoint(a, b);
  const half = between(centre, b);
  const [across, above] = [Math.abs(dot(half, plane.right)), Math.abs(dot(half, plane.up))];
  const level = [shifted(centre, plane.right, -across), shifted(centre, plane.right, across)] as const;
  const upright = [shifted(centre, plane.up, -above), shifted(centre, plane.up, above)] as const;
  return across >= above ? [...level, ...upright] : [...upright, ...level];
}

/** Area, mm². */
export const ellipseAreaMm2 = ([a, b, c, d]: EllipseEnds): number => (Math.PI * lengthMm(a, b) * lengthMm(c, d)) / 4;

export interface Statistics {
  readonly mean: number;
  /** Of the population: the root of the mean squared deviation, as numpy.std has it. */
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Values, after rescale, of the voxels whose centres lie in an ellipse.
 * @param plane the plane it was drawn in: voxels of its one slice are counted
 * @returns null when no voxel centre lies in it, or not all voxels are here yet
 */
export function ellipseStatistics({ dims, voxels, info, only, lpsToVoxel, voxelToLps }: LoadedVolume, plane: ViewPlane, [a, b, , d]: EllipseEnds): Statistics | null {
  const centre = midpoint(a, b);
  const slice = Math.round(patientToVoxel(lpsToVoxel, centre)[plane.axis]);
  if ((only !== null && (plane.axis !== 2 || slice !== only)) || slice < 0 || slice >= dims[plane.axis]) return null;
  const [p, q] = [between(centre, b), between(centre, d)];
  const [pp, qq] = [dot(p, p), dot(q, q)];
  if (!(pp > 0) || !(qq > 0)) return null;
  const reach = [shifted(shifted(centre, p), q), shifted(shifted(centre, p), q, -1), shifted(shifted(centre, p, -1), q), shifted(shifted(centre, p, -1), q, -1)].map((corner) => patientToVoxel(lpsToVoxel, corner));
  const range = (axis: 0 | 1 | 2): readonly [number, number] => [
    Math.max(0, Math.ceil(Math.min(...reach.map((corner) => corner[axis])) - 1e-9)),
    Math.min(dims[axis] - 1, Math.floor(Math.max(...reach.map((corner) => corner[axis])) + 1e-9)),
  ];
  const [across, along] = [range(plane.across), range(plane.along)];
  let [count, mean, squares, minimum, maximum] = [0, 0, 0, Infinity, -Infinity];
  const at = [0, 0, 0] as [number, number, number];
  at[plane.axis] = slice;
  for (at[plane.along] = along[0]; at[plane.along] <= along[1]; at[plane.along]++) {
    for (at[plane.across] = across[0]; at[plane.across] <= across[1]; at[plane.across]++) {
      const from = between(centre, voxelToPatient(voxelToLps, at as unknown as Ijk));
      if ((dot(from, p) / pp) ** 2 + (dot(from, q) / qq) ** 2 > 1 + 1e-12) continue;
      const value = voxels[((only === null ? at[2] : 0) * dims[1] + at[1]) * dims[0] + at[0]]! * info.slope + info.intercept;
      count += 1;
      const off = value - mean; // Welford: no loss where values are large and vary little
      mean += off / count;
      squares += off * (value - mean);
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
    }
  }
  return count === 0 ? null : { mean, standardDeviation: Math.sqrt(squares / count), minimum, maximum };
}

/** Whether points lie in the slice that a picture shows: none further from it than half a slice. */
export function liesInSlice(points: readonly Lps[], normal: Lps, focalPoint: Lps, thicknessMm: number): boolean {
  return points.every((point) => Math.abs(dot(between(focalPoint, point), normal)) <= thicknessMm / 2 + 1e-6);
}
