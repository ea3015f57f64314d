/**
 * Cases ranked by exact pairwise view alignment with a query (alignment.ts): views with views, views with the sentences
 * of prior reports, or sentences with views. Every case's products are computed; the alignment itself is left out where
 * a bound shows that the case cannot be among the best. Small archives are searched with it, large ones while their index
 * (caseIndex.ts) is being made; it is what that index is tested against.
 *
 * Pure arithmetic on typed arrays: rows come from store/, words for the reader from services/.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { cancelledError } from '../../shared/errors.ts';
import { alignPairwise, type AlignedPair } from './alignment.ts';
import { multiplyRows } from './products.ts';
import type { IndexedCase } from './vectorIndex.ts';

export interface RankedCase {
  readonly case: string;
  /** Mean of the aligned similarities, -1..1. */
  readonly similarity: number;
  /** Row of the query, column of the case's vectors; largest similarity first. */
  readonly pairs: readonly AlignedPair[];
}

/** Where cases come from: all in memory (vectorIndex.ts), or read as they are wanted. */
export interface CaseSource {
  readonly width: number;
  cases(): Iterable<IndexedCase>;
}

export interface RankOptions {
  readonly limit: number;
  /** Cases to leave out, such as those of the study itself. */
  readonly exclude?: (candidate: IndexedCase) => boolean;
  readonly signal?: AbortSignal;
}

/** Longest stretch of work before other calls get their turn. */
const turnMs = 12;
/** Rounding of a sum of a few dozen float32 cosines taken in another order. */
const boundSlack = 1e-9;

/**
 * @param query float32 [rows, width], rows of length 1, of the same pack as the index
 * @returns at most `limit` cases, most similar first; of equal ones the lower id first
 * @throws RangeError if the query does not fill rows of the index's width; EngineError `cancelled`
 */
export async function rankCases(query: Float32Array, index: CaseSource, options: RankOptions): Promise<RankedCase[]> {
  const { limit, exclude, signal } = options;
  const { width } = index;
  if (query.length === 0 || query.length % width !== 0) throw new RangeError(`${query.length} numbers do not fill rows of width ${width}`);
  if (isAborted(signal)) throw cancelledError('search');
  const queryRows = query.length / width;
  let products = new Float32Array(queryRows * 64);
  const best: RankedCase[] = [];
  let turnStarted = performance.now();
  for (const candidate of index.cases()) {
    if (exclude?.(candidate) === true) continue;
    const count = queryRows * candidate.rows;
    if (products.length < count) products = new Float32Array(count);
    multiplyRows(query, queryRows, candidate.vectors, candidate.rows, width, products);
    const worst = best.length < limit ? -Infinity : best[best.length - 1]!.similarity;
    if (largestMean(products, queryRows, candidate.rows) >= worst - boundSlack) {
      const { mean, pairs } = alignPairwise(products.subarray(0, count), queryRows, candidate.rows);
      insert(best, { case: candidate.case, similarity: mean, pairs }, limit);
    }
    if (performance.now() - turnStarted > turnMs) {
      await setImmediate();
      if (isAborted(signal)) throw cancelledError('search');
      turnStarted = performance.now();
    }
  }
  return best;
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted ?? false;

/** No alignment can exceed this: each member of the smaller side with the best of the other, taken or not. */
function largestMean(products: Float32Array, rows: number, columns: number): number {
  const [members, others, memberStep, otherStep] = rows <= columns ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
  let sum = 0;
  for (let member = 0; member < members; member++) {
    let most = -Infinity;
    for (let other = 0, at = member * memberStep; other < others; other++, at += otherStep) if (products[at]! > most) most = products[at]!;
    sum += most;
  }
  return sum / members;
}

const comesBefore = (a: RankedCase, b: RankedCase): boolean => a.similarity > b.similarity || (a.similarity === b.similarity && a.case < b.case);

/** Keeps `best` sorted and no longer than `limit`. */
function insert(best: RankedCase[], item: RankedCase, limit: number): void {
  let at = best.length;
  while (at > 0 && comesBefore(item, best[at - 1]!)) at--;
  if (at >= limit) return;
  best.splice(at, 0, item);
  if (best.length > limit) best.pop();
}
