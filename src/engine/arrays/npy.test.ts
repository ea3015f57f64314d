import { expect, test } from 'vitest';
import { readNpy, writeNpy } from './npy.ts';

test.each([
  new Float32Array([1.5, -2, 3, 4, 5, 6]), new Float64Array([1, 2, 3, 4, 5, 6]), new Uint8Array([1, 2, 3, 4, 5, 255]),
  new Int16Array([-1, 2, 3, 4, 5, 6]), new BigInt64Array([-1n, 2n, 3n, 4n, 5n, 2n ** 60n]),
])('%# values written come back with their type and shape', (data) => {
  const array = readNpy(writeNpy(data, [2, 3]), 'a.npy');
  expect(array.shape).toEqual([2, 3]);
  expect(array.data).toEqual(data);
});

test('data begin at a multiple of 64 bytes, as numpy writes them', () => {
  expect((writeNpy(new Float32Array(5), [5]).length - 20) % 64).toBe(0);
});

test('a Buffer from a pool, at an odd offset, is read whole', () => {
  const file = writeNpy(new Float32Array([7, 8]), [2]);
  const pooled = Buffer.concat([Buffer.from([0]), file]).subarray(1);
  expect([...readNpy(pooled, 'a.npy').data]).toEqual([7, 8]);
});

test.each([
  ['not an array', new Uint8Array(200)],
  ['cut off', writeNpy(new Float32Array(5), [5]).subarray(0, -1)],
  ['cut off in the header', writeNpy(new Float32Array(5), [5]).subarray(0, 40)],
  ['in Fortran order', Buffer.from(Buffer.from(writeNpy(new Float32Array(4), [2, 2])).toString('latin1').replace("'fortran_order': False", "'fortran_order': True "), 'latin1')],
  ['of objects', Buffer.from(Buffer.from(writeNpy(new Float32Array(4), [4])).toString('latin1').replace("'<f4'", "'|O8'"), 'latin1')],
])('a file that is %s is refused by name', (_, bytes) => {
  expect(() => readNpy(bytes, 'a.npy')).toThrow(expect.objectContaining({ code: 'pack/unsupported-format' }));
});

test('a shape that does not hold the values is a programming error', () => {
  expect(() => writeNpy(new Float32Array(5), [2, 3])).toThrow(RangeError);
});
