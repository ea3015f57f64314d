/** The report of the open study: read as a draft, written, or signed. */
import { PenLine, ScanSearch } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useReading } from '../reading/readingStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { ExportMenu } from '../export/ExportMenu.tsx';
import { SignButton } from '../signing/SignButton.tsx';
import { AddendumButton, SignedBefore, SignedReports } from '../signing/SignedReports.tsx';
import { useReport } from './reportStore.ts';
import { WritingReport } from './WritingReport.tsx';
import './checking.ts';
import './keys.ts';
import './slicesShown.ts';
import './takingDraft.ts';
import { DraftView } from './DraftView.tsx';
import { Steps } from './Steps.tsx';
import './report.css';

/** The draft as it stands, for reading only. */
function DraftOnly(): ReactNode {
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
    <>
      {phase === 'done' ? null : <Steps progress={progress} running={phase === 'running'} />}
      {phase === 'cancelled' ? <p className="note" role="status">{texts.reading.cancelled}</p> : null}
      {progress.withheld === null ? <DraftView /> : null}
    </>
  );
}

/** Without readers the draft is read as it is; the first reader begins to write. */
function Unwritten(): ReactNode {
  const hasReaders = useReport(({ session }) => session?.hasReaders ?? true);
  if (hasReaders) return <div className="tab-body"><p className="note">{texts.report.signIn}</p></div>;
  return (
    <>
      <div className="tab-body"><DraftOnly /></div>
      <footer className="write-report">
        <Button onClick={() => { useSheet.getState().show('readers'); }}><PenLine size={13} aria-hidden />{texts.report.write}</Button>
        <p className="hint">{texts.report.writeHint}</p>
      </footer>
    </>
  );
}

function Analysis(): ReactNode {
  const { phase, progress } = useReading();
  return phase === 'idle' || phase === 'done' ? null : <Steps progress={progress} running={phase === 'running'} />;
}

export function ReportTab(): ReactNode {
  const phase = useReport((state) => state.phase);
  const { failure, reload } = useReport();
  switch (phase) {
    case 'idle': return <div className="tab-body"><DraftOnly /></div>;
    case 'opening': return <p className="note tab-body" role="status">{texts.report.loading}</p>;
    case 'unwritten': return <Unwritten />;
    case 'failed': return <div className="tab-body">{failure === null ? null : <Failure error={failure}><Button onClick={() => { inBackground(reload(), texts.report.title); }}>{texts.report.again}</Button></Failure>}</div>;
    case 'signed': return <><div className="tab-body"><SignedReports /></div><footer className="report-foot"><ExportMenu signed /><AddendumButton /></footer></>;
    case 'writing': return <><Analysis /><SignedBefore /><WritingReport /><footer className="report-foot"><ExportMenu signed={false} /><SignButton /></footer></>;
  }
}
