/** Earlier studies of a patient: who they are told to be of, their reports, and that a reader looked at one. */
import type { Handlers, Prior, PriorReport } from '../../shared/contract.ts';
import type { Clock } from '../ports.ts';
import { relationOf } from '../priors/samePatient.ts';
import { caseOfStudy } from '../store/cases.ts';
import type { Store } from '../store/openStore.ts';
import { openedPriors, putPriorOpened, studiesOfPatient } from '../store/priors.ts';
import type { StudyRow } from '../store/studies.ts';
import type { Library } from './library.ts';

export interface PriorParts {
  readonly store: Store;
  readonly library: Library;
  readonly clock: Clock;
}

const order = { same: 0, mismatch: 1, possible: 2 } as const;

/**
 * Earlier studies that are, or may be, of the patient of a study. One without a date cannot be called later and is told last.
 * @throws EngineError `store/not-found`
 */
export async function listPriors(parts: PriorParts, study: string): Promise<Prior[]> {
  const current = parts.library.study(study);
  const opened = openedPriors(parts.store.db, study);
  const found: Prior[] = [];
  for (const other of studiesOfPatient(parts.store.db, current)) {
    const related = relationOf(current.attributes, other.attributes);
    if (related === null || !isEarlier(other, current)) continue;
    const { attributes } = other;
    found.push({
      study: other.uid,
      studyDate: attributes.studyDate,
      description: attributes.studyDescription,
      patientName: attributes.patientName,
      patientId: attributes.patientId,
      birthDate: attributes.birthDate,
      ageYears: attributes.ageYears,
      relation: related.relation,
      differs: [...related.differs],
      unchecked: [...related.unchecked],
      report: reportOf(parts.store, other.uid),
      shown: await shownVolume(parts.library, other.uid),
      openedAt: opened.get(other.uid) ?? null,
    });
  }
  return found.sort((a, b) => order[a.relation] - order[b.relation] || (a.studyDate < b.studyDate ? 1 : a.studyDate > b.studyDate ? -1 : 0) || (a.study < b.study ? -1 : 1));
}

/** Studies of the same patient, by number and with nothing against it, earlier or later; the study itself among them. */
export function studiesOfSamePatient({ store, library }: Pick<PriorParts, 'store' | 'library'>, study: string): Set<string> {
  const current = library.study(study);
  const others = studiesOfPatient(store.db, current).filter((other) => relationOf(current.attributes, other.attributes)?.relation === 'same');
  return new Set([study, ...others.map(({ uid }) => uid)]);
}

function isEarlier(other: StudyRow, current: StudyRow): boolean {
  const [a, b] = [other.attributes, current.attributes];
  if (a.studyDate === '' || b.studyDate === '') return true;
  if (a.studyDate !== b.studyDate) return a.studyDate < b.studyDate;
  // Of one day: by the hour, and where that is not known both are offered.
  return a.studyTime === '' || b.studyTime === '' || a.studyTime <= b.studyTime;
}

function reportOf({ db }: Store, study: string): PriorReport | null {
  const attached = caseOfStudy(db, study);
  return attached ? { kind: 'attached', text: attached.report, signedBy: '', signedAt: '' } : null;
}

async function shownVolume(library: Library, study: string): Promise<Prior['shown']> {
  const images = await library.images(study);
  const { chosen } = images.choice;
  if (chosen) return { series: chosen.seriesUid, stack: chosen.stack };
  const first = images.candidates.flatMap(({ series, stacks }) => stacks.flatMap((stack) => (stack.geometry ? [{ series: series.seriesUid, stack: stack.index }] : [])))[0];
  return first ?? null;
}

export function priorHandlers(parts: PriorParts): Pick<Handlers, 'priors.list' | 'priors.opened'> {
  const { store, library, clock } = parts;
  return {
    'priors.list': ({ study }) => listPriors(parts, study),
    'priors.opened': ({ study, prior }) => {
      library.study(study);
      library.study(prior);
      putPriorOpened(store.db, study, prior, clock.now().toISOString());
      return {};
    },
  };
}
