import { expect, test } from 'vitest';
import { ellipseRegion } from './regions.ts';

test('an ellipse drawn on a tilted slice becomes a cylinder around its middle, as thick as 12 mm at right angles to it', () => {
  const region = ellipseRegion({ kind: 'ellipse', pointsLps: [[0, 0, 0], [20, 0, 20], [10, -5, 10], [10, 5, 10]] })!;
  expect(region.shape).toBe('cylinder');
  expect(region.centreLps).toEqual([10, 0, 10]);
  expect(region.halfAxesLps[0]).toEqual([10, 0, 10]);
  expect(region.halfAxesLps[1]).toEqual([0, 5, 0]);
  const [x, y, z] = region.halfAxesLps[2];
  expect(Math.hypot(x, y, z)).toBeCloseTo(6, 9);
  expect(x * 10 + z * 10).toBeCloseTo(0, 9);
  expect(y).toBeCloseTo(0, 9);
});

test('what is no ellipse, or a line, is no region', () => {
  expect(ellipseRegion({ kind: 'length', pointsLps: [[0, 0, 0], [1, 1, 1]] })).toBeNull();
  expect(ellipseRegion({ kind: 'ellipse', pointsLps: [[0, 0, 0], [1, 0, 0], [0, 0, 0], [2, 0, 0]] })).toBeNull();
});
