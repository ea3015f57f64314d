/**
 * All dot products of the rows of two matrices: nearly all the time of a search goes here. Four rows by four rows at a
 * time, so that each number read is used four times. Sums run in the order of {@link similarityMatrix} (alignment.ts),
 * so both give the same numbers to the last bit.
 */

/**
 * @param left row-major [leftRows, width]
 * @param right row-major [rightRows, width]
 * @param out receives row-major [leftRows, rightRows]; may be longer
 */
export function multiplyRows(left: Float32Array, leftRows: number, right: Float32Array, rightRows: number, width: number, out: Float32Array): void {
  const wholeRows = leftRows - (leftRows % 4);
  const wholeColumns = rightRows - (rightRows % 4);
  for (let row = 0; row < wholeRows; row += 4) {
    for (let column = 0; column < wholeColumns; column += 4) multiplyFour(left, row, right, column, rightRows, width, out);
    for (let column = wholeColumns; column < rightRows; column++) {
      for (let r = row; r < row + 4; r++) out[r * rightRows + column] = multiplyOne(left, r * width, right, column * width, width);
    }
  }
  for (let row = wholeRows; row < leftRows; row++) {
    for (let column = 0; column < rightRows; column++) out[row * rightRows + column] = multiplyOne(left, row * width, right, column * width, width);
  }
}

function multiplyOne(left: Float32Array, from: number, right: Float32Array, to: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += left[from + k]! * right[to + k]!;
  return sum;
}

function multiplyFour(left: Float32Array, row: number, right: Float32Array, column: number, rightRows: number, width: number, out: Float32Array): void {
  let a0 = row * width, a1 = a0 + width, a2 = a1 + width, a3 = a2 + width;
  let b0 = column * width, b1 = b0 + width, b2 = b1 + width, b3 = b2 + width;
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  for (let k = 0; k < width; k++) {
    const x0 = left[a0++]!, x1 = left[a1++]!, x2 = left[a2++]!, x3 = left[a3++]!;
    const y0 = right[b0++]!, y1 = right[b1++]!, y2 = right[b2++]!, y3 = right[b3++]!;
    s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
    s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
    s20 += x2 * y0; s21 += x2 * y1; s22 += x2 * y2; s23 += x2 * y3;
    s30 += x3 * y0; s31 += x3 * y1; s32 += x3 * y2; s33 += x3 * y3;
  }
  let at = row * rightRows + column;
  out[at] = s00; out[at + 1] = s01; out[at + 2] = s02; out[at + 3] = s03;
  at += rightRows;
  out[at] = s10; out[at + 1] = s11; out[at + 2] = s12; out[at + 3] = s13;
  at += rightRows;
  out[at] = s20; out[at + 1] = s21; out[at + 2] = s22; out[at + 3] = s23;
  at += rightRows;
  out[at] = s30; out[at + 1] = s31; out[at + 2] = s32; out[at + 3] = s33;
}
