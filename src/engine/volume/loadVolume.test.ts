import { describe, expect, test } from 'vitest';
import { ijk, lps, voxelToPatient, type Affine } from '../../shared/geometry.ts';
import { makeHeader } from '../../testing/instanceHeader.ts';
import type { FrameDecoder, FrameHeader, InstanceHeader, StoredPixels } from '../dicom/types.ts';
import { buildStacks } from './buildStacks.ts';
import { loadSlice, loadVolume } from './loadVolume.ts';
import type { Stack } from './types.ts';

/** Stands in for the codecs: frames by instance. */
const decoderOf = (pixels: (instance: InstanceHeader, frame: number) => StoredPixels): FrameDecoder => ({
  decode: (instance, frames) => Promise.resolve(frames.map((frame) => pixels(instance, frame))),
  close: () => Promise.resolve(),
});

const small = { rows: 2, columns: 3 };
const slice = (z: number, frame: Partial<FrameHeader> = {}): InstanceHeader => makeHeader({ pixels: small, frame: { positionLps: lps(0, 0, z), ...frame } });
const only = (instances: readonly InstanceHeader[]): Stack => buildStacks({ seriesUid: '1', studyUid: '2', instances })[0]!;
const ofHeight = (instance: InstanceHeader): StoredPixels => new Int16Array(6).fill(instance.frames[0]!.positionLps![2]);

test('slices lie in memory by position, whatever order their files came in', async () => {
  const volume = await loadVolume(only([slice(10), slice(0), slice(5)]), decoderOf(ofHeight));
  expect(volume.voxels).toEqual(Int16Array.from([0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 10, 10, 10, 10, 10, 10]));
});

test('one rescale for all slices keeps the stored integers; a different one per slice makes floats in true units', async () => {
  const same = await loadVolume(only([0, 5].map((z) => slice(z, { rescaleSlope: 2, rescaleIntercept: 1 }))), decoderOf(ofHeight));
  expect([same.voxels.constructor, same.slope, same.intercept]).toEqual([Int16Array, 2, 1]);
  const differing = await loadVolume(only([0, 5].map((z) => slice(z, { rescaleSlope: z + 1 }))), decoderOf(ofHeight));
  expect([differing.voxels.constructor, differing.slope, differing.intercept]).toEqual([Float32Array, 1, 0]);
  expect([...differing.voxels.subarray(6)]).toEqual([30, 30, 30, 30, 30, 30]);
});

test('uneven slices are interpolated at their true positions', async () => {
  const volume = await loadVolume(only([0, 5, 10.3, 15, 20].map((z) => slice(z))), decoderOf((instance) => new Float32Array(6).fill(instance.frames[0]!.positionLps![2])));
  // A ramp along z comes back as the ramp of the even grid.
  expect([0, 1, 2, 3, 4].map((k) => Number(volume.voxels[k * 6]!.toFixed(4)))).toEqual([0, 5, 10, 15, 20]);
});

