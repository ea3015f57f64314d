/** Signed reports of the open study, the first one first: what was signed, by whom, and where every sentence is from. */
import { FileCheck2, FilePlus2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ReportFlag, ReportSentence, SignedReport } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { shownDateTime } from '../../ui/format.ts';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';
import { AnswerList } from './AnswerList.tsx';
import { PrintedReport } from './PrintedReport.tsx';
import './signing.css';

const digestShown = 16;

function Provenance({ sentence }: { readonly sentence: ReportSentence }): ReactNode {
  const { origin, state, original, text, sourceCase, grounding } = sentence;
  const facts = [
    texts.signing.origins[origin],
    origin === 'reader' ? '' : texts.signing.states[state],
    sourceCase === null ? '' : texts.signing.citedFrom(sourceCase),
    grounding === null ? '' : texts.signing.seen(grounding.view, grounding.slice),
  ];
  return (
    <span className="from" data-origin={origin} data-state={state}>
      {facts.filter(Boolean).join(' · ')}
      {original === null || original === text ? null : <span className="was">{texts.signing.original}: {original}</span>}
    </span>
  );
}

function Flags({ flags, sentences }: { readonly flags: readonly ReportFlag[]; readonly sentences: readonly ReportSentence[] }): ReactNode {
  return (
    <ul className="flags-answered">
      {flags.map((flag) => (
        <li key={flag.id}>
          <span><b>{texts.signing.flagKinds[flag.kind]}</b> {sentences.find(({ id }) => id === flag.sentence)?.text ?? ''}</span>
          <span className="from">{flag.reason} {flag.dismissed === null ? texts.signing.confirmed : texts.signing.dismissed(flag.dismissed.by, flag.dismissed.why)}</span>
        </li>
      ))}
    </ul>
  );
}

function OneReport({ report }: { readonly report: SignedReport }): ReactNode {
  const [open, setOpen] = useState(false);
  const { number, content, flags, signedBy, signedAt, openedAt, pack, digest } = report;
  const rejected = content.sentences.filter(({ state }) => state === 'rejected');
  const title = number === 1 ? texts.signing.report : texts.signing.addendum(number);
  return (
    <article className="signed-report" aria-label={title} data-signed={number}>
      <header>
        <h3><FileCheck2 size={15} aria-hidden />{title}</h3>
        <p><b>{texts.signing.by(signedBy.name, signedBy.role)}</b><time dateTime={signedAt} title={texts.signing.opened(shownDateTime(openedAt))}>{shownDateTime(signedAt)}</time></p>
      </header>
      <PrintedReport sentences={content.sentences} {...(open ? { beneath: (sentence: ReportSentence) => <Provenance sentence={sentence} /> } : {})} />
      {open && rejected.length > 0 ? <section className="rejected"><h4>{texts.signing.rejected}</h4><ul>{rejected.map((sentence) => <li key={sentence.id}><s>{sentence.text}</s><Provenance sentence={sentence} /></li>)}</ul></section> : null}
      {content.sentences.length === 0 ? null : <button type="button" className="link" aria-expanded={open} onClick={() => { setOpen(!open); }}>{texts.signing.provenance}</button>}
      {content.answers.length === 0 ? null : <details><summary>{texts.signing.answers} ({content.answers.length})</summary><AnswerList answers={content.answers} /></details>}
      {flags.length === 0 ? null : <details><summary>{texts.signing.flags(flags.length)}</summary><Flags flags={flags} sentences={content.sentences} /></details>}
      {content.firstImpression.trim() === '' ? null : <details><summary>{texts.signing.firstImpression}</summary><p className="selectable">{content.firstImpression}</p></details>}
      <footer>
        <span>{pack === null ? texts.signing.notDrafted : <>{texts.signing.drafted} {texts.reading.madeBy(pack.id, pack.version, '')} <TrainingLabel pack={pack} /></>}</span>
        <span className="digest selectable" title={`${texts.signing.digestHint}: ${digest}`}>{texts.signing.digest} <code>{digest.slice(0, digestShown)}</code></span>
      </footer>
    </article>
  );
}

export function SignedReports(): ReactNode {
  const signed = useReport((state) => state.signed);
  return <div className="signed-reports">{signed.map((report) => <OneReport key={report.id} report={report} />)}</div>;
}

/** What an addendum is written to. */
export function SignedBefore(): ReactNode {
  const count = useReport((state) => state.signed.length);
  return count === 0 ? null : <details className="signed-before"><summary>{texts.signing.signedBefore(count)}</summary><SignedReports /></details>;
}

/** Begins an addendum; who may write is who is signed in. */
export function AddendumButton(): ReactNode {
  return (
    <Button title={texts.signing.writeHint} onClick={() => { inBackground(useReport.getState().addendum(), texts.signing.write); }}>
      <FilePlus2 size={13} aria-hidden />{texts.signing.write}
    </Button>
  );
}
