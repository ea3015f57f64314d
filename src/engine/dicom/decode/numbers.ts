/** Samples that are not DICOM integers: float pixel data, and the element types and byte orders of NIfTI. */
import type { NiftiLayout } from '../nifti.ts';
import type { StoredPixels } from '../types.ts';

/** Little-endian float (7FE0,0008) or double (7FE0,0009) pixels; doubles are rounded to float32. */
export function floatValues(bytes: Uint8Array, kind: 'float' | 'double'): Float32Array {
  const memory = bytes.buffer as ArrayBuffer;
  return kind === 'float' ? new Float32Array(memory, bytes.byteOffset, bytes.length / 4) : Float32Array.from(new Float64Array(memory, bytes.byteOffset, bytes.length / 8));
}

/** One slice of a NIfTI file; float64 voxels are rounded to float32. The bytes, aligned in their buffer, become the result. */
export function niftiValues(bytes: Uint8Array, { datatype, littleEndian }: NiftiLayout): StoredPixels {
  const memory = bytes.buffer as ArrayBuffer;
  const { byteOffset, length } = bytes;
  const buffer = Buffer.from(memory, byteOffset, length);
  switch (datatype) {
    case 2:
      return bytes;
    case 256:
      return new Int8Array(memory, byteOffset, length);
    case 4:
    case 512:
      if (!littleEndian) buffer.swap16();
      return datatype === 4 ? new Int16Array(memory, byteOffset, length / 2) : new Uint16Array(memory, byteOffset, length / 2);
    case 64:
      if (!littleEndian) buffer.swap64();
      return Float32Array.from(new Float64Array(memory, byteOffset, length / 8));
    default:
      if (!littleEndian) buffer.swap32();
      if (datatype === 16) return new Float32Array(memory, byteOffset, length / 4);
      return datatype === 8 ? new Int32Array(memory, byteOffset, length / 4) : new Uint32Array(memory, byteOffset, length / 4);
  }
}
