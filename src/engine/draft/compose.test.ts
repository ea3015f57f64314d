import { describe, expect, test } from 'vitest';
import { composeDraft, type PriorReport } from './compose.ts';

/** Unit vectors along the axes of a space of four. */
const axis = (n: number): number[] => [0, 1, 2, 3].map((at) => (at === n ? 1 : 0));
const report = (name: string, lines: readonly [string, readonly number[]][]): PriorReport => ({ case: name, sentences: lines.map(([text]) => text), vectors: Float32Array.from(lines.flatMap(([, vector]) => vector)) });
const views = Float32Array.from([...axis(0), ...axis(1), ...axis(2)]);

describe('composeDraft', () => {
  test('takes the sentences that views support, names their cases and keeps the order of a report', () => {
    const draft = composeDraft(views, 4, [
      report('first', [['No shift.', axis(1)], ['Bone is normal.', axis(3)]]),
      report('second', [['The orbits are normal.', [0, 0, 0.6, 0.8]], ['A left mass.', axis(0)]]),
    ]);
    expect(draft.map(({ text, sourceCase, view }) => [text, sourceCase, view])).toEqual([['No shift.', 'first', 1], ['A left mass.', 'second', 0]]);
    expect(draft[0]!.similarity).toBeCloseTo(1);
    expect([...draft[1]!.vector!]).toEqual(axis(0));
  });

  test('the same sentence in several reports is taken once, from the most similar case', () => {
    const draft = composeDraft(views, 4, [
      report('first', [['No shift.', axis(1)], ['A mass.', axis(0)]]),
      report('second', [['no  Shift', axis(1)], ['There is no midline displacement.', [0, 0.99, 0.14, 0]]]),
    ]);
    expect(draft.filter((sentence) => sentence.view === 1)).toHaveLength(1);
    expect(draft.every((sentence) => sentence.sourceCase === 'first')).toBe(true);
  });

  test('no prior report gives no sentence, and empty ones are passed over', () => {
    expect(composeDraft(views, 4, [])).toEqual([]);
    expect(composeDraft(views, 4, [{ case: 'empty', sentences: [], vectors: new Float32Array(0) }])).toEqual([]);
  });

  test('without vectors the most similar report stands as it is, with no claim of a view', () => {
    const draft = composeDraft(views, 4, [{ case: 'first', sentences: ['One.', 'Two.'], vectors: null }, { case: 'second', sentences: ['Three.'], vectors: null }]);
    expect(draft).toEqual([
      { text: 'One.', sourceCase: 'first', view: null, similarity: null, vector: null },
      { text: 'Two.', sourceCase: 'first', view: null, similarity: null, vector: null },
    ]);
  });

  test('never more sentences than views', () => {
    const many = Array.from({ length: 12 }, (_, n): [string, number[]] => [`Sentence ${n} of it.`, [Math.cos(n), Math.sin(n), 0, 0]]);
    expect(composeDraft(views, 4, [report('first', many)]).length).toBeLessThanOrEqual(3);
  });
});
