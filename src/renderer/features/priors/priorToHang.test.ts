import { expect, test } from 'vitest';
import type { Prior } from '../../../shared/contract.ts';
import { priorToHang } from './priorToHang.ts';

const prior = (study: string, studyDate: string, changed: Partial<Prior> = {}): Prior => ({
  study, studyDate, patientName: '', patientId: '', birthDate: '', description: '', relation: 'same', differs: [], unchecked: [], report: null, openedAt: null, shown: { series: study, stack: 0 }, ...changed,
} as Prior);

test('the latest earlier study with pictures hangs, and never a doubtful one', () => {
  expect(priorToHang([prior('a', '2020-01-01'), prior('b', '2023-05-01'), prior('c', '2024-01-01', { relation: 'possible' }), prior('d', '2024-02-01', { shown: null })])?.study).toBe('b');
  expect(priorToHang([prior('c', '2024-01-01', { relation: 'mismatch' })])).toBeUndefined();
  expect(priorToHang([])).toBeUndefined();
});
