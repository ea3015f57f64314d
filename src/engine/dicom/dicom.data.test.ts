/**
 * Reading every file of the real data. Expected pixel counts, ranges and sums are those of pydicom 3.0.2 (native and
 * deflated files), pydicom with Pillow (baseline JPEG, JPEG 2000) and DCMTK's dcmdjpeg and dcmdjpls (lossless JPEG,
 * JPEG-LS); NIfTI sums and affines nibabel's.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorCodes } from '../../shared/errors.ts';
import { describeWithData, sharedData } from '../../testing/sharedData.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { createFrameDecoder } from './decode/frameDecoder.ts';
import { readInstance } from './header.ts';
import { scanPaths } from './scan.ts';
import type { ScanEvent } from './scan.ts';
import type { FrameDecoder, InstanceHeader, StoredPixels } from './types.ts';

let decoder: FrameDecoder;
beforeAll(() => { decoder = createFrameDecoder(); });
afterAll(async () => { await decoder.close(); });

const open = async (name: string): Promise<InstanceHeader> => readInstance({ path: join(sharedData, name), name });
const decodeAll = async (header: InstanceHeader): Promise<StoredPixels[]> => decoder.decode(header, header.frames.map(({ frame }) => frame));

function summary(frames: readonly StoredPixels[]): { min: number; max: number; sum: number } {
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const frame of frames) {
    for (const value of frame) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
    }
  }
  return { min, max, sum };
}

const codeOf = async (work: Promise<unknown>): Promise<string> => work.then(() => 'read', (error: unknown) => (error as { code?: string }).code ?? String(error));

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

describeWithData('every file of the real data', () => {
  test('is read, or skipped, or refused with a code; nothing is left out', async () => {
    const events: ScanEvent[] = [];
    for await (const event of scanPaths([sharedData], { workDir: temporaryFolder() })) events.push(event);
    const told = events.filter((event) => event.kind !== 'progress');
    expect(told).toHaveLength(filesUnder(sharedData).length);
    const problems = told.filter((event) => event.kind === 'problem');
    expect(problems.every(({ error }) => error.code !== 'bug/unexpected')).toBe(true);
    expect(problems.every(({ name }) => name.includes('malformed'))).toBe(true);
  });

  test('with pixels decodes to whole frames, or is refused with a code', async () => {
    const outcomes = await Promise.all(filesUnder(sharedData).map(async (path) => {
      try {
        const header = await readInstance({ path, name: relative(sharedData, path) });
        if (header.pixels === null) return null;
        const { rows, columns, numberOfFrames } = header.pixels;
        const frames = await decodeAll(header);
        return frames.length === numberOfFrames && frames.every((frame) => frame.length === rows * columns) ? null : `${path}: wrong size`;
      } catch (error) {
        const { code } = error as { code?: string };
        return code !== undefined && code !== 'bug/unexpected' && (errorCodes as readonly string[]).includes(code) ? null : `${path}: ${String(error)}`;
      }
    }));
    expect(outcomes.filter((outcome) => outcome !== null)).toEqual([]);
  });
});

describeWithData('pixels agree with other readers', () => {
  test.each([
    ['codecs-ct/1.2.840.10008.1.2.1-littleendianexplicit.dcm', 1, -2000, 2402, 19640763],
    ['codecs-mr-small/mr-small.dcm', 1, 127, 2145, 2125338],
    ['twelve-bit-unsigned/dicom/unsigned.dcm', 1, 0, 2908, 39116505],
    ['twelve-bit-unsigned/dicom/unsigned-dirty-high-bits.dcm', 1, 0, 4095, 40476428],
    ['uih-dti-vframe/dicom/0001.dcm', 1, 0, 1419, 8629204],
    ['siemens-xa10-enhanced-epi/dicom/0001.dcm', 6, 0, 1199, 2516181],
    ['philips-t1w-tse-enhanced-phantom/dicom/0001.dcm', 12, 0, 1812, 310914596],
    ['canon-dwi-enhanced-oblique-deflated/dicom/0001.dcm', 520, 0, 2456, 107533442],
    ['ge-epi-4d-classic/dicom/0001.dcm', 1, 0, 5702, 2777833],
    ['selection-distractors/ge-flair-contrast-agent-none.dcm', 1, 0, 575, 4294431],
    ['ge-fse-pd-axial-oblique-uneven/dicom/0001.dcm', 1, 0, 884, 9555531],
    ['ge-mprage-oblique-jpeg-lossless/dicom/0001.dcm', 1, 0, 1036, 1516679],
    ['siemens-mosaic-epi/axial-jpeg-lossless/0001.dcm', 1, 0, 2065, 59465624],
    ['siemens-mosaic-epi/axial-oblique/0001.dcm', 1, 0, 2362, 38036663],
    ['siemens-t1-fl2d-sag-hfp-jpeg-ls/dicom/0001.dcm', 1, 0, 1753, 7685221],
    ['codecs-ct/1.2.840.10008.1.2.4.50-jpegprocess1.dcm', 1, 30, 168, 25128768],
    ['codecs-ct/1.2.840.10008.1.2.4.81-jpeglslossy.dcm', 1, -2001, 2401, 19673724],
    ['codecs-ct/1.2.840.10008.1.2.4.91-jpeg2000.dcm', 1, -2003, 2401, 19626368],
    ['malformed/j2k-pixelrep-mismatch.dcm', 1, -2000, 1896, -172605258],
  ])('%s', async (name, count, min, max, sum) => {
    const frames = await decodeAll(await open(name));
    expect(frames).toHaveLength(count);
    expect(summary(frames)).toEqual({ min, max, sum });
  });

  test('one MR image in seven encodings is one image', async () => {
    const names = readdirSync(join(sharedData, 'codecs-mr-small'));
    const images = await Promise.all(names.map(async (name) => (await decodeAll(await open(`codecs-mr-small/${name}`)))[0]));
    expect(images).toHaveLength(7);
    for (const image of images) expect(image).toEqual(images[0]);
  });

  const ct = 'codecs-ct/1.2.840.10008.1.2';
  test.each(['-littleendianimplicit', '.1.99-deflatedexplicitvrlittleendian', '.2-bigendianexplicit', '.4.57-jpegprocess14', '.4.70-jpegprocess14sv1', '.4.80-jpeglslossless', '.4.90-jpeg2000losslessonly', '.5-rlelossless'])('one CT image: %s is exactly the uncompressed one', async (name) => {
    const [expected] = await decodeAll(await open(`${ct}.1-littleendianexplicit.dcm`));
    expect((await decodeAll(await open(`${ct}${name}.dcm`)))[0]).toEqual(expected);
  });

  // The largest errors that DCMTK (JPEG-LS) and Pillow (JPEG 2000) find.
  test.each([['.4.81-jpeglslossy', 1], ['.4.91-jpeg2000', 5]])('one CT image with loss: %s is within %i of it everywhere', async (name, tolerance) => {
    const [expected] = await decodeAll(await open(`${ct}.1-littleendianexplicit.dcm`));
    const [lossy] = await decodeAll(await open(`${ct}${name}.dcm`));
    let largest = 0;
    for (let i = 0; i < expected!.length; i++) largest = Math.max(largest, Math.abs(expected![i]! - lossy![i]!));
    expect(largest).toBeLessThanOrEqual(tolerance);
  });

  test.each(['.4.51-jpegprocess2-4', '.4.53-jpegprocess6-8', '.4.55-jpegprocess10-12'])('12-bit lossy JPEG (%s) is refused for what it is', async (name) => {
    await expect(decodeAll(await open(`${ct}${name}.dcm`))).rejects.toMatchObject({ code: 'dicom/unsupported-transfer-syntax', message: 'Lossy JPEG with 12 bits per pixel is not read' });
  });
});

describeWithData('broken files have a clear code', () => {
  test.each([
    ['malformed/empty-charset-lei.dcm', 'dicom/no-identifiers'],
    ['malformed/j2k-pixelrep-mismatch.dcm', 'read'],
    ['malformed/jpeg2000-embedded-sequence-delimiter.dcm', 'dicom/decode-failed'],
    ['malformed/mr-small-padded.dcm', 'read'],
    ['malformed/mr-truncated.dcm', 'dicom/truncated'],
    ['malformed/no-meta.dcm', 'dicom/not-dicom'],
    ['malformed/oob-rows-columns-65535.dcm', 'dicom/declared-size'],
    ['malformed/rtplan-truncated.dcm', 'dicom/truncated'],
    ['malformed/un-sequence.dcm', 'dicom/no-identifiers'],
    ['malformed/unknown-sop-class-uid.dcm', 'dicom/unsupported-pixels'],
    ['malformed-constructed/empty-file.dcm', 'dicom/not-dicom'],
    ['malformed-constructed/preamble-only.dcm', 'dicom/truncated'],
    ['malformed-constructed/text-file-renamed.dcm', 'dicom/not-dicom'],
    ['malformed-constructed/truncated-in-header.dcm', 'dicom/truncated'],
    ['malformed-constructed/truncated-in-pixel-data.dcm', 'dicom/truncated'],
    ['selection-distractors/tcga-gbm-seg-object.dcm', 'dicom/unsupported-pixels'],
  ])('%s: %s', async (name, code) => {
    expect(await codeOf(open(name).then(decodeAll))).toBe(code);
  });

  test('all of them together take less than 200 MB', async () => {
    const before = process.memoryUsage.rss();
    await Promise.all([...filesUnder(join(sharedData, 'malformed')), ...filesUnder(join(sharedData, 'malformed-constructed'))].map(async (path) => codeOf(readInstance({ path, name: path }))));
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  });
});

describeWithData('headers of odd files', () => {
  test('a Siemens mosaic says how many tiles, which way they go on and how far apart', async () => {
    const { mosaic } = await open('siemens-mosaic-epi/axial-oblique/0001.dcm');
    expect(mosaic).toMatchObject({ kind: 'siemens', tiles: 35 });
    expect(mosaic?.sliceStepMm).toBeCloseTo(3.6, 6);
    expect(mosaic?.sliceNormal?.[2]).toBeCloseTo(0.99415095, 6);
  });

  test('a UIH VFRAME says so too, and lies where its first tile does', async () => {
    const { mosaic, frames, study } = await open('uih-dti-vframe/dicom/0001.dcm');
    expect(mosaic).toMatchObject({ kind: 'uih', tiles: 20 });
    expect(mosaic?.sliceStepMm).toBeCloseTo(4.2, 5);
    expect(frames[0]?.positionLps).toEqual([-114.442863, -112.324295, -6.39442587]);
    expect(study).toMatchObject({ patientName: '', birthDate: '', ageYears: null });
  });

  test('one Philips field-map series tells its echoes and components apart', async () => {
    const folder = join(sharedData, 'philips-mprage-study');
    const series = readdirSync(folder).find((name) => name.startsWith('s2001'))!;
    const headers = await Promise.all(filesUnder(join(folder, series)).map(async (path) => readInstance({ path, name: path })));
    const kinds = new Set(headers.map(({ frames: [frame] }) => `${frame?.discriminators.component} ${frame?.discriminators.echoNumber}`));
    expect([...kinds].sort()).toHaveLength(4);
  });

  test('an enhanced diffusion file has 13 volumes by its dimension indices', async () => {
    const { frames } = await open('canon-dwi-enhanced-oblique-deflated/dicom/0001.dcm');
    const positions = new Set(frames.map(({ positionLps }) => positionLps?.join()));
    expect([frames.length, positions.size]).toEqual([520, 40]);
    expect(new Set(frames.map(({ discriminators: { dimensionIndex, bValue, diffusionDirection } }) => `${dimensionIndex} ${bValue} ${diffusionDirection}`)).size).toBe(13);
  });
});

describeWithData('NIfTI agrees with nibabel', () => {
  test.each([
    ['tumour-btp-01-t1-post/timepoint-2-t1-post.nii.gz', 24, 1338598482, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]],
    ['tumour-tcga-fg-6692-native/flair.nii.gz', 26, 152377209, [0.89696, 0, -0.31571, -90.71992, 0.01474, -0.86098, 1.56892, 71.36848, 0.04942, 0.25671, 5.26202, -98.39599]],
    ['tumour-tcga-fg-6692-native/t1-post-gad.nii.gz', 26, 275569409, [0.89677, 0, 0.33482, -113.65645, -0.0041, -0.8959, 0.41194, 74.61624, -0.05454, 0.06742, 5.47432, -46.8588]],
    ['canon-dwi-enhanced-oblique-deflated/ref/upstream-dcm2niix.nii.gz', 520, 107533442, [3, 0, 0, -116.97943, 0, -2.81923, -1.02564, 113.54762, 0, -1.02564, 2.81923, 13.82152]],
  ])('%s', async (name, slices, sum, affine) => {
    const header = await open(name);
    expect(header.frames).toHaveLength(slices);
    header.nifti?.voxelToLps.slice(0, 12).forEach((value, index) => { expect(value).toBeCloseTo(affine[index]!, 4); });
    expect(summary(await decodeAll(header)).sum).toBe(sum);
  });

  test('the four sequences of one folder are one study of four series', async () => {
    const folder = join(sharedData, 'tumour-tcga-fg-6692-native');
    const headers = await Promise.all(filesUnder(folder).map(async (path) => readInstance({ path, name: path })));
    expect(new Set(headers.map(({ studyUid }) => studyUid)).size).toBe(1);
    expect(new Set(headers.map(({ seriesUid }) => seriesUid)).size).toBe(4);
    expect(headers.map(({ sequence }) => sequence.seriesDescription).sort()).toEqual(['flair', 't1', 't1-post-gad', 't2']);
  });
});
