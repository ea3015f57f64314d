import { describe, expect, test } from 'vitest';
import { lps, type Affine, type Dims } from '../../shared/geometry.ts';
import type { EncodedViews } from '../ports.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import { attentionMap } from './attentionMap.ts';
import { createGrounder, groundSentences, type GroundingInput } from './ground.ts';
import { sliceOf } from './slice.ts';

const size = [32, 256, 256] as const;
const grid = [4, 8, 8] as const;
const positions = 4 * 8 * 8;

/** Axial stack, first slice lowest: i to the left, j to posterior, k to superior. 2 x 2 x 5 mm. */
const axial = { dims: [128, 128, 30] as Dims, voxelToLps: [2, 0, 0, -127, 0, 2, 0, -127, 0, 0, 5, -70, 0, 0, 0, 1] as Affine };
/** The same head stored from top to bottom. */
const topDown = { dims: axial.dims, voxelToLps: [2, 0, 0, -127, 0, 2, 0, -127, 0, 0, -5, 75, 0, 0, 0, 1] as Affine };
/** Sagittal stack of the same head: i to posterior, j to inferior, k to the left. */
const sagittal = { dims: [128, 75, 52] as Dims, voxelToLps: [0, 0, 5, -128, 2, 0, 0, -127, 0, -2, 0, 74, 0, 0, 0, 1] as Affine };

/** A map whose weight lies in one cell (superior, anterior, right), with haze elsewhere. */
function mapAt(superior: number, anterior: number, right: number): Float32Array {
  const map = new Float32Array(positions).fill(0.4 / positions);
  map[(superior * 8 + anterior) * 8 + right]! += 0.6;
  return map;
}

function encodedOf(maps: readonly Float32Array[], projected: readonly number[]): EncodedViews {
  const count = maps.length;
  const attention = new Float32Array(count * positions);
  maps.forEach((map, at) => { attention.set(map, at * positions); });
  return {
    views: new Float32Array(count), projected: Float32Array.from(projected), attention, viewCount: count, hidden: 1, width: projected.length / count, positions,
    pack: { id: 'tiny', version: '0.1.0', training: 'untrained', label: 'Tiny' }, provider: 'cpu',
  };
}

describe('the slice of a map', () => {
  const geometryOf = (stack: { dims: Dims; voxelToLps: Affine }) => ({ grid, gridToLps: gridToLps(stack, size, grid) });

  test('a low cell gives a low slice and a high cell a high one, by position and not by order of storage', () => {
    // 30 slices of 5 mm are 146 samples of 1 mm, in 4 cells: centres at 17.75, 54.25, 90.75 and 127.25 mm.
    expect([0, 1, 2, 3].map((superior) => sliceOf(mapAt(superior, 3, 3), geometryOf(axial), axial))).toEqual([4, 11, 18, 25]);
    expect([0, 1, 2, 3].map((superior) => sliceOf(mapAt(superior, 3, 3), geometryOf(topDown), topDown))).toEqual([25, 18, 11, 4]);
  });

  test('the patient\'s right is right: on a sagittal stack a right cell gives a slice on the right', () => {
    const right = sliceOf(mapAt(1, 4, 7), geometryOf(sagittal), sagittal)!;
    const left = sliceOf(mapAt(1, 4, 0), geometryOf(sagittal), sagittal)!;
    // k grows to the left, so the right side has the low numbers.
    expect(right).toBeLessThan(10);
    expect(left).toBeGreaterThan(42);
  });

  test('a map without depth names no axial slice, but still a sagittal one', () => {
    const flat = [1, 8, 8] as const;
    const map = new Float32Array(64);
    map[8 * 4 + 7] = 1;
    expect(sliceOf(map, { grid: flat, gridToLps: gridToLps(axial, size, flat) }, axial)).toBeNull();
    expect(sliceOf(map, { grid: flat, gridToLps: gridToLps(sagittal, size, flat) }, sagittal)).toBeLessThan(10);
  });

  test('an empty map names no slice', () => {
    expect(sliceOf(new Float32Array(positions), geometryOf(axial), axial)).toBeNull();
  });
});

