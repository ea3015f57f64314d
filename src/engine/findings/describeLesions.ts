/**
 * Lesions out of a lesion head's cells: connected regions measured in patient space. Sizes come from whole cells, so none
 * is finer than the grid. Which side a lesion is on is told by the head's own middle plane, not by the middle of the
 * picture.
 */
import type { Lesion } from '../../shared/contract.ts';
import { axisStep, cross, dot, ijk, invertAffine, norm, patientToVoxel, voxelToPatient, type Affine, type Dims, type Lps } from '../../shared/geometry.ts';
import { connectedRegions, type Region } from './components.ts';
import type { LesionCells } from './lesionHead.ts';
import type { MiddlePlane } from './middlePlane.ts';

export interface LesionPlace {
  /** Takes a cell (i to the right, j to anterior, k to superior) to LPS mm: gridToLps of the lesion grid. */
  readonly cellToLps: Affine;
  readonly middle: Pick<MiddlePlane, 'towardsLeftMm'>;
  /** The stack that was read, and the instance of each of its slices. */
  readonly stack: { readonly dims: Dims; readonly voxelToLps: Affine };
  readonly instances: readonly string[];
}

/** Nearer to the middle plane than this, no side is told. mm */
const midlineMm = 4;

/** @returns lesions, largest first */
export function describeLesions(cells: LesionCells, place: LesionPlace): Lesion[] {
  const [superior, anterior, right] = cells.grid;
  const toVoxel = invertAffine(place.stack.voxelToLps);
  return connectedRegions([right, anterior, superior], (cell) => cells.values[cell]! >= cells.threshold).map((region, index) => {
    const centre = centreOf(region, cells, place.cellToLps);
    const slice = Math.min(place.stack.dims[2] - 1, Math.max(0, Math.round(patientToVoxel(toVoxel, centre)[2])));
    const towardsLeft = place.middle.towardsLeftMm(centre);
    return {
      index,
      volumeMl: (region.length * cellVolumeMm3(place.cellToLps)) / 1000,
      longestDiameterMm: longestDiameterMm(region, cells.grid, place.cellToLps),
      centreLps: [centre[0], centre[1], centre[2]],
      side: Math.abs(towardsLeft) < midlineMm ? 'midline' : towardsLeft > 0 ? 'left' : 'right',
      slice,
      instance: place.instances[slice] ?? '',
      probability: region.reduce((most, cell) => Math.max(most, cells.values[cell]!), 0) / 255,
    };
  });
}

const indexOf = (cell: number, [, anterior, right]: LesionCells['grid']) => ijk(cell % right, Math.floor(cell / right) % anterior, Math.floor(cell / (right * anterior)));

function cellVolumeMm3(affine: Affine): number {
  return Math.abs(dot(cross(axisStep(affine, 0), axisStep(affine, 1)), axisStep(affine, 2)));
}

function centreOf(region: Region, { grid, values }: LesionCells, affine: Affine): Lps {
  let weight = 0;
  const sum: [number, number, number] = [0, 0, 0];
  for (const cell of region) {
    const value = values[cell]!;
    weight += value;
    indexOf(cell, grid).forEach((at, axis) => { sum[axis as 0 | 1 | 2] += value * at; });
  }
  return voxelToPatient(affine, ijk(sum[0] / weight, sum[1] / weight, sum[2] / weight));
}

/** Greatest distance between two cell centres and one cell's width in that direction; for a single cell its longest edge. */
function longestDiameterMm(region: Region, grid: LesionCells['grid'], affine: Affine): number {
  const steps = ([0, 1, 2] as const).map((axis) => axisStep(affine, axis));
  const points = outermost(region, grid).map((cell) => voxelToPatient(affine, indexOf(cell, grid)));
  let longest: readonly [number, number, number] = [0, 0, 0];
  let squared = 0;
  for (let a = 0; a < points.length; a++) {
    for (let b = a + 1; b < points.length; b++) {
      const between = [points[a]![0] - points[b]![0], points[a]![1] - points[b]![1], points[a]![2] - points[b]![2]] as const;
      const length = dot(between, between);
      if (length > squared) [squared, longest] = [length, between];
    }
  }
  if (squared === 0) return Math.max(...steps.map(norm));
  const distance = Math.sqrt(squared);
  // A box cell reaches, along a direction, as far as the nearest of its face pairs lets it.
  const width = Math.min(...steps.map((step) => {
    const along = Math.abs(dot(longest, step)) / (distance * norm(step));
    return along > 1e-9 ? norm(step) / along : Infinity;
  }));
  return distance + width;
}

/** First and last cell of each row along i: the two ends of a longest distance are always among them. */
function outermost(region: Region, [, , right]: LesionCells['grid']): number[] {
  const rows = new Map<number, { first: number; last: number }>();
  for (const cell of region) {
    const row = Math.floor(cell / right);
    const known = rows.get(row);
    if (known) known.last = cell;
    else rows.set(row, { first: cell, last: cell });
  }
  return [...rows.values()].flatMap(({ first, last }) => (first === last ? [first] : [first, last]));
}
