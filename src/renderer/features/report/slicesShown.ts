/** Follows the pictures and counts which slices of the series the models read were on the screen. */
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { keyOf } from '../viewer/panes.ts';
import { nothingLooked, sliceShown, withShown } from './looking.ts';
import { useReport } from './reportStore.ts';

/** Seen slices by study and series: looking is not lost by opening another study in between. */
const seenOf = new Map<string, ReadonlySet<number>>();

function count(): void {
  const { study } = useReport.getState();
  const { detail } = useStudies.getState();
  const { panes, shown, single, main, graphics } = useViewer.getState();
  const chosen = detail !== null && detail.study === study ? detail.chosen : null;
  const slices = chosen === null ? null : (detail?.series.find(({ series }) => series === chosen.series)?.stacks.find(({ index }) => index === chosen.stack)?.dims?.[2] ?? null);
  if (study === null || chosen === null || slices === null) {
    if (useReport.getState().looked !== nothingLooked) useReport.setState({ looked: nothingLooked });
    return;
  }
  const key = `${study} ${keyOf({ study, ...chosen })}`;
  const before = seenOf.get(key) ?? new Set();
  const visible = graphics === 'lost' ? [] : single ? panes.filter(({ id }) => id === main) : panes;
  const seen = withShown(before, visible.map(({ target, plane }) => {
    const series = target === null || target.study !== study ? undefined : shown[keyOf(target)];
    if (target === null || series === undefined || series.volume === null) return null;
    return sliceShown({ series: target.series, stack: target.stack, ready: series.phase === 'ready', axes: series.volume.planes, plane, location: series.location }, chosen);
  }));
  seenOf.set(key, seen);
  const { looked } = useReport.getState();
  if (looked.seen !== seen.size || looked.of !== slices) useReport.setState({ looked: { seen: seen.size, of: slices } });
}

let waiting = false;

/** Counts what the next frame shows: a place that was passed between two frames was never on the screen. */
function soon(): void {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    count();
  });
}

useViewer.subscribe(soon);
useStudies.subscribe(soon);
useReport.subscribe(({ study }, before) => { if (study !== before.study) soon(); });
