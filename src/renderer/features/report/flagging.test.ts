import { expect, test } from 'vitest';
import type { ReportFlag } from '../../../shared/contract.ts';
import { findingsOf } from '../../../testing/reportParts.ts';
import { countsOf, nextFlag, openFlags } from './flagging.ts';

const sentences = [...findingsOf('A.', 'B.', 'C.'), { ...findingsOf('I.')[0]!, id: 'i', section: 'impression' as const }];
const flag = (id: string, sentence: string | null, dismissed: ReportFlag['dismissed'] = null): ReportFlag => ({ id, kind: sentence === null ? 'missed-finding' : 'contradiction', sentence, reason: id, dismissed });
const flags = [flag('on c', 's3'), flag('set aside', 's2', { by: 'Dr Ada', at: '2026-01-05T09:00:00Z', why: 'seen' }), flag('missed', null), flag('on a', 's1'), flag('of a sentence that is gone', 's9')];
const open = openFlags(flags, sentences);
const go = (at: Partial<Parameters<typeof nextFlag>[2]>, by: 1 | -1 = 1): string | undefined => nextFlag(open, sentences, { flag: null, focus: null, ...at }, by)?.id;

test('flags are read in the order of the text, what is missing first', () => {
  expect(open.map(({ id }) => id)).toEqual(['missed', 'on a', 'on c']);
});
test('the next one is found from the flag, from the sentence in focus, and round', () => {
  expect(go({})).toBe('missed');
  expect(go({ flag: 'missed' })).toBe('on a');
  expect(go({ flag: 'on c' })).toBe('missed');
  expect(go({ flag: 'missed' }, -1)).toBe('on c');
  expect(go({ focus: 's2' })).toBe('on c');
  expect(go({ focus: 's2' }, -1)).toBe('on a');
  expect(go({ focus: 'i' })).toBe('missed');
  expect(nextFlag([], sentences, { flag: null, focus: 's1' }, 1)).toBeUndefined();
});
test('a section counts what stands in it', () => {
  expect(countsOf('findings', sentences, flags)).toEqual({ undecided: 0, flags: 2 });
  expect(countsOf('impression', [{ ...sentences[3]!, state: 'proposed' }], flags)).toEqual({ undecided: 1, flags: 0 });
});
