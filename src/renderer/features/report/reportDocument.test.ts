/** The document follows the sentences by the smallest change, and the caret stays in the sentence it is in. */
import { getSchema } from '@tiptap/core';
import { EditorState, TextSelection } from '@tiptap/pm/state';
import { describe, expect, test } from 'vitest';
import type { ReportSentence } from '../../../shared/contract.ts';
import { findingsOf, sentenceOf } from '../../../testing/reportParts.ts';
import { documentOf, patch, placedSentences, positionOf, ReportDocument, ReportText, SectionNode, SentenceNode, sentencesOf, spotAt } from './reportDocument.ts';
import { accept, split, write } from './sentences.ts';

const schema = getSchema([ReportDocument, ReportText, SectionNode, SentenceNode]);
let count = 0;
const newId = (): string => `n${++count}`;
const stateOf = (sentences: readonly ReportSentence[]): EditorState => EditorState.create({ doc: documentOf(schema, sentences, newId) });
const withCaret = (state: EditorState, id: string, at: number): EditorState => state.apply(state.tr.setSelection(TextSelection.create(state.doc, positionOf(state.doc, { id, at })!)));

const drafted = [sentenceOf('a', 'No mass.', { origin: 'draft', state: 'proposed', original: 'No mass.' }), ...findingsOf('Mine.')];

describe('sentences and document', () => {
  test('go there and back; what did not change is the same, and grounding stays with its sentence', () => {
    const grounded = [{ ...drafted[0]!, grounding: { view: 3, similarity: 0.5, slice: 4, supported: true } }, drafted[1]!];
    const back = sentencesOf(stateOf(grounded).doc, grounded);
    expect(back.filter(({ text }) => text !== '')).toEqual(grounded);
    expect(back[1]).toBe(grounded[0]);
  });
  test('each empty section has one blank sentence to write in, which serves on', () => {
    const state = stateOf(drafted);
    const all = sentencesOf(state.doc, drafted);
    expect(all.map(({ section, text }) => `${section} ${text}`)).toEqual(['technique ', 'findings No mass.', 'findings Mine.', 'impression ']);
    expect(patch(state, drafted, newId)).toBeNull();
  });
});

describe('a change', () => {
  test('of a state alone replaces no text', () => {
    const state = withCaret(stateOf(drafted), 'a', 3);
    const tr = patch(state, accept(drafted, 'a'), newId)!;
    expect(tr.steps.map((step) => (step.toJSON() as { stepType: string }).stepType)).toEqual(['attr']);
    expect(spotAt(state.apply(tr), state.apply(tr).selection.head)).toEqual({ id: 'a', at: 3 });
  });
  test('before the caret leaves the caret in its sentence', () => {
    const state = withCaret(stateOf(drafted), 's1', 2);
    const longer = write(drafted, 'a', 'No mass and no oedema are seen.');
    const after = state.apply(patch(state, longer, newId)!);
    expect(spotAt(after, after.selection.head)).toEqual({ id: 's1', at: 2 });
    expect(sentencesOf(after.doc, longer).filter(({ text }) => text !== '')).toEqual(longer);
  });
  test.each([
    ['a split', split(drafted, { id: 'a', at: 3 }, newId).sentences],
    ['nothing left', []],
    ['a sentence in each section', [sentenceOf('t', 'T.', { section: 'technique' }), ...drafted, sentenceOf('i', 'I.', { section: 'impression' })]],
    ['another order', [drafted[1]!, drafted[0]!]],
  ])('to %s arrives whole', (_, wanted) => {
    const state = withCaret(stateOf(drafted), 's1', 1);
    const after = state.apply(patch(state, wanted, newId)!);
    after.doc.check();
    expect(placedSentences(after.doc).filter(({ node }) => node.textContent !== '').map(({ node, section }) => `${section} ${node.textContent}`))
      .toEqual(wanted.map(({ section, text }) => `${section} ${text}`));
  });
});
