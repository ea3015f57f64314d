/** The sign-off sheet: what must be decided, each flag by itself, and then the text with the passphrase. */
import { Check, LoaderCircle, PenLine, TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { OpenReport, ReportFlag } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Field } from '../../ui/Field.tsx';
import { shownDate, shownName } from '../../ui/format.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { useReport } from '../report/reportStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { AnswerList } from './AnswerList.tsx';
import { PrintedReport } from './PrintedReport.tsx';
import { goBack, useSignOff } from './signOffStore.ts';
import './signing.css';

function Undecided({ ids }: { readonly ids: readonly string[] }): ReactNode {
  const sentences = useReport(({ content }) => content.sentences);
  return (
    <section aria-label={texts.signing.undecidedTitle(ids.length)}>
      <h3><TriangleAlert size={15} aria-hidden />{texts.signing.undecidedTitle(ids.length)}</h3>
      <p className="hint">{texts.signing.undecidedText}</p>
      <ul className="undecided">
        {ids.map((id) => {
          const text = sentences.find((sentence) => sentence.id === id)?.text ?? '';
          return <li key={id}><button type="button" aria-label={texts.signing.jump(text)} onClick={() => { goBack(id); }}>{text}</button></li>;
        })}
      </ul>
    </section>
  );
}

/** One flag. The button that confirms is not the one with the focus, so that a key held down answers nothing. */
function FlagQuestion({ flag, at, of }: { readonly flag: ReportFlag; readonly at: number; readonly of: number }): ReactNode {
  const sentence = useReport(({ content }) => content.sentences.find(({ id }) => id === flag.sentence));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => { heading.current?.focus(); }, []);
  return (
    <section className="flag-question" data-flag={flag.id} aria-label={texts.signing.flagTitle(at, of)}>
      <h3 ref={heading} tabIndex={-1}><TriangleAlert size={15} aria-hidden />{texts.signing.flagTitle(at, of)}<span className="chip warning">{texts.signing.flagKinds[flag.kind]}</span></h3>
      <p className="hint">{texts.signing.flagText}</p>
      {sentence === undefined ? <p className="missing">{texts.signing.missing}</p> : <blockquote className="selectable">{sentence.text}</blockquote>}
      <p className="reason">{flag.reason}</p>
      <div className="buttons">
        <Button onClick={() => { useSignOff.getState().confirm(flag.id); }}><Check size={13} aria-hidden />{texts.signing.stands}</Button>
        <Button kind="primary" onClick={() => { goBack(flag.sentence); }}>{texts.signing.change}</Button>
      </div>
    </section>
  );
}

/** Whose report it is: signing under the wrong name of a patient is the worst that can happen here. */
function Patient(): ReactNode {
  const detail = useStudies((state) => state.detail);
  if (detail === null) return null;
  return <p className="patient"><b>{shownName(detail.patientName) || texts.studies.noName}</b> <span>{[detail.patientId, detail.description, shownDate(detail.studyDate)].filter(Boolean).join(' · ')}</span></p>;
}

function LastLook({ report, answered }: { readonly report: OpenReport; readonly answered: number }): ReactNode {
  const { phase, failure, answers, sign } = useSignOff();
  const content = useReport((state) => state.content);
  const reader = useReport((state) => state.session?.reader ?? null);
  const [passphrase, setPassphrase] = useState('');
  const busy = phase === 'signing';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (passphrase === '' || busy) return;
    setPassphrase('');
    void sign(passphrase);
  };
  return (
    <section className="last-look" aria-label={texts.signing.ready}>
      {answered === 0 ? null : <p className="answered"><Check size={14} aria-hidden />{texts.signing.answered(answered)}</p>}
      <h3>{texts.signing.ready}</h3>
      <div className="paper">
        <Patient />
        <PrintedReport sentences={content.sentences} />
        <h4>{texts.signing.answers}</h4>
        {answers.length === 0 ? <p className="note">{texts.signing.noAnswers}</p> : <AnswerList answers={answers} />}
        <p className="hint">{texts.signing.answersHint}</p>
      </div>
      <p className="drafted">{report.pack === null ? texts.signing.notDrafted : <>{texts.signing.drafted} {texts.reading.madeBy(report.pack.id, report.pack.version, '')} <TrainingLabel pack={report.pack} /></>}</p>
      <form onSubmit={submit}>
        <Field label={texts.signing.passphrase} type="password" value={passphrase} onChange={setPassphrase} autoComplete="current-password" maxLength={200} autoFocus fault={failure?.code === 'reader/refused' ? failure.message : ''} />
        {failure === null || failure.code === 'reader/refused' ? null : <Failure error={failure} />}
        <p className="hint">{texts.signing.asWho(reader?.name ?? '')}</p>
        <Button kind="primary" type="submit" disabled={passphrase === '' || busy}>{busy ? <LoaderCircle size={13} className="spin" aria-hidden /> : <PenLine size={13} aria-hidden />}{busy ? texts.signing.signing : texts.signing.sign}</Button>
      </form>
    </section>
  );
}

function Body({ report }: { readonly report: OpenReport }): ReactNode {
  const { phase, undecided, flags, confirmed, failure, check } = useSignOff();
  const role = useReport((state) => state.session?.reader?.role ?? null);
  if (role !== null && role !== 'radiologist') return <section><h3><TriangleAlert size={15} aria-hidden />{texts.signing.mayNot(texts.readers.roles[role])}</h3><p>{texts.signing.mayNotText}</p></section>;
  if (phase === 'checking') return <p role="status"><LoaderCircle size={13} className="spin" aria-hidden /> {texts.signing.checking}</p>;
  if (phase === 'unsaved' || phase === 'failed') {
    return (
      <>
        {phase === 'unsaved' ? <p>{texts.signing.notSaved}</p> : null}
        {failure === null ? null : <Failure error={failure} />}
        <Button onClick={() => { void check(); }}>{texts.signing.again}</Button>
      </>
    );
  }
  if (undecided.length > 0) return <>{failure === null ? null : <Failure error={failure} />}<Undecided ids={undecided} /></>;
  const next = flags.find(({ id }) => !confirmed.includes(id));
  if (next !== undefined) return <>{failure === null ? null : <Failure error={failure} />}<FlagQuestion key={next.id} flag={next} at={flags.indexOf(next) + 1} of={flags.length} /></>;
  return <LastLook report={report} answered={flags.length} />;
}

export function SignSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const report = useReport((state) => state.report);
  if (report === null) return null;
  return (
    <Sheet title={report.number === 1 ? texts.signing.title : texts.signing.titleAddendum(report.number)} onClose={onClose}>
      <div className="sign-off"><Body report={report} /></div>
    </Sheet>
  );
}
