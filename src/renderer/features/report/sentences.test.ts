import { describe, expect, test } from 'vitest';
import type { ReportSentence } from '../../../shared/contract.ts';
import { findingsOf, sentenceOf } from '../../../testing/reportParts.ts';
import { accept, insert, join, kept, newSentence, nextUndecided, paste, reject, removeBetween, restoreOriginal, sentencesIn, split, stepped, takeBack, write } from './sentences.ts';

const drafted = (id: string, text: string, more: Partial<ReportSentence> = {}): ReportSentence => sentenceOf(id, text, { origin: 'draft', state: 'proposed', original: text, ...more });
const ids = (sentences: readonly ReportSentence[]): string[] => sentences.map(({ id }) => id);
const told = (sentences: readonly ReportSentence[]): string[] => sentences.map(({ text, state }) => `${state}: ${text}`);
const counter = (): (() => string) => {
  let count = 0;
  return () => `n${++count}`;
};

describe('deciding', () => {
  const draft = [drafted('a', 'No mass.'), drafted('b', 'Shift to the left.')];
  test('one sentence at a time is accepted, rejected and taken back', () => {
    expect(told(accept(draft, 'a'))).toEqual(['accepted: No mass.', 'proposed: Shift to the left.']);
    expect(told(takeBack(reject(draft, 'b'), 'b'))).toEqual(['proposed: No mass.', 'proposed: Shift to the left.']);
    expect(told(accept(reject(draft, 'b'), 'b'))[1]).toBe('accepted: Shift to the left.');
  });
  test('editing keeps the original, which can be put back; typing it again asks for the decision again', () => {
    const edited = write(draft, 'b', 'Shift to the right.');
    expect(edited[1]).toMatchObject({ state: 'edited', original: 'Shift to the left.', text: 'Shift to the right.' });
    expect(told(write(edited, 'b', 'Shift to the left.'))[1]).toBe('proposed: Shift to the left.');
    expect(told(restoreOriginal(edited, 'b'))[1]).toBe('proposed: Shift to the left.');
    expect(told(accept(edited, 'b'))[1]).toBe('edited: Shift to the right.');
    expect(told(takeBack(reject(edited, 'b'), 'b'))[1]).toBe('edited: Shift to the right.');
  });
  test('an accepted sentence that is not changed stays accepted', () => {
    expect(told(write(accept(draft, 'a'), 'a', 'No mass.'))[0]).toBe('accepted: No mass.');
  });
  test('a sentence of the reader\'s own has no original and goes when it is rejected', () => {
    const own = findingsOf('Mine.');
    expect(write(own, 's1', 'Still mine.')[0]).toMatchObject({ state: 'accepted', original: null });
    expect(reject(own, 's1')).toEqual([]);
  });
  test('the next undecided sentence comes after the one in focus, then from the beginning', () => {
    const sentences = [drafted('a', 'A.'), sentenceOf('b', 'B.'), drafted('c', 'C.')];
    expect(nextUndecided(sentences, 'a')?.id).toBe('c');
    expect(nextUndecided(sentences, 'c')?.id).toBe('a');
    expect(nextUndecided(accept(accept(sentences, 'a'), 'c'), 'b')).toBeUndefined();
    expect(stepped(sentences, 'b', 1)?.id).toBe('c');
    expect(stepped(sentences, 'c', 1)).toBeUndefined();
    expect(stepped(sentences, null, 1)?.id).toBe('a');
  });
});

