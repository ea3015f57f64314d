/**
 * NumPy's .npy files, the one array format that crosses between the engine, the command line and training.
 * Format: numpy/lib/format.py, versions 1 to 3 read, version 1.0 written; little-endian, C order.
 */
import { EngineError } from '../../shared/errors.ts';

const typesByDescriptor = {
  '|b1': Uint8Array, '|u1': Uint8Array, '|i1': Int8Array, '<u2': Uint16Array, '<i2': Int16Array, '<u4': Uint32Array, '<i4': Int32Array,
  '<u8': BigUint64Array, '<i8': BigInt64Array, '<f4': Float32Array, '<f8': Float64Array,
} as const;

export type NpyData = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | BigUint64Array | BigInt64Array | Float32Array | Float64Array;

export interface NpyArray {
  /** Row-major; the last index is fastest. An empty shape is a scalar. */
  readonly shape: readonly number[];
  readonly data: NpyData;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/**
 * @param subject name of the file, for errors
 * @throws EngineError `pack/unsupported-format` for anything that is not a whole little-endian C-order array of numbers
 */
export function readNpy(bytes: Uint8Array, subject: string): NpyArray {
  const refuse = (message: string): EngineError => new EngineError('pack/unsupported-format', message, { subject, advice: 'Write the array again with numpy.save' });
  if (bytes.length < 10 || !magic.every((byte, n) => bytes[n] === byte)) throw refuse('The file is not a NumPy array');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = view.getUint8(6) >= 2;
  const headerStart = long ? 12 : 10;
  if (bytes.length < headerStart) throw refuse('The header is cut off');
  const dataStart = headerStart + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (dataStart > bytes.length) throw refuse('The header is cut off');
  const header = new TextDecoder('latin1').decode(bytes.subarray(headerStart, dataStart));
  const descriptor = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? '';
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (!Object.hasOwn(typesByDescriptor, descriptor)) throw refuse(`Elements of type ${descriptor || 'unknown'} cannot be read`);
  if (shapeText === undefined || fortran === undefined) throw refuse('The header has no shape');
  const shape = shapeText.split(',').map((part) => part.trim()).filter(Boolean).map(Number);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw refuse('The header has no shape');
  if (fortran === 'True' && shape.length > 1) throw refuse('The array is stored in Fortran order');
  const type = typesByDescriptor[descriptor as keyof typeof typesByDescriptor];
  const length = shape.reduce((product, size) => product * size, 1);
  const byteLength = length * type.BYTES_PER_ELEMENT;
  if (byteLength !== bytes.length - dataStart) throw refuse(`The header declares ${byteLength} bytes and the file holds ${bytes.length - dataStart}`);
  // A copy, because typed arrays must begin at a multiple of their element size and pooled buffers seldom do.
  const data = new Uint8Array(bytes.subarray(dataStart));
  return { shape, data: new type(data.buffer, 0, length) };
}

/**
 * @param data row-major values
 * @throws RangeError when the shape does not hold as many values as there are
 */
export function writeNpy(data: NpyData, shape: readonly number[]): Uint8Array {
  if (shape.reduce((product, size) => product * size, 1) !== data.length) throw new RangeError(`${data.length} values do not fill the shape ${shape.join(' x ')}`);
  const descriptor = descriptorOf(data);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const fields = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The data begin at a multiple of 64 bytes, as numpy writes them; the header ends with a line feed.
  const padded = fields.padEnd(Math.ceil((10 + fields.length + 1) / 64) * 64 - 11) + '\n';
  const file = new Uint8Array(10 + padded.length + data.byteLength);
  file.set([...magic, 1, 0, padded.length & 0xff, padded.length >> 8]);
  file.set(new TextEncoder().encode(padded), 10);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded.length);
  return file;
}

function descriptorOf(data: NpyData): string {
  const found = Object.entries(typesByDescriptor).find(([name, type]) => name !== '|b1' && data instanceof type);
  if (!found) throw new RangeError('these elements have no NumPy type here');
  return found[0];
}
