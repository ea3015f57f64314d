/** The text search in reports of prior cases, which belongs to no study and so outlives it. */
import { create } from 'zustand';
import type { SimilarCase } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';

export interface TextSearch {
  readonly query: string;
  readonly phase: 'searching' | 'done' | 'failed';
  readonly cases: readonly SimilarCase[];
  readonly failure: ErrorData | null;
}

interface SearchState {
  readonly typed: string;
  readonly search: TextSearch | null;
  readonly type: (text: string) => void;
  readonly searchText: () => Promise<void>;
  readonly clearSearch: () => void;
}

const casesWanted = 10;
let searches = 0;

export const useSearch = create<SearchState>()((set, get) => ({
  typed: '',
  search: null,
  type(typed) { set({ typed }); },
  async searchText() {
    const query = get().typed.trim();
    if (query === '') return;
    const own = ++searches;
    set({ search: { query, phase: 'searching', cases: [], failure: null } });
    const settle = (search: Omit<TextSearch, 'query'>): void => { if (own === searches) set({ search: { query, ...search } }); };
    try {
      settle({ phase: 'done', cases: await bridge().call('search.text', { text: query, limit: casesWanted }), failure: null });
    } catch (error) {
      settle({ phase: 'failed', cases: [], failure: failureOf(error, query) });
    }
  },
  clearSearch() {
    searches += 1;
    set({ typed: '', search: null });
  },
}));