test('tiles of a mosaic are cut out in the order of their slices', async () => {
  const mosaic = { ...makeHeader({ pixels: { rows: 4, columns: 4 }, frame: { pixelSpacingMm: [1, 1] } }), mosaic: { kind: 'siemens' as const, tiles: 3, sliceNormal: lps(0, 0, 1), sliceStepMm: 2 } };
  const volume = await loadVolume(only([mosaic]), decoderOf(() => Int16Array.from([1, 2, 5, 6, 3, 4, 7, 8, 9, 10, 0, 0, 11, 12, 0, 0])));
  expect(volume.voxels).toEqual(Int16Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
});

test('a left-handed NIfTI file keeps every voxel at its place', async () => {
  const leftHanded: Affine = [1, 0, 0, -7, 0, -2, 0, 9, 0, 0, 3, 4, 0, 0, 0, 1];
  const instance: InstanceHeader = { ...makeHeader({ pixels: small }), kind: 'nifti', nifti: { dims: [3, 2, 2], volumes: 1, voxelToLps: leftHanded } };
  const stored = (frame: number): StoredPixels => Int16Array.from({ length: 6 }, (_, n) => 10 * frame + n);
  const volume = await loadVolume(only([instance]), decoderOf((_, frame) => stored(frame)));
  // The file's voxel (2, 0, 1) is its value 12; here it is in the other row.
  expect(voxelToPatient(volume.voxelToLps, ijk(2, 1, 1))).toEqual(voxelToPatient(leftHanded, ijk(2, 0, 1)));
  expect(volume.voxels[(1 * 2 + 1) * 3 + 2]).toBe(12);
});

describe('one slice alone', () => {
  const byInstance = (instance: InstanceHeader): StoredPixels => Float32Array.from({ length: 6 }, (_, n) => instance.frames[0]!.positionLps![2] * 10 + n);
  const stacks: Readonly<Record<string, Stack>> = {
    even: only([10, 0, 5].map((z) => slice(z, { rescaleSlope: 2, rescaleIntercept: 1 }))),
    'rescaled slice by slice': only([0, 5, 10].map((z) => slice(z, { rescaleSlope: z + 1 }))),
    uneven: only([0, 5, 10.3, 15, 20].map((z) => slice(z))),
  };
  test.each(Object.entries(stacks))('of a stack that is %s is the volume\'s, in value and place', async (_, stack) => {
    const volume = await loadVolume(stack, decoderOf(byInstance));
    for (let k = 0; k < volume.dims[2]; k++) {
      const one = await loadSlice(stack, k, decoderOf(byInstance));
      expect(one.dims).toEqual([3, 2, 1]);
      for (let n = 0; n < 6; n++) expect(one.voxels[n]! * one.slope + one.intercept).toBeCloseTo(volume.voxels[k * 6 + n]! * volume.slope + volume.intercept, 4);
      expect(voxelToPatient(one.voxelToLps, ijk(1, 1, 0))).toEqual(voxelToPatient(volume.voxelToLps, ijk(1, 1, k)));
    }
  });
  test('costs no other file', async () => {
    const read: number[] = [];
    const decoder = decoderOf((instance) => { read.push(instance.frames[0]!.positionLps![2]); return ofHeight(instance); });
    await loadSlice(stacks['even']!, 2, decoder);
    expect(read).toEqual([10]);
  });
  test('that is not there is refused', async () => { await expect(loadSlice(stacks['even']!, 3, decoderOf(ofHeight))).rejects.toThrow(RangeError); });
});

test('the window is the header\'s where it meets the values, else from percentiles', async () => {
  const ramp = decoderOf(() => Int16Array.from([0, 200, 400, 600, 800, 1000]));
  const own = await loadVolume(only([0, 5].map((z) => slice(z, { windowCenter: 300, windowWidth: 500 }))), ramp);
  expect(own.window).toEqual({ center: 300, width: 500 });
  const beside = await loadVolume(only([0, 5].map((z) => slice(z, { windowCenter: 30000, windowWidth: 500 }))), ramp);
  expect(beside.window).toEqual({ center: 500, width: 1000 });
});

test('refusals carry the stack\'s own code, and sizes are refused before memory is taken', async () => {
  const refuse = decoderOf(() => { throw new Error('nothing may be decoded'); });
  await expect(loadVolume(only([slice(0, { positionLps: null })]), refuse)).rejects.toMatchObject({ code: 'volume/no-position' });
  const huge = [0, 5].map((z) => makeHeader({ pixels: { rows: 65_535, columns: 65_535 }, frame: { positionLps: lps(0, 0, z) } }));
  await expect(loadVolume(only(huge), refuse)).rejects.toMatchObject({ code: 'volume/too-large' });
  await expect(loadVolume(only([0, 5].map((z) => slice(z, { rescaleSlope: Number.NaN }))), decoderOf(ofHeight))).rejects.toMatchObject({ code: 'volume/not-finite' });
});

test('a frame that decodes to the wrong size is an error naming the file', async () => {
  await expect(loadVolume(only([slice(0), slice(5)]), decoderOf(() => new Int16Array(5)))).rejects.toMatchObject({ code: 'dicom/decode-failed' });
});

test('progress counts slices, and stopping ends the work as cancelled', async () => {
  const done: number[] = [];
  await loadVolume(only([0, 5, 10].map((z) => slice(z))), decoderOf(ofHeight), { onProgress: (count, total) => done.push(count / total) });
  expect(done.at(-1)).toBe(1);
  await expect(loadVolume(only([0, 5].map((z) => slice(z))), decoderOf(ofHeight), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
});
