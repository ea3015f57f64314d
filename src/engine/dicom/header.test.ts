import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dicomFile, dicomImage } from '../../testing/dicomFiles.ts';
import type { TestElement, TestImageOptions } from '../../testing/dicomFiles.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { readInstance } from './header.ts';
import type { InstanceHeader } from './types.ts';

const four = [1, 2, 3, 4];

async function readBytes(bytes: Uint8Array): Promise<InstanceHeader> {
  const folder = temporaryFolder({ file: bytes });
  return readInstance({ path: join(folder, 'file'), name: 'file' });
}

const readImage = async (options: TestImageOptions): Promise<InstanceHeader> => readBytes(dicomImage({ pixels: four, ...options }));

describe('a classic image', () => {
  test('gives geometry, attributes and pixel format', async () => {
    const header = await readImage({ rows: 2, columns: 2, bitsStored: 12 });
    expect(header).toMatchObject({
      kind: 'dicom', sopInstanceUid: '2.25.1', studyUid: '2.25.2', seriesUid: '2.25.3', frameOfReferenceUid: '2.25.4', modality: 'MR', imageType: ['ORIGINAL', 'PRIMARY', 'M'], instanceNumber: 1,
      study: { patientName: 'Doe, Jane', patientId: 'P1', birthDate: '1960-03-01', sex: 'F', ageYears: 63, studyDate: '2024-02-29', studyTime: '10:15:30.25' },
      sequence: { seriesDescription: 'T1 AX POST', repetitionTimeMs: 550, echoTimeMs: 12, seriesNumber: 4 },
      pixels: { rows: 2, columns: 2, bitsAllocated: 16, bitsStored: 12, highBit: 11, signed: false, numberOfFrames: 1 },
      mosaic: null, nifti: null,
    });
    expect(header.frames).toHaveLength(1);
    expect(header.frames[0]).toMatchObject({ positionLps: [-100, -90, 12.5], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], pixelSpacingMm: [0.5, 0.75], sliceThicknessMm: 5, rescaleSlope: 1, rescaleIntercept: 0 });
  });

  test.each([
    ['implicit little endian', '1.2.840.10008.1.2'], ['explicit little endian', '1.2.840.10008.1.2.1'], ['explicit big endian', '1.2.840.10008.1.2.2'], ['deflated', '1.2.840.10008.1.2.1.99'],
  ])('reads the same from %s', async (_, transferSyntax) => {
      const header = await readImage({ transferSyntax });
    const expected = await readImage({});
    expect(header).toEqual({ ...expected, source: header.source, transferSyntaxUid: transferSyntax });
  });

  test.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'])('without preamble and file meta information it is recognised by its elements (%s)', async (transferSyntax) => {
    expect(await readImage({ bare: true, transferSyntax })).toMatchObject({ sopInstanceUid: '2.25.1', transferSyntaxUid: transferSyntax });
  });

  test('declared explicit but written implicit, it is read as it is written', async () => {
    const implicit = dicomImage({ pixels: four, transferSyntax: '1.2.840.10008.1.2', bare: true });
    const meta = dicomFile([], { transferSyntax: '1.2.840.10008.1.2.1' });
    expect(await readBytes(Buffer.concat([meta, implicit]))).toMatchObject({ sopInstanceUid: '2.25.1', transferSyntaxUid: '1.2.840.10008.1.2' });
  });

  test('a private block of megabytes before the pixels does not hide them', async () => {
    const header = await readImage({ elements: [['00290010', 'LO', 'SOMEBODY'], ['00291001', 'OB', new Uint8Array(3_000_000)]] });
    expect(header.pixels).not.toBeNull();
  });

  test('pixel data in an icon does not end the header', async () => {
    const header = await readImage({ elements: [['00880200', 'SQ', [[['00280010', 'US', [1]], ['7fe00010', 'OB', [7, 7]]]]]] });
    expect(header.pixels).toMatchObject({ rows: 2, columns: 2 });
  });
});

