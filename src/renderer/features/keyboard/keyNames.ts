/** Names of keys: how a key press is written in lists of actions, and how it is shown. */

/** A press with the modifiers that matter, as one word: `a`, `Shift+a`, `?`, `Ctrl+k`, `Shift+ArrowUp`, `F2`. */
export function keyOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const single = event.key.length === 1;
  // Caps Lock changes a letter as Shift does, and must not change what the key means.
  const key = single ? event.key.toLowerCase() : event.key;
  const isLetter = single && key !== event.key.toUpperCase();
  // Shift is part of how signs like ? and + are typed; on other keys it is a modifier.
  const shift = event.shiftKey && (!single || isLetter || key === ' ');
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`;
}

const typesText = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.matches('input:not([type=range], [type=checkbox], [type=radio]), select, textarea, [contenteditable]');

/** Whether a press belongs to what has the focus: it would type, move within the text, or press a button. */
export function isFieldsOwn(target: EventTarget | null, key: string): boolean {
  if (key === 'Enter' && target instanceof HTMLElement && target.matches('button, a, summary, [role=row], [role=option], input, select')) return true;
  return typesText(target) && key !== 'Escape' && !/^(?:Ctrl\+[^acvxyz]$|Ctrl\+(?:Shift\+)?Enter$|Alt\+Arrow(?:Up|Down)$|(?:Shift\+)?F\d+$)/.test(key);
}

const shown: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', PageUp: 'Page ↑', PageDown: 'Page ↓', ' ': 'Space' };

/** How a key is written for people. */
export function keyLabel(key: string): string {
  const [, modifiers = '', plain = ''] = /^(.*\+)?(.+)$/.exec(key) ?? [];
  return [...modifiers.split('+').filter(Boolean), shown[plain] ?? (plain.length === 1 ? plain.toUpperCase() : plain)].join(' ');
}
