import { Sparkle, TriangleAlert, UserPen } from 'lucide-react';
import type { ReactNode } from 'react';
import { roles } from '../../../shared/choices.ts';
import type { Role, SeriesSummary } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { startSeriesDrag } from '../viewer/usePaneDrop.ts';

const automatic = 'automatic';

function RoleMenu({ series, name }: { readonly series: SeriesSummary; readonly name: string }): ReactNode {
  const { setRole } = useStudies.getState();
  return (
    <select
      className={`select role ${series.role}`} aria-label={texts.series.roleOf(name)} title={series.reason} value={series.role}
      onChange={({ target }) => { inBackground(setRole(series.series, target.value === automatic ? null : (target.value as Role)), name); }}
    >
      {roles.map((role) => <option key={role} value={role}>{texts.series.roles[role]}</option>)}
      {series.overridden ? <option value={automatic}>{texts.series.automatic}</option> : null}
    </select>
  );
}

interface SeriesCardProps {
  readonly study: string;
  readonly series: SeriesSummary;
  readonly chosen: boolean;
  readonly shownStack: number | null;
}

export function SeriesCard({ study, series, chosen, shownStack }: SeriesCardProps): ReactNode {
  const { openSeries } = useStudies.getState();
  const name = series.description || texts.series.unnamed;
  const usable = series.stacks.filter(({ dims }) => dims !== null);
  const first = usable[0];
  const problems = [...series.problems, ...series.stacks.flatMap((stack) => stack.problems)];
  const worst = problems.some(({ severity }) => severity === 'refused') ? 'danger' : 'warning';
  return (
    <li className={`series-card ${shownStack === null ? '' : 'shown'} ${first === undefined ? 'refused' : ''}`} title={series.reason} draggable={first !== undefined} onDragStart={(event) => { if (first !== undefined) startSeriesDrag(event, { study, series: series.series, stack: shownStack ?? first.index }); }}>
      <button type="button" className="series-open" aria-label={texts.series.open(name)} aria-current={shownStack !== null} disabled={first === undefined} onClick={() => { if (first !== undefined) openSeries(series.series, first.index); }}>
        <Thumbnail name={`series ${series.series}`} fetchPicture={async () => (await bridge().call('series.thumbnail', { series: series.series })).png} />
        <span className="about">
          <b>{series.number === null ? '' : `${series.number}  `}{name}</b>
          <span className="facts">
            {first === undefined ? texts.series.imageCount(series.instanceCount) : `${texts.series.slices(first.sliceCount)}${first.plane === null ? '' : ` · ${first.plane}`}`}
          </span>
        </span>
      </button>
      <span className="series-marks">
        <RoleMenu series={series} name={name} />
        {series.rank === null ? null : <span className="rank" title={texts.series.rank(series.rank)}>#{series.rank}</span>}
        {chosen ? <Sparkle size={12} className="chosen" aria-label={texts.series.chosen} /> : null}
        {series.overridden ? <UserPen size={12} className="chosen" aria-label={texts.series.overridden} /> : null}
        {problems.length === 0 ? null : (
          <span className={`chip ${worst}`} title={problems.map(({ message }) => message).join('\n')}><TriangleAlert size={10} aria-hidden />{first === undefined ? texts.series.refused : texts.series.problems(problems.length)}</span>
        )}
        {usable.length < 2 ? null : (
          <select className="select stacks" aria-label={texts.series.stackOf(name)} value={shownStack ?? first!.index} onChange={({ target }) => { openSeries(series.series, Number(target.value)); }}>
            {usable.map((stack) => <option key={stack.index} value={stack.index}>{stack.label || texts.series.stack(stack.index)}</option>)}
          </select>
        )}
      </span>
    </li>
  );
}
