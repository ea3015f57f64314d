import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';

contributeActions([
  { id: 'studies.search', group: 'general', label: texts.keyboard.actions.studySearch, keys: ['f'], run: () => { document.getElementById('study-search')?.focus(); } },
]);
