/** A draft from the language model: text as it comes, and each sentence once it is complete. Grounding is ground/'s. */
import type { Draft } from '../../shared/contract.ts';
import { EngineError, isCancelled } from '../../shared/errors.ts';
import { packKey, type Pack } from '../pack/pack.ts';
import type { TextModel } from '../ports.ts';
import type { ViewEmbeddings } from './bridge.ts';
import { sentenceKey } from './repetition.ts';
import { SaidAgain } from './saidAgain.ts';
import { SentenceStream } from './sentences.ts';

export type DraftPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sentence'; readonly text: string }
  | { readonly kind: 'stop'; readonly stop: Draft['stop'] };

export interface WriteDraftOptions {
  readonly signal: AbortSignal;
  /** At most the pack's own limit. */
  readonly maxTokens?: number;
  readonly seed?: number;
}

/**
 * Writes the draft of one study: deterministic by default (temperature 0, seed 0). Ends with a `stop`, `cancelled`
 * included: what was written until then stands. A sentence that came before is not given again, nor
 * one that tells of the same lesions in other words. Text cut off in the
 * middle of a sentence (by length, repetition or the reader) makes no sentence, unless it is all there is.
 * @throws EngineError `pack/no-language-model`, `llm/run-failed`
 */
export async function* writeDraft(model: TextModel, pack: Pack, embeddings: ViewEmbeddings, options: WriteDraftOptions): AsyncGenerator<DraftPiece, void, undefined> {
  const { llm } = pack.manifest;
  if (!llm || !pack.manifest.bridge) throw new EngineError('pack/no-language-model', `Pack ${packKey(pack)} has no language model that sees the image`, { subject: packKey(pack), advice: 'Compose the draft of prior reports' });
  const maxTokens = Math.min(options.maxTokens ?? llm.maxTokens, llm.maxTokens);
  const sentences = new SentenceStream();
  const given = new Set<string>();
  const said = new SaidAgain();
  const fresh = (found: readonly string[]): DraftPiece[] => {
    const pieces: DraftPiece[] = [];
    for (const text of found) {
      const key = sentenceKey(text);
      if (given.has(key)) continue;
      given.add(key);
      if (!said.says(text)) pieces.push({ kind: 'sentence', text });
    }
    return pieces;
  };

  try {
    for await (const piece of model.write(llm.prompt, embeddings, { signal: options.signal, maxTokens, seed: options.seed ?? 0 })) {
      if ('text' in piece) {
        yield { kind: 'text', text: piece.text };
        yield* fresh(sentences.push(piece.text));
      } else {
        if (piece.stop === 'complete' || given.size === 0) yield* fresh(sentences.end());
        yield { kind: 'stop', stop: piece.stop };
      }
    }
  } catch (error) {
    if (!isCancelled(error)) throw error;
    yield { kind: 'stop', stop: 'cancelled' };
  }
}
