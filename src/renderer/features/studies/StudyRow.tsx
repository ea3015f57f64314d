import { Check, CircleAlert, FileCheck, FileText, LoaderCircle, PenLine, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { StudySummary } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { shownAgeSex, shownDate, shownName } from '../../ui/format.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from './studiesStore.ts';

const stateIcons: Readonly<Record<Exclude<StudySummary['state'], 'new'>, ReactNode>> = {
  processing: <LoaderCircle size={11} className="spin" aria-hidden />,
  drafted: <Check size={11} aria-hidden />,
  reading: <PenLine size={11} aria-hidden />,
  signed: <FileCheck size={11} aria-hidden />,
  failed: <CircleAlert size={11} aria-hidden />,
};

function StateMark({ state }: { readonly state: StudySummary['state'] }): ReactNode {
  if (state === 'new') return null;
  return <span className={`state ${state}`}>{stateIcons[state]}{texts.studies.states[state]}</span>;
}

export function StudyRow({ study, open }: { readonly study: StudySummary; readonly open: boolean }): ReactNode {
  const [asking, setAsking] = useState(false);
  const { open: openStudy, remove } = useStudies.getState();
  const name = shownName(study.patientName) || texts.studies.noName;
  return (
    <li className={`study-row ${open ? 'open' : ''}`}>
      <button type="button" className="study-open" aria-label={texts.studies.open(name)} aria-current={open} onClick={() => { inBackground(openStudy(study.study), name); }}>
        <span className="line">
          <b className="name">{name}</b>
          {study.demo ? <span className="chip accent" title={texts.studies.demoHint}>{texts.studies.demo}</span> : null}
        </span>
        <span className="line second"><span className="id">{study.patientId}</span><span className="age">{shownAgeSex(study.ageYears, study.sex)}</span></span>
        <span className="line third">
          <span className="what">{study.description || texts.studies.noDescription}</span>
          <span className="date">{study.studyDate === '' ? texts.studies.noDate : shownDate(study.studyDate)}</span>
        </span>
        <span className="line third">
          <span className="what">{texts.studies.images(study.seriesCount, study.instanceCount)}</span>
          {study.hasReport ? <FileText size={11} aria-label={texts.studies.hasReport} /> : null}
          <StateMark state={study.state} />
        </span>
      </button>
      <IconButton className="remove" label={texts.studies.remove} icon={<Trash2 size={13} />} onClick={() => { setAsking(true); }} />
      {asking ? (
        <Sheet title={texts.studies.remove} onClose={() => { setAsking(false); }} foot={
          <Button kind="danger" onClick={() => { setAsking(false); inBackground(remove(study.study), name); }}>{texts.studies.removeConfirm}</Button>
        }>
          <p>{texts.studies.removeQuestion(name)}</p>
        </Sheet>
      ) : null}
    </li>
  );
}
