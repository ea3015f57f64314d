/** Which part of a volume the head takes up: a level's cells brighter than air, and the box around them in the patient. */
import { ijk, lps, voxelToPatient, type Lps } from '../../shared/geometry.ts';
import type { Level } from './level.ts';

/** Part of the bright end (98th percentile) from which a cell counts as head, as in findings/middlePlane. */
const headLevel = 0.2;
/** Cells at either end of an axis that are left out of the box: stray bright cells are no head. */
const strayShare = 0.005;

/** @returns 1 where a cell is brighter than air */
export function headMask({ values }: Level): Uint8Array {
  const bright = values.toSorted()[Math.floor(0.98 * (values.length - 1))]!;
  const level = headLevel * bright;
  return Uint8Array.from(values, (value) => (bright > 0 && value > level ? 1 : 0));
}

export interface HeadExtent {
  /** Corners of the box, LPS mm. */
  readonly least: Lps;
  readonly most: Lps;
  readonly centre: Lps;
}

/** The box around the head and the middle of its cells. @returns null where nothing is brighter than air */
export function headExtent(level: Level): HeadExtent | null {
  const mask = headMask(level);
  const [ni, nj] = level.dims;
  const places: [number[], number[], number[]] = [[], [], []];
  mask.forEach((inside, at) => {
    if (inside === 0) return;
    const point = voxelToPatient(level.voxelToLps, ijk(at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))));
    point.forEach((mm, axis) => { places[axis as 0 | 1 | 2].push(mm); });
  });
  const count = places[0].length;
  if (count === 0) return null;
  const stray = Math.floor(strayShare * count);
  const sorted = places.map((axis) => Float64Array.from(axis).sort());
  const of = (pick: (axis: Float64Array) => number): Lps => lps(...(sorted.map(pick) as [number, number, number]));
  return { least: of((axis) => axis[stray]!), most: of((axis) => axis[count - 1 - stray]!), centre: of((axis) => axis.reduce((sum, mm) => sum + mm, 0) / count) };
}
