import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contentOf, sentence } from '../../testing/reportSentences.ts';
import type { Draft, DraftSentence, ReportContent } from '../../shared/contract.ts';
import { emptyContent } from '../../shared/reportContent.ts';
import { canonicalJson, digestOf } from './canonicalJson.ts';
import { decisions, searchableSentences, withDraft } from './content.ts';
import { changedShare, wordEditDistance } from './editDistance.ts';
import { mergeContent } from './merge.ts';

function ids(): () => string {
  let made = 0;
  return () => `new${++made}`;
}

const draftSentence = (index: number, text: string): DraftSentence => ({ index, text, similarity: 0.4, view: 3, slice: 7, supported: index > 0, sourceCase: null });
const draftOf = (...texts: string[]): Draft => ({
  study: '1.2', series: '1.2.3', stack: 0, origin: 'model', sentences: texts.map((text, index) => draftSentence(index, text)),
  pack: { id: 'tiny', version: '1', training: 'untrained', label: '' }, provider: 'cpu', createdAt: '2026-01-05T09:00:00.000Z', stop: 'complete', outside: null,
});

describe('canonical JSON', () => {
  test('does not depend on the order in which fields were set, and keeps the order of lists', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'é"\n' }, none: undefined })).toBe('{"a":{"c":"é\\"\\n","d":null},"b":[2,1]}');
    expect(digestOf({ b: 1, a: 2 })).toBe(createHash('sha256').update('{"a":2,"b":1}').digest('hex'));
  });
});

describe('a draft in a report', () => {
  test('is proposed sentence by sentence, each with where the images support it', () => {
    const { sentences } = withDraft(emptyContent, draftOf('A mass.', 'No shift.'), ids());
    expect(sentences.map(({ text, state, origin }) => [text, state, origin])).toEqual([['A mass.', 'proposed', 'draft'], ['No shift.', 'proposed', 'draft']]);
    expect(sentences[1]).toMatchObject({ original: 'No shift.', grounding: { view: 3, similarity: 0.4, slice: 7, supported: true } });
  });
  test('another draft takes the place of what is still proposed, and of nothing that was decided on or written', () => {
    const newId = ids();
    const first = withDraft(contentOf(sentence('own', 'Seen with Dr B.')), draftOf('A mass.', 'No shift.', 'A cyst.'), newId);
    const decided: ReportContent = { ...first, sentences: first.sentences.map((each) => (each.text === 'A mass.' ? { ...each, state: 'rejected' } : each.text === 'No shift.' ? { ...each, text: 'No midline shift.', state: 'edited' } : each)) };
    const second = withDraft(decided, draftOf('A mass.', 'No shift.', 'Normal sella.'), newId);
    expect(second.sentences.map(({ text, state }) => [text, state])).toEqual([['Seen with Dr B.', 'accepted'], ['A mass.', 'rejected'], ['No midline shift.', 'edited'], ['Normal sella.', 'proposed']]);
  });
  test('is counted by what became of it, without what the reader wrote', () => {
    expect(decisions(contentOf(sentence('a', 'A.', { origin: 'draft', state: 'rejected' }), sentence('b', 'B.')))).toEqual({ proposed: 0, accepted: 0, edited: 0, rejected: 1 });
  });
});

test('what is searched for are the sentences that stand, without the technique', () => {
  const content = contentOf(sentence('i', 'Normal.', { section: 'impression' }), sentence('t', 'T1.', { section: 'technique' }), sentence('r', 'A mass.', { state: 'rejected' }), sentence('f', ' No shift. '));
  expect(searchableSentences([content, contentOf(sentence('x', 'Addendum.'))])).toEqual(['No shift.', 'Normal.', 'Addendum.']);
});

