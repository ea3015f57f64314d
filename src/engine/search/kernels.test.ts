/** Where the kernels must give the numbers of the plain code to the last bit. */
import { expect, test } from 'vitest';
import { randoms } from '../../testing/tinyPack.ts';
import { packVectors, unpackVectors } from '../store/packedVectors.ts';
import { openKernels, sharedMemory, Arena } from './kernels.ts';
import { multiplyRows } from './products.ts';

const arena = new Arena(sharedMemory());
const kernels = openKernels(arena.memory);

test.each([[32, 256, 32], [5, 16, 1], [64, 48, 64], [1, 32, 1]])('%d packed rows of %d numbers are unpacked as the store unpacks them', (rows, width, referenceRows) => {
  const reference = randoms(referenceRows * width, 2);
  const packed = packVectors(randoms(rows * width, 1), width, reference);
  const [from, against, to] = [arena.take(packed.length), arena.take(reference.byteLength), arena.take(rows * width * 4)];
  arena.bytes(from, packed.length).set(packed);
  arena.floats(against, reference.length).set(reference);
  kernels.unpack(from, rows, width, against, referenceRows === 1 ? 0 : width * 4, to);
  expect(arena.floats(to, rows * width).slice()).toEqual(unpackVectors(packed, width, reference));
});

test.each([[32, 32, 256], [3, 7, 36], [40, 1, 5]])('products of %d query rows with %d rows of %d numbers are summed as the plain ranking sums them', (queryRows, rows, width) => {
  const [query, vectors] = [randoms(queryRows * width, 3), randoms(rows * width, 4)];
  const columns = Math.ceil(queryRows / 16) * 16;
  const stride = Math.ceil(width / 4) * 4;
  const [turned, right, out] = [arena.take(width * columns * 8), arena.take(rows * stride * 4), arena.take(rows * columns * 4)];
  const ordered = new Float64Array(arena.memory.buffer, turned, width * columns);
  for (let row = 0; row < queryRows; row++) for (let k = 0; k < width; k++) ordered[k * columns + row] = query[row * width + k]!;
  for (let row = 0; row < rows; row++) arena.floats(right + row * stride * 4, width).set(vectors.subarray(row * width, (row + 1) * width));
  kernels.productsInOrder(turned, columns, right, rows, width, stride, out);
  const plain = new Float32Array(queryRows * rows);
  multiplyRows(query, queryRows, vectors, rows, width, plain);
  const found = arena.floats(out, rows * columns);
  expect(Float32Array.from({ length: queryRows * rows }, (_, at) => found[(at % rows) * columns + Math.floor(at / rows)]!)).toEqual(plain);
});
