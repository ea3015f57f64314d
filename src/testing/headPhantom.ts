/**
 * A head made by code that no turn or mirror image fits onto itself: skull, brain, ventricles, one lesion on the patient's
 * left. It can lie anywhere, in any contrast, on any grid, so that what registration should find is known exactly.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repeatable } from '../engine/registration/mutualInformation.ts';
import { motionMatrix, type Motion } from '../engine/registration/rigid.ts';
import { composeAffine, ijk, invertAffine, lps, voxelToPatient, type Affine, type Dims } from '../shared/geometry.ts';
import { dicomImage, type TestElement } from './dicomFiles.ts';

/** Grey values of a contrast. */
export interface Contrast {
  readonly scalp: number;
  readonly brain: number;
  readonly fluid: number;
  readonly lesion: number;
}

export const contrasts = {
  t1c: { scalp: 700, brain: 400, fluid: 150, lesion: 950 },
  t1: { scalp: 680, brain: 420, fluid: 140, lesion: 300 },
  t2: { scalp: 350, brain: 300, fluid: 950, lesion: 700 },
} as const satisfies Record<string, Contrast>;

/** Ellipsoids in the head's own space, mm: centre, half axes, what they are made of. Later ones lie inside earlier ones. */
const parts: readonly (readonly [centre: readonly [number, number, number], half: readonly [number, number, number], of: keyof Contrast | 'bone'])[] = [
  [[0, 0, 0], [78, 96, 80], 'scalp'],
  [[0, 0, 0], [73, 91, 75], 'bone'],
  [[0, 0, 0], [68, 86, 70], 'brain'],
  [[13, 5, 12], [7, 30, 9], 'fluid'],
  [[-12, 2, 12], [6, 27, 8], 'fluid'],
  [[0, 20, -12], [4, 6, 9], 'fluid'],
  [[34, -24, 22], [14, 12, 11], 'lesion'],
  [[0, 52, -38], [30, 18, 14], 'fluid'],
  [[0, 50, -38], [25, 14, 11], 'brain'],
  [[-40, 30, -5], [6, 14, 5], 'fluid'],
  [[28, -82, -40], [14, 22, 12], 'fluid'],
  [[-28, -82, -40], [14, 22, 12], 'fluid'],
];

const valueAt = (x: number, y: number, z: number, contrast: Contrast): number => {
  let value = 0;
  if (x * x + y * y + z * z > 10_500) return value;
  for (const [[cx, cy, cz], [a, b, c], of] of parts) if (((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 + ((z - cz) / c) ** 2 <= 1) value = of === 'bone' ? 30 : contrast[of];
  return value;
};

export interface HeadOptions {
  readonly contrast?: keyof typeof contrasts;
  /** How the head lies: taken from the scanner's middle, turned about it. */
  readonly motion?: Motion;
  readonly dims?: Dims;
  readonly voxelToLps?: Affine;
  /** Standard deviation, about, of the noise. */
  readonly noise?: number;
  readonly seed?: number;
}

/** Axial, 3 x 3 x 5 mm, around the scanner's middle. */
export const axialGrid = { dims: [64, 72, 36] as Dims, voxelToLps: [3, 0, 0, -94.5, 0, 3, 0, -106.5, 0, 0, 5, -87.5, 0, 0, 0, 1] as Affine };
/** Sagittal, 2.5 x 2.5 x 4 mm: i to posterior, j to inferior, k to the left. */
export const sagittalGrid = { dims: [88, 80, 48] as Dims, voxelToLps: [0, 0, 4, -94, 2.5, 0, 0, -109, 0, -2.5, 0, 99, 0, 0, 0, 1] as Affine };

/** Voxels and their affine; the middle of 2 x 2 x 2 places in each voxel, plus noise. */
export function headVolume({ contrast = 't1c', motion = [0, 0, 0, 0, 0, 0], dims = axialGrid.dims, voxelToLps = axialGrid.voxelToLps, noise = 20, seed = 1 }: HeadOptions = {}): { readonly dims: Dims; readonly voxelToLps: Affine; readonly voxels: Uint16Array } {
  const m = composeAffine(invertAffine(motionMatrix(motion, lps(0, 0, 0))), voxelToLps);
  const random = repeatable(seed);
  const voxels = new Uint16Array(dims[0] * dims[1] * dims[2]);
  let at = 0;
  for (let k = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0]; i++) {
        let sum = 0;
        for (let corner = 0; corner < 8; corner++) {
          const [u, v, w] = [i + (corner & 1 ? 0.25 : -0.25), j + (corner & 2 ? 0.25 : -0.25), k + (corner & 4 ? 0.25 : -0.25)] as const;
          sum += valueAt(m[0] * u + m[1] * v + m[2] * w + m[3], m[4] * u + m[5] * v + m[6] * w + m[7], m[8] * u + m[9] * v + m[10] * w + m[11], contrasts[contrast]);
        }
        voxels[at++] = Math.max(0, Math.round(sum / 8 + noise * (random() + random() + random() - 1.5) * 2));
      }
    }
  }
  return { dims, voxelToLps, voxels };
}

export interface HeadStudyOptions extends HeadOptions {
  readonly uid: string;
  readonly frameOfReference?: string;
  readonly accession?: string;
  readonly description?: string;
  /** Replace or add elements, such as the patient's and the date. */
  readonly elements?: readonly TestElement[];
}

/** Writes the head as one DICOM series. @returns its StudyInstanceUID and SeriesInstanceUID */
export async function writeHeadStudy(folder: string, options: HeadStudyOptions): Promise<{ study: string; series: string }> {
  const { uid, frameOfReference = `${uid}.9`, accession = '', description = 'T1 AX POST GAD', contrast = 't1c', elements = [] } = options;
  const { dims: [columns, rows, slices], voxelToLps: m, voxels } = headVolume(options);
  await mkdir(folder, { recursive: true });
  const [i, j] = [[m[0], m[4], m[8]], [m[1], m[5], m[9]]] as const;
  const [di, dj, dk] = [Math.hypot(...i), Math.hypot(...j), Math.hypot(m[2], m[6], m[10])];
  for (let k = 0; k < slices; k++) {
    const origin = voxelToPatient(m, ijk(0, 0, k));
    const pixels = voxels.slice(k * rows * columns, (k + 1) * rows * columns);
    await writeFile(join(folder, `IM${String(k).padStart(4, '0')}`), dicomImage({
      rows, columns, bitsStored: 12, sopInstanceUid: `${uid}.1.${k + 1}`, pixels: new Uint8Array(pixels.buffer),
      elements: [
        ['00080050', 'SH', accession], ['0008103e', 'LO', description], ['00081030', 'LO', 'MR BRAIN'], ['00180050', 'DS', `${dk}`],
        ...(contrast === 't1c' ? [['00180010', 'LO', '10 ml Gadovist'] as const] : []),
        ['0020000d', 'UI', uid], ['0020000e', 'UI', `${uid}.1`], ['00200011', 'IS', '1'], ['00200013', 'IS', `${k + 1}`],
        ['00200032', 'DS', [...origin].map((mm) => mm.toFixed(4)).join('\\')],
        ['00200037', 'DS', [...i.map((mm) => mm / di), ...j.map((mm) => mm / dj)].map((mm) => mm.toFixed(6)).join('\\')],
        ['00200052', 'UI', frameOfReference], ['00280030', 'DS', `${dj}\\${di}`],
        ...elements,
      ],
    }));
  }
  return { study: uid, series: `${uid}.1` };
}
