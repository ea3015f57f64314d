import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import { startSigning } from './signOffStore.ts';

contributeActions([
  { id: 'signing.sign', group: 'reading', label: texts.signing.action, keys: ['F9'], run: startSigning },
]);
