/** Rigid motions of patient space: six numbers, their matrix, and how far they move a head. */
import { lps, voxelToPatient, ijk, type Affine, type Lps } from '../../shared/geometry.ts';

/** Rotation about x, y and z in degrees (z after y after x, about a given centre), then translation in mm. */
export type Motion = readonly [turnX: number, turnY: number, turnZ: number, x: number, y: number, z: number];

export const noMotion: Motion = [0, 0, 0, 0, 0, 0];

/** @param centre LPS mm; the point that rotation leaves in place */
export function motionMatrix([turnX, turnY, turnZ, x, y, z]: Motion, centre: Lps): Affine {
  const [a, b, c] = [turnX, turnY, turnZ].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  const r = [cb * cc, sa * sb * cc - ca * sc, ca * sb * cc + sa * sc, cb * sc, sa * sb * sc + ca * cc, ca * sb * sc - sa * cc, -sb, sa * cb, ca * cb] as const;
  const shift = (row: 0 | 1 | 2, by: number): number => centre[row] + by - (r[3 * row]! * centre[0] + r[3 * row + 1]! * centre[1] + r[3 * row + 2]! * centre[2]);
  return [r[0], r[1], r[2], shift(0, x), r[3], r[4], r[5], shift(1, y), r[6], r[7], r[8], shift(2, z), 0, 0, 0, 1];
}

/** Angle of the rotation part of a rigid matrix, degrees. */
export function turnOf(matrix: Affine): number {
  const trace = matrix[0] + matrix[5] + matrix[10];
  return (Math.acos(Math.min(1, Math.max(-1, (trace - 1) / 2))) * 180) / Math.PI;
}

/** How far a rigid matrix moves a point, mm. */
export function moveOf(matrix: Affine, point: Lps): number {
  const there = movePoint(matrix, point);
  return Math.hypot(there[0] - point[0], there[1] - point[1], there[2] - point[2]);
}

/** Applies a matrix of patient space to a point. */
export const movePoint = (matrix: Affine, point: Lps): Lps => voxelToPatient(matrix, ijk(point[0], point[1], point[2]));

/** Radius of a brain, mm: where two motions are held against each other. */
const brainMm = 70;

/** The largest distance between what two motions make of points on a brain around a centre, mm. */
export function disagreementMm(a: Affine, b: Affine, centre: Lps): number {
  let most = 0;
  for (const axis of [0, 1, 2]) {
    for (const side of [-brainMm, brainMm]) {
      const point = lps(...(centre.map((mm, n) => mm + (n === axis ? side : 0)) as [number, number, number]));
      const [p, q] = [movePoint(a, point), movePoint(b, point)];
      most = Math.max(most, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
    }
  }
  return most;
}
