import { texts } from '../../texts.ts';
import { contributeActions, contributeEscape } from '../keyboard/registry.ts';
import { useWorklist } from './worklistStore.ts';

contributeActions([
  { id: 'worklist.toggle', group: 'general', label: texts.worklist.toggle, keys: ['w'], run: () => { useWorklist.getState().toggle(); } },
]);
contributeEscape(() => {
  const { open, hide } = useWorklist.getState();
  hide();
  return open;
});
