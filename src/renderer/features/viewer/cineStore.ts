/** A pane's slices played like a film, from the last on to the first. */
import { create } from 'zustand';
import { planeOf, paneOf, seriesIn, useViewer } from './viewerStore.ts';

export const cineRates = [5, 10, 15, 20, 30] as const;

interface CineState {
  /** Pane that plays. */
  readonly pane: string | null;
  /** Images a second. */
  readonly rate: number;
  readonly toggle: () => void;
  readonly setRate: (rate: number) => void;
}

let timer: ReturnType<typeof setInterval> | undefined;

/** One image on; stops when there is nothing to play. */
function step(pane: string, stop: () => void): void {
  const state = useViewer.getState();
  const [place, series] = [paneOf(state, pane), seriesIn(state, pane)];
  if (place === undefined || series === undefined || series.volume === null) {
    stop();
    return;
  }
  const { axis } = planeOf(place, series.volume);
  if (series.location[axis] + 1 >= series.volume.dims[axis]) state.scrollTo(pane, 'first');
  else state.scroll(pane, 1);
}

export const useCine = create<CineState>()((set, get) => {
  const stop = (): void => {
    clearInterval(timer);
    set({ pane: null });
  };
  const play = (pane: string, rate: number): void => {
    clearInterval(timer);
    timer = setInterval(() => { step(pane, stop); }, 1000 / rate);
    set({ pane, rate });
  };
  return {
    pane: null,
    rate: 15,
    toggle() {
      if (get().pane === null) play(useViewer.getState().active, get().rate);
      else stop();
    },
    setRate(rate) {
      const { pane } = get();
      if (pane === null) set({ rate });
      else play(pane, rate);
    },
  };
});
