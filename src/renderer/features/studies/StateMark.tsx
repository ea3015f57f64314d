/** The state of a study as icon and word, so that colour alone says nothing. */
import { Ban, Check, Circle, CircleAlert, Clock, FileCheck, LoaderCircle, PenLine } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StudyState } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';

const icons: Readonly<Record<StudyState, LucideIcon>> = { new: Circle, queued: Clock, processing: LoaderCircle, drafted: Check, withheld: Ban, reading: PenLine, signed: FileCheck, failed: CircleAlert };

export function StateMark({ state }: { readonly state: StudyState }): ReactNode {
  const Icon = icons[state];
  return <span className={`state ${state}`} title={texts.studies.stateHints[state]}><Icon size={11} className={state === 'processing' ? 'spin' : ''} aria-hidden />{texts.studies.states[state]}</span>;
}