describe('values that break their form are empty, never a crash', () => {
  test('asterisks for dates, name and age', async () => {
    const header = await readImage({ elements: [['00080020', 'DA', '***'], ['00100010', 'PN', '***'], ['00100030', 'DA', '***'], ['00101010', 'AS', '***'], ['00080030', 'TM', '***'], ['00100040', 'CS', '***']] });
    expect(header.study).toMatchObject({ patientName: '', birthDate: '', studyDate: '', studyTime: '', ageYears: null, sex: '' });
  });

  test.each([
    ['19600231', ''], ['00000000', ''], ['1960.03.01', '1960-03-01'], ['1960-03-01', '1960-03-01'], ['19600301 ', '1960-03-01'], ['banana', ''],
  ])('birth date %s is read as "%s"', async (written, read) => {
    expect((await readImage({ elements: [['00100030', 'DA', written]] })).study.birthDate).toBe(read);
  });

  test.each([['045Y', 45], ['018M', 1], ['003W', 0], ['', null], ['45', null]])('without a birth date, age "%s" is %s years', async (written, years) => {
    expect((await readImage({ elements: [['00100030', 'DA', ''], ['00101010', 'AS', written]] })).study.ageYears).toBe(years);
  });

  test('the age is in completed years at the study, the day before a birthday one less', async () => {
    expect((await readImage({ elements: [['00080020', 'DA', '20240301']] })).study.ageYears).toBe(64);
  });

  test.each<[string, TestElement, object]>([
    ['a position of two numbers', ['00200032', 'DS', '1\\2'], { positionLps: null }],
    ['a position with a word in it', ['00200032', 'DS', '1\\left\\3'], { positionLps: null }],
    ['an orientation of zeros', ['00200037', 'DS', '0\\0\\0\\0\\0\\0'], { rowDirection: null, columnDirection: null }],
    ['an orientation of parallel directions', ['00200037', 'DS', '1\\0\\0\\1\\0\\0'], { rowDirection: null, columnDirection: null }],
    ['a spacing of zero', ['00280030', 'DS', '0\\0'], { pixelSpacingMm: null }],
    ['a negative spacing', ['00280030', 'DS', '-1\\1'], { pixelSpacingMm: null }],
    ['an empty thickness', ['00180050', 'DS', ''], { sliceThicknessMm: null }],
    ['a rescale slope of zero', ['00281053', 'DS', '0'], { rescaleSlope: 1 }],
    ['a window of no width', ['00281051', 'DS', '0'], { windowWidth: null, windowCenter: null }],
    ['a number in scientific notation', ['00180050', 'DS', '4.8E+00'], { sliceThicknessMm: 4.8 }],
    ['a decimal comma', ['00180050', 'DS', '4,8'], { sliceThicknessMm: 4.8 }],
  ])('%s', async (_, element, expected) => {
    expect((await readImage({ elements: [element] })).frames[0]).toMatchObject(expected);
  });
});

describe('an enhanced multi-frame image', () => {
  const plane = (z: number, time: number, b: number): TestElement[] => [
    ['00189117', 'SQ', [[['00189087', 'FD', [b]]]]],
    ['00189226', 'SQ', [[['00089007', 'CS', 'ORIGINAL\\PRIMARY\\DIFFUSION\\NONE'], ['00089208', 'CS', 'MAGNITUDE']]]],
    ['00209111', 'SQ', [[['00209056', 'SH', '1'], ['00209057', 'UL', [z]], ['00209128', 'UL', [time]], ['00209157', 'UL', [1, z, time]]]]],
    ['00209113', 'SQ', [[['00200032', 'DS', `-10\\-20\\${z}`]]]],
    ['00289145', 'SQ', [[['00281052', 'DS', `${-z}`], ['00281053', 'DS', '2']]]],
  ];
  const shared: TestElement[] = [
    ['00189112', 'SQ', [[['00180080', 'DS', '2300'], ['00181314', 'DS', '9']]]],
    ['00189114', 'SQ', [[['00189082', 'FD', [2.98]]]]],
    ['00209116', 'SQ', [[['00200037', 'DS', '0\\1\\0\\0\\0\\-1']]]],
    ['00289110', 'SQ', [[['00180050', 'DS', '1.2'], ['00280030', 'DS', '0.9\\0.9'], ['00180088', 'DS', '1.2']]]],
  ];
  const without: TestElement[] = ['00180050', '00180080', '00180081', '00200032', '00200037', '00280030'].map((tag) => [tag, '--', '']);
  const dimensions: TestElement = ['00209222', 'SQ', [[['00209165', 'AT', [0x0020, 0x9056]]], [['00209165', 'AT', [0x0020, 0x9057]]], [['00209165', 'AT', [0x0020, 0x9128]]]]];
  const enhanced = { frames: 3, pixels: new Uint8Array(24), elements: [...without, dimensions, ['52009229', 'SQ', [shared]], ['52009230', 'SQ', [plane(1, 1, 0), plane(2, 1, 0), plane(1, 2, 1000)]]] as TestElement[] };

  test('takes each frame from its own functional groups, and the rest from the shared ones', async () => {
    const { frames, sequence } = await readImage(enhanced);
    expect(frames.map((frame) => frame.positionLps)).toEqual([[-10, -20, 1], [-10, -20, 2], [-10, -20, 1]]);
    expect(frames.map((frame) => frame.rescaleIntercept)).toEqual([-1, -2, -1]);
    expect(frames[2]).toMatchObject({ frame: 2, rowDirection: [0, 1, 0], columnDirection: [0, 0, -1], pixelSpacingMm: [0.9, 0.9], sliceThicknessMm: 1.2, rescaleSlope: 2 });
    expect(sequence).toMatchObject({ repetitionTimeMs: 2300, echoTimeMs: 2.98, flipAngleDeg: 9, spacingBetweenSlicesMm: 1.2 });
  });

  test('tells volumes apart by time, b-value, component and dimension indices without the slice number', async () => {
    const { frames } = await readImage(enhanced);
    expect(frames.map((frame) => frame.discriminators.dimensionIndex)).toEqual(['1\\1', '1\\1', '1\\2']);
    expect(frames[2]?.discriminators).toMatchObject({ temporalPosition: 2, bValue: 1000, component: 'MAGNITUDE', imageType: 'ORIGINAL\\PRIMARY\\DIFFUSION\\NONE', echoTimeMs: 2.98 });
  });

  test('with fewer functional groups than frames, the frames beyond have no position', async () => {
    const { frames } = await readImage({ ...enhanced, frames: 4, pixels: new Uint8Array(32) });
    expect(frames[3]?.positionLps).toBeNull();
  });

  test('without functional groups no frame has a position, whatever the top level says', async () => {
    const { frames } = await readImage({ frames: 2, pixels: new Uint8Array(16) });
    expect(frames.map((frame) => frame.positionLps)).toEqual([null, null]);
  });
});

