/** Keys that go through the series of the open study. */
import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';

function stepSeries(by: 1 | -1): void {
  const { detail, openSeries } = useStudies.getState();
  const shown = useViewer.getState().target;
  const list = (detail?.series ?? []).flatMap(({ series, stacks }) => {
    const stack = stacks.find(({ dims }) => dims !== null);
    return stack === undefined ? [] : [{ series, stack: stack.index }];
  });
  const at = list.findIndex(({ series }) => series === shown?.series);
  const next = list[at + by];
  if (next !== undefined) openSeries(next.series, next.stack);
}

contributeActions([
  { id: 'series.previous', group: 'viewer', label: texts.keyboard.actions.previousSeries, keys: [','], run: () => { stepSeries(-1); } },
  { id: 'series.next', group: 'viewer', label: texts.keyboard.actions.nextSeries, keys: ['.'], run: () => { stepSeries(1); } },
]);
