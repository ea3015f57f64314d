import { expect, test } from 'vitest';
import { randoms } from '../../testing/tinyPack.ts';
import { packVectors, unpackVectors } from './packedVectors.ts';

test.each([[32, 256, 32], [5, 16, 1], [3, 7, 3], [1, 1, 1]])('%d rows of %d numbers come back within a step, against a reference of %d rows', (rows, width, referenceRows) => {
  const vectors = randoms(rows * width, 1);
  const reference = randoms(referenceRows * width, 2);
  const packed = packVectors(vectors, width, reference);
  expect(packed.length).toBe(rows * (4 + width + Math.ceil(width / 4)));
  const back = unpackVectors(packed, width, reference);
  for (let row = 0; row < rows; row++) {
    const differences = Array.from({ length: width }, (_, k) => Math.abs(vectors[row * width + k]! - reference[(referenceRows === 1 ? 0 : row * width) + k]!));
    const step = Math.max(...differences) / 511.5;
    for (let k = 0; k < width; k++) expect(Math.abs(back[row * width + k]! - vectors[row * width + k]!)).toBeLessThanOrEqual(step * 1.01 + 1e-6);
  }
});

test('rows that are the reference come back as they were', () => {
  const reference = randoms(12, 3);
  expect(unpackVectors(packVectors(reference, 4, reference), 4, reference)).toEqual(reference);
});

test('the error of a row is nearly at right angles to the row and to its reference, so that similarities err less', () => {
  const unit = (rows: Float32Array): Float32Array => {
    for (let at = 0; at < rows.length; at += 256) {
      const length = Math.hypot(...rows.subarray(at, at + 256));
      for (let k = at; k < at + 256; k++) rows[k]! /= length;
    }
    return rows;
  };
  const vectors = unit(randoms(200 * 256, 4));
  const reference = unit(randoms(256, 5));
  const back = unpackVectors(packVectors(vectors, 256, reference), 256, reference);
  const lengths = Array.from({ length: 200 }, (_, row) => {
    const error = Float64Array.from({ length: 256 }, (_, k) => back[row * 256 + k]! - vectors[row * 256 + k]!);
    const along = (other: Float32Array, at: number): number => error.reduce((sum, value, k) => sum + value * other[at + k]!, 0);
    return { row: Math.abs(along(vectors, row * 256)), reference: Math.abs(along(reference, 0)), whole: Math.hypot(...error) };
  });
  const mean = (of: (item: (typeof lengths)[number]) => number): number => lengths.reduce((sum, item) => sum + of(item), 0) / lengths.length;
  // An error in no particular direction lies along one of 256 by 0.05 of its length.
  expect(mean((item) => item.row) / mean((item) => item.whole)).toBeLessThan(0.01);
  expect(mean((item) => item.reference) / mean((item) => item.whole)).toBeLessThan(0.015);
});
