/** The DICOM Segmentation read back by pydicom: the same voxels at the same places of the patient, and the right images named. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ijk, voxelToPatient, type Affine } from '../../../shared/geometry.ts';
import { iodErrors, iodOf } from '../../../testing/otherTools.ts';
import { readSegmentation, type SegmentationRead } from '../../../testing/segmentationVoxels.ts';
import { packForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { temporaryFolder } from '../../../testing/temporaryFolder.ts';
import { lesionSegmentationFile, packBits } from './lesionSegmentation.ts';

const image = (k: number, frame: number | null) => ({ sopClassUid: frame === null ? '1.2.840.10008.5.1.4.1.1.4' : '1.2.840.10008.5.1.4.1.1.4.1', sopInstanceUid: frame === null ? `2.25.7.1.${k + 1}` : '2.25.7.1', seriesUid: '2.25.7.9', frame });

describe('the lesion segmentation', () => {
  test.each<[string, Affine, number | null]>([
    ['an axial series', [0.9, 0, 0, -10, 0, 1.1, 0, -20, 0, 0, 5, 30, 0, 0, 0, 1], null],
    ['an oblique series of one enhanced file', [0.7629353262650379, -0.32064388436781444, 1.5035081932574534, 12.5, 0.2776857494306474, 0.8809618319867891, 0.5472322293210699, -33.25, -0.46874999999999994, 0.0, 2.771281292110204, 7.125, 0, 0, 0, 1], 1],
  ])('of %s lies where the mask lies', (_, voxelToLps, frame) => {
    const dims = [13, 7, 6] as const;
    const voxels = new Uint8Array(13 * 7 * 6);
    for (let n = 0; n < voxels.length; n++) if (n > 91 && n < 91 * 5 && (n * 7919) % 11 < 3) voxels[n] = 1;
    const file = join(temporaryFolder(), 'seg.dcm');
    writeFileSync(file, lesionSegmentationFile(signedStudyForTests(), { mask: { dims, voxels, voxelToLps }, images: Array.from({ length: 6 }, (__, k) => image(k, frame && k + 1)), frameOfReference: '2.25.4', pack: packForTests }));
    const read = readSegmentation(file);
    const expected: SegmentationRead['voxels'][number][] = [];
    for (let k = 0; k < 6; k++) for (let j = 0; j < 7; j++) for (let i = 0; i < 13; i++) {
      if (voxels[(k * 7 + j) * 13 + i] !== 1) continue;
      const [x, y, z] = voxelToPatient(voxelToLps, ijk(i, j, k));
      expected.push([x, y, z, image(k, frame).sopInstanceUid, frame === null ? 0 : k + 1]);
    }
    expect(read.voxels).toHaveLength(expected.length);
    const furthest = Math.max(...read.voxels.map((found, n) => Math.hypot(...[0, 1, 2].map((axis) => (found[axis] as number) - (expected[n]![axis] as number)))));
    // DS keeps ten digits: a ten-millionth of a millimetre here.
    expect(furthest).toBeLessThan(1e-6);
    expect(read.voxels.map(([, , , uid, at]) => [uid, at])).toEqual(expected.map(([, , , uid, at]) => [uid, at]));
    expect(read).toMatchObject({ for: '2.25.4', frames: 4, segments: 1, label: expect.stringContaining('SYNTHETIC') as string });
    expect([iodOf(file), iodErrors(file)]).toEqual(['Segmentation', []]);
  });

  test('of nothing is refused', () => {
    expect(() => lesionSegmentationFile(signedStudyForTests(), { mask: { dims: [2, 2, 1], voxels: new Uint8Array(4), voxelToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }, images: [image(0, null)], frameOfReference: '2.25.4', pack: packForTests })).toThrow(expect.objectContaining({ code: 'outputs/nothing-to-write' }) as Error);
  });

  test('packs bits from the lowest, without a gap between frames, to an even length', () => {
    expect([...new Uint8Array(packBits([Uint8Array.of(1, 0, 1), Uint8Array.of(1, 1, 0), Uint8Array.of(0, 0, 1)]))]).toEqual([0b00011101, 0b00000001]);
    expect(packBits([Uint8Array.of(1)]).byteLength).toBe(2);
  });
});
