import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import { useSheet } from '../sheets/sheetStore.ts';

contributeActions([
  { id: 'audit.show', group: 'general', label: texts.audit.action, keys: [], run: () => { useSheet.getState().show('audit'); } },
]);
