/** Months without a report leave a gap in a line, and what is drawn fits into the lines that can be told apart. */
import { expect, test } from 'vitest';
import type { QualityGroup } from '../../../shared/contract.ts';
import { drawnKeys, linesOf, monthsBetween, monthsOf } from './series.ts';

const group = (id: string | null, month: string | null, reports: number): QualityGroup => ({
  pack: id === null ? null : { id, version: '1', training: 'synthetic', label: '' }, month, reports, tooFew: reports < 10,
  changedShare: null, sentences: { kept: 0, edited: 0, rejected: 0, added: 0 }, flags: { dismissed: 0, confirmed: 0, actedOn: 0 }, flagsByKind: {} as QualityGroup['flagsByKind'],
  seconds: null, withoutSeconds: 0, reportsMissed: 0, reportsMadeUp: 0, findings: [],
});

test('months go over the turn of the year', () => {
  expect(monthsBetween('2025-11', '2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
  expect(monthsOf([])).toEqual([]);
});

test('a month without a report is a gap, and one with few is marked', () => {
  const groups = [group('a', '2026-03', 12), group('a', '2026-01', 3), group(null, '2026-02', 20)];
  const months = monthsOf(groups);
  expect(months).toEqual(['2026-01', '2026-02', '2026-03']);
  expect(linesOf(groups, ['', 'a@1'], months, ({ reports }) => reports)).toEqual([
    { key: '', values: [null, 20, null], tooFew: [true, false, true] },
    { key: 'a@1', values: [3, null, 12], tooFew: [true, true, false] },
  ]);
});

test('the packs with the most reports are drawn, beside reports without a draft', () => {
  expect(drawnKeys([group('a', null, 1), group('b', null, 9), group('c', null, 5), group('d', null, 7), group(null, null, 2)])).toEqual(['', 'b@1', 'd@1', 'c@1']);
});
