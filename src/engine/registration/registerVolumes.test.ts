import { describe, expect, test } from 'vitest';
import { composeAffine, invertAffine, lps, type Affine } from '../../shared/geometry.ts';
import { axialGrid, headVolume, sagittalGrid } from '../../testing/headPhantom.ts';
import { randoms } from '../../testing/tinyPack.ts';
import { registerVolumes } from './registerVolumes.ts';
import { disagreementMm, motionMatrix, turnOf, type Motion } from './rigid.ts';

const middle = lps(0, 0, 0);

/** What takes the head in one pose to the same head in another. */
const between = (from: Motion, to: Motion): Affine => composeAffine(motionMatrix(to, middle), invertAffine(motionMatrix(from, middle)));
const still: Motion = [0, 0, 0, 0, 0, 0];

describe('a head that was moved and turned is found again', () => {
  test.each([
    ['as it lay', still, 't1c', axialGrid],
    ['moved and turned a little, in another contrast', [4, -3, 6, 5, -8, 12], 't2', axialGrid],
    ['turned far, scanned in another plane and contrast', [-14, 8, 11, -12, 20, -15], 't1', sagittalGrid],
  ] as const)('%s: within 1 mm and 1 degree', (_, motion, contrast, grid) => {
    const result = registerVolumes(headVolume(), headVolume({ contrast, motion, ...grid, seed: 2 }));
    const truth = between(still, motion);
    expect(result.refused).toBe('');
    expect(disagreementMm(result.toMoving!, truth, middle)).toBeLessThan(1);
    expect(turnOf(composeAffine(invertAffine(truth), result.toMoving!))).toBeLessThan(1);
  });

  test('the way back is the inverse', () => {
    const [a, b] = [headVolume({ motion: [3, 2, -5, 4, 0, 6] }), headVolume({ contrast: 't2', motion: [-6, 4, 8, -10, 12, 3], seed: 3 })];
    const [there, back] = [registerVolumes(a, b), registerVolumes(b, a)];
    expect(disagreementMm(composeAffine(back.toMoving!, there.toMoving!), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], middle)).toBeLessThan(1.5);
  });
});

describe('what does not fit is refused, not shown', () => {
  test('noise', () => {
    const noise = { ...axialGrid, voxels: Uint16Array.from(randoms(64 * 72 * 36, 4), (value) => Math.abs(value) * 300) };
    expect(registerVolumes(headVolume(), noise)).toMatchObject({ toMoving: null, refused: expect.stringMatching(/fits clearly better|turns the head|too little/) as string });
  });

  test('an empty image, and one that is too thin', () => {
    expect(registerVolumes(headVolume(), { ...axialGrid, voxels: new Uint16Array(64 * 72 * 36) })).toMatchObject({ toMoving: null, quality: 0, refused: 'One of the images is empty' });
    const thin = headVolume({ dims: [64, 72, 3] });
    expect(registerVolumes(headVolume(), thin)).toMatchObject({ toMoving: null, refused: 'One of the images is too thin to be registered' });
  });

  test('two slabs that share no part of the head', () => {
    const slab = (from: number) => headVolume({ dims: [64, 72, 7], voxelToLps: [3, 0, 0, -94.5, 0, 3, 0, -106.5, 0, 0, 5, from, 0, 0, 0, 1] });
    expect(registerVolumes(slab(-75), slab(40)).toMoving).toBeNull();
  });
});
