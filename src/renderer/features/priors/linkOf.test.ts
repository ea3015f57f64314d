import { describe, expect, test } from 'vitest';
import type { Affine, Dims } from '../../../shared/geometry.ts';
import { linkOf } from './linkOf.ts';

const axial = { dims: [64, 64, 20] as Dims, voxelToLps: [3, 0, 0, -96, 0, 3, 0, -96, 0, 0, 5, -50, 0, 0, 0, 1] as Affine };
const topDown = { dims: [64, 64, 40] as Dims, voxelToLps: [3, 0, 0, -96, 0, 3, 0, -96, 0, 0, -3, 70, 0, 0, 0, 1] as Affine };
const sagittal = { dims: [64, 64, 40] as Dims, voxelToLps: [0, 0, 4, -80, 3, 0, 0, -96, 0, -3, 0, 96, 0, 0, 0, 1] as Affine };
const line = (there: number): [number, number][] => [[-50, -50 + there], [50, 50 + there]];

describe('what the engine found in the viewer\'s words', () => {
  test('a rigid match is passed on, no match is none', () => {
    const toOther = [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(linkOf({ toOther, axes: null }, axial, topDown)).toEqual({ kind: 'patient', toCompanion: toOther });
    expect(linkOf({ toOther: null, axes: null }, axial, topDown)).toEqual({ kind: 'none' });
  });

  test('slices of two axial stacks are paired by their heights, whichever way each is stored', () => {
    const link = linkOf({ toOther: null, axes: [line(0), line(0), line(10)] }, axial, topDown);
    if (link.kind !== 'slices') throw new Error('no slices');
    for (const { slice, companionSlice } of link.pairs) expect(70 - 3 * companionSlice).toBeCloseTo(-50 + 5 * slice + 10, 6);
    expect(new Set(link.pairs.map(({ slice }) => slice)).size).toBe(link.pairs.length);
  });

  test('slices of two planes have no pairs: the ends of the map are used instead', () => {
    const link = linkOf({ toOther: null, axes: [line(3), [[-50, -60], [0, 9], [50, 60]], line(10)] }, axial, sagittal);
    expect(link).toEqual({ kind: 'patient', toCompanion: [1, 0, 0, 3, 0, 1.2, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1] });
  });
});
