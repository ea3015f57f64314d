import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import { useSheet } from '../sheets/sheetStore.ts';

contributeActions([
  { id: 'quality.open', group: 'general', label: texts.quality.title, keys: ['Shift+q'], run: () => { useSheet.getState().show('quality'); } },
]);
