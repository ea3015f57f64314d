import { expect, test } from 'vitest';
import { axisStep, cross, dot, lps, type Lps } from '../../shared/geometry.ts';
import { makeAxialHeaders, makeHeader } from '../../testing/instanceHeader.ts';
import type { FrameDiscriminators, FrameHeader, InstanceHeader } from '../dicom/types.ts';
import { buildStacks } from './buildStacks.ts';
import { groupSeries } from './groupSeries.ts';
import type { Stack } from './types.ts';

const stacksOf = (instances: readonly InstanceHeader[]): Stack[] => buildStacks({ seriesUid: '2.25.1', studyUid: '2.25.7', instances });
const codes = (stacks: readonly Stack[]): string[] => stacks.flatMap((stack) => stack.problems.map((problem) => `${problem.severity} ${problem.code}`));
const at = (positions: readonly Lps[], frame: Partial<FrameHeader> = {}): InstanceHeader[] => positions.map((positionLps) => makeHeader({ frame: { positionLps, ...frame } }));
const none: FrameDiscriminators = makeHeader().frames[0]!.discriminators;
const withDiscriminators = (z: number, part: Partial<FrameDiscriminators>): InstanceHeader => makeHeader({ frame: { positionLps: lps(0, 0, z), discriminators: { ...none, ...part } } });

test('a stack given in reverse comes back in the same order', () => {
  const headers = makeAxialHeaders(9, 4);
  const [forward] = stacksOf(headers);
  const [reverse] = stacksOf(headers.toReversed());
  expect(reverse?.slices.map((slice) => slice.instance.sopInstanceUid)).toEqual(forward?.slices.map((slice) => slice.instance.sopInstanceUid));
  expect(reverse?.geometry).toEqual(forward?.geometry);
  expect(forward?.geometry).toMatchObject({ dims: [256, 256, 9], plane: 'axial', slicing: 'direct' });
});

test('instance numbers do not say where a slice lies', () => {
  const shuffled = [3, 0, 2, 1].map((z, n) => makeHeader({ instanceNumber: n + 1, frame: { positionLps: lps(0, 0, z * 5) } }));
  expect(stacksOf(shuffled)[0]?.slices.map((slice) => slice.offsetMm)).toEqual([0, 5, 10, 15]);
});

test.each([
  ['axial', lps(1, 0, 0), lps(0, 1, 0)], ['axial seen from above', lps(-1, 0, 0), lps(0, 1, 0)], ['sagittal', lps(0, 1, 0), lps(0, 0, -1)],
  ['coronal', lps(1, 0, 0), lps(0, 0, -1)], ['oblique', lps(0.8, 0.6, 0), lps(-0.36, 0.48, 0.8)],
])('%s slices stack along row x column, with a positive determinant', (_, rowDirection, columnDirection) => {
  const normal = cross(rowDirection, columnDirection);
  const positions = [2, 0, 3, 1].map((n) => lps(10 + n * 3 * normal[0], 20 + n * 3 * normal[1], 30 + n * 3 * normal[2]));
  const [stack] = stacksOf(at(positions, { rowDirection, columnDirection, pixelSpacingMm: [2, 1] }));
  const affine = stack!.geometry!.voxelToLps;
  // PixelSpacing gives the distance between rows first: the step down a column.
  expect(axisStep(affine, 0)).toEqual(rowDirection);
  columnDirection.forEach((c, axis) => { expect(axisStep(affine, 1)[axis]).toBeCloseTo(2 * c, 9); });
  normal.forEach((c, axis) => { expect(axisStep(affine, 2)[axis]).toBeCloseTo(3 * c, 9); });
  expect(dot(cross(axisStep(affine, 0), axisStep(affine, 1)), axisStep(affine, 2))).toBeGreaterThan(0);
  expect([affine[3], affine[7], affine[11]].map((mm) => Math.round(mm * 1e6) / 1e6)).toEqual([10, 20, 30]);
});

