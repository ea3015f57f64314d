import { describe, expect, test } from 'vitest';
import { lps } from '../../../shared/geometry.ts';
import { directionLetters, edgeLetters, positionAlong } from './orientation.ts';

describe('letters of a direction', () => {
  test.each([
    [lps(1, 0, 0), 'L'], [lps(-1, 0, 0), 'R'], [lps(0, 1, 0), 'P'], [lps(0, -1, 0), 'A'], [lps(0, 0, 1), 'H'], [lps(0, 0, -1), 'F'],
  ])('%j is %s', (direction, letter) => { expect(directionLetters(direction)).toBe(letter); });

  test('a lean of 4 degrees, as in everyday scans, adds no letter', () => {
    const lean = (4 * Math.PI) / 180;
    expect(directionLetters(lps(Math.cos(lean), Math.sin(lean), 0))).toBe('L');
  });
  test('a lean of 30 degrees is named after the main direction', () => {
    expect(directionLetters(lps(-Math.cos(Math.PI / 6), -Math.sin(Math.PI / 6), 0))).toBe('RA');
    expect(directionLetters(lps(-Math.sin(Math.PI / 6), -Math.cos(Math.PI / 6), 0))).toBe('AR');
  });
  test('a direction along all three axes names all three', () => { expect(directionLetters(lps(1, -1.2, 1.4))).toBe('HAL'); });
  test('no direction has no letters', () => { expect(directionLetters(lps(0, 0, 0))).toBe(''); });
});

describe('letters of the four edges', () => {
  test('axial seen from the feet: left of the patient on the right, front on top', () => {
    expect(edgeLetters(lps(0, -1, 0), lps(0, 0, -1))).toEqual({ top: 'A', right: 'L', bottom: 'P', left: 'R' });
  });
  test('axial seen from the head is mirrored, and says so', () => {
    expect(edgeLetters(lps(0, -1, 0), lps(0, 0, 1))).toEqual({ top: 'A', right: 'R', bottom: 'P', left: 'L' });
  });
  test('coronal seen from the front', () => {
    expect(edgeLetters(lps(0, 0, 1), lps(0, -1, 0))).toEqual({ top: 'H', right: 'L', bottom: 'F', left: 'R' });
  });
  test('sagittal seen from the left', () => {
    expect(edgeLetters(lps(0, 0, 1), lps(1, 0, 0))).toEqual({ top: 'H', right: 'P', bottom: 'F', left: 'A' });
  });
});

test('a slice position names its side and drops the sign', () => {
  expect(positionAlong(lps(0, 0, 1), lps(5, 5, -12.5))).toEqual({ letter: 'I', mm: 12.5 });
  expect(positionAlong(lps(1, 0, 0), lps(8, 0, 0))).toEqual({ letter: 'L', mm: 8 });
});
