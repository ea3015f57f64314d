/**
 * Pairwise view alignment (PVA): the similarity of two sets of unit vectors, and which member goes with which.
 * Greedy and one to one, as the paper's Algorithm 1 has it, not the Hungarian optimum: this is what the encoder was
 * trained with, so it is the definition of the ranking and of the grounding. Pure arithmetic; dot products, stored
 * vectors and words for the reader belong to others.
 */

/** One matched row and column with their similarity. */
export interface AlignedPair {
  readonly row: number;
  readonly column: number;
  readonly similarity: number;
}

export interface Alignment {
  /** min(rows, columns) pairs in the order taken: largest similarity first. */
  readonly pairs: readonly AlignedPair[];
  /** Mean similarity of the pairs. */
  readonly mean: number;
}

/**
 * Takes the largest remaining similarity, drops its row and column, and repeats until one side is used up. Of equal
 * entries the lowest row wins, then the lowest column, so that the result never depends on chance.
 * @param similarity row-major [rows, columns]; for unit vectors the cosines, -1..1
 * @throws RangeError if a side is empty, the length is not rows x columns, or an entry is not finite
 * @see paper, Algorithm 1
 */
export function alignPairwise(similarity: Float32Array, rows: number, columns: number): Alignment {
  if (rows < 1 || columns < 1) throw new RangeError(`nothing to align: ${rows} rows, ${columns} columns`);
  if (similarity.length !== rows * columns) throw new RangeError(`${similarity.length} similarities for ${rows} x ${columns}`);
  for (const value of similarity) if (!Number.isFinite(value)) throw new RangeError('a similarity is not finite');

  const columnTaken = new Uint8Array(columns);
  // The best open column of each open row (-1: the row is taken). A row is scanned again only when its column goes,
  // which keeps the whole at little more than one pass over the matrix.
  const bestColumn = new Int32Array(rows);
  for (let row = 0; row < rows; row++) bestColumn[row] = largestOpen(similarity, row * columns, columnTaken);

  const pairs: AlignedPair[] = [];
  let sum = 0;
  for (let taken = Math.min(rows, columns); taken > 0; taken--) {
    let bestRow = -1;
    let best = -Infinity;
    for (let row = 0; row < rows; row++) {
      const column = bestColumn[row]!;
      if (column >= 0 && similarity[row * columns + column]! > best) {
        best = similarity[row * columns + column]!;
        bestRow = row;
      }
    }
    const column = bestColumn[bestRow]!;
    pairs.push({ row: bestRow, column, similarity: best });
    sum += best;
    bestColumn[bestRow] = -1;
    columnTaken[column] = 1;
    for (let row = 0; row < rows; row++) {
      if (bestColumn[row] === column) bestColumn[row] = largestOpen(similarity, row * columns, columnTaken);
    }
  }
  return { pairs, mean: sum / pairs.length };
}

/** Column of the largest entry of one row that is not taken, or -1 when all are. */
function largestOpen(similarity: Float32Array, offset: number, columnTaken: Uint8Array): number {
  let found = -1;
  let best = -Infinity;
  for (let column = 0; column < columnTaken.length; column++) {
    if (columnTaken[column] === 0 && similarity[offset + column]! > best) {
      best = similarity[offset + column]!;
      found = column;
    }
  }
  return found;
}

/**
 * Dot products of the rows of two matrices; the cosines when all rows have length 1.
 * @param left row-major [leftCount, width]
 * @param right row-major [rightCount, width]
 * @returns row-major [leftCount, rightCount]
 */
export function similarityMatrix(left: Float32Array, right: Float32Array, width: number): Float32Array {
  if (width < 1 || left.length % width !== 0 || right.length % width !== 0) throw new RangeError(`rows of width ${width} do not fill ${left.length} and ${right.length} numbers`);
  const leftCount = left.length / width;
  const rightCount = right.length / width;
  const out = new Float32Array(leftCount * rightCount);
  for (let row = 0; row < leftCount; row++) {
    for (let column = 0; column < rightCount; column++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += left[row * width + k]! * right[column * width + k]!;
      out[row * rightCount + column] = sum;
    }
  }
  return out;
}
