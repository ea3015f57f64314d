import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { lock } from './sessionStore.ts';

contributeActions([
  { id: 'readers.lock', group: 'general', label: texts.readers.lockAction, keys: ['Ctrl+l'], overSheets: true, run: lock },
  { id: 'readers.list', group: 'general', label: texts.readers.title, keys: [], run: () => { useSheet.getState().show('readers'); } },
]);
