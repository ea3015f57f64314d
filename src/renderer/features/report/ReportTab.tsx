/** How far the analysis is, and the draft it writes. */
import { ScanSearch } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useReading } from '../reading/readingStore.ts';
import { DraftView } from './DraftView.tsx';
import { Steps } from './Steps.tsx';
import './report.css';

export function ReportTab(): ReactNode {
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
