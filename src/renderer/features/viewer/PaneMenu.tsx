/** Which series a pane shows, and in which plane: shown when the pane is pointed at or has the focus. */
import type { ReactNode } from 'react';
import type { StudyDetail } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useCompare } from './compareStore.ts';
import { keyOf } from './panes.ts';
import type { SeriesTarget } from './panes.ts';
import { planeNames } from './planes.ts';
import type { PlaneName } from './planes.ts';
import { paneOf, useViewer } from './viewerStore.ts';

interface Choice {
  readonly target: SeriesTarget;
  readonly name: string;
}

/** Every volume of a study, named as the series list names it. */
function choicesOf(detail: StudyDetail): readonly Choice[] {
  return detail.series.flatMap(({ series, number, description, stacks }) => {
    const usable = stacks.filter(({ dims }) => dims !== null);
    return usable.map(({ index, label }) => ({
      target: { study: detail.study, series, stack: index },
      name: [number === null ? '' : String(number), description || texts.series.unnamed, usable.length > 1 ? label || texts.series.stack(index) : ''].filter(Boolean).join(' '),
    }));
  });
}

const asAcquired = 'acquired';

export function PaneMenu({ pane: id }: { readonly pane: string }): ReactNode {
  const pane = useViewer((state) => paneOf(state, id));
  const companion = useViewer((state) => state.companion);
  const { setPane } = useViewer.getState();
  const own = useStudies((state) => state.detail);
  const other = useCompare((state) => state.detail);
  if (pane === undefined || own === null) return null;
  const beside = companion !== null && other?.study === companion.target.study ? choicesOf(other) : [];
  const mine = choicesOf(own);
  const chosen = pane.target === null ? '' : keyOf(pane.target);
  const option = ({ target, name }: Choice): ReactNode => <option key={keyOf(target)} value={keyOf(target)}>{name}</option>;
  return (
    <div className="pane-menu" onDoubleClick={(event) => { event.stopPropagation(); }}>
      <select
        className="select" aria-label={texts.viewer.paneSeries} value={chosen}
        onChange={({ target: { value } }) => {
          const found = [...mine, ...beside].find(({ target }) => keyOf(target) === value);
          if (found !== undefined) setPane(id, { target: found.target, plane: pane.plane });
        }}
      >
        {chosen === '' ? <option value="">{texts.viewer.paneNone}</option> : null}
        {beside.length === 0 ? mine.map(option) : <><optgroup label={texts.viewer.thisStudy}>{mine.map(option)}</optgroup><optgroup label={texts.viewer.otherStudy}>{beside.map(option)}</optgroup></>}
      </select>
      <select
        className="select" aria-label={texts.viewer.panePlane} value={pane.plane ?? asAcquired}
        onChange={({ target: { value } }) => { setPane(id, { target: pane.target, plane: value === asAcquired ? null : (value as PlaneName) }); }}
      >
        <option value={asAcquired}>{texts.viewer.asAcquired}</option>
        {planeNames.map((plane) => <option key={plane} value={plane}>{texts.viewer.planes[plane]}</option>)}
      </select>
    </div>
  );
}
