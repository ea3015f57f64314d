/** The right column: the analysis and what made its results above, and under tabs the report, findings and prior cases. */
import { Play, RotateCw, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button, Key } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { lazyPart } from '../../ui/lazyPart.tsx';
import { shownTime } from '../../ui/format.ts';
import { Tabs } from '../../ui/Tabs.tsx';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { OutsideNotice } from '../findings/OutsideNotice.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useSimilar } from '../similar/similarStore.ts';
import { analysisSteps, outsideOf } from './analysis.ts';
import { useReading } from './readingStore.ts';
import { readingTabs, tabKeys, useReadingTab, type ReadingTab } from './tabStore.ts';
import './reading.css';

const ReportTab = lazyPart(async () => (await import('../report/ReportTab.tsx')).ReportTab);
const FindingsTab = lazyPart(async () => (await import('../findings/FindingsTab.tsx')).FindingsTab);
const SimilarTab = lazyPart(async () => (await import('../similar/SimilarTab.tsx')).SimilarTab);

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
  const { phase, progress, failure } = useReading();
  const { tab, showTab } = useReadingTab();
  const answer = useSimilar((state) => state.answer);
  const outside = outsideOf(progress);
  const { similar, withheld } = progress;
  const cases = answer === null ? similar : answer.cases;
  const panels: Readonly<Record<ReadingTab, ReactNode>> = { report: <ReportTab />, findings: <FindingsTab />, similar: <SimilarTab /> };
  const marks: Readonly<Partial<Record<ReadingTab, ReactNode>>> = cases === null ? {} : { similar: cases.length };
  return (
    <aside className="reading" aria-label={texts.reading.region}>
      <header className="panel-head"><h2 className="panel-title">{texts.reading.title}</h2><span className="spacer" /><AnalyseButton /></header>
      <div className="reading-notices">
        {phase === 'idle' ? null : <MadeBy />}
        {failure === null ? null : <Failure error={failure} />}
        {outside === null ? null : <OutsideNotice judged={outside} withheld={withheld !== null && phase === 'done'} />}
      </div>
      <Tabs
        label={texts.reading.title} active={tab} onChange={showTab}
        tabs={readingTabs.map((name, at) => ({ name, label: texts.reading.tabs[name], mark: marks[name], keys: tabKeys[at]!, panel: panels[name] }))}
      />
    </aside>
  );
}
