/** Where one plane cuts the picture of another. Pure. */
import { cross, dot, ijk, lps, norm, voxelToPatient } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import type { PaneScene } from './usePaneCamera.ts';

/** Planes that lie within 3 degrees of each other have no line worth drawing. */
const parallel = Math.sin((3 * Math.PI) / 180);

/**
 * @param normal of the cutting plane, unit length, LPS
 * @param through a point of it
 * @returns the two ends of the line within the cut volume's outline, LPS; null when the planes are parallel or it misses
 */
export function cutLine(normal: Lps, through: Lps, { camera, plane, volume }: Pick<PaneScene, 'camera' | 'plane' | 'volume'>): readonly [Lps, Lps] | null {
  const along = cross(normal, plane.normal);
  const length = norm(along);
  if (length < parallel) return null;
  const direction = lps(along[0] / length, along[1] / length, along[2] / length);
  // A point of both planes: from the picture's focal point, within the picture, to the cutting plane.
  const across = cross(plane.normal, direction);
  const focal = camera.focalPoint;
  const way = dot(lps(through[0] - focal[0], through[1] - focal[1], through[2] - focal[2]), normal) / dot(across, normal);
  const start = lps(focal[0] + way * across[0], focal[1] + way * across[1], focal[2] + way * across[2]);
  // Clipped against the outline of the volume in this plane.
  let [from, to] = [-Infinity, Infinity];
  const first = voxelToPatient(volume.voxelToLps, ijk(-0.5, -0.5, -0.5));
  const last = voxelToPatient(volume.voxelToLps, ijk(volume.dims[0] - 0.5, volume.dims[1] - 0.5, volume.dims[2] - 0.5));
  for (const side of [plane.right, plane.up]) {
    const speed = dot(direction, side);
    const [a, b] = [dot(first, side) - dot(start, side), dot(last, side) - dot(start, side)];
    if (Math.abs(speed) < 1e-9) {
      if (a * b > 0) return null;
      continue;
    }
    from = Math.max(from, Math.min(a / speed, b / speed));
    to = Math.min(to, Math.max(a / speed, b / speed));
  }
  if (!(from < to)) return null;
  const at = (t: number): Lps => lps(start[0] + t * direction[0], start[1] + t * direction[1], start[2] + t * direction[2]);
  return [at(from), at(to)];
}
