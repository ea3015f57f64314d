/** Which view's attention lies over the pictures. Maps are small and kept while the study is open. */
import { create } from 'zustand';
import { bridge } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';
import { attentionGrid } from './attentionSampling.ts';
import type { AttentionGrid } from './attentionSampling.ts';

interface AttentionState {
  readonly grid: AttentionGrid | null;
  /** View that was asked for; its grid may still be on its way. */
  readonly view: number | null;
  readonly visible: boolean;
  /** 0..1 */
  readonly opacity: number;
  /** Shows a view's map, or none. @returns its grid, or null when it could not be had or another was asked for meanwhile */
  readonly show: (study: string, view: number | null) => Promise<AttentionGrid | null>;
  readonly toggle: () => void;
  readonly setOpacity: (opacity: number) => void;
  readonly forget: () => void;
}

const grids = new Map<string, AttentionGrid>();

export const useAttention = create<AttentionState>()((set, get) => ({
  grid: null,
  view: null,
  visible: true,
  opacity: 0.45,
  async show(study, view) {
    if (view === null) {
      set({ grid: null, view: null });
      return null;
    }
    const key = `${study} ${view}`;
    set({ view, grid: grids.get(key) ?? null });
    try {
      const grid = grids.get(key) ?? attentionGrid(await bridge().call('study.attention', { study, view }));
      if (get().view !== view) return null;
      grids.set(key, grid);
      set({ grid });
      return grid;
    } catch (error) {
      if (get().view === view) set({ grid: null, view: null });
      tellError(error, `view ${view}`);
      return null;
    }
  },
  toggle() { set(({ visible }) => ({ visible: !visible })); },
  setOpacity(opacity) { set({ opacity: Math.min(1, Math.max(0.1, opacity)), visible: true }); },
  forget() {
    grids.clear();
    set({ grid: null, view: null });
  },
}));
