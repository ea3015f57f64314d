/** How points change as the reader draws and drags. Pure. */
import type { MeasurementKind } from '../../../shared/contract.ts';
import { dot, norm } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import type { ViewPlane } from '../viewer/planes.ts';
import { between, ellipseIn, midpoint, shifted } from './geometry.ts';

/** Places to point at until a kind is whole: an ellipse is drawn by two corners of its box. */
export const clicksOf: Readonly<Record<MeasurementKind, number>> = { length: 2, ellipse: 2, angle: 3, probe: 1, arrow: 2 };

/** Points of what is being drawn, as a measurement has them. */
export function sketchedPoints(kind: MeasurementKind, points: readonly Lps[], plane: Pick<ViewPlane, 'right' | 'up'>): readonly Lps[] {
  const [a, b] = points;
  return kind === 'ellipse' && a !== undefined && b !== undefined ? ellipseIn(plane, a, b) : points;
}

/** Points after one of them was dragged to `to`; an end of an ellipse moves along its axis, the opposite end stays. */
export function withHandleAt(kind: MeasurementKind, points: readonly Lps[], handle: number, to: Lps): readonly Lps[] {
  if (kind !== 'ellipse') return points.map((point, at) => (at === handle ? to : point));
  const opposite = handle ^ 1;
  const [fixed, moving] = [points[opposite]!, points[handle]!];
  const axis = between(fixed, moving);
  const length = norm(axis);
  const reach = Math.max(0.5, dot(between(fixed, to), axis) / length); // half a millimetre at least: an axis never turns over
  const end = shifted(fixed, axis, reach / length);
  const shift = between(midpoint(fixed, moving), midpoint(fixed, end));
  const next = points.map((point, at) => (at === handle ? end : at === opposite ? point : shifted(point, shift)));
  const size = (a: number): number => norm(between(next[a]!, next[a + 1]!));
  return size(0) >= size(2) ? next : [...next.slice(2), ...next.slice(0, 2)];
}

/** Points after all of it was moved. */
export const movedBy = (points: readonly Lps[], by: Lps): readonly Lps[] => points.map((point) => shifted(point, by));