describe('attentionMap', () => {
  test('the strongest cell lies where the encoder put it, in patient space', () => {
    const geometry = { grid, gridToLps: gridToLps(axial, size, grid) };
    const map = attentionMap(encodedOf([mapAt(0, 0, 0), mapAt(3, 7, 7)], [1, 0, 0, 1]), 1, geometry);
    expect(map).toMatchObject({ view: 1, dims: [8, 8, 4], hasDepth: true });
    const values = new Float32Array(map.values.slice().buffer);
    const strongest = values.indexOf(Math.max(...values));
    expect(values[strongest]).toBe(1);
    const [i, j, k] = [strongest % 8, Math.floor(strongest / 8) % 8, Math.floor(strongest / 64)];
    const m = map.voxelToLps;
    const point = lps(m[0]! * i + m[1]! * j + m[2]! * k + m[3]!, m[4]! * i + m[5]! * j + m[6]! * k + m[7]!, m[8]! * i + m[9]! * j + m[10]! * k + m[11]!);
    // Superior, anterior, right: LPS x below 0 (right), y below 0 (anterior), z above the middle.
    expect(point[0]).toBeLessThan(-80);
    expect(point[1]).toBeLessThan(-80);
    expect(point[2]).toBeGreaterThan(40);
  });

  test('a view that does not exist is refused', () => {
    expect(() => attentionMap(encodedOf([mapAt(0, 0, 0)], [1, 0]), 1, { grid, gridToLps: gridToLps(axial, size, grid) })).toThrow(RangeError);
  });
});

describe('grounding', () => {
  const input: GroundingInput = {
    encoded: encodedOf([mapAt(0, 3, 3), mapAt(3, 3, 3)], [1, 0, 0, 1]),
    supportThreshold: 0.5,
    geometry: { grid, gridToLps: gridToLps(axial, size, grid) },
    stack: axial,
  };
  const sentence = (text: string, x: number, y: number) => ({ text, vector: Float32Array.from([x, y]), sourceCase: null });

  test('each sentence gets its view, similarity, slice and whether it is supported', () => {
    const grounded = groundSentences([sentence('Low.', 1, 0), sentence('High.', -0.8, 0.6)], input);
    expect(grounded[0]).toEqual({ index: 0, text: 'Low.', view: 0, similarity: 1, slice: 4, supported: true, sourceCase: null });
    expect(grounded[1]).toMatchObject({ index: 1, view: 1, slice: 25, supported: true });
    expect(groundSentences([sentence('Neither.', -0.8, -0.6)], input)[0]).toMatchObject({ supported: false });
  });

  test('the final assignment is the alignment of the whole draft, which may move an earlier sentence', () => {
    const grounder = createGrounder(input);
    expect(grounder.add(sentence('First.', 0.8, 0.6)).view).toBe(0);
    expect(grounder.add(sentence('Second.', 1, 0)).view).toBe(1);
    expect(grounder.finish().map(({ view }) => view)).toEqual([1, 0]);
  });

  test('with more sentences than views the surplus has none and is unsupported', () => {
    const grounded = groundSentences([sentence('A.', 1, 0), sentence('B.', 0, 1), sentence('C.', 0.6, 0.8)], input);
    expect(grounded[2]).toMatchObject({ view: null, similarity: null, slice: null, supported: false });
  });

  test('without a text encoder nothing is claimed', () => {
    const grounded = groundSentences([{ text: 'A.', vector: null, sourceCase: 'case 7' }, sentence('B.', 1, 0)], input);
    expect(grounded[0]).toEqual({ index: 0, text: 'A.', view: null, similarity: null, slice: null, supported: false, sourceCase: 'case 7' });
    expect(grounded[1]).toMatchObject({ index: 1, view: 0 });
  });
});
