/** The rim of regions in a sampled picture. */

/**
 * @param values [height, width]; below 0 outside of the grid
 * @returns indices of samples at or above the threshold that have one of their four neighbours below it
 */
export function outlinePixels(values: Float32Array, width: number, height: number, threshold: number): number[] {
  const inside = (row: number, column: number): boolean => row >= 0 && column >= 0 && row < height && column < width && values[row * width + column]! >= threshold;
  const out: number[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!inside(row, column)) continue;
      if (!inside(row - 1, column) || !inside(row + 1, column) || !inside(row, column - 1) || !inside(row, column + 1)) out.push(row * width + column);
    }
  }
  return out;
}
