/** The study list, the open study, and opening one: its chosen series goes to the viewer, its stored draft to the panel. */
import { create } from 'zustand';
import type { Role, StudyDetail, StudySummary } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';

interface StudiesState {
  /** Null until the first list arrived. */
  readonly studies: readonly StudySummary[] | null;
  readonly query: string;
  readonly openStudy: string | null;
  readonly detail: StudyDetail | null;
  readonly failure: ErrorData | null;
  readonly setQuery: (query: string) => void;
  readonly refresh: (study: string | null) => Promise<void>;
  readonly open: (study: string) => Promise<void>;
  readonly openSeries: (series: string, stack: number) => void;
  readonly setRole: (series: string, role: Role | null) => Promise<void>;
  readonly remove: (study: string) => Promise<void>;
}

export const useStudies = create<StudiesState>()((set, get) => ({
  studies: null,
  query: '',
  openStudy: null,
  detail: null,
  failure: null,
  setQuery(query) { set({ query }); },
  async refresh(study) {
    const studies = await bridge().call('studies.list', {});
    const { openStudy } = get();
    set({ studies });
    if (openStudy === null) return;
    if (!studies.some((known) => known.study === openStudy)) {
      set({ openStudy: null, detail: null, failure: null });
      useViewer.getState().close();
      useReading.getState().leave();
      return;
    }
    if (study !== null) useViewer.getState().forget(study);
    if (study !== null && study !== openStudy) return;
    const detail = await bridge().call('study.get', { study: openStudy });
    if (get().openStudy !== openStudy) return;
    const first = get().detail === null;
    set({ detail, failure: null });
    if (first) hang(detail);
    else useViewer.getState().offer(detail);
  },
  async open(study) {
    if (get().openStudy === study && get().failure === null) return;
    set({ openStudy: study, detail: null, failure: null });
    useViewer.getState().close();
    useReading.getState().enter(study);
    try {
      const detail = await bridge().call('study.get', { study });
      if (get().openStudy !== study) return;
      set({ detail });
      hang(detail);
    } catch (error) {
      if (get().openStudy === study) set({ failure: failureOf(error, study) });
    }
  },
  openSeries(series, stack) {
    const { openStudy } = get();
    if (openStudy !== null) useViewer.getState().open({ study: openStudy, series, stack });
  },
  async setRole(series, role) {
    const before = get().detail?.chosen ?? null;
    try {
      const detail = await bridge().call('series.setRole', { series, role });
      if (get().openStudy !== detail.study) return;
      set({ detail });
      useViewer.getState().offer(detail);
      const { chosen } = detail;
      // The picture shows what the models will read, also when the reader changed which series that is.
      if (chosen !== null && (chosen.series !== before?.series || chosen.stack !== before.stack)) get().openSeries(chosen.series, chosen.stack);
    } catch (error) {
      tellError(error, series);
    }
  },
  async remove(study) {
    try {
      await bridge().call('study.remove', { study });
      await get().refresh(null);
    } catch (error) {
      tellError(error, study);
    }
  },
}));

function hang(detail: StudyDetail): void {
  if (detail.series.some(({ stacks }) => stacks.some(({ dims }) => dims !== null))) useViewer.getState().hang(detail);
}

/** Studies whose name, id, description, accession or date holds every word of the query. */
export function matchingStudies(studies: readonly StudySummary[], query: string): readonly StudySummary[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return studies.filter((study) => {
    const text = [study.patientName.replaceAll('^', ' '), study.patientId, study.description, study.accession, study.studyDate].join(' ').toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}
