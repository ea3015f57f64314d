import { describe, expect, test } from 'vitest';
import { draggedWindow, storedRange, windowPresets } from './windowing.ts';

const plain = { slope: 1, intercept: 0 };

describe('windows on stored values', () => {
  test('undo the rescale of the header', () => {
    expect(storedRange({ center: 50, width: 100 }, { slope: 2, intercept: -10 })).toEqual({ lower: 5, upper: 55, flipped: false });
  });
  test('a negative slope is told, since it turns dark and bright around', () => {
    expect(storedRange({ center: 0, width: 20 }, { slope: -1, intercept: 0 })).toEqual({ lower: -10, upper: 10, flipped: true });
  });
});

describe('presets', () => {
  // Nine tenths air at 0..20, one tenth tissue at 400..600, one bright voxel.
  const voxels = Int16Array.from({ length: 10_000 }, (_, at) => (at === 5 ? 4000 : at % 10 === 0 ? 400 + ((at / 10) % 200) : at % 10 === 1 ? 0 : at % 20));
  const presets = windowPresets(voxels, plain, { center: 1, width: 2 });

  test('are set by tissue, not by air or one bright voxel', () => {
    expect(presets.auto.center + presets.auto.width / 2).toBeGreaterThan(580);
    expect(presets.auto.center + presets.auto.width / 2).toBeLessThan(700);
  });
  test('the full range reaches every voxel', () => { expect(presets.full).toEqual({ center: 2000, width: 4000 }); });
  test('a flat or empty volume still gives windows of some width', () => {
    for (const window of Object.values(windowPresets(new Int16Array(100), plain, { center: 1, width: 2 }))) expect(window.width).toBeGreaterThan(0);
    expect(windowPresets(new Float32Array([Number.NaN]), plain, { center: 1, width: 2 }).auto).toEqual({ center: 1, width: 2 });
  });
});

test('dragging never makes a window without width', () => {
  expect(draggedWindow({ center: 100, width: 50 }, -100_000, 0, { center: 500, width: 1000 }).width).toBeGreaterThan(0);
});
