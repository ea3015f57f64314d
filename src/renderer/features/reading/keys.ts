/** Keys of reading assistance: analysis, tabs, overlay. */
import { texts } from '../../texts.ts';
import { useAttention } from '../attention/attentionStore.ts';
import { contributeActions, contributeEscape } from '../keyboard/registry.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useReading } from './readingStore.ts';
import { readingTabs, tabKeys, useReadingTab } from './tabStore.ts';

const reading = useReading.getState;
const attention = useAttention.getState;
const { actions } = texts.keyboard;
const group = 'reading';
const dim = (by: number): void => { attention().setOpacity(attention().opacity + by); };

contributeActions([
  { id: 'reading.analyse', group, label: actions.analyse, keys: ['d'], run: () => { inBackground(reading().analyse(), texts.reading.title); } },
  ...readingTabs.map((name, at) => ({ id: `reading.tab.${name}`, group, label: texts.reading.tabs[name], line: actions.tab, keys: [tabKeys[at]!], run: () => { useReadingTab.getState().showTab(name); } }) as const),
  { id: 'reading.attention', group, label: actions.attention, keys: ['o'], run: () => { attention().toggle(); } },
  { id: 'reading.weaker', group, label: actions.weaker, line: actions.opacity, keys: ['['], run: () => { dim(-0.1); } },
  { id: 'reading.stronger', group, label: actions.stronger, line: actions.opacity, keys: [']'], run: () => { dim(0.1); } },
]);
contributeEscape(() => {
  if (reading().phase !== 'running') return false;
  reading().cancel();
  return true;
});
