/**
 * Unit rows in nine bits a number, for archives that have grown: each row is told as its difference from a reference row,
 * in 512 even steps over the largest difference. A cosine moves by some 1e-4, which is what two execution providers of one
 * encoder differ by, and a case's similarity by a few 1e-5; docs/search.md has the rankings that it changes. The difference,
 * rather than the row, because embeddings of one kind of study lie close together.
 *
 * Layout: float32 [rows] step sizes, then [rows][width] low bytes, then [rows][ceil(width / 8)] ninth bits.
 */

const middle = 255.5;

/** Row of the reference that a row of a case goes with. */
const referenceAt = (reference: Float32Array, row: number, width: number): number => (reference.length === width ? 0 : row * width);

/** Whether rows can be packed against a reference: it has one row, or at least as many as they are. */
export const fits = (reference: Float32Array, rows: number, width: number): boolean => reference.length === width || reference.length >= rows * width;

export function packVectors(vectors: Float32Array, width: number, reference: Float32Array): Uint8Array {
  const rows = vectors.length / width;
  const highBytes = Math.ceil(width / 8);
  const out = new Uint8Array(rows * (4 + width + highBytes));
  const steps = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    const against = referenceAt(reference, row, width);
    let most = 0;
    for (let k = 0; k < width; k++) most = Math.max(most, Math.abs(vectors[from + k]! - reference[against + k]!));
    const step = Math.fround(most / middle);
    steps[row] = step;
    const low = rows * 4 + from;
    const high = rows * (4 + width) + row * highBytes;
    for (let k = 0; k < width; k++) {
      const code = step === 0 ? 255 : Math.max(0, Math.min(511, Math.round((vectors[from + k]! - reference[against + k]!) / step + middle)));
      out[low + k] = code & 0xff;
      out[high + (k >> 3)]! |= (code >> 8) << (k & 7);
    }
  }
  out.set(new Uint8Array(steps.buffer), 0);
  return out;
}

/** @returns float32 [rows, width] */
export function unpackVectors(packed: Uint8Array, width: number, reference: Float32Array): Float32Array {
  const highBytes = Math.ceil(width / 8);
  const rows = packed.length / (4 + width + highBytes);
  const steps = new DataView(packed.buffer, packed.byteOffset, rows * 4);
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const step = steps.getFloat32(row * 4, true);
    const against = referenceAt(reference, row, width);
    const from = row * width;
    const low = rows * 4 + from;
    const high = rows * (4 + width) + row * highBytes;
    for (let k = 0; k < width; k++) {
      const code = packed[low + k]! | (((packed[high + (k >> 3)]! >> (k & 7)) & 1) << 8);
      out[from + k] = reference[against + k]! + step * (code - middle);
    }
  }
  return out;
}