describe('phase and magnitude', () => {
  test.each([
    ['ORIGINAL\\PRIMARY\\M\\ND', 'MAGNITUDE'], ['ORIGINAL\\PRIMARY\\P\\ND', 'PHASE'], ['ORIGINAL\\PRIMARY\\PHASE MAP\\P\\B0', 'PHASE'], ['ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE', 'MAGNITUDE'], ['ORIGINAL\\PRIMARY\\R_FFE', 'REAL'], ['ORIGINAL\\PRIMARY\\OTHER', ''],
  ])('%s is %s', async (imageType, component) => {
    expect((await readImage({ elements: [['00080008', 'CS', imageType]] })).frames[0]?.discriminators.component).toBe(component);
  });

  test('GE says it in a private element', async () => {
    const header = await readImage({ elements: [['00430010', 'LO', 'GEMS_PARM_01'], ['0043102f', 'SS', [1]], ['00431039', 'IS', '1000001000\\8\\0\\0']] });
    expect(header.frames[0]?.discriminators).toMatchObject({ component: 'PHASE', bValue: 1000 });
  });
});

describe('files that are refused, by name', () => {
  const refused = async (bytes: Uint8Array, code: string, words = ''): Promise<void> => {
    await expect(readBytes(bytes)).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string, about: { subject: 'file' } });
  };
  const whole = dicomImage({ rows: 8, columns: 8, pixels: new Uint8Array(128) });

  test('an empty file', async () => { await refused(new Uint8Array(0), 'dicom/not-dicom'); });
  test('text', async () => { await refused(Buffer.from('Patient was seen on Monday. '.repeat(50)), 'dicom/not-dicom'); });
  test('a JPEG', async () => { await refused(Buffer.concat([Buffer.from('ffd8ffe000104a46494600010101', 'hex'), Buffer.alloc(500)]), 'dicom/not-dicom'); });
  test('a PDF', async () => { await refused(Buffer.from(`%PDF-1.7\n${'x'.repeat(500)}`), 'dicom/not-dicom'); });
  test('zeros', async () => { await refused(Buffer.alloc(2000), 'dicom/not-dicom'); });
  test('nothing after the preamble', async () => { await refused(whole.subarray(0, 132), 'dicom/truncated'); });
  test('cut within the header', async () => { await refused(whole.subarray(0, 420), 'dicom/truncated'); });
  test('cut within the pixels', async () => { await refused(whole.subarray(0, whole.length - 1), 'dicom/truncated'); });
  test('more rows and columns than bytes', async () => { await refused(dicomImage({ rows: 65535, columns: 1000, pixels: four }), 'dicom/declared-size'); });
  test('more frames than bytes', async () => { await refused(dicomImage({ frames: 100_000, pixels: four }), 'dicom/declared-size'); });
  test('two thousand million frames', async () => { await refused(dicomImage({ frames: 2_000_000_000, pixels: four }), 'dicom/declared-size'); });
  test('absurd size of a compressed image', async () => {
    await refused(dicomImage({ rows: 65535, columns: 65535, transferSyntax: '1.2.840.10008.1.2.4.90', fragments: [Buffer.alloc(10)] }), 'dicom/declared-size');
  });
  test('more compressed frames than bytes', async () => {
    await refused(dicomImage({ frames: 5000, transferSyntax: '1.2.840.10008.1.2.4.90', fragments: [Buffer.alloc(10)] }), 'dicom/declared-size');
  });
  test.each(['00080018', '0020000d', '0020000e'])('no identifier (%s)', async (tag) => {
    await refused(dicomImage({ pixels: four, elements: [[tag, '--', '']] }), 'dicom/no-identifiers');
  });
  test('a sequence of millions of items', async () => {
    const items = Buffer.alloc(8 * 2_000_000, Buffer.from('feff00e000000000', 'hex'));
    await refused(dicomImage({ transferSyntax: '1.2.840.10008.1.2', elements: [['00081140', 'UN', items]] }), 'dicom/bad-header');
  });
  test.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'])('a million different elements, at the top or in an item (%s)', async (transferSyntax) => {
    const elements = Buffer.alloc(8_000_000);
    for (let at = 0; at < elements.length; at += 8) {
      elements.writeUInt16LE(0x0011 + 2 * Math.floor(at / 480_000), at);
      elements.writeUInt16LE((at / 8) % 60_000, at + 2);
      if (transferSyntax === '1.2.840.10008.1.2.1') elements.write('LO', at + 4);
    }
    await refused(Buffer.concat([dicomImage({ transferSyntax, elements: [['00280010', '--', '']] }), elements]), 'dicom/bad-header', 'more elements');
    const item = Buffer.concat([Buffer.from('feff00e0', 'hex'), Buffer.from(Uint32Array.of(elements.length).buffer), elements]);
    await refused(dicomImage({ transferSyntax, elements: [['00081140', 'SQ', item]] }), 'dicom/bad-header', 'more elements');
  });
  test('pixels without a size', async () => { await refused(dicomImage({ pixels: four, elements: [['00280010', '--', '']] }), 'dicom/bad-header'); });
});

