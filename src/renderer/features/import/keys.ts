import { contributeEscape } from '../keyboard/registry.ts';
import { useImport } from './importStore.ts';

contributeEscape(() => {
  const { phase, cancel } = useImport.getState();
  cancel();
  return phase !== 'idle';
});
