import { useEffect } from 'react';
import { keyActions } from './actions.ts';

const typesText = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.matches('input:not([type=range]), select, textarea, [contenteditable]');

/** Listens for the window's keys, except while a field takes text or a sheet is open. */
export function useKeys(onHelp: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
      if (typesText(event.target) && event.key !== 'Escape') return;
      if (event.key === '?') {
        event.preventDefault();
        onHelp();
        return;
      }
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const wanted = event.shiftKey && event.key.length > 1 ? `Shift+${key}` : key;
      const action = keyActions.find(({ keys }) => keys.includes(wanted));
      if (action === undefined) return;
      event.preventDefault();
      action.run(key);
    };
    window.addEventListener('keydown', press);
    return () => { window.removeEventListener('keydown', press); };
  }, [onHelp]);
}
