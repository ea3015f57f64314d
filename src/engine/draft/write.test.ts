import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelledError } from '../../shared/errors.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import { loadPack } from '../pack/load.ts';
import type { Pack } from '../pack/pack.ts';
import type { TextModel } from '../ports.ts';
import { writeDraft, type DraftPiece } from './write.ts';

let folder: string;
let pack: Pack;
beforeAll(async () => {
  ({ folder } = await makeTinyPack());
  pack = await loadPack(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const embeddings = { data: new Float32Array(4 * 32), count: 4, width: 32 };

/** A neighbour that says what it is told, in pieces of four characters; the real model has its own tests in native/. */
function saying(text: string, stop: 'complete' | 'length' | 'repetition', seen: { maxTokens?: number; prompt?: string } = {}): TextModel {
  return {
    async *write(prompt, _embeddings, { signal, maxTokens }) {
      Object.assign(seen, { prompt, maxTokens });
      for (let at = 0; at < text.length; at += 4) {
        await Promise.resolve();
        if (signal.aborted) throw cancelledError('draft');
        yield { text: text.slice(at, at + 4) };
      }
      yield { stop };
    },
    answer: () => Promise.reject(new Error('a draft asks no questions')),
    close: () => Promise.resolve(),
  };
}

async function piecesOf(model: TextModel, controller = new AbortController(), abortAfter = Infinity): Promise<DraftPiece[]> {
  const pieces: DraftPiece[] = [];
  for await (const piece of writeDraft(model, pack, embeddings, { signal: controller.signal })) {
    pieces.push(piece);
    if (pieces.length >= abortAfter) controller.abort();
  }
  return pieces;
}
const sentencesOf = (pieces: readonly DraftPiece[]) => pieces.flatMap((piece) => (piece.kind === 'sentence' ? [piece.text] : []));

describe('writeDraft', () => {
  test('streams the text whole and each sentence as soon as it is complete', async () => {
    const text = 'A 1.2 cm mass is seen. No shift. Ventricles are normal';
    const pieces = await piecesOf(saying(text, 'complete'));
    expect(pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('')).toBe(text);
    expect(sentencesOf(pieces)).toEqual(['A 1.2 cm mass is seen.', 'No shift.', 'Ventricles are normal']);
    expect(pieces.findIndex((piece) => piece.kind === 'sentence')).toBeLessThan(10);
    expect(pieces.at(-1)).toEqual({ kind: 'stop', stop: 'complete' });
  });

  test('lesions told of once are not told of again in other words; one more of the same size is', async () => {
    const first = 'There is a 1.3 cm ring-enhancing lesion in the left frontal lobe.';
    const more = 'Another 1.3 cm enhancing lesion is seen in the left frontal lobe.';
    const shift = 'The 1.3 cm left frontal lesion causes midline shift of 4 mm to the right.';
    const right = 'There is a 1.3 cm enhancing lesion in the right frontal lobe.';
    const pieces = await piecesOf(saying([first, 'The images show a 1.3 cm enhancing lesion located in the left frontal lobe.', more, shift, right, 'A lesion is in the left frontal lobe.'].join(' '), 'complete'));
    expect(sentencesOf(pieces)).toEqual([first, more, shift, right, 'A lesion is in the left frontal lobe.']);
  });

  test('a sentence cut off by the limit of length is not passed off as a finding', async () => {
    const pieces = await piecesOf(saying('No mass. There is no enhanc', 'length'));
    expect(sentencesOf(pieces)).toEqual(['No mass.']);
    expect(pieces.at(-1)).toEqual({ kind: 'stop', stop: 'length' });
  });

  test('text without any complete sentence still becomes one, so that a draft is never silently empty', async () => {
    expect(sentencesOf(await piecesOf(saying('mass mass mass mass', 'repetition')))).toEqual(['mass mass mass mass']);
  });

  test('a repeated sentence is given once', async () => {
    const pieces = await piecesOf(saying('No mass. No shift. No  MASS. ', 'repetition'));
    expect(sentencesOf(pieces)).toEqual(['No mass.', 'No shift.']);
    expect(pieces.at(-1)).toEqual({ kind: 'stop', stop: 'repetition' });
  });

  test('when the reader stops it, what was written stands and the stop says so', async () => {
    const pieces = await piecesOf(saying('No mass. No shift. Ventricles are normal.', 'complete'), new AbortController(), 5);
    expect(sentencesOf(pieces)).toEqual(['No mass.']);
    expect(pieces.at(-1)).toEqual({ kind: 'stop', stop: 'cancelled' });
  });

  test('the prompt and the limit of the pack are used', async () => {
    const seen: { maxTokens?: number; prompt?: string } = {};
    for await (const piece of writeDraft(saying('No mass.', 'complete', seen), pack, embeddings, { signal: new AbortController().signal, maxTokens: 10_000 })) expect(piece).toBeDefined();
    expect(seen).toEqual({ prompt: pack.manifest.llm!.prompt, maxTokens: 48 });
  });
});
