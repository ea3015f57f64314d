/** A small brain-like study as DICOM files made by code: T1 post-contrast, T1 and FLAIR of one made-up patient. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dicomImage, type TestElement } from './dicomFiles.ts';

export interface PhantomSeries {
  readonly description: string;
  readonly repetitionTimeMs: number;
  readonly echoTimeMs: number;
  readonly inversionTimeMs?: number;
  readonly agent?: string;
}

export const phantomSeries = {
  t1c: { description: 'T1 AX POST GAD', repetitionTimeMs: 550, echoTimeMs: 12, agent: '10 ml Gadovist' },
  t1: { description: 'T1 AX', repetitionTimeMs: 550, echoTimeMs: 12 },
  flair: { description: 'FLAIR AX', repetitionTimeMs: 9000, echoTimeMs: 110, inversionTimeMs: 2500 },
} as const satisfies Record<string, PhantomSeries>;

export interface PhantomOptions {
  /** Root of all identifiers of this study. */
  readonly uid?: string;
  readonly accession?: string;
  readonly series?: readonly (keyof typeof phantomSeries)[];
  readonly slices?: number;
  readonly size?: number;
  /** Changes the voxels, so that studies differ. */
  readonly seed?: number;
  /** Radius of the bright lesion, of half the picture. */
  readonly lesionRadius?: number;
  /** Replace or add elements of every file, such as the patient's and the date. */
  readonly elements?: readonly TestElement[];
}

/** An ellipsoid with a bright lesion on the patient's left, whose place depends on the seed. */
function slicePixels(size: number, slices: number, k: number, seed: number, lesionRadius: number): Uint8Array {
  const pixels = new Uint16Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y, z] = [(column / (size - 1)) * 2 - 1, (row / (size - 1)) * 2 - 1, (k / (slices - 1)) * 2 - 1];
      if ((x / 0.8) ** 2 + (y / 0.9) ** 2 + (z / 0.95) ** 2 > 1) continue;
      const lesion = (x - 0.4) ** 2 + (y - ((seed % 5) - 2) / 5) ** 2 + (z - ((seed % 7) - 3) / 7) ** 2 < lesionRadius ** 2;
      pixels[row * size + column] = lesion ? 900 : 300 + ((row * 31 + column * 17 + k * 7 + seed * 13) % 97);
    }
  }
  return new Uint8Array(pixels.buffer);
}

/**
 * Writes the study into a folder, one folder a series.
 * @returns its StudyInstanceUID, and the SeriesInstanceUIDs in the order asked for
 */
export async function writePhantomStudy(folder: string, options: PhantomOptions = {}): Promise<{ study: string; series: string[]; files: number }> {
  const { uid = '2.25.7', accession = 'ACC7', series = ['t1c', 't1', 'flair'], slices = 8, size = 24, seed = 0, lesionRadius = Math.sqrt(0.03), elements = [] } = options;
  const seriesUids = series.map((_, at) => `${uid}.${at + 1}`);
  for (const [at, kind] of series.entries()) {
    const { description, repetitionTimeMs, echoTimeMs, ...rest }: PhantomSeries = phantomSeries[kind];
    await mkdir(join(folder, kind), { recursive: true });
    for (let k = 0; k < slices; k++) {
      const image = dicomImage({
        rows: size, columns: size, bitsStored: 12, sopInstanceUid: `${uid}.${at + 1}.${k + 1}`,
        pixels: slicePixels(size, slices, k, seed + at, lesionRadius),
        elements: [
          ['00080050', 'SH', accession], ['0008103e', 'LO', description], ['00081030', 'LO', 'MR BRAIN'],
          ['00180050', 'DS', '5'], ['00180080', 'DS', `${repetitionTimeMs}`], ['00180081', 'DS', `${echoTimeMs}`],
          ...(rest.inversionTimeMs === undefined ? [] : [['00180082', 'DS', `${rest.inversionTimeMs}`] as const]),
          ...(rest.agent === undefined ? [] : [['00180010', 'LO', rest.agent] as const]),
          ['0020000d', 'UI', uid], ['0020000e', 'UI', seriesUids[at]!], ['00200011', 'IS', `${at + 1}`], ['00200013', 'IS', `${slices - k}`],
          ['00200032', 'DS', `-90\\-90\\${k * 5}`], ['00280030', 'DS', `${180 / size}\\${180 / size}`],
          ...elements,
        ],
      });
      await writeFile(join(folder, kind, `IM${String(k).padStart(4, '0')}`), image);
    }
  }
  return { study: uid, series: seriesUids, files: series.length * slices };
}
