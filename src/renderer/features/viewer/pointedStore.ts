/** The place in a picture that was clicked last: others than the viewer answer to it. */
import { create } from 'zustand';
import { lps } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';

interface PointedState {
  readonly pane: string;
  /** LPS mm in the patient space of the series in the pane. */
  readonly point: Lps;
  readonly at: (pane: string, point: Lps) => void;
}

export const usePointed = create<PointedState>()((set) => ({
  pane: '',
  point: lps(0, 0, 0),
  at(pane, point) { set({ pane, point }); },
}));
