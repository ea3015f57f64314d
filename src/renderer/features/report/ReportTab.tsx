/** How far the analysis is, and the draft it writes. */
import { ScanSearch } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { useConnection } from '../connection/connectionStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useReport } from './reportStore.ts';
import './checking.ts';
import './slicesShown.ts';
import { DraftView } from './DraftView.tsx';
import { Steps } from './Steps.tsx';
import './report.css';

/** Follows who reads for as long as the engine answers. */
function useSessionWatch(): void {
  const ready = useConnection(({ state }) => state === 'ready');
  useEffect(() => {
    if (!ready) return;
    const living = new AbortController();
    void (async () => {
      try {
        for await (const session of bridge().stream('session.watch', {}, living.signal)) useReport.getState().sessionChanged(session);
      } catch {
        // The connection's own life sign breaks with it; this begins again when it is back.
      }
    })();
    return () => { living.abort(); };
  }, [ready]);
}

export function ReportTab(): ReactNode {
  useSessionWatch();
  const { study, phase, progress } = useReading();
  if (phase === 'idle') {
    return (
      <div className="empty">
        <ScanSearch size={26} strokeWidth={1.4} aria-hidden />
        <h3>{texts.reading.emptyTitle}</h3>
        <p>{study === null ? texts.reading.noStudy : texts.reading.emptyText}</p>
      </div>
    );
  }
  return (
    <div className="tab-body">
      {phase === 'done' ? null : <Steps progress={progress} running={phase === 'running'} />}
      {phase === 'cancelled' ? <p className="note" role="status">{texts.reading.cancelled}</p> : null}
      {progress.withheld === null ? <DraftView /> : null}
    </div>
  );
}
