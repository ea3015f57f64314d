import { expect, test } from 'vitest';
import { shownAgeSex, shownDate, shownDateTime, shownName, shownTime } from './format.ts';

test('a date names its month, and what is no date is shown as it came', () => {
  expect(shownDate('2021-09-02')).toBe('02 Sep 2021');
  expect(shownDate('2021-13-02')).toBe('2021-13-02');
  expect(shownDate('***')).toBe('***');
});
test('a person name shows family and given name, of its first representation', () => {
  expect(shownName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toBe('Yamada, Tarou');
  expect(shownName('Anonymous')).toBe('Anonymous');
  expect(shownName('^Jane')).toBe('Jane');
  expect(shownName('')).toBe('');
});
test('age and sex leave out what is not known', () => {
  expect(shownAgeSex(null, 'F')).toBe('F');
  expect(shownAgeSex(0, '')).toBe('0 y');
});
test('times turn from milliseconds to seconds', () => { expect([shownTime(999), shownTime(2440)]).toEqual(['999 ms', '2.4 s']); });

test('an instant is shown in the time of this computer, and what is no time as it came', () => {
  expect(shownDateTime(new Date(2026, 0, 5, 9, 7).toISOString())).toBe('05 Jan 2026, 09:07');
  expect(shownDateTime('never')).toBe('never');
});
