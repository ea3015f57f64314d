import { Play, RotateCw, ScanSearch, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button, Key } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { shownTime } from '../../ui/format.ts';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { FindingsPanel } from '../findings/FindingsPanel.tsx';
import { OutsideNotice } from '../findings/OutsideNotice.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { analysisSteps, outsideOf } from './analysis.ts';
import { CaseList } from './CaseList.tsx';
import { DraftView } from './DraftView.tsx';
import { useReading } from './readingStore.ts';
import { SearchBox } from './SearchBox.tsx';
import { Steps } from './Steps.tsx';
import './reading.css';

function AnalyseButton(): ReactNode {
  const { study, phase, progress, analyse, cancel } = useReading();
  if (phase === 'running') return <Button onClick={cancel}><Square size={12} aria-hidden />{texts.reading.cancel}<Key>Esc</Key></Button>;
  const again = progress.draft !== null || progress.withheld !== null;
  return (
    <Button kind={again ? 'plain' : 'primary'} disabled={study === null} onClick={() => { inBackground(analyse(), texts.reading.title); }}>
      {again ? <RotateCw size={12} aria-hidden /> : <Play size={12} aria-hidden />}{again ? texts.reading.again : texts.reading.analyse}<Key>D</Key>
    </Button>
  );
}

/** Which pack made what is below: shown wherever results are. */
function MadeBy(): ReactNode {
  const { pack, provider, views, steps } = useReading((state) => state.progress);
  const tookMs = analysisSteps.reduce((sum, name) => sum + (steps[name].ms ?? 0), 0);
  const title = [views === null ? '' : texts.reading.views(views.count, views.size), tookMs === 0 ? '' : texts.reading.total(shownTime(tookMs))].filter(Boolean).join('. ');
  if (pack === null) return null;
  return <p className="made-by" title={title}><TrainingLabel pack={pack} /><span>{texts.reading.madeBy(pack.id, pack.version, provider)}</span></p>;
}

export function ReadingPanel(): ReactNode {
  const { study, phase, progress, failure, search } = useReading();
  const untouched = phase === 'idle';
  const outside = outsideOf(progress);
  const { findings, withheld, similar } = progress;
  return (
    <aside className="reading" aria-label={texts.reading.region}>
      <header className="panel-head"><h2 className="panel-title">{texts.reading.title}</h2><span className="spacer" /><AnalyseButton /></header>
      <SearchBox />
      <div className="reading-body">
        {search === null ? (
          <>
            {untouched ? (
              <div className="empty">
                <ScanSearch size={26} strokeWidth={1.4} aria-hidden />
                <h3>{texts.reading.emptyTitle}</h3>
                <p>{study === null ? texts.reading.noStudy : texts.reading.emptyText}</p>
              </div>
            ) : <MadeBy />}
            {phase === 'running' || phase === 'failed' || phase === 'cancelled' ? <Steps progress={progress} running={phase === 'running'} /> : null}
            {phase === 'cancelled' ? <p className="note" role="status">{texts.reading.cancelled}</p> : null}
            {failure === null ? null : <Failure error={failure} />}
            {outside === null ? null : <OutsideNotice judged={outside} withheld={withheld !== null && phase === 'done'} />}
            {untouched || withheld !== null ? null : <DraftView />}
            {findings === null ? null : <FindingsPanel found={findings} />}
            {similar === null ? null : <CaseList title={texts.reading.similar} cases={similar} empty={texts.reading.noSimilar} outside={outside !== null} />}
          </>
        ) : (
          <>
            {search.failure === null ? null : <Failure error={search.failure} />}
            {search.phase === 'searching' ? <p className="note" role="status">{texts.reading.searching}</p> : null}
            {search.phase === 'done' ? <CaseList title={texts.reading.searchResults(search.query)} cases={search.cases} empty={texts.reading.noResults} /> : null}
          </>
        )}
      </div>
    </aside>
  );
}
