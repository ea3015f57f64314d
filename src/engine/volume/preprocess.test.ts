import { afterAll, expect, test } from 'vitest';
import { ijk, invertAffine, lps, patientToVoxel, voxelToPatient, type Affine } from '../../shared/geometry.ts';
import { createPreprocessor } from './preprocess.ts';
import { gridToLps, preprocessedToLps } from './preprocessGeometry.ts';
import type { Volume } from './types.ts';

const preprocessor = createPreprocessor();
afterAll(() => preprocessor.close());

/**
 * A head without symmetry, as a function of place: a bright blob to the left, in front and above, a weaker one opposite,
 * and a slope under both. The slope leaves no empty region, at whose edge MONAI itself depends on the last bit.
 */
const intensity = ([x, y, z]: readonly [number, number, number]): number =>
  Math.round(1500 * Math.exp(-((x - 8) ** 2 + (y + 5) ** 2 + (z - 5) ** 2) / 60) + 900 * Math.exp(-((x + 9) ** 2 + (y - 6) ** 2 + (z + 8) ** 2) / 25) + 5 * x - 7 * y + 6 * z + 500);

/** Voxel size along the patient's x, y, z, and how many. */
const grid = { mm: [1, 1, 2], counts: [40, 36, 20] } as const;

const permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const;
const orientations48 = permutations.flatMap((axes) => Array.from({ length: 8 }, (_, n) => ({ axes, signs: [n & 1 ? -1 : 1, n & 2 ? -1 : 1, n & 4 ? -1 : 1] as const })));

/** The phantom stored with voxel axis n along patient axis axes[n], in direction signs[n]. */
function phantom({ axes, signs }: (typeof orientations48)[number], part: Partial<Volume> = {}): Volume {
  const dims = axes.map((axis) => grid.counts[axis]) as [number, number, number];
  const matrix = new Array<number>(16).fill(0);
  axes.forEach((axis, n) => {
    const step = signs[n]! * grid.mm[axis];
    matrix[4 * axis + n] = step;
    matrix[4 * axis + 3] = -signs[n]! * ((grid.counts[axis] - 1) / 2) * grid.mm[axis];
  });
  matrix[15] = 1;
  const voxelToLps = matrix as unknown as Affine;
  const voxels = new Int16Array(dims[0] * dims[1] * dims[2]);
  let n = 0;
  for (let k = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) voxels[n++] = intensity(voxelToPatient(voxelToLps, ijk(i, j, k)));
  return { dims, voxelToLps, voxels, slope: 1, intercept: 0, frameOfReferenceUid: '', inverted: false, window: null, problems: [], ...part };
}

const size = [13, 18, 20] as const;

/** Centre (s, a, r) of the brightest cells: the larger blob, whose top the 99th percentile cuts flat. */
function brightCentre(out: Float32Array): [number, number, number] {
  const centre = [0, 0, 0] as [number, number, number];
  let count = 0;
  out.forEach((value, n) => {
    if (value < 0.95) return;
    count += 1;
    [Math.floor(n / (size[1] * size[2])), Math.floor(n / size[2]) % size[1], n % size[2]].forEach((index, axis) => { centre[axis]! += index; });
  });
  return centre.map((sum) => sum / count) as [number, number, number];
}
const plain = phantom(orientations48[0]!);

test('superior, anterior and right are the first, second and third axis', async () => {
  const out = await preprocessor.run([plain], size);
  const [s, a, r] = brightCentre(out);
  // The brighter blob lies left, in front and above the middle.
  expect(s).toBeGreaterThan(6);
  expect(a).toBeGreaterThan(9);
  expect(r).toBeLessThan(10);
});

test.each(orientations48)('axes $axes with signs $signs come back as the same SAR phantom', async (orientation) => {
  const expected = await preprocessor.run([plain], size);
  const out = await preprocessor.run([phantom(orientation)], size);
  // An odd extent and a 1 mm grid: every orientation samples the same places.
  expect(out.reduce((most, value, n) => Math.max(most, Math.abs(value - expected[n]!)), 0)).toBeLessThan(2e-5);
});

