/** Keys of measuring, key images and cine. */
import { texts } from '../../texts.ts';
import { contributeActions, contributeEscape } from '../keyboard/registry.ts';
import type { KeyAction } from '../keyboard/registry.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useCine } from '../viewer/cineStore.ts';
import { markKeyImage } from './markKeyImage.ts';
import { useMeasurements } from './measurementStore.ts';
import type { Tool } from './measurementStore.ts';

const group = 'viewer';
const t = texts.measurements;
const measurements = useMeasurements.getState;

contributeActions([
  ...Object.entries(t.toolHints).map(([tool, label]): KeyAction => (
    { id: `measure.${tool}`, group, label, keys: [t.toolKeys[tool as Tool].toLowerCase()], run: () => { measurements().choose(tool as Tool); } })),
  { id: 'measure.keyImage', group, label: t.keyImage, keys: ['v'], run: () => { inBackground(markKeyImage(), t.keyImages); } },
  { id: 'measure.list', group, label: t.list, keys: ['q'], run: () => { measurements().toggle('listed'); } },
  {
    id: 'measure.remove', group, label: t.remove(t.title.toLowerCase()), keys: ['Delete'],
    run: () => {
      const { selected, remove } = measurements();
      if (selected !== null) inBackground(remove(selected), t.title);
    },
  },
  { id: 'viewer.cine', group, label: t.cine, keys: ['p'], run: () => { useCine.getState().toggle(); } },
]);

contributeEscape(() => {
  const { sketch, tool, selected, draw, choose, select } = measurements();
  if (sketch !== null) draw(null);
  else if (tool !== null) choose(null);
  else if (selected !== null) select(null);
  else return false;
  return true;
});
