/** Keys of the window as a whole. */
import { texts } from '../../texts.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { contributeActions, useRegistry } from './registry.ts';

function escape(): void {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.matches('input, textarea, [contenteditable]')) focused.blur();
  else useRegistry.getState().escapes.some((leave) => leave());
}

contributeActions([
  { id: 'general.help', group: 'general', label: texts.keyboard.actions.help, keys: ['?'], run: () => { useSheet.getState().show('help'); } },
  { id: 'general.palette', group: 'general', label: texts.keyboard.actions.palette, keys: ['Ctrl+k'], run: () => { useSheet.getState().show('palette'); } },
  { id: 'general.settings', group: 'general', label: texts.keyboard.actions.settings, keys: ['Ctrl+,'], run: () => { useSheet.getState().show('settings'); } },
  { id: 'general.models', group: 'general', label: texts.keyboard.actions.models, keys: [], run: () => { useSheet.getState().show('models'); } },
  { id: 'general.escape', group: 'general', label: texts.keyboard.actions.escape, keys: ['Escape'], run: escape },
]);
