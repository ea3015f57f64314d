import { FileText, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { WorklistRow } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { shownAgeSex, shownDate, shownName } from '../../ui/format.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { StateMark } from './StateMark.tsx';
import { useStudies } from './studiesStore.ts';

export function StudyRow({ study, open }: { readonly study: WorklistRow; readonly open: boolean }): ReactNode {
  const { open: openStudy, askRemoval } = useStudies.getState();
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
          {study.state === 'new' ? null : <StateMark state={study.state} />}
        </span>
      </button>
      <IconButton className="remove" label={texts.studies.remove} icon={<Trash2 size={13} />} onClick={() => { askRemoval(study); }} />
    </li>
  );
}
