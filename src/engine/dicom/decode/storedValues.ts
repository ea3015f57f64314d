/**
 * From samples as read to stored values (PS3.5 section 8.1.1): only the bits between high bit and bits stored count,
 * and they are signed when the header says so. What lies in the other bits is overlay or rubbish.
 */
import { EngineError } from '../../../shared/errors.ts';
import type { PixelFormat, StoredPixels } from '../types.ts';

type IntegerPixels = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/**
 * Refuses what is no image of one value per pixel in whole bytes.
 * @throws EngineError `dicom/unsupported-pixels`
 */
export function requireGrey(format: PixelFormat, name: string): void {
  const why = reasonAgainst(format);
  if (why !== null) throw new EngineError('dicom/unsupported-pixels', `${why} cannot be read as a grey image`, { subject: name, advice: 'Choose another series' });
}

function reasonAgainst({ samplesPerPixel, photometricInterpretation, bitsAllocated, bitsStored, highBit }: PixelFormat): string | null {
  if (samplesPerPixel !== 1) return 'A colour image';
  if (photometricInterpretation !== 'MONOCHROME1' && photometricInterpretation !== 'MONOCHROME2') return `A ${photometricInterpretation} image`;
  if (![8, 16, 32, 64].includes(bitsAllocated)) return `An image of ${bitsAllocated} bits per pixel`;
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit < bitsStored - 1 || highBit >= bitsAllocated) return `An image whose pixels use bits ${highBit - bitsStored + 1} to ${highBit} of ${bitsAllocated}`;
  return null;
}

/**
 * Little-endian bytes of whole samples as stored values. Works in place where it can: the bytes belong to the result.
 * @param bytes starting at a multiple of the sample size in its buffer
 */
export function storedValues(bytes: Uint8Array, format: PixelFormat): StoredPixels {
  const { buffer, byteOffset, byteLength } = bytes;
  const memory = buffer as ArrayBuffer;
  if (format.bitsAllocated === 8) return trim(format.signed ? new Int8Array(memory, byteOffset, byteLength) : new Uint8Array(memory, byteOffset, byteLength), format);
  if (format.bitsAllocated === 16) return trim(format.signed ? new Int16Array(memory, byteOffset, byteLength / 2) : new Uint16Array(memory, byteOffset, byteLength / 2), format);
  return trim(format.signed ? new Int32Array(memory, byteOffset, byteLength / 4) : new Uint32Array(memory, byteOffset, byteLength / 4), format);
}

/** Keeps the stored bits of each value, in place. */
export function trim<T extends IntegerPixels>(values: T, { bitsAllocated, bitsStored, highBit, signed }: PixelFormat): T {
  if (bitsStored === bitsAllocated) return values;
  if (values instanceof Uint16Array && highBit === bitsStored - 1 && values.byteOffset % 4 === 0 && values.length % 2 === 0) {
    maskPairs(new Uint32Array(values.buffer, values.byteOffset, values.length / 2), (1 << bitsStored) - 1);
    return values;
  }
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  if (signed) for (let i = 0; i < values.length; i++) values[i] = (values[i]! << left) >> right;
  else for (let i = 0; i < values.length; i++) values[i] = (values[i]! << left) >>> right;
  return values;
}

/** The usual case, two values at a time: a series of 176 slices is masked in some tens of milliseconds. */
function maskPairs(pairs: Uint32Array, mask: number): void {
  const both = (mask | (mask << 16)) >>> 0;
  for (let i = 0; i < pairs.length; i++) pairs[i] = pairs[i]! & both;
}
