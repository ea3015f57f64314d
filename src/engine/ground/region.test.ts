import { describe, expect, test } from 'vitest';
import type { Region } from '../../shared/contract.ts';
import { ijk, lps, voxelToPatient, type Affine } from '../../shared/geometry.ts';
import type { EncodedViews } from '../ports.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import { attentionInRegion, ballOf, cellsOfRegion } from './region.ts';

const grid = [4, 8, 8] as const;
const positions = 4 * 8 * 8;
/** Cells of 24 x 24 x 36 mm: the patient's right is the high i, anterior the high j. */
const axial: Affine = [-24, 0, 0, 84, 0, -24, 0, 84, 0, 0, 36, -54, 0, 0, 0, 1];
/** The same grid over a stack tilted by 25 degrees about the left-right axis and 10 about the vertical one. */
const oblique = gridToLps({ dims: [128, 128, 30], voxelToLps: tilted() }, [32, 256, 256], grid);

function tilted(): Affine {
  const [a, b] = [(25 * Math.PI) / 180, (10 * Math.PI) / 180];
  const turn = ([x, y, z]: readonly [number, number, number]): [number, number, number] => {
    const [y1, z1] = [y * Math.cos(a) - z * Math.sin(a), y * Math.sin(a) + z * Math.cos(a)];
    return [x * Math.cos(b) - y1 * Math.sin(b), x * Math.sin(b) + y1 * Math.cos(b), z1];
  };
  const [i, j, k, o] = [turn([1.5, 0, 0]), turn([0, 1.5, 0]), turn([0, 0, 5]), turn([-95, -95, -72])];
  return [i[0], j[0], k[0], o[0], i[1], j[1], k[1], o[1], i[2], j[2], k[2], o[2], 0, 0, 0, 1];
}

const cellAt = (superior: number, anterior: number, right: number): number => (superior * 8 + anterior) * 8 + right;
const centreOf = (affine: Affine, superior: number, anterior: number, right: number) => voxelToPatient(affine, ijk(right, anterior, superior));

function encodedOf(rows: readonly Float32Array[]): EncodedViews {
  const attention = new Float32Array(rows.length * positions);
  rows.forEach((row, at) => { attention.set(row, at * positions); });
  return { views: new Float32Array(rows.length), projected: new Float32Array(rows.length), attention, viewCount: rows.length, hidden: 1, width: 1, positions, pack: { id: 'tiny', version: '1', training: 'untrained', label: '' }, provider: 'cpu' };
}

/** `share` of the attention in one cell, the rest spread evenly. */
function mapAt(cell: number, share: number): Float32Array {
  const row = new Float32Array(positions).fill((1 - share) / positions);
  row[cell]! += share;
  return row;
}

describe('the part of each cell that a region covers', () => {
  test('a box of exactly one cell covers that cell and no other', () => {
    const box: Region = { shape: 'box', centreLps: [...centreOf(axial, 2, 5, 1)] as [number, number, number], halfAxesLps: [[12, 0, 0], [0, 12, 0], [0, 0, 18]] };
    const { cells, covered } = cellsOfRegion(box, { grid, gridToLps: axial });
    expect(covered).toBe(1);
    expect(cells[cellAt(2, 5, 1)]).toBeCloseTo(1, 5);
    expect(cells.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 5);
  });

  test.each([['a ball', 'ellipsoid', (4 / 3) * Math.PI], ['a cylinder', 'cylinder', 2 * Math.PI], ['a box', 'box', 8]] as const)('%s adds up to its volume, across cells and on an oblique grid', (_, shape, unitVolume) => {
    const centre = voxelToPatient(oblique, ijk(3.4, 4.3, 1.6));
    const region: Region = { shape, centreLps: [centre[0], centre[1], centre[2]], halfAxesLps: [[20, 4, 0], [-3, 25, 2], [0, -2, 15]] };
    const [a, b, c] = region.halfAxesLps;
    const box = Math.abs(a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]));
    const [i, j, k] = [0, 1, 2].map((axis) => Math.hypot(oblique[axis]!, oblique[4 + axis]!, oblique[8 + axis]!)) as [number, number, number];
    const { cells } = cellsOfRegion(region, { grid, gridToLps: oblique });
    expect(cells.reduce((sum, part) => sum + part, 0) / ((unitVolume * box) / (i * j * k))).toBeCloseTo(1, 1);
  });

  test('a region smaller than a cell counts by its own volume', () => {
    const { cells } = cellsOfRegion(ballOf(centreOf(axial, 1, 2, 6), 5), { grid, gridToLps: axial });
    expect(cells[cellAt(1, 2, 6)]! / (((4 / 3) * Math.PI * 125) / (24 * 24 * 36))).toBeCloseTo(1, 1);
    expect(cells.filter((part) => part > 0)).toHaveLength(1);
  });

  test('a region beside the grid covers nothing, one across its edge in part, and one without volume is refused', () => {
    expect(cellsOfRegion(ballOf(lps(0, 0, 900), 10), { grid, gridToLps: axial }).covered).toBe(0);
    expect(cellsOfRegion(ballOf(lps(96, 0, 0), 10), { grid, gridToLps: axial }).covered).toBeCloseTo(0.5, 1);
    expect(() => cellsOfRegion({ shape: 'box', centreLps: [0, 0, 0], halfAxesLps: [[1, 0, 0], [2, 0, 0], [0, 0, 3]] }, { grid, gridToLps: axial })).toThrow(RangeError);
  });
});

describe('views that look at a region', () => {
  test.each([['axial', axial], ['oblique', oblique]] as const)('on an %s grid the view whose attention lies there is found, the patient\'s right being right', (_, affine) => {
    const encoded = encodedOf([mapAt(cellAt(2, 5, 1), 0.5), mapAt(cellAt(2, 5, 6), 0.5), mapAt(cellAt(0, 0, 0), 0)]);
    const { views } = attentionInRegion(ballOf(centreOf(affine, 2, 5, 6), 11), encoded, { grid, gridToLps: affine });
    expect(views.map(({ view }) => view)[0]).toBe(1);
    expect(views.map(({ looks }) => looks)).toEqual([true, false, false]);
    // Half of its attention lies in the cell, of which the ball covers a part.
    const part = ((4 / 3) * Math.PI * 11 ** 3) / Math.abs([0, 1, 2].map((axis) => Math.hypot(affine[axis]!, affine[4 + axis]!, affine[8 + axis]!)).reduce((product, mm) => product * mm, 1));
    expect(views[0]!.share).toBeCloseTo(part * (0.5 + 0.5 / positions), 2);
    expect(views.find(({ view }) => view === 2)!.density).toBeCloseTo(1, 3);
  });

  test('a view that looks everywhere alike looks at no part, but at the whole', () => {
    const encoded = encodedOf([mapAt(0, 0)]);
    expect(attentionInRegion(ballOf(centreOf(axial, 1, 4, 4), 30), encoded, { grid, gridToLps: axial }).views[0]!.looks).toBe(false);
    const whole: Region = { shape: 'box', centreLps: [0, 0, 0], halfAxesLps: [[200, 0, 0], [0, 200, 0], [0, 0, 200]] };
    expect(attentionInRegion(whole, encoded, { grid, gridToLps: axial }).views[0]).toMatchObject({ looks: true, share: expect.closeTo(1, 1) as number });
  });
});
