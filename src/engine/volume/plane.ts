/** The name of an acquisition plane, from its normal. */
import type { Lps, Plane } from '../../shared/geometry.ts';

/** Largest angle between a slice normal and a patient axis for the plane to carry that axis's name. */
const namedWithinDeg = 20;

/** @param normal slice normal in LPS, unit length; its sign does not matter */
export function planeOf(normal: Lps): Plane {
  const names = ['sagittal', 'coronal', 'axial'] as const;
  const sizes = normal.map(Math.abs);
  const axis = sizes.indexOf(Math.max(...sizes));
  return (sizes[axis] ?? 0) >= Math.cos((namedWithinDeg * Math.PI) / 180) ? (names[axis] ?? 'oblique') : 'oblique';
}

/** The plane whose name is nearest, for putting a slice the right way up whatever its tilt. */
export function nearestPlane(normal: Lps): Exclude<Plane, 'oblique'> {
  const sizes = normal.map(Math.abs);
  return (['sagittal', 'coronal', 'axial'] as const)[sizes.indexOf(Math.max(...sizes))] ?? 'axial';
}
