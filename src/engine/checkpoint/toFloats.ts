/** Numbers of a checkpoint as float32. Files are little-endian, as is every machine Node runs on. */
import { endianness } from 'node:os';
import type { TensorType } from './stateDict.ts';

/** float32 by the 65,536 float16 bit patterns; made at first need. */
let halves: Float32Array | undefined;

/** IEEE 754 binary16 to binary32, exact: sign 1, exponent 5 (bias 15), fraction 10 bits. */
function halfTable(): Float32Array {
  return (halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }));
}

/**
 * @param bytes elements of `type`, little-endian; taken over and not copied where they are float32 already
 * @returns as many numbers; whole numbers beyond 2^24 are rounded as float32 rounds them
 */
export function toFloats(bytes: Buffer, type: TensorType): Float32Array {
  if (endianness() !== 'LE') throw new Error('checkpoints are read on little-endian machines only');
  // A typed array needs an aligned start; a Buffer of its own always has one.
  const { buffer, byteOffset, byteLength } = byteOffsetAligned(bytes);
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'float16': {
      const table = halfTable();
      return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), (bits) => table[bits]!);
    }
    case 'bfloat16': {
      const wide = new Uint32Array(byteLength / 2);
      new Uint16Array(buffer, byteOffset, byteLength / 2).forEach((bits, at) => { wide[at] = bits << 16; });
      return new Float32Array(wide.buffer);
    }
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number);
    case 'int32':
      return Float32Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
    case 'uint8':
    case 'bool':
      return Float32Array.from(bytes);
  }
}

const byteOffsetAligned = (bytes: Buffer): Buffer => {
  if (bytes.byteOffset % 8 === 0) return bytes;
  const copy = Buffer.alloc(bytes.byteLength);
  bytes.copy(copy);
  return copy;
};
