import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ijk, invertAffine, lps, patientToVoxel, voxelToPatient, type Affine, type Dims } from '../../shared/geometry.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { createFrameDecoder } from '../dicom/decode/frameDecoder.ts';
import { readInstance } from '../dicom/header.ts';
import { buildStacks } from '../volume/buildStacks.ts';
import { groupSeries } from '../volume/groupSeries.ts';
import { loadVolume } from '../volume/loadVolume.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import { connectedRegions } from './components.ts';
import { describeLesions } from './describeLesions.ts';
import type { LesionCells, LesionGrid } from './lesionHead.ts';
import { onVoxels } from './lesionMask.ts';
import { middlePlane } from './middlePlane.ts';
import { writeNifti } from './niftiFile.ts';

const grid: LesionGrid = [32, 64, 64];
const size = [32, 256, 256] as const;

/** The same head twice: an axial stack from below (i to the left), and one stored from above, mirrored in its rows. */
const axial = { dims: [128, 128, 30] as Dims, voxelToLps: [2, 0, 0, -127, 0, 2, 0, -127, 0, 0, 5, -70, 0, 0, 0, 1] as Affine };
const turned = { dims: [128, 128, 30] as Dims, voxelToLps: [-2, 0, 0, 127, 0, 2, 0, -127, 0, 0, -5, 75, 0, 0, 0, 1] as Affine };

/** Cells within a ball in patient space. */
function ball(stack: typeof axial, centre: readonly [number, number, number], radiusMm: number): LesionCells {
  const toLps = gridToLps(stack, size, grid);
  const values = new Uint8Array(grid[0] * grid[1] * grid[2]);
  for (let k = 0, at = 0; k < grid[0]; k++) {
    for (let j = 0; j < grid[1]; j++) {
      for (let i = 0; i < grid[2]; i++, at++) {
        const [x, y, z] = voxelToPatient(toLps, ijk(i, j, k));
        if (Math.hypot(x - centre[0], y - centre[1], z - centre[2]) <= radiusMm) values[at] = 230;
      }
    }
  }
  return { grid, values, threshold: 128 };
}

const middle = { towardsLeftMm: (point: readonly number[]) => point[0]! };
const place = (stack: typeof axial) => ({ cellToLps: gridToLps(stack, size, grid), middle, stack, instances: Array.from({ length: 30 }, (_, k) => `instance ${k}`) });

describe('connected regions', () => {
  test('cells that touch by a corner are one region, cells apart are two, the larger first', () => {
    const cells = new Set([0, 1 + 3 * (1 + 3 * 1), 2 + 3 * (2 + 3 * 2)]);
    expect(connectedRegions([3, 3, 3], (cell) => cells.has(cell))).toEqual([[0, 13, 26]]);
    expect(connectedRegions([5, 1, 1], (cell) => cell !== 1)).toEqual([[2, 3, 4], [0]]);
  });

  test('the end of one row does not touch the start of the next', () => {
    expect(connectedRegions([4, 1, 2], (cell) => cell === 3 || cell === 4)).toHaveLength(2);
  });
});

describe.each([['stored from below', axial, 17], ['stored from above and mirrored', turned, 12]] as const)('lesions of a stack %s', (_, stack, slice) => {
  test('are measured in millimetres and named by the patient\'s own side', () => {
    const [lesion, ...others] = describeLesions(ball(stack, [40, -20, 15], 15), place(stack));
    expect(others).toEqual([]);
    // 14.1 ml and 30 mm; cells are 2.0 x 4.0 x 4.6 mm.
    expect(lesion!.volumeMl).toBeGreaterThan(13);
    expect(lesion!.volumeMl).toBeLessThan(15.2);
    expect(Math.abs(lesion!.longestDiameterMm - 30)).toBeLessThan(5);
    expect(Math.hypot(...lesion!.centreLps.map((value, axis) => value - [40, -20, 15][axis]!))).toBeLessThan(2);
    expect(lesion).toMatchObject({ side: 'left', slice, instance: `instance ${slice}` });
    expect(describeLesions(ball(stack, [-40, -20, 15], 15), place(stack))[0]).toMatchObject({ side: 'right' });
    expect(describeLesions(ball(stack, [1, -20, 15], 15), place(stack))[0]).toMatchObject({ side: 'midline' });
  });

  test('lie in the mask where they lie in the patient', () => {
    const mask = onVoxels(ball(stack, [40, -20, 15], 15), gridToLps(stack, size, grid), stack);
    const at = (x: number, y: number, z: number): number => {
      const [i, j, k] = patientToVoxel(invertAffine(stack.voxelToLps), lps(x, y, z)).map(Math.round) as [number, number, number];
      return mask.voxels[(k * 128 + j) * 128 + i]!;
    };
    expect([at(40, -20, 15), at(-40, -20, 15), at(40, 20, 15), at(40, -20, -45)]).toEqual([1, 0, 0, 0]);
    const voxelMl = (2 * 2 * 5) / 1000;
    expect(Math.abs(mask.voxels.reduce((sum, value) => sum + value, 0) * voxelMl - 14.1)).toBeLessThan(2.2);
  });
});

