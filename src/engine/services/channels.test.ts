import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Role } from '../../shared/contract.ts';
import { ijk, lps, norm, voxelToPatient, type Lps } from '../../shared/geometry.ts';
import { dicomImage } from '../../testing/dicomFiles.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { createFrameDecoder } from '../dicom/decode/frameDecoder.ts';
import { scanPaths } from '../dicom/scan.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Pack } from '../pack/pack.ts';
import { createPreprocessor } from '../volume/preprocess.ts';
import { preprocessedToLps } from '../volume/preprocessGeometry.ts';
import { chooseChannels, prepareChannels } from './reading.ts';
import { arrangeStudy, type StudyImages } from './studyImages.ts';

/** What a pack of the published multimodal model says of its input; nothing else of a pack is asked for here. */
const roles: readonly Role[] = ['t1c', 't1', 't2', 'flair'];
const size = [32, 64, 64] as const;
const pack = { manifest: { input: { channels: roles, preprocessing: 'brat/1', size } } } as unknown as Pack;

const decoder = createFrameDecoder();
const preprocessor = createPreprocessor();
afterAll(() => Promise.all([decoder.close(), preprocessor.close()]));

/** On the patient's left, in front, above the middle: no two axes or directions give it the same place. */
const lesion = lps(30, -42, 17);

/** A head in the middle of the scanner with a bright lesion, larger than the hundredth of the voxels that curation cuts off. */
function intensity(at: Lps): number {
  if (norm(lps(at[0] - lesion[0], at[1] - lesion[1], at[2] - lesion[2])) < 27) return 1000;
  return (at[0] / 70) ** 2 + (at[1] / 85) ** 2 + (at[2] / 65) ** 2 < 1 ? 300 : 0;
}

interface Acquisition {
  readonly description: string;
  readonly repetitionTimeMs: number;
  readonly echoTimeMs: number;
  readonly inversionTimeMs?: number;
  readonly agent?: string;
  /** Directions of a row's columns and of a column's rows. */
  readonly row: readonly [number, number, number];
  readonly column: readonly [number, number, number];
  readonly frame?: string;
  /** Moves what is scanned off the head's middle, mm. */
  readonly offset?: readonly [number, number, number];
}

const [cosine, sine] = [Math.cos(0.3), Math.sin(0.3)];
const acquisitions = {
  t1c: { description: 'T1 AX POST GAD', repetitionTimeMs: 550, echoTimeMs: 12, agent: '10 ml Gadovist', row: [1, 0, 0], column: [0, 1, 0] },
  t1: { description: 'T1 SAG', repetitionTimeMs: 550, echoTimeMs: 12, row: [0, 1, 0], column: [0, 0, -1] },
  t2: { description: 'T2 COR', repetitionTimeMs: 4500, echoTimeMs: 100, row: [1, 0, 0], column: [0, 0, -1] },
  // Tilted, and with its columns running from left to right.
  flair: { description: 'FLAIR AX', repetitionTimeMs: 9000, echoTimeMs: 110, inversionTimeMs: 2500, row: [-1, 0, 0], column: [0, cosine, sine] },
} as const satisfies Record<string, Acquisition>;
type Kind = keyof typeof acquisitions;

/** Slices of 28 x 28 voxels of 7 mm, 6 mm apart, through the head, as DICOM files. */
function writeSeries(folder: string, number: number, { row, column, frame = '2.25.4', offset = [0, 0, 0], ...sequence }: Acquisition): void {
  const normal = [row[1] * column[2] - row[2] * column[1], row[2] * column[0] - row[0] * column[2], row[0] * column[1] - row[1] * column[0]] as const;
  const [cells, slices, step, apart] = [28, 30, 7, 6];
  const place = (i: number, j: number, k: number): Lps => {
    const along = (axis: 0 | 1 | 2): number => offset[axis] + row[axis] * step * (i - (cells - 1) / 2) + column[axis] * step * (j - (cells - 1) / 2) + normal[axis] * apart * (k - (slices - 1) / 2);
    return lps(along(0), along(1), along(2));
  };
  mkdirSync(folder, { recursive: true });
  for (let k = 0; k < slices; k++) {
    const pixels = Uint16Array.from({ length: cells * cells }, (_, at) => intensity(place(at % cells, Math.floor(at / cells), k)));
    writeFileSync(join(folder, `IM${k}`), dicomImage({
      rows: cells, columns: cells, bitsStored: 12, sopInstanceUid: `2.25.2.${number}.${k + 1}`, pixels: new Uint8Array(pixels.buffer),
      elements: [
        ['0008103e', 'LO', sequence.description], ['00180050', 'DS', `${apart}`], ['00180080', 'DS', `${sequence.repetitionTimeMs}`], ['00180081', 'DS', `${sequence.echoTimeMs}`],
        ...(sequence.inversionTimeMs === undefined ? [] : [['00180082', 'DS', `${sequence.inversionTimeMs}`] as const]),
        ...(sequence.agent === undefined ? [] : [['00180010', 'LO', sequence.agent] as const]),
        ['0020000e', 'UI', `2.25.3.${number}`], ['00200011', 'IS', `${number}`], ['00200013', 'IS', `${k + 1}`],
        ['00200032', 'DS', [...place(0, 0, k)].map((mm) => mm.toFixed(4)).join('\\')], ['00200037', 'DS', [...row, ...column].map((value) => value.toFixed(6)).join('\\')],
        ['00200052', 'UI', frame], ['00280030', 'DS', `${step}\\${step}`],
      ],
    }));
  }
}

