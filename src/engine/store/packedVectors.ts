/**
 * Unit rows in ten bits a number, for archives that have grown: each row is told as its difference from a reference row,
 * in 1024 even steps over the largest difference. A cosine moves by less than 1e-4, which is less than two execution
 * providers of one encoder differ by, and a case's similarity by some 1e-5
 * (more where two entries are so close that the greedy alignment takes the other one first); docs/search.md has the rankings that it changes. The difference,
 * rather than the row, because embeddings of one kind of study lie close together.
 *
 * Layout: float32 [rows] step sizes, then [rows][width] low bytes, then [rows][ceil(width / 4)] two high bits each.
 */

const middle = 511.5;

/** Row of the reference that a row of a case goes with. */
const referenceAt = (reference: Float32Array, row: number, width: number): number => (reference.length === width ? 0 : row * width);

/** Whether rows can be packed against a reference: it has one row, or at least as many as they are. */
export const fits = (reference: Float32Array, rows: number, width: number): boolean => reference.length === width || reference.length >= rows * width;

export function packVectors(vectors: Float32Array, width: number, reference: Float32Array): Uint8Array {
  const rows = vectors.length / width;
  const highBytes = Math.ceil(width / 4);
  const out = new Uint8Array(rows * (4 + width + highBytes));
  const steps = new Float32Array(rows);
  const exact = new Float64Array(width);
  const codes = new Int16Array(width);
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
      exact[k] = step === 0 ? middle : (vectors[from + k]! - reference[against + k]!) / step + middle;
      codes[k] = Math.max(0, Math.min(1023, Math.round(exact[k]!)));
    }
    turnErrorAside(codes, exact, vectors, from, reference, against);
    for (let k = 0; k < width; k++) {
      out[low + k] = codes[k]! & 0xff;
      out[high + (k >> 2)]! |= (codes[k]! >> 8) << ((k & 3) * 2);
    }
  }
  out.set(new Uint8Array(steps.buffer), 0);
  return out;
}

/** What of a query's length lies along a row that is near to it, and along the reference; and what is left for each other direction. */
const along = { row: 0.7, reference: 0.2, others: 1e-3 } as const;

/**
 * Rounds some numbers to their other side, so that the error of the whole row is nearly at right angles to the row itself and to
 * its reference. Queries that matter point much the same way, so similarities err by a third less at the same size (the idea
 * of score-aware quantisation: Guo et al., ICML 2020).
 */
function turnErrorAside(codes: Int16Array, exact: Float64Array, vectors: Float32Array, from: number, reference: Float32Array, against: number): void {
  let [alongRow, alongReference] = [0, 0];
  for (let k = 0; k < codes.length; k++) {
    const error = codes[k]! - exact[k]!;
    alongRow += error * vectors[from + k]!;
    alongReference += error * reference[against + k]!;
  }
  for (let k = 0; k < codes.length; k++) {
    const error = codes[k]! - exact[k]!;
    const turn = error > 0 ? -1 : 1;
    if (Math.abs(error) > 0.5 || codes[k]! + turn < 0 || codes[k]! + turn > 1023) continue;
    const [row, ref] = [turn * vectors[from + k]!, turn * reference[against + k]!];
    const worse = along.others * (2 * error * turn + 1) + along.row * (2 * alongRow * row + row * row) + along.reference * (2 * alongReference * ref + ref * ref);
    if (worse >= 0) continue;
    codes[k]! += turn;
    alongRow += row;
    alongReference += ref;
  }
}

/** Rows in packed vectors. */
export const packedRows = (packed: Uint8Array, width: number): number => packed.length / (4 + width + Math.ceil(width / 4));

/** @returns float32 [rows, width] */
export function unpackVectors(packed: Uint8Array, width: number, reference: Float32Array): Float32Array {
  const highBytes = Math.ceil(width / 4);
  const rows = packedRows(packed, width);
  const steps = new DataView(packed.buffer, packed.byteOffset, rows * 4);
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const step = steps.getFloat32(row * 4, true);
    const against = referenceAt(reference, row, width);
    const from = row * width;
    const low = rows * 4 + from;
    const high = rows * (4 + width) + row * highBytes;
    const offset = -step * middle;
    // Four numbers share a byte of high bits.
    let k = 0;
    for (let four = high; k + 4 <= width; k += 4, four++) {
      const bits = packed[four]!;
      out[from + k] = reference[against + k]! + (step * (packed[low + k]! | ((bits & 3) << 8)) + offset);
      out[from + k + 1] = reference[against + k + 1]! + (step * (packed[low + k + 1]! | ((bits & 12) << 6)) + offset);
      out[from + k + 2] = reference[against + k + 2]! + (step * (packed[low + k + 2]! | ((bits & 48) << 4)) + offset);
      out[from + k + 3] = reference[against + k + 3]! + (step * (packed[low + k + 3]! | ((bits & 192) << 2)) + offset);
    }
    for (; k < width; k++) out[from + k] = reference[against + k]! + (step * (packed[low + k]! | (((packed[high + (k >> 2)]! >> ((k & 3) * 2)) & 3) << 8)) + offset);
  }
  return out;
}
