import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { createFrameDecoder } from './decode/frameDecoder.ts';
import { readInstance } from './header.ts';
import type { InstanceHeader, StoredPixels } from './types.ts';

const sform = { code: 1, rows: [1, 0, 0, 10, 0, 2, 0, 20, 0, 0, 3, 30] };

interface NiftiOptions {
  readonly dims?: readonly number[];
  readonly datatype?: number;
  readonly big?: boolean;
  readonly qform?: { readonly code: number; readonly quaternion: readonly [number, number, number]; readonly offset: readonly [number, number, number]; readonly qfac: number };
  /** One is written when neither is given; null leaves the file without any. */
  readonly sform?: { readonly code: number; readonly rows: readonly number[] } | null;
  readonly slope?: readonly [number, number];
  readonly voxels?: Uint8Array;
}

/** A single-file NIfTI-1 image, 2 x 2 x 2 int16 unless told otherwise, voxels of 1 x 2 x 3 mm. */
function niftiFile(options: NiftiOptions = {}): Buffer {
  const little = options.big !== true;
  const chosenSform = options.sform === undefined && options.qform === undefined ? sform : options.sform;
  const header = Buffer.alloc(352);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const dims = options.dims ?? [2, 2, 2];
  view.setInt32(0, 348, little);
  view.setInt16(40, dims.length, little);
  for (let i = 0; i < 7; i++) view.setInt16(42 + 2 * i, dims[i] ?? 1, little);
  view.setInt16(70, options.datatype ?? 4, little);
  [options.qform?.qfac ?? 1, 1, 2, 3].forEach((size, i) => { view.setFloat32(76 + 4 * i, size, little); });
  view.setFloat32(108, 352, little);
  (options.slope ?? [0, 0]).forEach((value, i) => { view.setFloat32(112 + 4 * i, value, little); });
  view.setInt16(252, options.qform?.code ?? 0, little);
  view.setInt16(254, chosenSform?.code ?? 0, little);
  [...(options.qform?.quaternion ?? []), ...(options.qform?.offset ?? [])].forEach((value, i) => { view.setFloat32(256 + 4 * i, value, little); });
  chosenSform?.rows.forEach((value, i) => { view.setFloat32(280 + 4 * i, value, little); });
  header.write('n+1\0', 344, 'latin1');
  return Buffer.concat([header, options.voxels ?? new Uint8Array(Int16Array.of(1, 2, 3, 4, 5, 6, 7, -8).buffer)]);
}

async function open(bytes: Uint8Array, name = 'scan.nii'): Promise<InstanceHeader> {
  const folder = temporaryFolder({ [name]: bytes });
  return readInstance({ path: join(folder, name), name });
}

async function decodeAll(header: InstanceHeader): Promise<StoredPixels[]> {
  const decoder = createFrameDecoder({ workers: 1 });
  onTestFinished(async () => { await decoder.close(); });
  return decoder.decode(header, header.frames.map(({ frame }) => frame));
}


describe('right, anterior, superior becomes left, posterior, superior', () => {
  test('by the sform', async () => {
    expect((await open(niftiFile({ sform }))).nifti?.voxelToLps).toEqual([-1, 0, 0, -10, 0, -2, 0, -20, 0, 0, 3, 30, 0, 0, 0, 1]);
  });

  test('by the sform even where the qform has the larger code', async () => {
    const qform = { code: 2, quaternion: [0, 0, 0], offset: [-1, -2, -3], qfac: 1 } as const;
    expect((await open(niftiFile({ sform, qform }))).nifti?.voxelToLps[3]).toBe(-10);
  });

  test('by the qform alone, with its handedness', async () => {
    const { nifti } = await open(niftiFile({ qform: { code: 1, quaternion: [0, 0, 0], offset: [5, 6, 7], qfac: -1 } }));
    expect(nifti?.voxelToLps).toEqual([-1, 0, 0, -5, 0, -2, 0, -6, 0, 0, -3, 7, 0, 0, 0, 1]);
  });

  test('a half turn whose quaternion is a little too long is still a half turn', async () => {
    const { nifti } = await open(niftiFile({ qform: { code: 1, quaternion: [0, 1.0000001, 0], offset: [0, 0, 0], qfac: 1 } }));
    expect(nifti?.voxelToLps.map((value) => Math.round(value * 1000) / 1000 + 0)).toEqual([1, 0, 0, 0, 0, -2, 0, 0, 0, 0, -3, 0, 0, 0, 0, 1]);
  });

  test('each slice has its place and the rescale of the file', async () => {
    const { frames } = await open(niftiFile({ sform, slope: [2, -1024] }));
    expect(frames).toHaveLength(2);
    expect(frames[1]).toMatchObject({ positionLps: [-10, -20, 33], rowDirection: [-1, 0, 0], columnDirection: [0, -1, 0], pixelSpacingMm: [2, 1], sliceThicknessMm: 3, rescaleSlope: 2, rescaleIntercept: -1024 });
  });

  test('a slope of zero is no scaling', async () => {
    expect((await open(niftiFile({ slope: [0, 7] }))).frames[0]).toMatchObject({ rescaleSlope: 1, rescaleIntercept: 0 });
  });
});

