import { describe, expect, test } from 'vitest';
import { lps } from '../../../shared/geometry.ts';
import { attentionGrid, centreOfAttention, isNearlyEven, sampleGrid } from './attentionSampling.ts';
import type { AttentionGrid } from './attentionSampling.ts';

const bytesOf = (values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Float32Array.from(values).buffer);
// Two cells of 100 mm along x (the patient's left), one along y and z; centres at x = -50 and +50.
const twoCells = attentionGrid({
  view: 7, dims: [2, 1, 1], hasDepth: false, values: bytesOf([0.2, 1]),
  voxelToLps: [100, 0, 0, -50, 0, 200, 0, 0, 0, 0, 200, 0, 0, 0, 0, 1],
});
const row = (fromX: number, stepX: number, width: number): Float32Array =>
  sampleGrid(twoCells, { origin: lps(fromX, 0, 0), stepRight: lps(stepX, 0, 0), stepDown: lps(0, 1, 0), width, height: 1 });

describe('an attention grid over a picture', () => {
  test('has each cell\'s value at its centre and mixes between', () => {
    const values = row(-50, 50, 3);
    expect(values[0]).toBeCloseTo(0.2, 6);
    expect(values[1]).toBeCloseTo(0.6, 6);
    expect(values[2]).toBeCloseTo(1, 6);
  });
  test('reaches to the outer edge of its cells and not beyond', () => {
    const values = row(-101, 1, 203);
    expect(values[0]).toBe(-1);
    expect(values[2]).toBeCloseTo(0.2, 6);
    expect(values[200]).toBeCloseTo(1, 6);
    expect(values[202]).toBe(-1);
  });
  test('is mirrored when the picture runs from left to right of the patient', () => {
    const values = row(50, -100, 2);
    expect(values[0]).toBeCloseTo(1, 6);
    expect(values[1]).toBeCloseTo(0.2, 6);
  });
});

describe('the centre of attention', () => {
  // 8 x 8 cells of 10 mm, from (-35, -35, 0).
  const gridOf = (values: number[]): AttentionGrid => attentionGrid({ view: 0, dims: [8, 8, 1], hasDepth: false, values: bytesOf(values), voxelToLps: [10, 0, 0, -35, 0, 10, 0, -35, 0, 0, 10, 0, 0, 0, 0, 1] });

  test('lies in patient space, at the one cell that holds the attention', () => { expect([...centreOfAttention(twoCells)!]).toEqual([50, 0, 0]); });
  test('lies between the strong cells of a focus, not at its one largest', () => {
    const values = Array<number>(64).fill(0);
    values[8 * 6 + 1] = 0.9;
    values[8 * 6 + 2] = 0.9;
    values[8 * 7 + 7] = 0.1;
    expect([...centreOfAttention(gridOf(values))!]).toEqual([-20, 25, 0]);
  });
  test('of a map with one corner just ahead of an even rest is not in that corner', () => {
    const bowl = Array.from({ length: 64 }, (_, at) => 0.8 + 0.002 * Math.hypot((at % 8) - 3.5, Math.floor(at / 8) - 3.5));
    bowl[63] = 1;
    const [x, y] = centreOfAttention(gridOf(bowl))!;
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(15);
  });
  test('of a map without attention is nowhere', () => { expect(centreOfAttention(gridOf(Array<number>(64).fill(0)))).toBeNull(); });
  test('a map is told to be even only when most of it is nearly as strong as its peak', () => {
    expect(isNearlyEven(gridOf(Array.from({ length: 64 }, (_, at) => 0.7 + 0.3 * (at / 63))))).toBe(true);
    expect(isNearlyEven(gridOf(Array.from({ length: 64 }, (_, at) => (at === 20 ? 1 : 0.1))))).toBe(false);
  });
});

test('a map whose values do not fill its grid is refused', () => {
  expect(() => attentionGrid({ view: 0, dims: [2, 2, 2], hasDepth: true, values: bytesOf([1]), voxelToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] })).toThrow(RangeError);
});

test('bytes that do not start at a multiple of four in memory are read all the same', () => {
  const padded = new Uint8Array(9);
  padded.set(bytesOf([0.25, 0.5]), 1);
  const grid = attentionGrid({ view: 0, dims: [2, 1, 1], hasDepth: true, values: padded.subarray(1), voxelToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] });
  expect([...grid.values]).toEqual([0.25, 0.5]);
});
