/** The study list, the open study, and opening one: its chosen series goes to the viewer, its stored draft to the panel. */
import { create } from 'zustand';
import type { Role, StudyDetail, WorklistRow } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';

interface StudiesState {
  /** The studies added last, or those found by the query; null until the first answer arrived. */
  readonly studies: readonly WorklistRow[] | null;
  /** How many there are in all. */
  readonly total: number;
  readonly query: string;
  readonly openStudy: string | null;
  readonly detail: StudyDetail | null;
  readonly failure: ErrorData | null;
  /** The study whose removal is asked about. */
  readonly removing: WorklistRow | null;
  readonly setQuery: (query: string) => Promise<void>;
  readonly refresh: (study: string | null) => Promise<void>;
  readonly open: (study: string) => Promise<void>;
  readonly openSeries: (series: string, stack: number) => void;
  readonly setRole: (series: string, role: Role | null) => Promise<void>;
  readonly askRemoval: (study: WorklistRow | null) => void;
  readonly remove: (study: string) => Promise<void>;
}

/** Studies the left column holds; the worklist has all. */
const listed = 50;
let asked = 0;

async function list(): Promise<void> {
  const own = ++asked;
  const { rows, total } = await bridge().call('worklist.query', { text: useStudies.getState().query.slice(0, 200), limit: listed });
  // An answer that was overtaken by a later question is out of date.
  if (own === asked) useStudies.setState({ studies: rows, total });
}

export const useStudies = create<StudiesState>()((set, get) => ({
  studies: null,
  total: 0,
  query: '',
  openStudy: null,
  detail: null,
  failure: null,
  removing: null,
  async setQuery(query) {
    set({ query });
    await list();
  },
  async refresh(study) {
    await list();
    const { openStudy } = get();
    if (study !== null) useViewer.getState().forget(study);
    if (openStudy === null || (study !== null && study !== openStudy)) return;
    try {
      const detail = await bridge().call('study.get', { study: openStudy });
      if (get().openStudy !== openStudy) return;
      const first = get().detail === null;
      set({ detail, failure: null });
      if (first) hang(detail);
      else useViewer.getState().offer(detail);
    } catch (error) {
      if (failureOf(error, openStudy)?.code !== 'store/not-found') throw error;
      if (get().openStudy !== openStudy) return;
      set({ openStudy: null, detail: null, failure: null });
      useViewer.getState().close();
      useReading.getState().leave();
    }
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
  askRemoval(removing) { set({ removing }); },
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