describe('voxels', () => {
  test.each<[string, NiftiOptions, StoredPixels]>([
    ['uint8', { datatype: 2, voxels: Uint8Array.of(1, 2, 3, 255) }, Uint8Array.of(1, 2, 3, 255)],
    ['int8', { datatype: 256, voxels: Uint8Array.of(1, 2, 3, 255) }, Int8Array.of(1, 2, 3, -1)],
    ['int16', { datatype: 4, voxels: new Uint8Array(Int16Array.of(1, -2, 3, 4).buffer) }, Int16Array.of(1, -2, 3, 4)],
    ['uint16', { datatype: 512, voxels: new Uint8Array(Uint16Array.of(1, 65535, 3, 4).buffer) }, Uint16Array.of(1, 65535, 3, 4)],
    ['int32', { datatype: 8, voxels: new Uint8Array(Int32Array.of(1, -70000, 3, 4).buffer) }, Int32Array.of(1, -70000, 3, 4)],
    ['float32', { datatype: 16, voxels: new Uint8Array(Float32Array.of(0.5, -1, 3, 4).buffer) }, Float32Array.of(0.5, -1, 3, 4)],
    ['float64', { datatype: 64, voxels: new Uint8Array(Float64Array.of(0.5, -1, 3, 4).buffer) }, Float32Array.of(0.5, -1, 3, 4)],
    ['big endian int16', { datatype: 4, big: true, voxels: Uint8Array.of(1, 2, 0xff, 0xfe, 0, 3, 0, 4) }, Int16Array.of(258, -2, 3, 4)],
  ])('%s', async (_, options, expected) => {
    const bytes = niftiFile({ dims: [2, 2, 1], ...options });
    expect(await decodeAll(await open(bytes))).toEqual([expected]);
    expect(await decodeAll(await open(gzipSync(bytes), 'scan.nii.gz'))).toEqual([expected]);
  });

  test('several volumes follow one another, slice by slice', async () => {
    const header = await open(niftiFile({ dims: [1, 1, 2, 3], voxels: new Uint8Array(Int16Array.of(1, 2, 3, 4, 5, 6).buffer) }));
    expect(header.nifti).toMatchObject({ dims: [1, 1, 2], volumes: 3 });
    expect(header.frames.map(({ discriminators }) => discriminators.temporalPosition)).toEqual([1, 1, 2, 2, 3, 3]);
    expect((await decodeAll(header)).map(([value]) => value)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('identity', () => {
  test('the same content is the same object wherever it lies, another content is another', async () => {
    const [one, same, other] = [await open(niftiFile({ sform })), await open(niftiFile({ sform }), 'copy.nii'), await open(niftiFile({ sform, slope: [2, 0] }))];
    expect(same.sopInstanceUid).toBe(one.sopInstanceUid);
    expect(other.sopInstanceUid).not.toBe(one.sopInstanceUid);
    expect(one.sopInstanceUid).toMatch(/^2\.25\.\d{30,39}$/);
  });

  test('files of one folder are one study, named after themselves', async () => {
    const folder = temporaryFolder({ 't1.nii': niftiFile({ sform: { ...sform, code: 2 } }), 't2.nii.gz': gzipSync(niftiFile({ sform })) });
    const [t1, t2] = await Promise.all(['t1.nii', 't2.nii.gz'].map(async (name) => readInstance({ path: join(folder, name), name })));
    expect(t1?.studyUid).toBe(t2?.studyUid);
    expect([t1?.sequence.seriesDescription, t2?.sequence.seriesDescription]).toEqual(['t1', 't2']);
  });
});

describe('what cannot be right is refused by name', () => {
  test.each<[string, Uint8Array, string]>([
    ['text of that name', Buffer.from('not an image'.repeat(100)), 'nifti/unreadable'],
    ['nothing', new Uint8Array(0), 'nifti/unreadable'],
    ['cut in its voxels', niftiFile().subarray(0, -3), 'dicom/truncated'],
    ['more voxels than bytes', niftiFile({ dims: [30000, 30000, 100] }), 'dicom/declared-size'],
    ['negative dimensions', niftiFile({ dims: [-2, 2, 2] }), 'nifti/unreadable'],
    ['complex voxels', niftiFile({ datatype: 32 }), 'dicom/unsupported-pixels'],
    ['no word on how its axes lie, since left and right could not be told', niftiFile({ sform: null }), 'volume/no-position'],
    ['an affine of no numbers', niftiFile({ sform: { code: 1, rows: [Number.NaN, 0, 0, 0] } }), 'nifti/unreadable'],
  ])('%s', async (_, bytes, code) => {
    await expect(open(bytes)).rejects.toMatchObject({ code, about: { subject: 'scan.nii' } });
  });

  test('a gzip bomb: what unpacks to more than the header declares', async () => {
    const header = await open(gzipSync(Buffer.concat([niftiFile(), Buffer.alloc(100 * 2 ** 20)])), 'scan.nii.gz');
    await expect(decodeAll(header)).rejects.toMatchObject({ code: 'dicom/declared-size' });
  });

  test('gzip cut short', async () => {
    const voxels = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 2654435761) >>> 13);
    const packed = gzipSync(niftiFile({ dims: [100, 100, 10], voxels }));
    await expect(open(packed.subarray(0, packed.length / 2), 'scan.nii.gz').then(decodeAll)).rejects.toMatchObject({ code: 'dicom/truncated' });
  });
});
