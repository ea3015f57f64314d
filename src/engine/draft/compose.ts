/**
 * A draft without a language model: sentences of similar prior reports that views of this study support best, each naming
 * its case. It writes nothing of its own, which is why it may stand where a model is missing, and it says so (`composed`).
 */
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import { sentenceKey } from './repetition.ts';

/** A similar case with its report's sentences, most similar case first. */
export interface PriorReport {
  readonly case: string;
  readonly sentences: readonly string[];
  /** float32 [sentences, width] of unit rows, or null where the pack has no text encoder. */
  readonly vectors: Float32Array | null;
}

export interface ComposedSentence {
  readonly text: string;
  readonly sourceCase: string;
  readonly view: number | null;
  readonly similarity: number | null;
  /** The sentence's vector, for grounding it without encoding it again. */
  readonly vector: Float32Array | null;
}

/** Sentences closer than this say the same in other words. */
const sameMeaning = 0.97;

/**
 * Aligns the views with all sentences of the prior reports at once (PVA) and keeps the best pairs: as many as a prior
 * report has sentences in the middle (median). They come in the order their own reports had them.
 * @param projected float32 [views, width] of unit rows
 * @returns no sentence if there is no prior report; the most similar report as it stands if it has no vectors
 */
export function composeDraft(projected: Float32Array, width: number, priors: readonly PriorReport[]): ComposedSentence[] {
  const reports = priors.filter((prior) => prior.sentences.length > 0);
  if (reports.length === 0) return [];
  const known = reports.filter((prior): prior is PriorReport & { vectors: Float32Array } => prior.vectors !== null);
  if (known.length === 0) return reports[0]!.sentences.map((text) => ({ text, sourceCase: reports[0]!.case, view: null, similarity: null, vector: null }));

  const pool = distinct(known, width);
  const vectors = new Float32Array(pool.length * width);
  pool.forEach((candidate, at) => { vectors.set(candidate.vector, at * width); });
  const { pairs } = alignPairwise(similarityMatrix(projected, vectors, width), projected.length / width, pool.length);
  return pairs
    .slice(0, medianLength(known))
    .map(({ row, column, similarity }) => ({ ...pool[column]!, view: row, similarity }))
    .sort((a, b) => a.place - b.place)
    .map(({ text, sourceCase, vector, view, similarity }) => ({ text, sourceCase, view, similarity, vector }));
}

interface Candidate {
  readonly text: string;
  readonly sourceCase: string;
  readonly vector: Float32Array;
  /** Where in its report it stood, 0 first to 1 last. */
  readonly place: number;
}

/** Every sentence of the reports once, the most similar case's own where several have it. */
function distinct(reports: readonly (PriorReport & { vectors: Float32Array })[], width: number): Candidate[] {
  const pool: Candidate[] = [];
  const keys = new Set<string>();
  for (const report of reports) {
    report.sentences.forEach((text, at) => {
      const vector = report.vectors.subarray(at * width, (at + 1) * width);
      const key = sentenceKey(text);
      if (key === '' || keys.has(key) || pool.some((other) => cosine(other.vector, vector) >= sameMeaning)) return;
      keys.add(key);
      pool.push({ text, sourceCase: report.case, vector, place: at / Math.max(1, report.sentences.length - 1) });
    });
  }
  return pool;
}

const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

function medianLength(reports: readonly PriorReport[]): number {
  const lengths = reports.map((report) => report.sentences.length).sort((a, b) => a - b);
  return lengths[Math.floor((lengths.length - 1) / 2)]!;
}
