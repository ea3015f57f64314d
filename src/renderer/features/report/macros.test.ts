import { expect, test } from 'vitest';
import { macroBefore } from './macros.ts';

const macros = [{ name: 'normal', text: 'No mass.' }, { name: 'größe-2', text: 'Normal size.' }];

test.each([
  ['alone', '.normal', 'normal', 0],
  ['after a sentence', 'No shift. .normal', 'normal', 10],
  ['with letters of any language', '.größe-2', 'größe-2', 0],
])('%s', (_, text, name, from) => {
  expect(macroBefore(text, text.length, macros)).toMatchObject({ from, macro: { name } });
});
test.each([
  ['a full stop within words', 'v1.normal'],
  ['an unknown name', '.unknown'],
  ['a name that goes on', '.normally'],
  ['no name', '.'],
])('not %s', (_, text) => {
  expect(macroBefore(text, text.length, macros)).toBeNull();
});
test('only what stands before the caret counts', () => {
  expect(macroBefore('.normal tail', 7, macros)?.from).toBe(0);
  expect(macroBefore('.normal tail', 12, macros)).toBeNull();
});
