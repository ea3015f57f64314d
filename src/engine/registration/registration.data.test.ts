import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { composeAffine, ijk, invertAffine, lps, patientToVoxel, voxelToPatient, type Affine } from '../../shared/geometry.ts';
import { describeWithData, sharedData } from '../../testing/sharedData.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { randoms } from '../../testing/tinyPack.ts';
import { createFrameDecoder } from '../dicom/decode/frameDecoder.ts';
import { scanPaths } from '../dicom/scan.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { buildStacks } from '../volume/buildStacks.ts';
import { groupSeries } from '../volume/groupSeries.ts';
import { loadVolume } from '../volume/loadVolume.ts';
import type { Volume } from '../volume/types.ts';
import type { VoxelGrid } from './level.ts';
import { registerVolumes } from './registerVolumes.ts';
import { disagreementMm, motionMatrix, turnOf, type Motion } from './rigid.ts';

const decoder = createFrameDecoder();
afterAll(() => decoder.close());

async function volumeOf(...path: string[]): Promise<Volume> {
  const instances: InstanceHeader[] = [];
  for await (const event of scanPaths([join(sharedData, ...path)], { workDir: temporaryFolder() })) if (event.kind === 'instance') instances.push(event.header);
  return loadVolume(groupSeries(instances).flatMap(buildStacks).find(({ geometry }) => geometry !== null)!, decoder);
}

/** The volume as a scanner would see it after the patient moved: on an axial grid of its own, darker to one side, with noise. */
function scannedAgain(volume: Volume, motion: Motion, centre: ReturnType<typeof lps>): VoxelGrid {
  const moved = composeAffine(motionMatrix(motion, centre), volume.voxelToLps);
  const toVoxel = invertAffine(moved);
  const dims = [190, 220, 44] as const;
  const at = voxelToPatient(motionMatrix(motion, centre), ijk(centre[0], centre[1], centre[2]));
  const voxelToLps: Affine = [1, 0, 0, at[0] - 95, 0, 1, 0, at[1] - 110, 0, 0, 4, at[2] - 86, 0, 0, 0, 1];
  const noise = randoms(dims[0] * dims[1] * dims[2], 3, 15);
  const voxels = new Float32Array(noise.length);
  const [ni, nj, nk] = volume.dims;
  let n = 0;
  for (let k = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0]; i++, n++) {
        const [x, y, z] = patientToVoxel(toVoxel, voxelToPatient(voxelToLps, ijk(i, j, k))).map(Math.round) as [number, number, number];
        const inside = x >= 0 && y >= 0 && z >= 0 && x < ni && y < nj && z < nk;
        voxels[n] = (inside ? volume.voxels[(z * nj + y) * ni + x]! * volume.slope + volume.intercept : 0) * (0.8 + (0.4 * i) / dims[0]) + noise[n]!;
      }
    }
  }
  return { dims: [...dims], voxelToLps, voxels };
}

const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

describeWithData('registration of real heads', () => {
  test.each([
    [[3, -2, 4, 4, -3, 6] as Motion],
    [[10, 7, -9, -12, 15, 25] as Motion],
    [[-16, 5, 14, 30, -20, -35] as Motion],
  ])('an MPRAGE moved by %j is found within 1 mm and 1 degree inside the brain, in some seconds of one core', async (motion) => {
    const mprage = await volumeOf('philips-mprage-study', 's1301-adni-sag3d-mprage');
    const [x, y, z] = voxelToPatient(mprage.voxelToLps, ijk(mprage.dims[0] * 0.5, mprage.dims[1] * 0.4, mprage.dims[2] / 2));
    const brain = lps(x, y, z);
    const again = scannedAgain(mprage, motion, brain);
    const before = process.cpuUsage();
    const result = registerVolumes(mprage, again);
    const { user } = process.cpuUsage(before);
    const truth = motionMatrix(motion, brain);
    expect(result.refused).toBe('');
    const error = disagreementMm(result.toMoving!, truth, brain);
    const turned = turnOf(composeAffine(invertAffine(truth), result.toMoving!));
    console.info(`moved by ${JSON.stringify(motion)}: ${error.toFixed(2)} mm at the edge of the brain, ${turned.toFixed(2)} degrees, quality ${result.quality.toFixed(2)}, ${(user / 1e6).toFixed(1)} s of one core`);
    expect(error).toBeLessThan(1);
    expect(turned).toBeLessThan(1);
    expect(user / 1e6).toBeLessThan(10);
  });

  test('four sequences of one patient, whose headers place them 20 mm apart, close their loops within 1.5 mm', async () => {
    const volumes = await Promise.all(['t1', 't1-post-gad', 'flair', 't2'].map((name) => volumeOf('tumour-tcga-fg-6692-native', `${name}.nii.gz`)));
    const steps = volumes.map((volume, at) => registerVolumes(volume, volumes[(at + 1) % volumes.length]!));
    expect(steps.map(({ refused }) => refused)).toEqual(['', '', '', '']);
    const loop = steps.reduce<Affine>((matrix, { toMoving }) => composeAffine(toMoving!, matrix), identity);
    const error = disagreementMm(loop, identity, lps(0, 0, 30));
    console.info(`loop over T1, T1c, FLAIR, T2: ${error.toFixed(2)} mm; qualities ${steps.map(({ quality }) => quality.toFixed(2)).join(', ')}`);
    expect(error).toBeLessThan(1.5);
  });

  test('heads of different people, and a phantom, are refused', async () => {
    const [mprage, other, phantom] = await Promise.all([volumeOf('philips-mprage-study', 's1301-adni-sag3d-mprage'), volumeOf('siemens-t1-fl2d-sag-hfp-jpeg-ls'), volumeOf('philips-t1w-ffe-axial-phantom')]);
    for (const moving of [other, phantom]) {
      const { toMoving, quality, spreadMm } = registerVolumes(mprage, moving);
      console.info(`someone else: quality ${quality.toFixed(2)}, spread ${spreadMm?.toFixed(1) ?? '-'} mm`);
      expect(toMoving).toBeNull();
    }
  });
});