describe('two windows on one report', () => {
  const base = contentOf(sentence('a', 'A.'), sentence('b', 'B.'), sentence('c', 'C.'));
  const merged = (stored: ReportContent, mine: ReportContent): string[] => mergeContent(base, stored, mine, ids()).sentences.map(({ id, text }) => `${id}:${text}`);

  test('changes of different sentences are both kept', () => {
    expect(merged(contentOf(sentence('a', 'A!'), sentence('b', 'B.'), sentence('c', 'C.')), contentOf(sentence('a', 'A.'), sentence('b', 'B.'), sentence('c', 'C!')))).toEqual(['a:A!', 'b:B.', 'c:C!']);
  });
  test('what both wrote into one sentence stays, the later as a sentence of its own', () => {
    expect(merged(contentOf(sentence('a', 'theirs'), sentence('b', 'B.'), sentence('c', 'C.')), contentOf(sentence('a', 'mine'), sentence('b', 'B.'), sentence('c', 'C.')))).toEqual(['a:theirs', 'new1:mine', 'b:B.', 'c:C.']);
  });
  test('a new sentence stands after the one it was written after', () => {
    expect(merged(contentOf(sentence('x', 'X.'), ...base.sentences), contentOf(base.sentences[0]!, sentence('y', 'Y.'), base.sentences[1]!, base.sentences[2]!))).toEqual(['x:X.', 'a:A.', 'y:Y.', 'b:B.', 'c:C.']);
  });
  test('a sentence one removed goes, unless the other changed it', () => {
    expect(merged(contentOf(base.sentences[0]!, base.sentences[2]!), contentOf(sentence('a', 'A.'), sentence('b', 'B?'), sentence('c', 'C.')))).toEqual(['a:A.', 'b:B?', 'c:C.']);
    expect(merged(contentOf(base.sentences[0]!, base.sentences[2]!), base)).toEqual(['a:A.', 'c:C.']);
    expect(merged(base, contentOf(base.sentences[0]!))).toEqual(['a:A.']);
  });
  test('whatever two readers do, no text that either wrote is lost', () => {
    let seed = 1;
    const random = (n: number): number => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
    for (let round = 0; round < 300; round++) {
      const edit = (who: string): { content: ReportContent; wrote: string[] } => {
        const wrote: string[] = [];
        const sentences = [...base.sentences];
        for (let step = 0; step < 4; step++) {
          const text = `${who}${round}.${step}`;
          wrote.push(text);
          const at = random(sentences.length + 1);
          // Changes a sentence that nobody of this side changed yet, or adds one.
          if (sentences[at] && base.sentences.includes(sentences[at])) sentences[at] = { ...sentences[at], text };
          else sentences.splice(at, 0, sentence(text, text));
        }
        return { content: contentOf(...sentences), wrote };
      };
      const [theirs, mine] = [edit('t'), edit('m')];
      const found = mergeContent(base, theirs.content, mine.content, ids()).sentences.map(({ text }) => text);
      for (const text of [...theirs.wrote, ...mine.wrote]) expect(found).toContain(text);
    }
  });
  test('first impressions are both kept, and answers of both', () => {
    const answer = (question: string, given: string) => ({ question, answers: [given], probability: null, source: 'reader' as const });
    const result = mergeContent(emptyContent, { ...emptyContent, firstImpression: 'one', answers: [answer('side', 'left')] }, { ...emptyContent, firstImpression: 'two', answers: [answer('shift', 'no')] }, ids());
    expect(result).toMatchObject({ firstImpression: 'one\ntwo', answers: [{ question: 'side' }, { question: 'shift' }] });
  });
});

test.each([
  ['No mass is seen.', 'No mass is seen.', 0],
  ['A mass in the left lobe', 'A mass in the right lobe', 1],
  ['', 'Three new words', 3],
  ['one two three', '', 3],
  ['No 12.5 mm lesion', 'A 12.5 mm ring lesion', 2],
])('%j becomes %j by %i changed words', (from, to, distance) => {
  expect(wordEditDistance(from, to)).toBe(distance);
  expect(wordEditDistance(to, from)).toBe(distance);
});
test('the share of changed words goes by the longer text', () => {
  expect(changedShare('a b', 'a b c d')).toBe(0.5);
  expect(changedShare('', '')).toBe(0);
});