test.each([
  ['a missing slice', [0, 5, 10, 20, 25], 'refused volume/missing-slices'],
  ['wildly uneven steps', [0, 3, 7, 9.2, 14], 'refused volume/uneven-spacing'],
  ['two slices at one position', [0, 5, 5, 10], 'refused volume/duplicate-positions'],
])('%s is refused by name', (_, offsets, code) => {
  const stacks = stacksOf(at(offsets.map((z) => lps(0, 0, z))));
  expect(codes(stacks)).toEqual([code]);
  expect(stacks[0]?.geometry).toBeNull();
});

test('steps that vary a little are interpolated, and the reader is told', () => {
  const [stack] = stacksOf(at([0, 5, 10.3, 15, 20].map((z) => lps(0, 0, z))));
  expect(stack?.geometry?.slicing).toBe('resampled');
  expect(codes([stack!])).toEqual(['note volume/uneven-spacing']);
});

test('positions rounded to a hundredth are an even stack', () => {
  const [stack] = stacksOf(at([0, 3.33, 6.67, 10].map((z) => lps(0, 0, z))));
  expect(stack?.geometry?.slicing).toBe('direct');
  expect(stack?.problems).toEqual([]);
});

test('a tilted gantry is refused as sheared', () => {
  expect(codes(stacksOf(at([0, 5, 10, 15].map((z) => lps(0, z * 0.3, z)))))).toEqual(['refused volume/sheared']);
});

test.each([
  ['no position', { positionLps: null }, 'volume/no-position'],
  ['no orientation', { rowDirection: null }, 'volume/no-position'],
  ['no pixel spacing', { pixelSpacingMm: null }, 'volume/bad-spacing'],
  ['a pixel spacing of zero', { pixelSpacingMm: [0, 1] as const }, 'volume/bad-spacing'],
  ['rows askew to columns', { columnDirection: lps(0.5, 0.866, 0) }, 'volume/sheared'],
])('%s is refused by name, and the other slices still make a volume', (_, broken, code) => {
  const stacks = stacksOf([...makeAxialHeaders(5, 4), makeHeader({ frame: { positionLps: lps(-110, -110, 20), ...broken } })]);
  expect(stacks.map((stack) => stack.geometry?.dims[2] ?? null)).toEqual([5, null]);
  expect(codes(stacks)).toEqual([`refused ${code}`]);
});

test('one slice can be looked at but is no volume', () => {
  const stacks = stacksOf([makeHeader({ frame: { sliceThicknessMm: 4 } })]);
  expect(codes(stacks)).toEqual(['warning volume/too-few-slices']);
  expect(stacks[0]?.geometry?.voxelToLps[10]).toBe(4);
});

test('a localizer comes apart into its orientations', () => {
  const coronal = at([0, 10, 20].map((y) => lps(0, y, 0)), { rowDirection: lps(1, 0, 0), columnDirection: lps(0, 0, -1) });
  const sagittal = at([0, 10, 20].map((x) => lps(x, 0, 0)), { rowDirection: lps(0, 1, 0), columnDirection: lps(0, 0, -1) });
  const stacks = stacksOf([...makeAxialHeaders(3, 10), ...coronal, ...sagittal]);
  expect(stacks.map((stack) => [stack.label, stack.geometry?.dims[2]])).toEqual([['axial', 3], ['coronal', 3], ['sagittal', 3]]);
});

test('images of another size make their own stack', () => {
  const small = [0, 5, 10].map((z) => makeHeader({ pixels: { rows: 128 }, frame: { positionLps: lps(0, 0, z) } }));
  expect(stacksOf([...makeAxialHeaders(4, 5), ...small]).map((stack) => stack.geometry?.dims)).toEqual([[256, 256, 4], [256, 128, 3]]);
});

test('echoes and components split by both, with labels', () => {
  const headers = ['MAGNITUDE', 'PHASE'].flatMap((component) => [1, 2].flatMap((echoNumber) => [0, 5, 10].map((z) => withDiscriminators(z, { component, echoNumber }))));
  expect(stacksOf(headers).map((stack) => [stack.label, stack.slices.length])).toEqual([
    ['magnitude, echo 1', 3], ['magnitude, echo 2', 3], ['phase, echo 1', 3], ['phase, echo 2', 3],
  ]);
});