describe('places', () => {
  const sentences = [sentenceOf('t', 'Technique.', { section: 'technique' }), sentenceOf('a', 'A.'), sentenceOf('b', 'B.'), sentenceOf('i', 'I.', { section: 'impression' })];
  const added = [newSentence({ section: 'findings', text: 'X.', origin: 'template' }, 'x')];
  test.each([
    ['after a sentence', 'a', ['t', 'a', 'x', 'b', 'i']],
    ['before all of the section', null, ['t', 'x', 'a', 'b', 'i']],
    ['at the end where the sentence is no more', 'gone', ['t', 'a', 'b', 'x', 'i']],
    ['at the end where the sentence is of another section', 'i', ['t', 'a', 'b', 'x', 'i']],
  ])('%s', (_, after, expected) => {
    expect(ids(insert(sentences, added, { section: 'findings', after }))).toEqual(expected);
  });
  test('an empty section takes its first sentence in the order of sections', () => {
    const only = [sentences[0]!, sentences[3]!];
    expect(ids(insert(only, added, { section: 'findings', after: null }))).toEqual(['t', 'x', 'i']);
  });
  test('what was put in stands with its source, machine text is proposed', () => {
    expect(newSentence({ section: 'findings', text: 'X.', origin: 'case', sourceCase: 'case 7' }, 'x')).toMatchObject({ state: 'accepted', original: 'X.', sourceCase: 'case 7' });
    expect(newSentence({ section: 'impression', text: 'X.', origin: 'model' }, 'x')).toMatchObject({ state: 'proposed', original: 'X.' });
    expect(newSentence({ section: 'findings', text: 'X.', origin: 'reader' }, 'x')).toMatchObject({ state: 'accepted', original: null });
  });
});

describe('splitting', () => {
  test('both parts of a machine sentence keep its source and are edited', () => {
    const { sentences, caret } = split([drafted('a', 'No mass. No shift.')], { id: 'a', at: 8 }, counter());
    expect(told(sentences)).toEqual(['edited: No mass.', 'edited: No shift.']);
    expect(sentences.map(({ origin, original }) => [origin, original])).toEqual([['draft', 'No mass. No shift.'], ['draft', 'No mass. No shift.']]);
    expect(caret).toEqual({ id: 'n1', at: 0 });
  });
  test('at its end a blank sentence of the reader\'s own follows, and the machine sentence stays proposed', () => {
    const { sentences, caret } = split([drafted('a', 'No mass.')], { id: 'a', at: 8 }, counter());
    expect(told(sentences)).toEqual(['proposed: No mass.', 'accepted: ']);
    expect(caret?.id).toBe('n1');
    expect(kept(sentences)).toHaveLength(1);
  });
  test('at its beginning the blank one comes before, and the caret stays', () => {
    const { sentences, caret } = split(findingsOf('Mine.'), { id: 's1', at: 0 }, counter());
    expect(ids(sentences)).toEqual(['n1', 's1']);
    expect(caret).toEqual({ id: 's1', at: 0 });
  });
});

describe('joining', () => {
  test('puts texts together with a space, caret between them', () => {
    const { sentences, caret } = join(findingsOf('One.', 'Two.'), 's2');
    expect(told(sentences)).toEqual(['accepted: One. Two.']);
    expect(caret).toEqual({ id: 's1', at: 5 });
  });
  test('machine text joined to the reader\'s own is told as machine text that was edited', () => {
    const { sentences } = join([sentenceOf('a', 'Mine.'), drafted('b', 'Theirs.')], 'b');
    expect(sentences).toMatchObject([{ id: 'a', text: 'Mine. Theirs.', origin: 'draft', state: 'edited', original: 'Theirs.' }]);
  });
  test('a machine sentence without text is rejected in its original words, an own one goes', () => {
    expect(told(join([sentenceOf('a', 'Mine.'), drafted('b', '', { original: 'Theirs.', state: 'edited' })], 'b').sentences)).toEqual(['accepted: Mine.', 'rejected: Theirs.']);
    expect(ids(join(findingsOf('Mine.', ''), 's2').sentences)).toEqual(['s1']);
  });
  test('into a blank sentence keeps the one that has words as it is', () => {
    expect(told(join([sentenceOf('a', ''), drafted('b', 'Theirs.')], 'b').sentences)).toEqual(['proposed: Theirs.']);
  });
  test('never across sections or into a rejected sentence', () => {
    const across = [sentenceOf('t', 'T.', { section: 'technique' }), sentenceOf('a', 'A.')];
    expect(join(across, 'a').sentences).toBe(across);
    const sentences = [sentenceOf('a', 'A.'), drafted('r', 'R.', { state: 'rejected' }), sentenceOf('b', 'B.')];
    expect(told(join(sentences, 'b').sentences)).toEqual(['accepted: A. B.', 'rejected: R.']);
  });
});

