/** The place in another volume that belongs to a place in this one, by what the engine found (contract/priors.ts). */
import type { Correspondence } from './contract/priors.ts';
import { ijk, invertAffine, lps, voxelToPatient, type Affine, type Lps } from './geometry.ts';

type Knots = readonly (readonly [number, number])[];

/** @returns LPS mm in the other volume; null where nothing connects the two */
export function placeThere({ toOther, axes }: Pick<Correspondence, 'toOther' | 'axes'>, point: Lps): Lps | null {
  if (toOther !== null) return voxelToPatient(toOther as unknown as Affine, ijk(point[0], point[1], point[2]));
  return axes === null ? null : lps(along(axes[0], point[0]), along(axes[1], point[1]), along(axes[2], point[2]));
}

/** The inverse of {@link placeThere}. */
export function placeHere({ toOther, axes }: Pick<Correspondence, 'toOther' | 'axes'>, point: Lps): Lps | null {
  if (toOther !== null) return voxelToPatient(invertAffine(toOther as unknown as Affine), ijk(point[0], point[1], point[2]));
  if (axes === null) return null;
  const back = (knots: Knots): Knots => knots.map(([here, there]) => [there, here] as const);
  return lps(along(back(axes[0]), point[0]), along(back(axes[1]), point[1]), along(back(axes[2]), point[2]));
}

/** Piecewise linear through two knots or more, continued with the slope of the piece at either end. */
function along(knots: Knots, at: number): number {
  let piece = 1;
  while (piece < knots.length - 1 && at > knots[piece]![0]) piece++;
  const [[h0, t0], [h1, t1]] = [knots[piece - 1]!, knots[piece]!];
  return t0 + ((at - h0) * (t1 - t0)) / (h1 - h0);
}
