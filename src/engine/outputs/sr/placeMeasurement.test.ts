import { describe, expect, test } from 'vitest';
import { arrangeStudy } from '../../services/studyImages.ts';
import { scanPaths } from '../../dicom/scan.ts';
import type { InstanceHeader } from '../../dicom/types.ts';
import { ijk, voxelToPatient } from '../../../shared/geometry.ts';
import { writePhantomStudy } from '../../../testing/phantomStudy.ts';
import { measurementForTests } from '../../../testing/signedStudy.ts';
import { temporaryFolder } from '../../../testing/temporaryFolder.ts';
import type { Stack } from '../../volume/types.ts';
import { placeMeasurement } from './placeMeasurement.ts';

async function phantomStack(): Promise<Stack> {
  const folder = temporaryFolder();
  await writePhantomStudy(folder, { series: ['t1c'] });
  const instances: InstanceHeader[] = [];
  for await (const event of scanPaths([folder], { workDir: temporaryFolder() })) if (event.kind === 'instance') instances.push(event.header);
  return arrangeStudy(instances, new Map()).candidates[0]!.stacks[0]!;
}

describe('the image of a measurement', () => {
  test('is found with column and row of each point, half a pixel from its corner', async () => {
    const stack = await phantomStack();
    const geometry = stack.geometry!;
    const { instance } = stack.slices[5]!;
    const at = (i: number, j: number): [number, number, number] => { const [x, y, z] = voxelToPatient(geometry.voxelToLps, ijk(i, j, 5)); return [x, y, z]; };
    const made = { instance: instance.sopInstanceUid, slice: 5, pointsLps: [at(3, 7), at(12.25, 7)] };
    const { image } = placeMeasurement(measurementForTests(made), stack);
    expect(image).toMatchObject({ sopInstanceUid: instance.sopInstanceUid, sopClassUid: '1.2.840.10008.5.1.4.1.1.4', seriesUid: instance.seriesUid, frame: null });
    image!.points.forEach(([column, row], n) => { expect([column, row]).toEqual([expect.closeTo([3.5, 12.75][n]!, 6), expect.closeTo(7.5, 6)]); });
    // By the header of that very file: position + column spacing * i + row spacing * j.
    const { positionLps, pixelSpacingMm } = instance.frames[0]!;
    expect(positionLps![0] + 12.25 * pixelSpacingMm![1]).toBeCloseTo(made.pointsLps[1]![0], 6);
  });

  test('is none across slices, for another instance, or without a stack', async () => {
    const stack = await phantomStack();
    const [first, second] = [0, 4].map((k) => { const [x, y, z] = voxelToPatient(stack.geometry!.voxelToLps, ijk(3, 3, k)); return [x, y, z] as [number, number, number]; });
    const { sopInstanceUid } = stack.slices[0]!.instance;
    expect(placeMeasurement(measurementForTests({ instance: sopInstanceUid, slice: 0, pointsLps: [first!, second!] }), stack).image).toBeNull();
    expect(placeMeasurement(measurementForTests({ instance: '1.2.3', slice: 0, pointsLps: [first!] }), stack).image).toBeNull();
    expect(placeMeasurement(measurementForTests({ instance: sopInstanceUid, slice: 0, pointsLps: [first!] }), null).image).toBeNull();
  });
});