async function study(kinds: readonly Kind[], change: Partial<Record<Kind, Partial<Acquisition>>> = {}): Promise<StudyImages> {
  const folder = temporaryFolder();
  kinds.forEach((kind, at) => { writeSeries(join(folder, kind), at + 1, { ...acquisitions[kind], ...change[kind] }); });
  const headers: InstanceHeader[] = [];
  for await (const event of scanPaths([folder], { signal: new AbortController().signal, workDir: temporaryFolder() })) if (event.kind === 'instance') headers.push(event.header);
  return arrangeStudy(headers, new Map());
}

const cells = size[0] * size[1] * size[2];

/** Middle of a channel's brightest cells, (s, a, r). */
function bright(channel: Float32Array): readonly [number, number, number] {
  const sum = [0, 0, 0, 0];
  channel.forEach((value, at) => {
    if (value < 0.8) return;
    [Math.floor(at / (size[1] * size[2])), Math.floor(at / size[2]) % size[1], at % size[2], 1].forEach((part, n) => { sum[n] = sum[n]! + part; });
  });
  return [sum[0]! / sum[3]!, sum[1]! / sum[3]!, sum[2]! / sum[3]!];
}

const signal = new AbortController().signal;

describe('channels of a multimodal pack', () => {
  test('series of different orientations land on the same anatomy, and left stays left', async () => {
    const channels = chooseChannels(await study(['t1c', 't1', 't2', 'flair']), pack);
    expect(channels.warning).toBe('Read T1c, T1, T2 and FLAIR');
    const input = await prepareChannels({ decoder, preprocessor }, pack, channels, signal);
    const toLps = preprocessedToLps(channels.first.geometry, size);
    for (const [at, role] of roles.entries()) {
      const place = voxelToPatient(toLps, ijk(...bright(input.subarray(at * cells, (at + 1) * cells))));
      expect(norm(lps(place[0] - lesion[0], place[1] - lesion[1], place[2] - lesion[2])), `${role} at ${place.map((mm) => mm.toFixed(1)).join(', ')}`).toBeLessThan(3);
    }
  });

  test('a sequence that was not acquired is empty, and the reader is told', async () => {
    const channels = chooseChannels(await study(['flair', 't1c']), pack);
    expect(channels.stacks.map((stack) => stack !== null)).toEqual([true, false, false, true]);
    expect(channels.warning).toBe('Read T1c and FLAIR; left empty: T1 (none in the study), T2 (none in the study)');
    const input = await prepareChannels({ decoder, preprocessor }, pack, channels, signal);
    expect(roles.map((_, at) => input.subarray(at * cells, (at + 1) * cells).some((value) => value > 0))).toEqual([true, false, false, true]);
  });

  test('a series of another frame of reference is not laid over the first, and is not said to have been read', async () => {
    const channels = chooseChannels(await study(['t1c', 't2'], { t2: { frame: '2.25.99' } }), pack);
    expect(channels.stacks.map((stack) => stack !== null)).toEqual([true, false, false, false]);
    expect(channels.warning).toContain('T2 (another frame of reference than T1c)');
    expect(channels.input).toBe('t1c=2.25.3.1#0 t1=- t2=- flair=-');
  });

  test('a series of another part of the body is left out', async () => {
    const channels = chooseChannels(await study(['t1c', 't2'], { t2: { offset: [0, 0, -400] } }), pack);
    expect(channels.warning).toContain('T2 (it lies beside T1c)');
  });

  test('a pack of one channel says nothing about channels', async () => {
    const single = { manifest: { input: { ...pack.manifest.input, channels: ['t1c'] } } } as unknown as Pack;
    const channels = chooseChannels(await study(['t1c', 't2']), single);
    expect(channels.warning).toBe('');
    expect(channels.stacks).toHaveLength(1);
  });
});
