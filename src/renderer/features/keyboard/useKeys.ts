import { useEffect } from 'react';
import { isFieldsOwn, keyOf } from './keyNames.ts';
import { actionOf } from './registry.ts';

/** Listens for the window's keys, except while a field takes text; while a sheet is open, for few. */
export function useKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const key = keyOf(event);
      if (isFieldsOwn(event.target, key)) return;
      const action = actionOf(key);
      if (action === undefined || (action.overSheets !== true && document.querySelector('dialog[open]') !== null)) return;
      event.preventDefault();
      action.run();
    };
    window.addEventListener('keydown', press);
    return () => { window.removeEventListener('keydown', press); };
  }, []);
}
