/** Earlier studies of the open study's patient, first of all, with their reports; who they are told to be of is said. */
import { ChevronRight, Columns2, History, TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { Prior } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { shownDate, shownName } from '../../ui/format.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { tellError } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { openPriorBeside } from './besideStore.ts';
import { useHungPrior } from './useHungPrior.ts';
import './priors.css';

const words = texts.similar.priors;

function PriorRow({ prior, onAsk }: { readonly prior: Prior; readonly onAsk: (prior: Prior) => void }): ReactNode {
  const [unfolded, setUnfolded] = useState(false);
  const date = prior.studyDate === '' ? words.noDate : shownDate(prior.studyDate);
  const doubt = prior.relation === 'same' ? null : prior.relation === 'mismatch' ? words.mismatch : words.possible;
  return (
    <li className={`prior ${prior.relation}`} data-prior={prior.study}>
      <div className="prior-head">
        <button type="button" className="prior-open" aria-expanded={unfolded} disabled={prior.report === null} onClick={() => { setUnfolded(!unfolded); }}>
          {prior.report === null ? null : <ChevronRight size={13} className="chevron" aria-hidden />}
          <b>{date}</b><span>{[prior.description, prior.report === null ? words.noReport : words.report[prior.report.kind]].filter(Boolean).join(' · ')}</span>
          {prior.openedAt === null ? null : <span className="chip">{words.opened}</span>}
        </button>
        <IconButton label={prior.shown === null ? words.noImages : words.open(date)} disabled={prior.shown === null} icon={<Columns2 size={14} />} onClick={() => { if (doubt === null) openPriorBeside(prior); else onAsk(prior); }} />
      </div>
      {doubt === null ? null : (
        <p className="prior-doubt"><TriangleAlert size={12} aria-hidden /><span><b>{doubt}</b>: {prior.differs.map((what) => words.differs[what]).join(', ')} ({words.identity(shownName(prior.patientName), prior.patientId, shownDate(prior.birthDate))})</span></p>
      )}
      {prior.unchecked.length === 0 ? null : <p className="prior-unchecked">{prior.unchecked.map((what) => words.unchecked[what]).join(', ')}</p>}
      {unfolded && prior.report !== null ? <p className="prior-report selectable">{prior.report.text}</p> : null}
    </li>
  );
}

export function Priors({ study }: { readonly study: string }): ReactNode {
  const [found, setFound] = useState<{ readonly study: string; readonly priors: readonly Prior[] } | null>(null);
  const [asking, setAsking] = useState<Prior | null>(null);
  const studies = useStudies((state) => state.studies);
  const priors = found?.study === study ? found.priors : null;
  useHungPrior(study, priors);
  useEffect(() => {
    let current = true;
    bridge().call('priors.list', { study }).then((list) => { if (current) setFound({ study, priors: list }); }, (error: unknown) => { if (current) tellError(error, words.title); });
    return () => { current = false; };
  }, [study, studies]);
  if (priors === null) return null;
  if (priors.length === 0) return <p className="priors-none"><History size={12} aria-hidden />{words.none}</p>;
  return (
    <section className="priors" aria-label={words.title}>
      <h3 className="section-title">{words.title}</h3>
      <ol>{priors.map((prior) => <PriorRow key={prior.study} prior={prior} onAsk={setAsking} />)}</ol>
      {asking === null ? null : (
        <Sheet title={words.sheet} onClose={() => { setAsking(null); }} foot={<Button onClick={() => { openPriorBeside(asking); setAsking(null); }}>{words.openAnyway}</Button>}>
          <p>{words.sheetText}</p>
          <p className="selectable">{words.identity(shownName(asking.patientName), asking.patientId, shownDate(asking.birthDate))}</p>
          <p className="note">{asking.differs.map((what) => words.differs[what]).join(', ')}</p>
        </Sheet>
      )}
    </section>
  );
}
