/**
 * Numbers against geometry done by hand and, for the region, against NumPy:
 *   python3 -c "
 *   import numpy as np
 *   j, i = np.mgrid[0:12, 0:16]; v = (7*i + 13*j) % 31 + 5
 *   m = ((i-7)*0.5/1.9)**2 + ((j-5)*1.25/3.2)**2 <= 1
 *   r = v[m]*2.0 - 3; print(m.sum(), r.mean(), r.std(), r.min(), r.max())"
 */
import { describe, expect, test } from 'vitest';
import { ijk, lps, voxelToPatient } from '../../../shared/geometry.ts';
import type { Affine, Lps } from '../../../shared/geometry.ts';
import { testVolume } from '../viewer/testVolume.ts';
import { movedBy, withHandleAt } from './editing.ts';
import { angleDegrees, ellipseAreaMm2, ellipseIn, ellipseStatistics, lengthMm, liesInSlice, shifted } from './geometry.ts';
import { planeThrough } from './jump.ts';
import { measured, measurementLines } from './measure.ts';

/** 0.5 x 1.25 x 6 mm, turned 30 degrees about the long axis of the body, then 20 degrees about the left-right one. */
const [c, s, d, t] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6), Math.cos(Math.PI / 9), Math.sin(Math.PI / 9)];
const oblique: Affine = [
  0.5 * c, -1.25 * s, 0, -40,
  0.5 * s * d, 1.25 * c * d, -6 * t, 22,
  0.5 * s * t, 1.25 * c * t, 6 * d, -9,
  0, 0, 0, 1,
];
const at = (i: number, j: number, k: number): Lps => voxelToPatient(oblique, ijk(i, j, k));
const voxels = Int16Array.from({ length: 16 * 12 * 3 }, (_, n) => {
  const [i, j, k] = [n % 16, Math.floor(n / 16) % 12, Math.floor(n / 192)];
  return k === 1 ? ((7 * i + 13 * j) % 31) + 5 : 1000;
});
const volume = testVolume([16, 12, 3], oblique, voxels, { slope: 2, intercept: -3 });
const native = volume.planes.axial;

/** What the lines above print. */
const numpy = { mean: 37, standardDeviation: 17.97489288406327, minimum: 7, maximum: 67 };

describe('on an oblique, anisotropic volume', () => {
  test('a length is of the patient, not of voxels: 6 columns of 0.5 and 4 rows of 1.25 mm make the root of 34', () => {
    expect(lengthMm(at(2, 3, 1), at(8, 7, 1))).toBeCloseTo(Math.sqrt(34), 9);
    expect(lengthMm(at(2, 3, 0), at(2, 3, 2))).toBeCloseTo(12, 9);
  });
  test('an angle is of the patient: 5 mm along rows and 5 mm along columns make 45 degrees', () => {
    expect(angleDegrees(at(10, 0, 1), at(0, 0, 1), at(10, 4, 1))).toBeCloseTo(45, 9);
    expect(angleDegrees(at(10, 0, 1), at(0, 0, 1), at(0, 4, 1))).toBeCloseTo(90, 9);
    expect(angleDegrees(at(10, 0, 1), at(5, 0, 1), at(0, 0, 1))).toBeCloseTo(180, 4);
  });
  test('an angle without an arm is none, and is told as none', () => {
    expect(angleDegrees(at(1, 1, 1), at(1, 1, 1), at(2, 2, 1))).toBeNaN();
    expect(measured('angle', [at(1, 1, 1), at(1, 1, 1), at(2, 2, 1)], volume, native).value).toBeNull();
  });
  test('an ellipse has the area of its half axes, and the statistics that NumPy finds', () => {
    const centre = at(7, 5, 1);
    const ends = ellipseIn(native, shifted(shifted(centre, native.right, -1.9), native.up, -3.2), shifted(shifted(centre, native.right, 1.9), native.up, 3.2));
    expect(lengthMm(ends[0], ends[1])).toBeCloseTo(6.4, 9); // the longer axis first
    expect(lengthMm(ends[2], ends[3])).toBeCloseTo(3.8, 9);
    expect(ellipseAreaMm2(ends)).toBeCloseTo(Math.PI * 1.9 * 3.2, 9);
    const statistics = ellipseStatistics(volume, native, ends)!;
    expect(statistics.mean).toBeCloseTo(numpy.mean, 9);
    expect(statistics.standardDeviation).toBeCloseTo(numpy.standardDeviation, 9);
    expect([statistics.minimum, statistics.maximum]).toEqual([numpy.minimum, numpy.maximum]);
  });
  test('a region beside the volume, or of a slice that is not here yet, has no statistics', () => {
    const far = at(200, 5, 1);
    expect(ellipseStatistics(volume, native, ellipseIn(native, far, shifted(shifted(far, native.right, 4), native.up, 4)))).toBeNull();
    const lone = { ...volume, only: 0 };
    expect(ellipseStatistics(lone, native, ellipseIn(native, at(2, 2, 1), at(9, 9, 1)))).toBeNull();
  });
  test('a probe tells the rescaled value of its voxel and where it lies', () => {
    const probe = measured('probe', [at(3, 4, 1)], volume, native);
    expect(probe).toEqual({ value: 2 * (((21 + 52) % 31) + 5) - 3, unit: 'value', statistics: null });
    expect(measurementLines({ kind: 'probe', ...probe, pointsLps: [[12.34, -5, 7]] })).toEqual(['value 29.0', 'L 12.3, A 5.0, S 7.0']);
  });
});

