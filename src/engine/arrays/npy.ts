/** NPY files (NumPy's own array format, versions 1 to 3): the arrays of model packs and of the command line. */
import { readFile, writeFile } from 'node:fs/promises';

export type NpyArray =
  | { readonly type: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'uint8'; readonly shape: readonly number[]; readonly data: Uint8Array };

const magic = '\x93NUMPY';

/** Reads a C-ordered little-endian float32 or uint8 array. @throws Error that says what is wrong with the file */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 0, 6) !== magic) throw new Error('it does not begin as an NPY file');
  const long = bytes[6]! >= 2;
  const start = (long ? 12 : 10) + (long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', long ? 12 : 10, start);
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]?.split(',').map((part) => part.trim()).filter(Boolean).map(Number);
  if (!shape || !/'fortran_order':\s*False/.test(header)) throw new Error('its header is not that of a C-ordered array');
  const count = shape.reduce((product, size) => product * size, 1);
  const size = descr === '<f4' ? 4 : descr === '|u1' ? 1 : 0;
  if (size === 0) throw new Error(`its elements are ${descr ?? 'unknown'}, only <f4 and |u1 are read`);
  if (bytes.length - start !== count * size) throw new Error(`it holds ${bytes.length - start} bytes of data, its shape asks for ${count * size}`);
  // Copied, since the data of a file need not lie on a boundary of four bytes.
  const buffer = new Uint8Array(bytes.subarray(start)).buffer;
  return size === 4 ? { type: 'float32', shape, data: new Float32Array(buffer) } : { type: 'uint8', shape, data: new Uint8Array(buffer) };
}

/** Writes a float32 or uint8 array in C order, NPY version 1. */
export async function writeNpy(path: string, array: NpyArray): Promise<void> {
  const tuple = array.shape.length === 1 ? `${array.shape[0]!},` : array.shape.join(', ');
  const text = `{'descr': '${array.type === 'float32' ? '<f4' : '|u1'}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const head = Buffer.from(`${magic}\x01\x00\x00\x00${padded}`, 'latin1');
  head.writeUInt16LE(padded.length, 8);
  await writeFile(path, Buffer.concat([head, Buffer.from(array.data.buffer, array.data.byteOffset, array.data.byteLength)]));
}