test('a missing channel is all zeros, wherever it stands', async () => {
  const out = await preprocessor.run([null, plain, null], size);
  const cells = size[0] * size[1] * size[2];
  expect(out.subarray(0, cells).every((value) => value === 0)).toBe(true);
  expect(out.subarray(2 * cells).every((value) => value === 0)).toBe(true);
  expect(out.subarray(cells, 2 * cells)).toEqual(await preprocessor.run([plain], size));
});

test('a second channel on another grid lands where it lies in the patient', async () => {
  const turned = phantom({ axes: [2, 0, 1], signs: [-1, 1, -1] });
  const out = await preprocessor.run([plain, turned], size);
  const cells = size[0] * size[1] * size[2];
  expect(out.subarray(0, cells).reduce((most, value, n) => Math.max(most, Math.abs(value - out[cells + n]!)), 0)).toBeLessThan(2e-5);
});

test('float, unsigned and rescaled voxels of one image come out alike', async () => {
  const expected = await preprocessor.run([plain], size);
  for (const other of [
    { voxels: Float32Array.from(plain.voxels) },
    { voxels: Uint16Array.from(plain.voxels) },
    { voxels: Int16Array.from(plain.voxels, (value) => value * 4 - 2000), slope: 0.25, intercept: 500 },
    { voxels: Int16Array.from(plain.voxels, (value) => -value), slope: -1 },
    { voxels: Float32Array.from(plain.voxels, (value) => -value), slope: -1 },
  ]) {
    expect(await preprocessor.run([{ ...plain, ...other }], size)).toEqual(expected);
  }
});

test.each([
  ['volume/flat', { voxels: new Int16Array(plain.voxels.length).fill(7) }],
  ['volume/flat', { voxels: Int16Array.from(plain.voxels, (_, n) => (n < 5 ? 100 : 0)) }],
  ['volume/flat', { voxels: new Float32Array(plain.voxels.length) }],
  ['volume/not-finite', { voxels: Float32Array.from(plain.voxels, (value, n) => (n === 99 ? Number.NaN : value)) }],
  ['volume/not-finite', { voxels: Float32Array.from(plain.voxels, (value, n) => (n === 99 ? Infinity : value)) }],
  ['volume/not-finite', { slope: Number.NaN }],
])('%s is refused by name (%#)', async (code, part) => {
  await expect(preprocessor.run([{ ...plain, ...part }], size)).rejects.toMatchObject({ code });
});

test('a cancelled run ends as cancelled, and the next one works', async () => {
  const controller = new AbortController();
  const running = preprocessor.run([plain], size, { signal: controller.signal });
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  await expect(preprocessor.run([plain], size)).resolves.toHaveLength(size[0] * size[1] * size[2]);
});

test.each(orientations48.filter((_, n) => n % 5 === 0))('cells of $axes, $signs lie where their intensity comes from', async (orientation) => {
  const volume = phantom(orientation);
  const out = await preprocessor.run([volume], size);
  const [x, y, z] = voxelToPatient(preprocessedToLps(volume, size), ijk(...brightCentre(out)));
  expect(Math.hypot(x - 8, y + 5, z - 5)).toBeLessThan(1);
});

test('a coarse grid covers the volume: its corners lie half a cell inside, i to the right, j to the front, k up', () => {
  const toLps = gridToLps(plain, size, [2, 4, 5]);
  const inverse = invertAffine(toLps);
  // 1 mm samples: 40 from x -19.5 to 19.5, 36 from y -17.5 to 17.5, 39 from z -19 to 19.
  expect(voxelToPatient(toLps, ijk(-0.5, -0.5, -0.5)).map((mm) => Math.round(mm * 1e6) / 1e6)).toEqual([20, 18, -19.5]);
  expect(voxelToPatient(toLps, ijk(4.5, 3.5, 1.5)).map((mm) => Math.round(mm * 1e6) / 1e6)).toEqual([-20, -18, 19.5]);
  expect(patientToVoxel(inverse, lps(0, 0, 0))[2]).toBeCloseTo(0.5, 6);
});
