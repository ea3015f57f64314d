import { expect, test } from 'vitest';
import { keyLabel, keyOf } from './keyNames.ts';

const press = (key: string, modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}): string => keyOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers });

test.each([
  ['a letter', press('i'), 'i', 'I'],
  ['a letter under Caps Lock', press('I'), 'i', 'I'],
  ['a letter with Shift', press('I', { shiftKey: true }), 'Shift+i', 'Shift I'],
  ['a sign that takes Shift to type', press('?', { shiftKey: true }), '?', '?'],
  ['plus, which also joins names', press('+', { shiftKey: true }), '+', '+'],
  ['Ctrl and plus', press('+', { ctrlKey: true }), 'Ctrl++', 'Ctrl +'],
  ['an arrow with Shift', press('ArrowUp', { shiftKey: true }), 'Shift+ArrowUp', 'Shift ↑'],
  ['Cmd, which stands for Ctrl on a Mac', press('k', { metaKey: true }), 'Ctrl+k', 'Ctrl K'],
])('%s', (_, name, expected, label) => {
  expect(name).toBe(expected);
  expect(keyLabel(name)).toBe(label);
});
