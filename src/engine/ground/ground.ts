/**
 * Grounding: which view carries each sentence of a draft, how well, and which slice that view looked at. The assignment is
 * pairwise view alignment over the whole draft (engine/search/alignment), which is only known at its end; while it is being
 * written each sentence shows the best view that is still free. Text vectors come from encode/, maps from attentionMap.
 */
import type { DraftSentence } from '../../shared/contract.ts';
import type { Affine, Dims } from '../../shared/geometry.ts';
import type { EncodedViews } from '../ports.ts';
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import { attentionRow, type AttentionGeometry } from './attentionMap.ts';
import { sliceOf } from './slice.ts';

export interface SentenceToGround {
  readonly text: string;
  /** Unit vector [width], or null where the pack has no text encoder: the sentence then has no grounding. */
  readonly vector: Float32Array | null;
  readonly sourceCase: string | null;
}

export interface GroundingInput {
  readonly encoded: EncodedViews;
  /** Cosine below which no view is said to support a sentence (the pack's calibration). */
  readonly supportThreshold: number;
  readonly geometry: AttentionGeometry;
  /** The stack on screen. */
  readonly stack: { readonly dims: Dims; readonly voxelToLps: Affine };
}

export interface Grounder {
  /** Grounds one more sentence by the best view no earlier sentence has; provisional. */
  add(sentence: SentenceToGround): DraftSentence;
  /** All sentences so far by the full alignment; final. */
  finish(): DraftSentence[];
}

/** Grounds sentences as they arrive. */
export function createGrounder(input: GroundingInput): Grounder {
  const { encoded } = input;
  const sentences: SentenceToGround[] = [];
  const taken = new Set<number>();
  const slices = new Map<number, number | null>();
  const describe = (index: number, view: number | null, similarity: number | null): DraftSentence => {
    if (view !== null && !slices.has(view)) slices.set(view, sliceOf(attentionRow(encoded, view, input.geometry), input.geometry, input.stack));
    const { text, sourceCase } = sentences[index]!;
    return { index, text, sourceCase, view, similarity, slice: view === null ? null : slices.get(view)!, supported: similarity !== null && similarity >= input.supportThreshold };
  };

  return {
    add(sentence) {
      const index = sentences.push(sentence) - 1;
      if (!sentence.vector) return describe(index, null, null);
      const best = bestView(encoded, sentence.vector, taken);
      if (best.view !== null) taken.add(best.view);
      return describe(index, best.view, best.similarity);
    },
    finish() {
      const withVector = sentences.flatMap((sentence, index) => (sentence.vector ? [{ index, vector: sentence.vector }] : []));
      const found = new Map<number, { view: number; similarity: number }>();
      if (withVector.length > 0) {
        const vectors = new Float32Array(withVector.length * encoded.width);
        withVector.forEach(({ vector }, at) => { vectors.set(vector, at * encoded.width); });
        const similarity = similarityMatrix(encoded.projected, vectors, encoded.width);
        for (const pair of alignPairwise(similarity, encoded.viewCount, withVector.length).pairs) found.set(withVector[pair.column]!.index, { view: pair.row, similarity: pair.similarity });
      }
      return sentences.map((_, index) => describe(index, found.get(index)?.view ?? null, found.get(index)?.similarity ?? null));
    },
  };
}

/** Grounds a finished draft at once. */
export function groundSentences(sentences: readonly SentenceToGround[], input: GroundingInput): DraftSentence[] {
  const grounder = createGrounder(input);
  for (const sentence of sentences) grounder.add(sentence);
  return grounder.finish();
}

/** The free view nearest to a sentence; none when there are more sentences than views. */
function bestView(encoded: EncodedViews, vector: Float32Array, taken: ReadonlySet<number>): { view: number | null; similarity: number | null } {
  const similarities = similarityMatrix(encoded.projected, vector, encoded.width);
  let view = -1;
  similarities.forEach((value, at) => {
    if (!taken.has(at) && (view < 0 || value > similarities[view]!)) view = at;
  });
  return view < 0 ? { view: null, similarity: null } : { view, similarity: similarities[view]! };
}
