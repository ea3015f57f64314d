/** Keys of the search of prior cases. */
import { flushSync } from 'react-dom';
import { texts } from '../../texts.ts';
import { contributeActions, contributeEscape } from '../keyboard/registry.ts';
import { useReadingTab } from '../reading/tabStore.ts';
import { useSimilar } from './similarStore.ts';

function searchCases(): void {
  flushSync(() => { useReadingTab.getState().showTab('similar'); }); // a field in a hidden panel takes no focus
  document.getElementById('case-search')?.focus();
}

contributeActions([{ id: 'reading.search', group: 'general', label: texts.keyboard.actions.search, keys: ['/'], run: searchCases }]);
contributeEscape(() => {
  const { query, clearText } = useSimilar.getState();
  if (query.by !== 'text') return false;
  clearText();
  return true;
});