describe('taking out a stretch', () => {
  const sentences = [sentenceOf('a', 'Alpha.'), drafted('m', 'Machine.'), sentenceOf('o', 'Own.'), sentenceOf('z', 'Omega.')];
  test('machine text within it is rejected, the reader\'s own goes, the ends join', () => {
    const { sentences: left, caret } = removeBetween(sentences, { id: 'a', at: 2 }, { id: 'z', at: 3 }, counter());
    expect(told(left)).toEqual(['accepted: Al ga.', 'rejected: Machine.']);
    expect(caret).toEqual({ id: 'a', at: 2 });
  });
  test('whole sentences leave room to write in their place', () => {
    const { sentences: left, caret } = removeBetween(sentences, { id: 'm', at: 0 }, { id: 'o', at: 4 }, counter());
    expect(told(left)).toEqual(['accepted: Alpha.', 'rejected: Machine.', 'accepted: ', 'accepted: Omega.']);
    expect(caret).toEqual({ id: 'n1', at: 0 });
  });
  test('from the beginning of a machine sentence into another: it is rejected and the other keeps its end', () => {
    const { sentences: left, caret } = removeBetween(sentences, { id: 'm', at: 0 }, { id: 'z', at: 2 }, counter());
    expect(told(left)).toEqual(['accepted: Alpha.', 'rejected: Machine.', 'accepted: ega.']);
    expect(caret).toEqual({ id: 'z', at: 0 });
  });
  test('over sections both ends keep their section', () => {
    const two = [sentenceOf('a', 'Alpha.'), sentenceOf('i', 'Iota.', { section: 'impression' })];
    expect(told(removeBetween(two, { id: 'a', at: 2 }, { id: 'i', at: 1 }, counter()).sentences)).toEqual(['accepted: Al', 'accepted: ota.']);
  });
});

describe('plain text', () => {
  test.each([
    ['lines and full stops', 'No mass. No shift.\nVentricles normal', ['No mass.', 'No shift.', 'Ventricles normal']],
    ['not at a decimal point or an abbreviation', 'A mass of 2.5 cm, e.g. a meningioma. See No. 3 vs. before. Done.', ['A mass of 2.5 cm, e.g. a meningioma.', 'See No. 3 vs. before.', 'Done.']],
    ['nor where small letters go on', 'Seen at approx. two places. Stable.', ['Seen at approx. two places.', 'Stable.']],
    ['a list with numbers', '1. Mass.\r\n\r\n2. Oedema.', ['1. Mass.', '2. Oedema.']],
    ['nothing', ' \n ', []],
  ])('%s', (_, text, expected) => {
    expect(sentencesIn(text)).toEqual(expected);
  });
  test('one sentence is pasted into another, several become sentences and the rest follows', () => {
    const one = paste(findingsOf('No of the brain.'), { id: 's1', at: 3 }, 'mass ', counter());
    expect(told(one.sentences)).toEqual(['accepted: No mass of the brain.']);
    expect(one.caret).toEqual({ id: 's1', at: 8 });
    const several = paste([drafted('a', 'Begin. End.')], { id: 'a', at: 6 }, 'One. Two.\nThree.', counter());
    expect(told(several.sentences)).toEqual(['edited: Begin. One.', 'accepted: Two.', 'accepted: Three.', 'edited: End.']);
    expect(several.sentences[3]).toMatchObject({ origin: 'draft', original: 'Begin. End.' });
  });
  test('pasted before a machine sentence it stays apart', () => {
    const { sentences } = paste([drafted('a', 'End.')], { id: 'a', at: 0 }, 'One. Two.', counter());
    expect(told(sentences)).toEqual(['accepted: One.', 'accepted: Two.', 'proposed: End.']);
  });
});
