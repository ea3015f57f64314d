import { describe, expect, test } from 'vitest';
import { randoms } from '../../testing/tinyPack.ts';
import { similarityMatrix } from './alignment.ts';
import { multiplyRows } from './products.ts';
import { rankCases } from './rankCases.ts';
import { VectorIndex } from './vectorIndex.ts';

const width = 16;

function unitRows(rows: number, seed: number): Float32Array {
  const values = randoms(rows * width, seed);
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(row * width, (row + 1) * width);
    const length = Math.hypot(...part);
    part.forEach((value, k) => { part[k] = value / length; });
  }
  return values;
}

/** Algorithm 1 word for word: the largest entry of the whole matrix again and again. */
function slowSimilarity(query: Float32Array, vectors: Float32Array): number {
  const rows = query.length / width;
  const columns = vectors.length / width;
  const open = Array.from(similarityMatrix(query, vectors, width));
  const taken: number[] = [];
  while (taken.length < Math.min(rows, columns)) {
    const most = Math.max(...open);
    const at = open.indexOf(most);
    taken.push(most);
    for (let i = 0; i < open.length; i++) if (Math.floor(i / columns) === Math.floor(at / columns) || i % columns === at % columns) open[i] = -Infinity;
  }
  return taken.reduce((sum, value) => sum + value, 0) / taken.length;
}

function archive(cases: number, rowsOf: (n: number) => number): VectorIndex {
  const index = new VectorIndex(width);
  for (let n = 0; n < cases; n++) index.put(`case-${String(n).padStart(4, '0')}`, n % 2 ? `study-${n}` : null, unitRows(rowsOf(n), n + 1));
  return index;
}

describe('ranking of cases', () => {
  test.each([
    ['views with views', 32, () => 32],
    ['views with sentences', 32, (n: number) => 1 + (n % 20)],
    ['one sentence with views', 1, () => 32],
    ['sizes that are no multiple of four', 7, (n: number) => 1 + (n % 9)],
  ])('%s come in the order of the slow, obvious version', async (_, queryRows, rowsOf) => {
    const index = archive(150, rowsOf);
    const query = unitRows(queryRows, 9999);
    const expected = [...index.cases()].map((item) => ({ case: item.case, similarity: slowSimilarity(query, item.vectors) })).sort((a, b) => b.similarity - a.similarity || (a.case < b.case ? -1 : 1));
    const found = await rankCases(query, index, { limit: 10 });
    expect(found.map((item) => item.case)).toEqual(expected.slice(0, 10).map((item) => item.case));
    found.forEach((item, at) => { expect(item.similarity).toBeCloseTo(expected[at]!.similarity, 12); });
  });

  test('a case is most similar to itself, with every view paired to its own', async () => {
    const index = archive(40, () => 32);
    const [first] = await rankCases(index.get('case-0007')!.vectors, index, { limit: 1 });
    expect(first!.case).toBe('case-0007');
    expect(first!.similarity).toBeCloseTo(1, 6);
    expect(first!.pairs.every(({ row, column }) => row === column)).toBe(true);
  });

  test('cases that are left out do not come back, and take no place', async () => {
    const index = archive(20, () => 4);
    const query = unitRows(4, 5);
    const all = await rankCases(query, index, { limit: 20 });
    const some = await rankCases(query, index, { limit: 5, exclude: (item) => item.study !== null });
    expect(some.map((item) => item.case)).toEqual(all.filter((item) => index.get(item.case)!.study === null).slice(0, 5).map((item) => item.case));
  });

  test('of equally similar cases the lower id comes first, whatever the order they were added in', async () => {
    const index = new VectorIndex(width);
    for (const id of ['c', 'a', 'd', 'b']) index.put(id, null, unitRows(3, 1));
    expect((await rankCases(unitRows(3, 2), index, { limit: 2 })).map((item) => item.case)).toEqual(['a', 'b']);
  });

  test('a replaced case is found by its new vectors, a deleted one not at all', async () => {
    const index = archive(10, () => 4);
    index.put('case-0003', null, unitRows(4, 777));
    index.delete('case-0004');
    const found = await rankCases(unitRows(4, 777), index, { limit: 20 });
    expect(found[0]!.case).toBe('case-0003');
    expect(found).toHaveLength(9);
  });

  test('vectors of another width are refused', async () => {
    const index = archive(1, () => 4);
    expect(() => { index.put('x', null, new Float32Array(width + 1)); }).toThrow(RangeError);
    await expect(rankCases(new Float32Array(width - 1), index, { limit: 1 })).rejects.toThrow(RangeError);
  });

  test('a search that is cancelled ends as cancelled', async () => {
    const index = archive(3000, () => 32);
    await expect(rankCases(unitRows(32, 3), index, { limit: 5, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

test('products by fours equal plain products to the last bit', () => {
  for (const [rows, columns] of [[1, 1], [4, 4], [5, 7], [32, 32], [3, 9]] as const) {
    const out = new Float32Array(rows * columns);
    multiplyRows(unitRows(rows, 1), rows, unitRows(columns, 2), columns, width, out);
    expect(out).toEqual(similarityMatrix(unitRows(rows, 1), unitRows(columns, 2), width));
  }
});