test('attributes that only vary from slice to slice do not split a volume', () => {
  const headers = [0, 5, 10, 15].map((z) => withDiscriminators(z, { triggerTimeMs: z * 20, acquisitionNumber: z }));
  expect(stacksOf(headers).map((stack) => stack.label)).toEqual(['']);
});

test('b values split before directions, and time points count in order', () => {
  const diffusion = [0, 1000].flatMap((bValue) => [0, 5, 10].map((z) => withDiscriminators(z, { bValue, triggerTimeMs: bValue + z })));
  expect(stacksOf(diffusion).map((stack) => stack.label)).toEqual(['b 0', 'b 1000']);
  const times = [10, 2, 1].flatMap((temporalPosition) => [0, 5, 10].map((z) => withDiscriminators(z, { temporalPosition })));
  expect(stacksOf(times).map((stack) => stack.label)).toEqual(['time 1', 'time 2', 'time 10']);
});

test('repeats with nothing to tell them apart are numbered in order of acquisition', () => {
  const headers = [0, 1, 2].flatMap((repeat) => [0, 5, 10].map((z, n) => makeHeader({ instanceNumber: repeat * 3 + n + 1, frame: { positionLps: lps(0, 0, z) } })));
  const stacks = stacksOf(headers.toReversed());
  expect(stacks.map((stack) => stack.label)).toEqual(['repeat 1', 'repeat 2', 'repeat 3']);
  expect(stacks[1]?.slices.map((slice) => slice.instance.instanceNumber)).toEqual([4, 5, 6]);
});

test('two interleaved echoes at positions of their own are two stacks, not one uneven one', () => {
  const headers = [1, 2].flatMap((echoNumber) => [0, 5, 10, 15].map((z) => withDiscriminators(z + (echoNumber === 2 ? 1 : 0), { echoNumber })));
  expect(stacksOf(headers).map((stack) => [stack.label, stack.geometry?.voxelToLps[10]])).toEqual([['echo 1', 5], ['echo 2', 5]]);
});

test('a mosaic whose private header does not give the normal is refused', () => {
  const header = { ...makeHeader(), mosaic: { kind: 'siemens' as const, tiles: 30, sliceNormal: null, sliceStepMm: 4 } };
  expect(codes(stacksOf([header]))).toEqual(['refused volume/mosaic']);
});

test('tiles of a mosaic lie along its own normal, the first at the corrected corner', () => {
  const header = { ...makeHeader({ frame: { positionLps: lps(-100, -100, 7), pixelSpacingMm: [1, 1] } }), mosaic: { kind: 'siemens' as const, tiles: 16, sliceNormal: lps(0, 0, -1), sliceStepMm: 4 } };
  const [stack] = stacksOf([header]);
  expect(stack?.geometry?.dims).toEqual([64, 64, 16]);
  // Tile 0 is the topmost slice, so it comes last; the corner moves in by (256 - 64) / 2 pixels.
  expect(stack?.slices.map((slice) => slice.tile)).toEqual(Array.from({ length: 16 }, (_, n) => 15 - n));
  expect(stack?.geometry?.voxelToLps).toEqual([1, 0, 0, -4, 0, 1, 0, -4, 0, 0, 4, 7 - 60, 0, 0, 0, 1]);
});

test('colour images are refused, series without pixels have no stacks', () => {
  expect(codes(stacksOf([makeHeader({ pixels: { samplesPerPixel: 3 } })]))).toEqual(['refused dicom/unsupported-pixels']);
  expect(stacksOf([makeHeader({ pixels: null })])).toEqual([]);
});

test('instances group by series, and the same instance twice counts once', () => {
  const [a, b] = [makeHeader({ series: '1' }), makeHeader({ series: '2' })];
  expect(groupSeries([a, b, a]).map((series) => [series.seriesUid, series.instances.length])).toEqual([['1', 1], ['2', 1]]);
});
