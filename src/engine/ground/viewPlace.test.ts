/** Sides of views and views at a point, in volumes stored every way round: a mirrored or oblique grid must not swap a side. */
import { describe, expect, test } from 'vitest';
import { ijk, lps, voxelToPatient, type Affine, type Lps } from '../../shared/geometry.ts';
import { middlePlane, planeOf, type MiddlePlane } from '../findings/middlePlane.ts';
import type { EncodedViews } from '../ports.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import type { AttentionGeometry } from './attentionMap.ts';
import { viewPlace, viewsAt } from './viewPlace.ts';

const size = [16, 128, 128] as const;
const grid = [4, 8, 8] as const;
const dims = [64, 64, 40] as const;

/** Axes of a stack: columns of its matrix are spacing times these directions; its middle lies at the origin. */
function stack(i: readonly number[], j: readonly number[], k: readonly number[], spacing = [3.4, 3.4, 4]): { dims: typeof dims; voxelToLps: Affine } {
  const columns = [i, j, k].map((axis, n) => axis.map((value) => value * spacing[n]!));
  const origin = [0, 1, 2].map((row) => -columns.reduce((sum, column, n) => sum + (column[row]! * (dims[n]! - 1)) / 2, 0));
  return { dims, voxelToLps: [0, 1, 2].flatMap((row) => [...columns.map((column) => column[row]!), origin[row]!]).concat(0, 0, 0, 1) as unknown as Affine };
}

const turn = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)] as const;
const [c, s] = turn(17);
const volumes = {
  axial: stack([1, 0, 0], [0, 1, 0], [0, 0, 1]),
  'axial, columns from left to right': stack([-1, 0, 0], [0, 1, 0], [0, 0, -1]),
  'axial, upside down': stack([-1, 0, 0], [0, -1, 0], [0, 0, 1]),
  coronal: stack([1, 0, 0], [0, 0, -1], [0, 1, 0]),
  sagittal: stack([0, 1, 0], [0, 0, -1], [-1, 0, 0]),
  'sagittal from the other side': stack([0, 1, 0], [0, 0, -1], [1, 0, 0]),
  'oblique, turned about the long axis': stack([c, s, 0], [-s, c, 0], [0, 0, 1]),
  'oblique, nodding': stack([1, 0, 0], [0, c, -s], [0, s, c]),
};

/** A head 150 mm wide, its middle 9 mm to the left of the origin, turned by 6 degrees. */
const headMiddle = lps(9, 4, 0);
const [hc, hs] = turn(6);
const headLeft = ([x, y]: Lps): number => (x - headMiddle[0]) * hc + (y - headMiddle[1]) * hs;
function insideHead(point: Lps): boolean {
  const front = -(point[0] - headMiddle[0]) * hs + (point[1] - headMiddle[1]) * hc;
  return (headLeft(point) / 75) ** 2 + (front / 92) ** 2 + (point[2] / 85) ** 2 < 1;
}

function headOf(voxelToLps: Affine): Uint8Array {
  const out = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0, at = 0; k < size[0]; k++) for (let j = 0; j < size[1]; j++) for (let i = 0; i < size[2]; i++, at++) out[at] = insideHead(voxelToPatient(voxelToLps, ijk(i, j, k))) ? 120 : 2;
  return out;
}

/** Views whose attention lies in the cell nearest to a point, the rest spread as haze. */
function looking(at: readonly Lps[], geometry: AttentionGeometry): EncodedViews {
  const positions = grid[0] * grid[1] * grid[2];
  const attention = new Float32Array(at.length * positions).fill(0.3 / positions);
  at.forEach((point, view) => {
    const distance = (cell: number): number => {
      const [x, y, z] = voxelToPatient(geometry.gridToLps, ijk(cell % grid[2], Math.floor(cell / grid[2]) % grid[1], Math.floor(cell / (grid[2] * grid[1]))));
      return Math.hypot(x - point[0], y - point[1], z - point[2]);
    };
    const cell = Array.from({ length: positions }, (_, index) => index).reduce((best, index) => (distance(index) < distance(best) ? index : best), 0);
    attention[view * positions + cell]! += 0.7;
  });
  return { views: new Float32Array(), projected: new Float32Array(), attention, viewCount: at.length, hidden: 0, width: 0, positions, pack: { id: 'tiny', version: '0.1.0', training: 'untrained', label: '' }, provider: 'cpu' };
}

describe.each(Object.entries(volumes))('%s', (_, volume) => {
  const geometry: AttentionGeometry = { grid, gridToLps: gridToLps(volume, size, grid) };
  const middle: MiddlePlane = middlePlane(headOf(gridToLps(volume, size, size)), size, gridToLps(volume, size, size));

  test('the middle plane is the head\'s, with left positive', () => {
    for (const point of [headMiddle, lps(60, 10, 5), lps(-50, -20, -10)]) expect(Math.abs(middle.towardsLeftMm(point) - headLeft(point))).toBeLessThan(4);
  });

  test('a view\'s side is the patient\'s, and the point it looked at finds it again', () => {
    const places = [lps(55, 0, 0), lps(-40, -10, 10)];
    const encoded = looking(places, geometry);
    const [left, right] = [viewPlace(encoded, 0, geometry, middle)!, viewPlace(encoded, 1, geometry, middle)!];
    expect(left.towardsLeftMm).toBeGreaterThan(25);
    expect(right.towardsLeftMm).toBeLessThan(-25);
    expect([left.share, right.share]).toEqual([1, 1]);
    expect(viewsAt(encoded, places[0]!, geometry)).toEqual([{ view: 0, weight: 1 }]);
    expect(viewsAt(encoded, places[1]!, geometry)).toEqual([{ view: 1, weight: 1 }]);
    expect(viewsAt(encoded, lps(0, 40, -30), geometry)).toEqual([]);
    expect(viewsAt(encoded, lps(500, 0, 0), geometry)).toEqual([]);
  });

  test('the plane as it is stored tells the same', () => {
    const again = planeOf(JSON.parse(JSON.stringify(middle)) as MiddlePlane);
    for (const point of [lps(0, 0, 0), lps(61, -7, 12), lps(-33, 40, -20)]) expect(again.towardsLeftMm(point)).toBeCloseTo(middle.towardsLeftMm(point), 6);
  });
});

test('a view that looks at both sides alike has half of its attention on each', () => {
  const geometry: AttentionGeometry = { grid, gridToLps: gridToLps(volumes.axial, size, grid) };
  const both = looking([lps(55, 0, 0), lps(-55, 0, 0)], geometry);
  const mixed = Float32Array.from({ length: both.positions }, (_, cell) => both.attention[cell]! + both.attention[both.positions + cell]!);
  const place = viewPlace({ ...both, attention: mixed, viewCount: 1 }, 0, geometry, planeOf({ normal: [1, 0, 0], offsetMm: 0 }))!;
  expect(place.share).toBeCloseTo(0.5, 2);
});
