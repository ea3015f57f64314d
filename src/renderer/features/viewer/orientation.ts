/**
 * Which way a picture faces: letters for the edges of a viewport, from the directions its camera really has.
 * Pure functions; they know neither Cornerstone nor a plane's name, so that a wrong camera gives wrong-looking letters
 * instead of reassuring ones.
 */
import { cross, dot, lps, norm } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';

/** Letters for positive and negative x, y, z of LPS; H(ead) and F(oot) as PS3.3 C.7.6.1.1.1 has them. */
const letters = [['L', 'R'], ['P', 'A'], ['H', 'F']] as const;

/** A further letter is named once the direction leans more than 20 degrees that way, the limit for calling a plane oblique. */
const leaning = Math.sin((20 * Math.PI) / 180);

/**
 * The anatomical name of a direction: its main letter, then those it leans to, strongest first ("R", "RA", "HAL").
 * @param direction in LPS, of any length but zero
 * @returns an empty string when the direction has no length
 */
export function directionLetters(direction: Lps): string {
  const length = norm(direction);
  if (!(length > 0)) return '';
  const parts = direction
    .map((component, axis) => ({ size: Math.abs(component) / length, letter: letters[axis]![component >= 0 ? 0 : 1] }))
    .sort((a, b) => b.size - a.size);
  return parts.filter(({ size }, place) => place === 0 || size > leaning).map(({ letter }) => letter).join('');
}

export interface EdgeLetters {
  readonly top: string;
  readonly right: string;
  readonly bottom: string;
  readonly left: string;
}

const reversed = (direction: Lps): Lps => lps(-direction[0], -direction[1], -direction[2]);

/**
 * Letters for the four edges of a viewport.
 * @param viewUp direction of the top edge, LPS
 * @param viewPlaneNormal from the picture to the eye, LPS; the right edge is viewUp x viewPlaneNormal
 */
export function edgeLetters(viewUp: Lps, viewPlaneNormal: Lps): EdgeLetters {
  const right = cross(viewUp, viewPlaneNormal);
  return { top: directionLetters(viewUp), bottom: directionLetters(reversed(viewUp)), right: directionLetters(right), left: directionLetters(reversed(right)) };
}

/**
 * A position along an axis as readers say it: the side by letter and the distance without sign, "S 34.2" or "L 8.0".
 * Superior and inferior are S and I here, as slice positions are usually read out.
 * @param axis unit direction of growing distance, LPS
 */
export function positionAlong(axis: Lps, point: Lps): { readonly letter: string; readonly mm: number } {
  const distance = dot(axis, point);
  const main = directionLetters(distance < 0 ? reversed(axis) : axis).charAt(0);
  return { letter: main === 'H' ? 'S' : main === 'F' ? 'I' : main, mm: Math.abs(distance) };
}
