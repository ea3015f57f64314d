/** A report in progress: its state, what opens the draft, what is missing, the text, and the sentence in focus. */
import { Check, CircleAlert, CircleDashed, FilePenLine, LoaderCircle } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { texts } from '../../texts.ts';
import { Failure } from '../../ui/Failure.tsx';
import { lazyPart } from '../../ui/lazyPart.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { FlagRow } from './FlagRow.tsx';
import { InsertTools } from './InsertTools.tsx';
import { ReadFirst } from './ReadFirst.tsx';
import type { Saving } from './reportWriter.ts';
import { useDraftOpen, useReport } from './reportStore.ts';
import { SentenceBar } from './SentenceBar.tsx';
import { useSnippets } from './snippetStore.ts';

const ReportEditor = lazyPart(async () => (await import('./ReportEditor.tsx')).ReportEditor, <p className="note" role="status">{texts.report.loading}</p>);

const savingIcons: Readonly<Record<Saving, ReactNode>> = {
  saved: <Check size={13} aria-hidden />, saving: <LoaderCircle size={13} className="spin" aria-hidden />, unsaved: <CircleDashed size={13} aria-hidden />, failed: <CircleAlert size={13} aria-hidden />,
};

function SaveState(): ReactNode {
  const saving = useReport((state) => state.saving);
  return <span className={`save-state ${saving}`} data-saving={saving} role="status" title={saving === 'failed' ? texts.report.failedHint : texts.report.savingHint}>{savingIcons[saving]}{texts.report.saving[saving]}</span>;
}

function MissedFindings(): ReactNode {
  const missed = useReport(useShallow(({ flags }) => flags.filter(({ sentence }) => sentence === null)));
  if (missed.length === 0) return null;
  return (
    <section className="missed" aria-label={texts.report.flags.missed}>
      {missed.map((flag) => <FlagRow key={flag.id} flag={flag} />)}
    </section>
  );
}

/** The draft as it is being written; it becomes sentences to decide on when it is whole. */
function DraftStream(): ReactNode {
  const { sentences, tail } = useReading((state) => state.progress);
  const writing = useReading(({ phase }) => phase === 'running');
  if (!writing || (sentences.length === 0 && tail === '')) return null;
  return (
    <section className="draft-stream" aria-label={texts.report.streaming} aria-busy="true">
      <h3>{texts.report.streaming}</h3>
      {sentences.map(({ index, text }) => <p key={index}>{text}</p>)}
      {tail === '' ? null : <p>{tail}<i aria-hidden /></p>}
    </section>
  );
}

export function WritingReport(): ReactNode {
  const { number, failure, saving, impression } = useReport(useShallow(({ report, failure: failed, saving: state, content }) => ({ number: report?.number ?? 1, failure: failed, saving: state, impression: content.firstImpression })));
  const open = useDraftOpen();
  useEffect(() => { inBackground(useSnippets.getState().load(), texts.report.snippets.title); }, []);
  return (
    <div className="report-writing">
      <header className="report-bar">
        <span className="unsigned"><FilePenLine size={13} aria-hidden /><b>{number > 1 ? texts.report.addendum(number) : texts.report.unsigned}</b></span>
        <SaveState />
      </header>
      <div className="report-scroll">
        {saving === 'failed' && failure !== null ? <Failure error={failure}><p className="advice">{texts.report.failedHint}</p></Failure> : null}
        {open || number > 1 ? null : <ReadFirst />}
        {impression === '' ? null : <details className="impression-noted"><summary>{texts.report.readFirst.noted}</summary><p className="selectable">{impression}</p></details>}
        <InsertTools />
        <MissedFindings />
        {open ? <DraftStream /> : null}
        <ReportEditor />
      </div>
      <SentenceBar />
    </div>
  );
}
