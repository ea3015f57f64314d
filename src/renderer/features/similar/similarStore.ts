/** What is searched for the open study and what was found; refilled by itself when its views are there. */
import { create } from 'zustand';
import type { FoundCase, Pin, SimilarAnswer, SimilarFilter, SimilarQuery } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { inBackground, tellError } from '../notices/noticesStore.ts';

export type Mode = SimilarQuery['by'];

interface SimilarState {
  /** Study that is searched for; null while none is open, when only texts can be. */
  readonly study: string | null;
  /** Whether the study has views to search with. */
  readonly readable: boolean;
  readonly mode: Mode;
  readonly query: SimilarQuery;
  readonly typed: string;
  readonly filter: SimilarFilter;
  readonly phase: 'idle' | 'searching' | 'done' | 'failed';
  readonly answer: SimilarAnswer | null;
  readonly failure: ErrorData | null;
  readonly pins: readonly Pin[];
  /** Cases ticked for comparing, at most two. */
  readonly ticked: readonly string[];
  readonly enter: (study: string | null, readable: boolean) => void;
  readonly chooseMode: (mode: Mode) => void;
  readonly type: (text: string) => void;
  readonly find: (query: SimilarQuery) => Promise<void>;
  readonly narrow: (filter: Partial<SimilarFilter>) => void;
  readonly clearFilter: () => void;
  readonly clearText: () => void;
  readonly setPinned: (found: FoundCase, pinned: boolean) => Promise<void>;
  readonly tick: (id: string) => void;
}

const casesWanted = 10;
const noFilter: SimilarFilter = { patient: 'any' };
const byImage: SimilarQuery = { by: 'image' };
const nothing = { phase: 'idle', answer: null, failure: null, ticked: [] } as const;

let searches: AbortController | null = null;

export const useSimilar = create<SimilarState>()((set, get) => ({
  study: null,
  readable: false,
  mode: 'image',
  query: byImage,
  typed: '',
  filter: noFilter,
  ...nothing,
  pins: [],
  enter(study, readable) {
    const before = get();
    if (before.study === study && before.readable === readable) return;
    const another = before.study !== study;
    set({ study, readable });
    if (another) {
      // A search in words belongs to no study and outlives it.
      if (before.query.by !== 'text') set({ ...nothing, mode: 'image', query: byImage });
      set({ pins: [], filter: before.filter.patient === 'any' ? before.filter : { ...before.filter, patient: 'any' } });
      if (study !== null) inBackground(bridge().call('pins.list', { study }).then((pins) => { if (get().study === study) set({ pins }); }), study);
    }
    if (readable && get().query.by !== 'text') void get().find(get().query);
  },
  chooseMode(mode) {
    set({ mode });
    if (mode === 'image' || mode === 'report') void get().find({ by: mode });
    else if (mode === 'region') set(nothing);
  },
  type(typed) { set({ typed }); },
  async find(query) {
    searches?.abort();
    const own = new AbortController();
    searches = own;
    const { study, filter } = get();
    set({ query, mode: query.by, phase: 'searching', failure: null, ...(query.by === 'text' ? { typed: query.text } : {}) });
    try {
      const answer = await bridge().call('similar.search', { study, query, limit: casesWanted, filter });
      if (!own.signal.aborted) set({ phase: 'done', answer, ticked: [] });
    } catch (error) {
      if (!own.signal.aborted) set({ phase: 'failed', answer: null, failure: failureOf(error, texts(query)) });
    }
  },
  narrow(filter) {
    const given = Object.fromEntries(Object.entries({ ...get().filter, ...filter }).filter(([, value]) => value !== undefined && value !== '')) as Partial<SimilarFilter>;
    set({ filter: { patient: 'any', ...given } });
    const { answer, query, find } = get();
    if (answer !== null) void find(query);
  },
  clearFilter() {
    set({ filter: noFilter });
    const { answer, query, find } = get();
    if (answer !== null) void find(query);
  },
  clearText() {
    searches?.abort();
    const { readable, find } = get();
    set({ typed: '', query: byImage, mode: 'image', ...nothing });
    if (readable) void find(byImage);
  },
  async setPinned(found, pinned) {
    const { study } = get();
    if (study === null) return;
    try {
      const pins = await bridge().call('pins.set', { study, case: found.case, pinned });
      if (get().study !== study) return;
      const { answer } = get();
      set({ pins, answer: answer && { ...answer, cases: answer.cases.map((item) => (item.case === found.case ? { ...item, pinned } : item)) } });
    } catch (error) {
      tellError(error, found.case);
    }
  },
  tick(id) {
    const { ticked } = get();
    set({ ticked: ticked.includes(id) ? ticked.filter((one) => one !== id) : [...ticked.slice(-1), id] });
  },
}));

const texts = (query: SimilarQuery): string => (query.by === 'text' ? query.text : query.by);

/** How many filters are set. */
export const filterCount = ({ patient, ...others }: SimilarFilter): number => Object.values(others).filter((value) => value !== undefined).length + (patient === 'any' ? 0 : 1);

/** Finds cases for a sentence, wherever in the window it stands. */
export function findCasesFor(sentence: string): void {
  void useSimilar.getState().find({ by: 'text', text: sentence });
}
