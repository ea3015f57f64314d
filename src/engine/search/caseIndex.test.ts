import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileKernels, kernelsModule } from '../../../scripts/kernels.ts';
import { syntheticArchive } from '../../cli/bench/syntheticArchive.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { CaseIndex } from './caseIndex.ts';
import { learnCodebook, type Codebook } from './codebook.ts';
import { CodesFile } from './codesFile.ts';
import { rankCases } from './rankCases.ts';
import type { StoredRows } from './storedRows.ts';
import { VectorIndex } from './vectorIndex.ts';

const views = 8;
const width = 36;
const archive = syntheticArchive(views, width);
const id = (n: number): string => `case-${String(n).padStart(5, '0')}`;

/** As a store hands it over. */
const stored = (vectors: Float32Array | undefined): StoredRows | null => vectors === undefined ? null : { rows: vectors.length / width, vectors: () => vectors, packed: null };

/** Cases of `rowsOf` rows each in both kinds of index. */
function fill(cases: number, rowsOf: (n: number) => number, codebook: Codebook): { index: CaseIndex; plain: VectorIndex; vectors: Map<number, Float32Array> } {
  const vectors = new Map<number, Float32Array>();
  const plain = new VectorIndex(width);
  const index = new CaseIndex(codebook, (key) => stored(vectors.get(key)), 2);
  for (let n = 0; n < cases; n++) {
    const rows = archive.case(n).slice(0, rowsOf(n) * width);
    vectors.set(n, rows);
    plain.put(id(n), null, rows);
    index.put(id(n), n, rows);
  }
  return { index, plain, vectors };
}

let codebook: Codebook;
let made: ReturnType<typeof fill>;
beforeAll(() => {
  const rows = new Float32Array(400 * views * width);
  for (let n = 0; n < 400; n++) rows.set(archive.case(n * 10), n * views * width);
  codebook = learnCodebook(rows, width);
  made = fill(4000, () => views, codebook);
}, 60_000);
afterAll(() => made.index.close());

