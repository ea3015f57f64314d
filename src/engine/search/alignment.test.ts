import { describe, expect, test } from 'vitest';
import { alignPairwise, similarityMatrix, type AlignedPair } from './alignment.ts';

/** Algorithm 1 word for word: scan everything, take the largest, strike out its row and column. */
function plainAlignment(similarity: Float32Array, rows: number, columns: number): AlignedPair[] {
  const open = Float32Array.from(similarity);
  const pairs: AlignedPair[] = [];
  for (let n = 0; n < Math.min(rows, columns); n++) {
    let at = 0;
    for (let i = 1; i < open.length; i++) if (open[i]! > open[at]!) at = i;
    const row = Math.floor(at / columns);
    const column = at % columns;
    pairs.push({ row, column, similarity: similarity[at]! });
    for (let c = 0; c < columns; c++) open[row * columns + c] = -Infinity;
    for (let r = 0; r < rows; r++) open[r * columns + column] = -Infinity;
  }
  return pairs;
}

/** Repeatable numbers in -1..1 (mulberry32). */
function numbers(count: number, seed: number, steps = Infinity): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const value = (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * 2 - 1;
    return steps === Infinity ? value : Math.round(value * steps) / steps;
  });
}

describe('alignPairwise', () => {
  test.each([[32, 20], [20, 32], [32, 1], [1, 7], [1, 1], [32, 32]])('%d rows and %d columns are matched as the plain algorithm matches them', (rows, columns) => {
    for (let seed = 0; seed < 20; seed++) {
      const similarity = numbers(rows * columns, seed);
      expect(alignPairwise(similarity, rows, columns).pairs).toEqual(plainAlignment(similarity, rows, columns));
    }
  });

  test('ties go to the lowest row, then the lowest column, as in the plain algorithm', () => {
    for (let seed = 0; seed < 20; seed++) {
      const similarity = numbers(12 * 9, seed, 2);
      expect(alignPairwise(similarity, 12, 9).pairs).toEqual(plainAlignment(similarity, 12, 9));
    }
  });

  test('is greedy: the largest entry is taken even where the optimal assignment would leave it', () => {
    // Optimal is 0.9 + 0.8; greedy takes 1.0 first and is left with 0.1.
    const { pairs, mean } = alignPairwise(Float32Array.from([1, 0.9, 0.8, 0.1]), 2, 2);
    expect(pairs.map(({ row, column }) => [row, column])).toEqual([[0, 0], [1, 1]]);
    expect(mean).toBeCloseTo(0.55, 6);
  });

  test('no row and no column is used twice', () => {
    const { pairs } = alignPairwise(numbers(32 * 20, 5), 32, 20);
    expect(new Set(pairs.map((pair) => pair.row)).size).toBe(20);
    expect(new Set(pairs.map((pair) => pair.column)).size).toBe(20);
  });

  test('a set aligned with itself has similarity 1', () => {
    const width = 8;
    const rows = numbers(5 * width, 1);
    for (let r = 0; r < 5; r++) {
      const row = rows.subarray(r * width, (r + 1) * width);
      const length = Math.hypot(...row);
      row.forEach((value, k) => (row[k] = value / length));
    }
    expect(alignPairwise(similarityMatrix(rows, rows, width), 5, 5).mean).toBeCloseTo(1, 6);
  });

  test('an empty side, a wrong length and a number that is not finite are refused', () => {
    expect(() => alignPairwise(new Float32Array(0), 0, 3)).toThrow(RangeError);
    expect(() => alignPairwise(new Float32Array(5), 2, 3)).toThrow('5 similarities for 2 x 3');
    expect(() => alignPairwise(Float32Array.from([0, NaN]), 1, 2)).toThrow('not finite');
  });
});

test('similarityMatrix gives each row of the left against each row of the right', () => {
  const left = Float32Array.from([1, 0, 0, 1, 0.5, 0.5]);
  const right = Float32Array.from([1, 2, 3, 4]);
  expect([...similarityMatrix(left, right, 2)]).toEqual([1, 3, 2, 4, 1.5, 3.5]);
  expect(() => similarityMatrix(left, right, 4)).toThrow(RangeError);
});
