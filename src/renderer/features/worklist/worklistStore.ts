/**
 * The worklist as it is asked for and what has arrived of it. Rows are fetched a page at a time, where the table shows
 * them; what changes is asked for again in the background and stays on the screen until the answer is there.
 */
import { create } from 'zustand';
import type { StudyState, WorklistRow, WorklistSort } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';

export const pageSize = 100;
/** Pages kept beside those shown: a long way through 50,000 rows must not keep them all. */
const keptPages = 20;
/** Changes of many studies at once are asked for once. */
const gatherMs = 250;

interface WorklistState {
  readonly open: boolean;
  readonly text: string;
  readonly states: readonly StudyState[];
  readonly withDemo: boolean;
  readonly sort: WorklistSort;
  readonly descending: boolean;
  /** Null until the first answer. */
  readonly total: number | null;
  readonly pages: ReadonlyMap<number, readonly WorklistRow[]>;
  /** Index of the row the keyboard is at. */
  readonly at: number;
  readonly counts: { readonly total: number; readonly states: Partial<Record<StudyState, number>> } | null;
  readonly show: () => void;
  readonly hide: () => void;
  readonly toggle: () => void;
  readonly setText: (text: string) => void;
  readonly toggleState: (state: StudyState) => void;
  readonly setWithDemo: (withDemo: boolean) => void;
  /** The same column again turns the order round. */
  readonly sortBy: (sort: WorklistSort) => void;
  readonly moveTo: (index: number) => void;
  readonly openAt: (index: number) => void;
  /** Fetches what is missing between two rows. */
  readonly ensure: (first: number, last: number) => void;
  readonly changed: () => void;
}

let question = 0;
let gathering = 0;
const asked = new Set<number>();

async function fetchPage(page: number): Promise<void> {
  const own = question;
  if (asked.has(page)) return;
  asked.add(page);
  const { text, states, withDemo, sort, descending } = useWorklist.getState();
  try {
    const { total, rows } = await bridge().call('worklist.query', {
      text: text.slice(0, 200), sort, descending, offset: page * pageSize, limit: pageSize,
      ...(states.length === 0 ? {} : { states: [...states] }), ...(withDemo ? {} : { demo: false }),
    });
    if (own !== question) return;
    useWorklist.setState(({ pages, at }) => {
      const kept = new Map(pages);
      kept.delete(page);
      kept.set(page, rows);
      while (kept.size > keptPages) kept.delete(kept.keys().next().value!);
      return { total, pages: kept, at: Math.max(0, Math.min(at, total - 1)) };
    });
  } finally {
    if (own === question) asked.delete(page);
  }
}

/** @param keep shows the former rows until the new ones are there */
function askAnew(keep: boolean): void {
  question += 1;
  asked.clear();
  const { pages } = useWorklist.getState();
  const shown = keep ? [...pages.keys()].slice(-3) : [0];
  if (!keep) useWorklist.setState({ at: 0 });
  const own = question;
  inBackground(Promise.all([
    ...(shown.length === 0 ? [0] : shown).map(fetchPage),
    bridge().call('worklist.counts', {}).then((counts) => { useWorklist.setState({ counts }); }),
  ]).then(() => {
    // Pages of the former question that were not asked for again.
    if (own === question) useWorklist.setState(({ pages: all }) => ({ pages: new Map([...all].filter(([page]) => shown.length === 0 || shown.includes(page))) }));
  }), texts.worklist.title);
}

export const useWorklist = create<WorklistState>()((set, get) => ({
  open: false,
  text: '',
  states: [],
  withDemo: true,
  sort: 'added',
  descending: true,
  total: null,
  pages: new Map(),
  at: 0,
  counts: null,
  show() {
    if (get().open) return;
    set({ open: true });
    askAnew(true);
  },
  hide() { set({ open: false }); },
  toggle() {
    if (get().open) get().hide();
    else get().show();
  },
  setText(text) {
    set({ text });
    askAnew(false);
  },
  toggleState(state) {
    set(({ states }) => ({ states: states.includes(state) ? states.filter((other) => other !== state) : [...states, state] }));
    askAnew(false);
  },
  setWithDemo(withDemo) {
    set({ withDemo });
    askAnew(false);
  },
  sortBy(column) {
    const { sort, descending } = get();
    // Dates and counts are wanted from the latest and largest, words from A.
    set({ sort: column, descending: column === sort ? !descending : ['date', 'added', 'series', 'age'].includes(column) });
    askAnew(false);
  },
  moveTo(index) {
    const { total } = get();
    if (total !== null && total > 0) set({ at: Math.max(0, Math.min(index, total - 1)) });
  },
  openAt(index) {
    const row = rowAt(get().pages, index);
    if (row === undefined) return;
    set({ at: index, open: false });
    inBackground(useStudies.getState().open(row.study), row.patientName);
  },
  ensure(first, last) {
    const { pages } = get();
    for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++) if (!pages.has(page)) inBackground(fetchPage(page), texts.worklist.title);
  },
  changed() {
    if (!get().open) return;
    window.clearTimeout(gathering);
    gathering = window.setTimeout(() => { askAnew(true); }, gatherMs);
  },
}));

export const rowAt = (pages: ReadonlyMap<number, readonly WorklistRow[]>, index: number): WorklistRow | undefined => pages.get(Math.floor(index / pageSize))?.[index % pageSize];