describe('the index of a large archive', () => {
  test('gives the cases, similarities and pairs of the plain ranking over everything', async () => {
    let same = 0;
    for (let n = 0; n < 20; n++) {
      const query = archive.query(n, 4000);
      const found = await made.index.search(query, { limit: 10 });
      const right = await rankCases(query, made.plain, { limit: 10 });
      if (JSON.stringify(found) === JSON.stringify(right)) same++;
    }
    expect(same).toBeGreaterThanOrEqual(19);
  });

  test('proves its answer when asked to, for queries that no case is like as well', async () => {
    const strange = archive.query(1, 4000).map((value, k) => (k % 3 === 0 ? -value : value));
    for (const query of [archive.query(2, 4000), strange, archive.query(4, 4000).slice(0, width)]) {
      expect(await made.index.search(query, { limit: 7, proven: true })).toEqual(await rankCases(query, made.plain, { limit: 7 }));
    }
  });

  test('finds cases for a few sentences, and prior reports of one to eight sentences', async () => {
    const text = archive.query(5, 4000).slice(width, 4 * width);
    expect(await made.index.search(text, { limit: 5, proven: true })).toEqual(await rankCases(text, made.plain, { limit: 5 }));
    const { index, plain } = fill(500, (n) => 1 + (n % views), codebook);
    const query = archive.query(3, 500);
    expect(await index.search(query, { limit: 10 })).toEqual(await rankCases(query, plain, { limit: 10 }));
    await index.close();
  });

  test('loses no answer to a filter', async () => {
    const query = archive.query(6, 4000);
    const open = (n: number): boolean => n % 97 === 0;
    const found = await made.index.search(query, { limit: 10, eligible: (slot) => open(made.index.keyAt(slot)) });
    expect(found).toEqual(await rankCases(query, made.plain, { limit: 10, exclude: (item) => !open(Number(item.case.slice(5))) }));
  });

  test('sees a case at once after it was added, replaced or deleted, and leaves nothing of it in memory', async () => {
    const { index, vectors } = fill(300, () => views, codebook);
    const rows = archive.query(8, 10);
    vectors.set(9000, rows);
    index.put('new', 9000, rows);
    expect((await index.search(rows, { limit: 1 }))[0]).toMatchObject({ case: 'new' });
    const other = archive.query(9, 10);
    vectors.set(9001, other);
    index.put('new', 9001, other);
    expect((await index.search(rows, { limit: 1 }))[0]!.similarity).toBeLessThan(0.99);
    const slot = index.slotOf('new')!;
    expect(index.codesOf(slot, views).some((byte) => byte !== 0)).toBe(true);
    index.delete('new');
    expect(index.codesOf(slot, views).every((byte) => byte === 0)).toBe(true);
    expect((await index.search(other, { limit: 300 })).map((item) => item.case)).not.toContain('new');
    await index.close();
  });

  test('answers searches that come at the same time as it answers them one by one', async () => {
    const queries = Array.from({ length: 6 }, (_, n) => archive.query(n, 4000));
    const together = await Promise.all(queries.map((query) => made.index.search(query, { limit: 3 })));
    for (const [n, query] of queries.entries()) expect(await made.index.search(query, { limit: 3 })).toEqual(together[n]);
  });

  test('refuses vectors of another width and ends as cancelled', async () => {
    expect(() => made.index.put('x', 1, new Float32Array(width + 1))).toThrow(RangeError);
    await expect(made.index.search(new Float32Array(width - 1), { limit: 1 })).rejects.toThrow(RangeError);
    await expect(made.index.search(archive.query(1, 10), { limit: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('the file of codes', () => {
  const keep = (path: string): { key: number; position: number }[] => {
    const file = CodesFile.create(path, codebook, 50);
    const kept = Array.from({ length: 50 }, (_, n) => ({ key: n + 1, position: file.write(n + 1, views, made.index.codesOf(n, views)) }));
    file.close();
    return kept;
  };

  test('gives back what was written, with the same codebook', () => {
    const path = join(temporaryFolder(), 'a.codes');
    keep(path);
    const file = CodesFile.open(path, width)!;
    expect(file.codebook).toEqual(codebook);
    expect([...file.records()].map(({ key, codes }) => [key, Buffer.compare(codes, made.index.codesOf(key - 1, views))])).toEqual(Array.from({ length: 50 }, (_, n) => [n + 1, 0]));
    file.close();
    expect(CodesFile.open(path, width + 4)).toBeNull();
  });

  test('holds nothing of a wiped record', () => {
    const path = join(temporaryFolder(), 'a.codes');
    const kept = keep(path);
    const codes = Buffer.from(made.index.codesOf(20, views));
    const file = CodesFile.open(path, width)!;
    expect(readFileSync(path).includes(codes)).toBe(true);
    file.wipe([{ position: kept[20]!.position, rows: views }]);
    expect(readFileSync(path).includes(codes)).toBe(false);
    expect([...file.records()].map(({ key }) => key).filter((key) => key === 0)).toHaveLength(1);
    file.close();
  });

  test('leaves out a record that was torn or changed, and keeps the others', () => {
    const path = join(temporaryFolder(), 'a.codes');
    const kept = keep(path);
    const file = CodesFile.open(path, width)!;
    file.write(7, views, made.index.codesOf(7, views).map((byte, n) => (n === 5 ? byte ^ 1 : byte)), kept[7]!.position);
    file.close();
    const again = CodesFile.open(path, width)!;
    expect([...again.records()].filter(({ key }) => key !== 0)).toHaveLength(50);
    again.close();
    const bytes = readFileSync(path);
    bytes[kept[7]!.position + 30]! ^= 1;
    const torn = join(temporaryFolder({ 'b.codes': '' }), 'b.codes');
    writeFileSync(torn, bytes.subarray(0, bytes.length - 10));
    const cut = CodesFile.open(torn, width)!;
    expect([...cut.records()].map(({ key }) => key).filter((key) => key !== 0)).toHaveLength(48);
    cut.close();
  });
});

test('the compiled kernels are those of their source', () => {
  expect(readFileSync(join(import.meta.dirname, 'kernels.wasm.ts'), 'utf8')).toBe(kernelsModule(compileKernels()));
}, 60_000);
