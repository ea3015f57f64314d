import { describe, expect, test } from 'vitest';
import { ijk, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Affine } from '../../../shared/geometry.ts';
import { followed } from './linking.ts';
import type { CompanionLink, Placed } from './linking.ts';
import { testVolume } from './testVolume.ts';

const at = (voxelToLps: Affine, i: number, j: number, k: number): Placed => {
  const volume = testVolume([20, 20, 30], voxelToLps);
  return { volume, point: voxelToPatient(voxelToLps, ijk(i, j, k)) };
};
const thick: Affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1];
const thin: Affine = [1, 0, 0, 7, 0, 1, 0, -3, 0, 0, 1, 40, 0, 0, 0, 1];
const fromTop: Affine = [1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1];

const sliceOf = (link: CompanionLink, from: Placed, to: Placed, direction: 'there' | 'back' = 'there'): number =>
  patientToVoxel(to.volume.lpsToVoxel, followed(link, from, to, direction)!)[2];

describe('slices that match', () => {
  const link: CompanionLink = { kind: 'slices', pairs: [{ slice: 4, companionSlice: 10 }, { slice: 8, companionSlice: 22 }] };

  test('meet at each pair, and between them evenly', () => {
    expect(sliceOf(link, at(thick, 3, 3, 4), at(thin, 5, 5, 0))).toBeCloseTo(10, 6);
    expect(sliceOf(link, at(thick, 3, 3, 8), at(thin, 5, 5, 0))).toBeCloseTo(22, 6);
    expect(sliceOf(link, at(thick, 3, 3, 5), at(thin, 5, 5, 0))).toBeCloseTo(13, 6);
  });
  test('go on millimetre by millimetre beyond the pairs: one slice of 5 mm is five of 1 mm', () => {
    expect(sliceOf(link, at(thick, 3, 3, 9), at(thin, 5, 5, 0))).toBeCloseTo(27, 6);
    expect(sliceOf(link, at(thick, 3, 3, 2), at(thin, 5, 5, 0))).toBeCloseTo(0, 6);
  });
  test('lead back to where they came from, and leave the place within the slice alone', () => {
    expect(sliceOf(link, at(thin, 5, 5, 13), at(thick, 3, 3, 0), 'back')).toBeCloseTo(5, 6);
    const there = followed(link, at(thick, 3, 3, 5), at(thin, 5, 6, 0), 'there')!;
    expect(patientToVoxel(at(thin, 0, 0, 0).volume.lpsToVoxel, there).slice(0, 2).map((n) => Math.round(n))).toEqual([5, 6]);
  });
  test('count the other way in a stack that runs from head to foot', () => {
    expect(sliceOf({ kind: 'slices', pairs: [{ slice: 4, companionSlice: 10 }] }, at(thick, 3, 3, 5), at(fromTop, 5, 5, 0))).toBeCloseTo(5, 6);
  });
});

test('a rigid link takes a place there and back again', () => {
  const turned: Affine = [0, -1, 0, 5, 1, 0, 0, -2, 0, 0, 1, 9, 0, 0, 0, 1];
  const from = at(thick, 3, 4, 5); // (6, 8, 25)
  const link: CompanionLink = { kind: 'patient', toCompanion: turned };
  const there = followed(link, from, at(thin, 0, 0, 0), 'there')!;
  expect([...there]).toEqual([-3, 4, 34]);
  expect([...followed(link, { volume: from.volume, point: there }, from, 'back')!]).toEqual([6, 8, 25]);
});

test('without a link nothing follows', () => { expect(followed({ kind: 'none' }, at(thick, 1, 1, 1), at(thin, 1, 1, 1), 'there')).toBeNull(); });
