import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Failure } from '../../ui/Failure.tsx';
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { SeriesCard } from './SeriesCard.tsx';
import './series.css';

export function SeriesList(): ReactNode {
  const { detail, openStudy, failure } = useStudies();
  const panes = useViewer((state) => state.panes);
  return (
    <section className="series" aria-label={texts.series.title}>
      <header className="panel-head">
        <h2 className="panel-title">{texts.series.title}</h2>
        {detail === null ? null : <span className="count">{detail.series.length}</span>}
      </header>
      {failure === null ? null : <Failure error={failure} />}
      <ul className="series-cards" aria-label={texts.series.title}>
        {detail?.series.map((series) => (
          <SeriesCard key={series.series} study={detail.study} series={series} chosen={detail.chosen?.series === series.series} shownStack={panes.find(({ target }) => target?.series === series.series)?.target?.stack ?? null} />
        ))}
        {openStudy === null ? <li className="empty">{texts.series.none}</li> : null}
      </ul>
    </section>
  );
}