test.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'])('thousands of frames with a vendor\'s forty elements each are read (%s)', async (transferSyntax) => {
  const frames = 2000;
  const vendor = Array.from({ length: 40 }, (_, n): TestElement => [`2005${(0x1000 + n).toString(16)}`, 'DS', '1']);
  const item: TestElement[] = [['00209113', 'SQ', [[['00200032', 'DS', '1\\2\\3']]]], ['2005140f', 'SQ', [vendor]]];
  const header = await readImage({ transferSyntax, rows: 1, columns: 1, frames, pixels: new Uint8Array(2 * frames), elements: [['52009230', 'SQ', Array.from({ length: frames }, () => item)]] });
  expect(header.frames).toHaveLength(frames);
  expect(header.frames.at(-1)?.positionLps).toEqual([1, 2, 3]);
});

test('an object that is no image still gives a header', async () => {
  const header = await readBytes(dicomImage({ elements: [['00080060', 'CS', 'SR'], ['00280010', '--', '']] }));
  expect(header).toMatchObject({ modality: 'SR', pixels: null, frames: [] });
});

test('an image whose file ends before its pixels is refused, not taken for an object without any', async () => {
  await expect(readBytes(dicomImage({}))).rejects.toMatchObject({ code: 'dicom/no-pixels' });
});

test('any single changed byte of a header ends in a header or a named refusal', async () => {
  const whole = dicomImage({ rows: 2, columns: 2, pixels: new Uint8Array(8), elements: [['00081140', 'SQ', [[['00081150', 'UI', '1.2']]]]] });
  const folder = temporaryFolder({ file: whole });
  for (let position = 128; position < whole.length; position++) {
    for (const value of [0xff, whole[position]! ^ 0x20]) {
      const changed = Buffer.from(whole);
      changed[position] = value;
      writeFileSync(join(folder, 'file'), changed);
      await readInstance({ path: join(folder, 'file'), name: 'file' }).catch((error: unknown) => {
        expect(error, `byte ${position} set to ${value}`).toHaveProperty('code');
      });
    }
  }
});
