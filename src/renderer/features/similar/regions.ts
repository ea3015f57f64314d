/** Regions a reader can mean: a ball around the crosshair, or an ellipse drawn with the ellipse tool. */
import type { Measurement, Region } from '../../../shared/contract.ts';
import { cross, lps, norm, type Lps } from '../../../shared/geometry.ts';

/** Half the thickness an ellipse on a slice is given, mm: attention is coarser than any slice. */
const halfThicknessMm = 6;

export function ballAround([x, y, z]: Lps, radiusMm: number): Region {
  return { shape: 'ellipsoid', centreLps: [x, y, z], halfAxesLps: [[radiusMm, 0, 0], [0, radiusMm, 0], [0, 0, radiusMm]] };
}

/** An ellipse by the four ends of its axes as a thin cylinder; null for what is no ellipse or has no area. */
export function ellipseRegion({ kind, pointsLps }: Pick<Measurement, 'kind' | 'pointsLps'>): Region | null {
  const [a0, a1, b0, b1] = pointsLps;
  if (kind !== 'ellipse' || a0 === undefined || a1 === undefined || b0 === undefined || b1 === undefined) return null;
  const half = (p: readonly number[], q: readonly number[]): [number, number, number] => [0, 1, 2].map((n) => (q[n]! - p[n]!) / 2) as [number, number, number];
  const [a, b] = [half(a0, a1), half(b0, b1)];
  const normal = cross(lps(...a), lps(...b));
  const length = norm(normal);
  if (!(length > 1e-6)) return null;
  const c = [0, 1, 2].map((n) => (normal[n]! * halfThicknessMm) / length) as [number, number, number];
  return { shape: 'cylinder', centreLps: [0, 1, 2].map((n) => (a0[n]! + a1[n]!) / 2) as [number, number, number], halfAxesLps: [a, b, c] };
}