test('no cell above the threshold is no lesion, and a single cell is one', () => {
  const none = { grid, values: new Uint8Array(grid[0] * grid[1] * grid[2]).fill(127), threshold: 128 };
  expect(describeLesions(none, place(axial))).toEqual([]);
  none.values[5] = 128;
  expect(describeLesions(none, place(axial))).toMatchObject([{ probability: 128 / 255 }]);
});

describe('the middle plane of a head', () => {
  const toLps = gridToLps(axial, size, size);

  /** An ellipsoid 20 mm towards the patient's right of the picture's middle, leaning by 1 in 8. */
  function head(background: number): Uint8Array {
    const volume = new Uint8Array(size[0] * size[1] * size[2]).fill(background);
    for (let s = 0, at = 0; s < size[0]; s++) {
      for (let a = 0; a < size[1]; a++) {
        for (let r = 0; r < size[2]; r++, at++) {
          const [x, y, z] = voxelToPatient(toLps, ijk(r, a, s));
          if (((x + 20 - z / 8) / 65) ** 2 + (y / 85) ** 2 + (z / 75) ** 2 < 1) volume[at] = 150;
        }
      }
    }
    return volume;
  }

  test.each([['dark', 0], ['grey, as the preparation leaves a masked one', 90]])('is found off centre and leaning, with a background that is %s', (_, background) => {
    const plane = middlePlane(head(background), size, toLps);
    for (const z of [-40, 0, 40]) {
      const there = -20 + z / 8;
      expect(Math.abs(plane.towardsLeftMm(lps(there, 10, z)))).toBeLessThan(2);
      expect(plane.towardsLeftMm(lps(there + 15, 10, z))).toBeGreaterThan(12);
      expect(plane.towardsLeftMm(lps(there - 15, 10, z))).toBeLessThan(-12);
    }
  });

  test('is the middle of the picture where there is no head', () => {
    const plane = middlePlane(new Uint8Array(size[0] * size[1] * size[2]), size, toLps);
    expect(Math.abs(plane.towardsLeftMm(lps(0, 0, 0)))).toBeLessThan(1.5);
  });
});

test.each([['axial', axial], ['turned', turned]] as const)('a %s mask written as NIfTI is read back at the same places of the patient', async (_, stack) => {
  const mask = onVoxels(ball(stack, [40, -20, 15], 15), gridToLps(stack, size, grid), stack);
  const file = join(temporaryFolder(), 'mask.nii');
  writeFileSync(file, writeNifti(mask));
  const decoder = createFrameDecoder();
  try {
    const [read] = groupSeries([await readInstance({ path: file, name: 'mask.nii' })]).flatMap(buildStacks);
    const volume = await loadVolume(read!, decoder);
    const toOurs = invertAffine(mask.voxelToLps);
    let same = 0;
    for (let k = 0, at = 0; k < volume.dims[2]; k++) {
      for (let j = 0; j < volume.dims[1]; j++) {
        for (let i = 0; i < volume.dims[0]; i++, at++) {
          const [oi, oj, ok] = patientToVoxel(toOurs, voxelToPatient(volume.voxelToLps, ijk(i, j, k))).map(Math.round) as [number, number, number];
          if (volume.voxels[at] === mask.voxels[(ok * 128 + oj) * 128 + oi]) same++;
        }
      }
    }
    expect(same).toBe(128 * 128 * 30);
  } finally {
    await decoder.close();
  }
});
