/** On which side of the head a view looked, and which views looked at a point. */
import { ijk, invertAffine, patientToVoxel, voxelToPatient, type Lps } from '../../shared/geometry.ts';
import type { MiddlePlane } from '../findings/middlePlane.ts';
import type { EncodedViews } from '../ports.ts';
import { attentionRow, type AttentionGeometry } from './attentionMap.ts';

/** Where a view looked, against the middle plane of the head. */
export interface ViewPlace {
  /** Distance of the centre of its strongest attention from the middle plane, mm; positive on the patient's left. */
  readonly towardsLeftMm: number;
  /** Part of that attention on the larger side, 0.5..1. */
  readonly share: number;
}

/** A cell counts with this part of the largest attention: two places that a view looked at alike both do. */
const strongPart = 0.5;

/** Against the head's own middle plane, by the cells the view looked at strongly; null for an empty map. */
export function viewPlace(encoded: EncodedViews, view: number, geometry: AttentionGeometry, middle: MiddlePlane): ViewPlace | null {
  const map = attentionRow(encoded, view, geometry);
  const largest = largestOf(map);
  if (!(largest > 0)) return null;
  const [, anterior, right] = geometry.grid;
  let [weight, sum, left] = [0, 0, 0];
  for (let cell = 0; cell < map.length; cell++) {
    if (map[cell]! < strongPart * largest) continue;
    const towardsLeft = middle.towardsLeftMm(voxelToPatient(geometry.gridToLps, ijk(cell % right, Math.floor(cell / right) % anterior, Math.floor(cell / (right * anterior)))));
    weight += map[cell]!;
    sum += map[cell]! * towardsLeft;
    if (towardsLeft > 0) left += map[cell]!;
  }
  return { towardsLeftMm: sum / weight, share: Math.max(left, weight - left) / weight };
}

/** How strongly a view looked at a point. */
export interface ViewAtPoint {
  readonly view: number;
  /** Its attention there, of its own largest; 0..1. */
  readonly weight: number;
}

/**
 * Views that looked at a point, most strongly first: those with at least half of their largest attention in the point's cell.
 * A map without depth counts on every slice.
 */
export function viewsAt(encoded: EncodedViews, point: Lps, geometry: AttentionGeometry): ViewAtPoint[] {
  const [superior, anterior, right] = geometry.grid;
  const [i, j, k] = patientToVoxel(invertAffine(geometry.gridToLps), point).map(Math.round) as [number, number, number];
  const inside = i >= 0 && i < right && j >= 0 && j < anterior && k >= 0 && k < superior;
  if (!inside) return [];
  return Array.from({ length: encoded.viewCount }, (_, view): ViewAtPoint => {
    const map = attentionRow(encoded, view, geometry);
    const largest = largestOf(map);
    return { view, weight: largest > 0 ? map[(k * anterior + j) * right + i]! / largest : 0 };
  }).filter(({ weight }) => weight >= strongPart).sort((a, b) => b.weight - a.weight || a.view - b.view);
}

const largestOf = (map: Float32Array): number => map.reduce((most, value) => Math.max(most, value), 0);
