/** One study with its series, the roles readers give, and removal. */
import type { Handlers, StudyDetail } from '../../shared/contract.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit, studyMark } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { deleteStudy, setRoleOverride } from '../store/studies.ts';
import type { Changes } from './changes.ts';
import { describeDetail, describeStudy } from './describe.ts';
import type { Library } from './library.ts';
import type { StudyStates } from './studyStates.ts';

export interface StudyParts {
  readonly store: Store;
  readonly library: Library;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
  readonly states: StudyStates;
  /** Ends work on a study that is about to go, and drops what other parts keep of it. */
  readonly release: (study: string) => Promise<void>;
  /** Drops what an index being made at that moment took up again. */
  readonly forget: (study: string) => void;
}

export function studyHandlers(parts: StudyParts): Pick<Handlers, 'study.get' | 'study.remove' | 'series.setRole'> {
  const { store, library, changes, clock, log } = parts;

  const detail = async (study: string): Promise<StudyDetail> => describeDetail(describeStudy(library.study(study), await parts.states.of(study)), await library.images(study));

  let opened: string | null = null;
  /** A window asks for the study it shows again and again; that is one opening. */
  function noteOpened(study: string): void {
    if (study === opened) return;
    opened = study;
    recordAudit(store.db, clock, 'study.opened', { study: studyMark(study) });
  }

  return {
    'study.get': async ({ study }) => {
      const found = await detail(study);
      noteOpened(study);
      return found;
    },
    'study.remove': async ({ study }) => {
      library.study(study);
      await parts.release(study);
      const contents = deleteStudy(store.db, study) ?? [];
      parts.forget(study);
      recordAudit(store.db, clock, 'study.removed', { study: studyMark(study), files: contents.length });
      store.forget();
      library.forget(study);
      for (const content of contents) await store.files.remove(content);
      log.info('study.removed', { files: contents.length });
      changes.emit(study);
      return {};
    },
    'series.setRole': async ({ series, role }) => {
      const study = library.studyOfSeries(series);
      setRoleOverride(store.db, series, role);
      recordAudit(store.db, clock, 'role.set', { study: studyMark(study), role: role ?? 'by rules' });
      library.forget(study);
      changes.emit(study);
      return detail(study);
    },
  };
}
