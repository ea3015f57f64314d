import { Brain, LoaderCircle, MonitorOff, TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { lazyPart } from '../../ui/lazyPart.tsx';
import { useStudies } from '../studies/studiesStore.ts';
import { CompanionBar } from './CompanionBar.tsx';
import { graphicsAvailable, onGraphicsLost } from './graphics.ts';
import { ToolStrip } from './ToolStrip.tsx';
import { ViewerToolbar } from './ViewerToolbar.tsx';
import { useViewer } from './viewerStore.ts';
import './viewer.css';

/** Brings Cornerstone3D. */
const ViewportPane = lazyPart(async () => (await import('./ViewportPane.tsx')).ViewportPane);

const MeasurementDrawer = lazyPart(async () => (await import('../measurements/MeasurementDrawer.tsx')).MeasurementDrawer);

/** What lies over the panes while there is no picture. */
function Cover(): ReactNode {
  const { phase, share, failure, volume, layout, retry, graphics, restartGraphics } = useViewer();
  const { openStudy, detail, failure: studyFailure } = useStudies();
  if (!graphicsAvailable()) return <div className="cover" role="alert"><MonitorOff size={36} strokeWidth={1.2} aria-hidden /><h2>{texts.viewer.graphicsMissingTitle}</h2><p>{texts.viewer.graphicsMissing}</p></div>;
  if (graphics === 'lost') {
    return (
      <div className="cover" role="alert">
        <MonitorOff size={36} strokeWidth={1.2} aria-hidden />
        <h2>{texts.viewer.graphicsLostTitle}</h2>
        <p>{texts.viewer.graphicsLost}</p>
        <Button kind="primary" onClick={restartGraphics}>{texts.viewer.graphicsRestart}</Button>
      </div>
    );
  }
  // A picture is there, if only of one slice; and panes of several series speak for themselves.
  if (volume !== null || (layout !== 'mpr' && openStudy !== null)) return null;
  if (phase === 'failed' && failure !== null) {
    return (
      <div className="cover">
        <h2>{texts.viewer.noVolumeTitle}</h2>
        <Failure error={failure}><Button onClick={retry}>{texts.viewer.retry}</Button></Failure>
      </div>
    );
  }
  if (phase === 'loading') {
    return (
      <div className="cover quiet" role="status">
        <LoaderCircle size={18} className="spin" aria-hidden />
        <p>{share > 0 ? texts.viewer.loadingShare(Math.round(share * 100)) : texts.viewer.loading}</p>
        <div className="bar"><span style={{ width: `${share * 100}%` }} /></div>
      </div>
    );
  }
  if (openStudy !== null) {
    if (studyFailure !== null) return <div className="cover"><Failure error={studyFailure} /></div>;
    return <div className="cover quiet"><p>{detail === null ? texts.viewer.loading : texts.viewer.noSeries}</p></div>;
  }
  return (
    <div className="cover">
      <Brain size={44} strokeWidth={1.1} aria-hidden />
      <h2>{texts.viewer.emptyTitle}</h2>
      <ol>{texts.viewer.emptySteps.map((step) => <li key={step}>{step}</li>)}</ol>
    </div>
  );
}

/** The engine's doubt about the series it chose, for as long as the study is open. */
function Warnings(): ReactNode {
  const chosenProblem = useStudies((state) => state.detail?.chosenProblem ?? null);
  const volume = useViewer((state) => state.volume);
  const problems = [...(chosenProblem === null ? [] : [chosenProblem]), ...(volume?.info.problems ?? []).filter(({ severity }) => severity !== 'note')];
  if (problems.length === 0) return null;
  return (
    <div className="warnings" role="alert">
      {problems.map(({ code, message }) => <p key={`${code} ${message}`}><TriangleAlert size={14} aria-hidden /><span>{message}</span><code className="code">{code}</code></p>)}
    </div>
  );
}

export function Viewer(): ReactNode {
  const { main, single, layout, panes, stage, loseGraphics } = useViewer();
  useEffect(() => onGraphicsLost(loseGraphics), [loseGraphics]);
  return (
    <main className="viewer">
      <section className="viewer-room" aria-label={texts.viewer.region}>
        <ViewerToolbar />
        <CompanionBar />
        <Warnings />
        <div className="viewer-body">
          <ToolStrip />
          <div className={`panes layout-${layout} count-${panes.length} main-${main} ${single ? 'single' : ''}`}>
            {panes.map(({ id }) => <ViewportPane key={`${id} ${stage}`} id={id} />)}
            <Cover />
          </div>
          <MeasurementDrawer />
        </div>
      </section>
    </main>
  );
}
