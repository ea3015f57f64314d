import { describe, expect, test } from 'vitest';
import type { DraftSentence } from '../../../shared/contract.ts';
import { afterEvent, noProgress } from './analysis.ts';

const sentence = (index: number, text: string): DraftSentence => ({ index, text, similarity: 0.5, view: 3, slice: 4, supported: true, sourceCase: null });

describe('a draft as it is written', () => {
  test('shows text at once and lets a whole sentence take its place', () => {
    const written = ['There is ', 'no mass.', ' The ventricles'].reduce((progress, text) => afterEvent(progress, { kind: 'text', text }), noProgress);
    expect(written.tail).toBe('There is no mass. The ventricles');
    const grounded = afterEvent(written, { kind: 'sentence', sentence: sentence(0, 'There is no mass.') });
    expect(grounded.sentences).toHaveLength(1);
    expect(grounded.tail).toBe('The ventricles');
  });
  test('a sentence whose white space was tidied leaves no remains', () => {
    const written = afterEvent(noProgress, { kind: 'text', text: 'No  mass\nseen. Next' });
    expect(afterEvent(written, { kind: 'sentence', sentence: sentence(0, 'No mass seen.') }).tail).toBe('Next');
  });
  test('sentences keep their order when grounding finishes out of turn', () => {
    const progress = [sentence(1, 'B.'), sentence(0, 'A.'), sentence(1, 'B!')].reduce((before, next) => afterEvent(before, { kind: 'sentence', sentence: next }), noProgress);
    expect(progress.sentences.map(({ text }) => text)).toEqual(['A.', 'B!']);
  });
});

test('a step keeps its time and leaves the others alone', () => {
  const { steps } = afterEvent(noProgress, { kind: 'step', step: 'encode', state: 'done', ms: 812, message: '' });
  expect(steps.encode).toEqual({ state: 'done', ms: 812, message: '' });
  expect(steps.draft.state).toBe('waiting');
});
