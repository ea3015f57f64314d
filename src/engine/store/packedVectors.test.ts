import { expect, test } from 'vitest';
import { randoms } from '../../testing/tinyPack.ts';
import { packVectors, unpackVectors } from './packedVectors.ts';

test.each([[32, 256, 32], [5, 16, 1], [3, 7, 3], [1, 1, 1]])('%d rows of %d numbers come back within half a step, against a reference of %d rows', (rows, width, referenceRows) => {
  const vectors = randoms(rows * width, 1);
  const reference = randoms(referenceRows * width, 2);
  const packed = packVectors(vectors, width, reference);
  expect(packed.length).toBe(rows * (4 + width + Math.ceil(width / 4)));
  const back = unpackVectors(packed, width, reference);
  for (let row = 0; row < rows; row++) {
    const differences = Array.from({ length: width }, (_, k) => Math.abs(vectors[row * width + k]! - reference[(referenceRows === 1 ? 0 : row * width) + k]!));
    const step = Math.max(...differences) / 511.5;
    for (let k = 0; k < width; k++) expect(Math.abs(back[row * width + k]! - vectors[row * width + k]!)).toBeLessThanOrEqual(step * 0.51 + 1e-6);
  }
});

test('rows that are the reference come back as they were', () => {
  const reference = randoms(12, 3);
  expect(unpackVectors(packVectors(reference, 4, reference), 4, reference)).toEqual(reference);
});