describe('changing an ellipse', () => {
  const ends = ellipseIn(native, at(2, 2, 1), at(12, 9, 1));
  test('drags one end along its axis, keeps the opposite one, and the other axis stays whole about the new middle', () => {
    const [width, height] = [lengthMm(ends[0], ends[1]), lengthMm(ends[2], ends[3])];
    const next = withHandleAt('ellipse', ends, 1, shifted(ends[1], native.up, 9)) as typeof ends;
    const wider = withHandleAt('ellipse', ends, 1, shifted(ends[1], [ends[1][0] - ends[0][0], ends[1][1] - ends[0][1], ends[1][2] - ends[0][2]] as unknown as Lps, 0.5)) as typeof ends;
    expect(lengthMm(next[2], next[3])).toBeCloseTo(height, 9);
    expect(lengthMm(wider[0], wider[1])).toBeCloseTo(1.5 * width, 9);
    expect([...wider[0]]).toEqual([...ends[0]]);
  });
  test('never turns it over, and names the longer axis first', () => {
    const thin = withHandleAt('ellipse', ends, 1, shifted(ends[0], [ends[0][0] - ends[1][0], 0, 0] as unknown as Lps)) as typeof ends;
    expect(lengthMm(thin[0], thin[1])).toBeGreaterThanOrEqual(lengthMm(thin[2], thin[3]));
    expect(lengthMm(thin[2], thin[3])).toBeCloseTo(0.5, 9);
  });
  test('moves all of it', () => { expect(movedBy([lps(1, 2, 3)], lps(1, -1, 0)).map((p) => [...p])).toEqual([[2, 1, 3]]); });
});

describe('a measurement is shown in its slice alone', () => {
  const points = [at(2, 3, 1), at(8, 7, 1)];
  test.each([[1, true], [0, false], [2, false]])('slice %i: %s', (k, shown) => { expect(liesInSlice(points, native.normal, at(7.5, 5.5, k), 6)).toBe(shown); });
  test('and is found again in the plane it was drawn in', () => {
    expect(planeThrough(points, volume)).toBe('axial');
    expect(planeThrough([at(2, 3, 0), at(8, 3, 2)], volume)).toBe('coronal');
    expect(planeThrough([at(2, 3, 0), at(8, 9, 2)], volume)).toBeNull();
  });
});
