import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import type { Affine } from '../../shared/geometry.ts';
import { renderSlicePng } from './sliceImage.ts';
import type { Volume } from './types.ts';

/** 4 x 4 voxels, one bright quarter at low i and low j. */
function quarter(voxelToLps: Affine, part: Partial<Volume> = {}): Volume {
  const voxels = Uint8Array.from({ length: 16 }, (_, n) => (n % 4 < 2 && n < 8 ? 200 : 0));
  return { dims: [4, 4, 1], voxelToLps, voxels, slope: 1, intercept: 0, frameOfReferenceUid: '', inverted: false, window: { center: 100, width: 200 }, problems: [], ...part };
}

/** Which corner of the image is bright: vertical then horizontal. */
function brightCorner(volume: Volume): string {
  const { width, height, data } = decode(renderSlicePng(volume, { plane: 'native', k: 0, maxSize: 64 }));
  const n = data.indexOf(255);
  const corners = { 'top left': data[0], 'top right': data[width - 1], 'bottom left': data[(height - 1) * width], 'bottom right': data[width * height - 1] };
  expect(n).toBeGreaterThanOrEqual(0);
  return Object.entries(corners).filter(([, grey]) => grey === 255).map(([name]) => name).join(', ');
}

test.each<[string, Affine, string]>([
  ['axial as scanners send it: right and front', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 'top left'],
  ['axial of a prone patient: left and back', [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 'bottom right'],
  ['axial with rows along front to back', [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1], 'top left'],
  ['coronal with rows from the feet up: right and feet', [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1], 'bottom left'],
  ['sagittal: front and head', [0, 0, -1, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1], 'top left'],
  ['sagittal from the back: back and head', [0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1], 'top right'],
])('%s is hung as radiologists hang it', (_, voxelToLps, corner) => {
  expect(brightCorner(quarter(voxelToLps))).toBe(corner);
});

test('pixels keep their true proportions', () => {
  const { width, height } = decode(renderSlicePng(quarter([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]), { plane: 'native', k: 0, maxSize: 64 }));
  expect([width, height]).toEqual([32, 64]);
});

test('MONOCHROME1 shows low values bright', () => {
  expect(brightCorner(quarter([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], { inverted: true }))).toBe('top right, bottom left, bottom right');
});
