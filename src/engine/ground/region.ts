/**
 * Which views look at a region a reader drew: the share of each view's attention that lies inside it, in patient space.
 * A coarse cell counts by the part of its volume that the region covers, so regions smaller than a cell and oblique grids
 * come out right. The choice of what a search does with those views is services/.
 */
import { cross, dot, invertAffine, lps, norm, patientToVoxel, type Lps } from '../../shared/geometry.ts';
import type { Region } from '../../shared/contract.ts';
import type { EncodedViews } from '../ports.ts';
import { attentionRow, type AttentionGeometry } from './attentionMap.ts';

/** How much of a view's attention lies in a region. */
export interface ViewInRegion {
  readonly view: number;
  /** Part of the view's attention inside the region, 0..1. */
  readonly share: number;
  /** How many times as dense as if the view looked everywhere alike. */
  readonly density: number;
  /** It looks there: {@link looksThere}. */
  readonly looks: boolean;
}

export interface RegionAttention {
  /** All views, most dense first; of equal ones the lower number first. */
  readonly views: readonly ViewInRegion[];
  /** Part of the region's volume that the model's grid covers, 0..1. */
  readonly covered: number;
}

/** Attention this many times as dense as an even spread is a look; half of a view's attention always is. */
const denseFrom = 3;
const mostFrom = 0.5;
/** Points along each axis of a region that its cells are counted by; enough that a step is at most a quarter of a cell. */
const leastPoints = 32;
const mostPoints = 72;

/** Whether a view looks at a region: its attention is three times as dense there as spread evenly, or half of it lies there. */
export const looksThere = (share: number, density: number): boolean => share >= mostFrom || density >= denseFrom;

/**
 * @throws RangeError for a region without volume, and as {@link attentionRow}
 */
export function attentionInRegion(region: Region, encoded: EncodedViews, geometry: AttentionGeometry): RegionAttention {
  const { cells, covered } = cellsOfRegion(region, geometry);
  const even = cells.reduce((sum, part) => sum + part, 0) / cells.length;
  const views = Array.from({ length: encoded.viewCount }, (_, view): ViewInRegion => {
    const row = attentionRow(encoded, view, geometry);
    let share = 0;
    for (let cell = 0; cell < cells.length; cell++) share += cells[cell]! * row[cell]!;
    const density = even > 0 ? share / even : 0;
    return { view, share, density, looks: even > 0 && looksThere(share, density) };
  });
  return { views: views.sort((a, b) => b.density - a.density || a.view - b.view), covered };
}

/**
 * The part of each cell's volume that a region covers.
 * @returns float32 [positions], right fastest, 0..1; and the part of the region that lies within the grid
 * @throws RangeError for a region without volume
 */
export function cellsOfRegion(region: Region, { grid, gridToLps }: AttentionGeometry): { readonly cells: Float32Array; readonly covered: number } {
  const [superior, anterior, right] = grid;
  const dims = [right, anterior, superior] as const;
  const centre = lps(...region.centreLps);
  const [a, b, c] = region.halfAxesLps.map((axis) => lps(...axis)) as [Lps, Lps, Lps];
  const volume = 8 * Math.abs(dot(a, cross(b, c)));
  if (!(volume > 1e-6)) throw new RangeError('the region has no volume');
  const toCell = invertAffine(gridToLps);
  const origin = patientToVoxel(toCell, centre);
  const along = ([a, b, c] as const).map((axis) => patientToVoxel(toCell, lps(centre[0] + axis[0], centre[1] + axis[1], centre[2] + axis[2])).map((value, n) => value - origin[n]!));
  const points = along.map((axis) => Math.min(mostPoints, Math.max(leastPoints, Math.ceil(8 * Math.max(...axis.map(Math.abs))))));
  const cellVolume = cellVolumeOf(gridToLps);
  // Every point stands for the same part of the region's box; those outside of the shape itself are left out.
  const part = volume / (points[0]! * points[1]! * points[2]!) / cellVolume;
  const cells = new Float32Array(superior * anterior * right);
  let inside = 0;
  let within = 0;
  const at = (n: number, axis: number): number => (2 * n + 1) / points[axis]! - 1;
  for (let n2 = 0; n2 < points[2]!; n2++) {
    for (let n1 = 0; n1 < points[1]!; n1++) {
      for (let n0 = 0; n0 < points[0]!; n0++) {
        const [u, v, w] = [at(n0, 0), at(n1, 1), at(n2, 2)];
        if (!inShape(region.shape, u, v, w)) continue;
        inside++;
        const [i, j, k] = [0, 1, 2].map((n) => Math.round(origin[n]! + u * along[0]![n]! + v * along[1]![n]! + w * along[2]![n]!)) as [number, number, number];
        if (i < 0 || j < 0 || k < 0 || i >= dims[0] || j >= dims[1] || k >= dims[2]) continue;
        within++;
        const cell = (k * anterior + j) * right + i;
        cells[cell] = cells[cell]! + part;
      }
    }
  }
  for (let cell = 0; cell < cells.length; cell++) cells[cell] = Math.min(1, cells[cell]!);
  return { cells, covered: inside === 0 ? 0 : within / inside };
}

function cellVolumeOf(gridToLps: AttentionGeometry['gridToLps']): number {
  const [i, j, k] = ([0, 1, 2] as const).map((axis) => lps(gridToLps[axis], gridToLps[(4 + axis) as 4], gridToLps[(8 + axis) as 8])) as [Lps, Lps, Lps];
  return Math.abs(dot(i, cross(j, k)));
}

/** @param u, v, w place along the half axes, -1..1 */
function inShape(shape: Region['shape'], u: number, v: number, w: number): boolean {
  switch (shape) {
    case 'box':
      return true;
    case 'ellipsoid':
      return u * u + v * v + w * w <= 1;
    case 'cylinder':
      return u * u + v * v <= 1;
  }
}

/** A ball, for callers that have a point and a radius. */
export function ballOf(centre: Lps, radiusMm: number): Region {
  return { shape: 'ellipsoid', centreLps: [centre[0], centre[1], centre[2]], halfAxesLps: [[radiusMm, 0, 0], [0, radiusMm, 0], [0, 0, radiusMm]] };
}

/** Length of a region's longest half axis, mm. */
export const reachMm = (region: Region): number => Math.max(...region.halfAxesLps.map((axis) => norm(axis)));
