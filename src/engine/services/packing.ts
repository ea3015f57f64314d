/**
 * Packs the vectors of archives that have grown (store/packedVectors.ts), a few hundred cases at a time. Each step is one
 * transaction and what is packed says so row by row, so a kill loses nothing and the next run goes on.
 */
import { setImmediate } from 'node:timers/promises';
import { countVectors, findReference, packSome, putReference, vectorKeys, rowsReader, type VectorKind } from '../store/cases.ts';
import type { WriteDb } from '../store/database.ts';

/** Cases from which on the room matters more than the last digits. */
const largeArchive = 2000;
const referenceCases = 512;
const step = 200;

/** @param from cases from which on an archive is large @returns how many cases were packed now */
export async function packLargeArchive(db: WriteDb, kind: VectorKind, pack: string, signal: AbortSignal, from = largeArchive): Promise<number> {
  if (findReference(db, kind, pack) === null) {
    if (countVectors(db, kind, pack) < from) return 0;
    const { width, reference } = meanRows(db, kind, pack);
    putReference(db, kind, pack, width, reference);
  }
  let packed = 0;
  while (!signal.aborted) {
    const some = packSome(db, kind, pack, step);
    if (some === 0) break;
    packed += some;
    await setImmediate();
  }
  return packed;
}

/** The mean of each row where all cases have as many (views), else of all rows (sentences). */
function meanRows(db: WriteDb, kind: VectorKind, pack: string): { width: number; reference: Float32Array } {
  const keys = vectorKeys(db, kind, pack);
  const { rows, width } = keys[0]!;
  const read = rowsReader(db, kind, pack);
  const aligned = keys.every((key) => key.rows === rows);
  const sums = new Float64Array((aligned ? rows : 1) * width);
  let count = 0;
  const cases = Math.min(keys.length, referenceCases);
  for (let n = 0; n < cases; n++) {
    const vectors = read(keys[Math.floor((n * keys.length) / cases)]!.key)!.vectors();
    for (let k = 0; k < vectors.length; k++) sums[k % sums.length]! += vectors[k]!;
    count += vectors.length / sums.length;
  }
  return { width, reference: Float32Array.from(sums, (sum) => sum / count) };
}
