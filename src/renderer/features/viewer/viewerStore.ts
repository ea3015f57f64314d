/**
 * What the viewer shows: one volume, one location in it that all three planes go through, and how each is looked at.
 * Pictures follow from this state alone; nothing reads it back from the graphics.
 */
import { flushSync } from 'react-dom';
import { create } from 'zustand';
import type { ErrorData } from '../../../shared/errors.ts';
import { ijk, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Ijk, Lps } from '../../../shared/geometry.ts';
import { failureOf } from '../../bridge.ts';
import { loadVolume } from './loadVolume.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { clampIjk, untouchedView } from './planes.ts';
import type { PaneView, PlaneName } from './planes.ts';
import { clearStage, restartStage, showVolume } from './stage.ts';
import type { GreyWindow, PresetName } from './windowing.ts';

export interface SeriesTarget {
  readonly study: string;
  readonly series: string;
  readonly stack: number;
}

export interface ViewerState {
  readonly target: SeriesTarget | null;
  readonly phase: 'empty' | 'loading' | 'ready' | 'failed';
  /** Share of the volume that has arrived, 0..1. */
  readonly share: number;
  readonly failure: ErrorData | null;
  readonly volume: LoadedVolume | null;
  readonly location: Ijk;
  readonly views: Readonly<Record<PlaneName, PaneView>>;
  readonly window: GreyWindow;
  readonly preset: PresetName | 'own';
  readonly inverted: boolean;
  readonly smooth: boolean;
  readonly main: PlaneName;
  /** Only the main plane is shown. */
  readonly single: boolean;
  /** Plane the keyboard moves. */
  readonly active: PlaneName;
  readonly crosshair: boolean;
  readonly overlayText: boolean;
  readonly graphics: 'ready' | 'lost';
  /** Counts the restarts of the graphics: panes are made anew for each. */
  readonly stage: number;
}

export interface ViewerActions {
  readonly open: (target: SeriesTarget) => Promise<void>;
  readonly close: () => void;
  readonly locate: (location: Ijk) => void;
  readonly locateAt: (point: Lps) => void;
  readonly scroll: (plane: PlaneName, slices: number) => void;
  readonly scrollTo: (plane: PlaneName, end: 'first' | 'last') => void;
  readonly setView: (plane: PlaneName, view: PaneView) => void;
  readonly setWindow: (window: GreyWindow) => void;
  readonly usePreset: (name: PresetName) => void;
  readonly resetViews: () => void;
  readonly setMain: (plane: PlaneName) => void;
  readonly activate: (plane: PlaneName) => void;
  readonly loseGraphics: () => void;
  readonly restartGraphics: () => Promise<void>;
  readonly toggle: (flag: 'inverted' | 'smooth' | 'single' | 'crosshair' | 'overlayText') => void;
}

const untouchedViews = { axial: untouchedView, coronal: untouchedView, sagittal: untouchedView } as const;
const nothingShown = { target: null, phase: 'empty', share: 0, failure: null, volume: null } as const;

const sameTarget = (a: SeriesTarget | null, b: SeriesTarget): boolean => a?.series === b.series && a.stack === b.stack && a.study === b.study;

/** The series being loaded; opening another one, or none, stops it. */
let loading: AbortController | null = null;

export const useViewer = create<ViewerState & ViewerActions>()((set, get) => ({
  ...nothingShown,
  location: ijk(0, 0, 0),
  views: untouchedViews,
  window: { center: 0, width: 1 },
  preset: 'auto',
  inverted: false,
  smooth: true,
  main: 'axial',
  single: false,
  active: 'axial',
  crosshair: true,
  overlayText: true,
  graphics: 'ready',
  stage: 0,

  async open(target) {
    if (sameTarget(get().target, target) && get().phase !== 'failed') return;
    loading?.abort();
    const own = new AbortController();
    loading = own;
    const superseded = (): boolean => own.signal.aborted;
    const before = get();
    clearStage();
    set({ ...nothingShown, target, phase: 'loading' });
    try {
      const volume = await loadVolume(target.series, target.stack, own.signal, (share) => { if (!superseded()) set({ share }); });
      await showVolume(volume);
      if (superseded()) return;
      const frame = volume.info.frameOfReference;
      const sameStudy = before.target?.study === target.study && frame !== '' && before.volume?.info.frameOfReference === frame;
      const middle = ijk(...(volume.dims.map((n) => (n - 1) / 2) as [number, number, number]));
      // Series of one examination share their patient space: the reader stays where they were looking.
      const kept = sameStudy ? patientToVoxel(volume.lpsToVoxel, voxelToPatient(before.volume.voxelToLps, before.location)) : middle;
      set({
        phase: 'ready', volume, share: 1, location: clampIjk(volume.dims, kept), views: sameStudy ? before.views : untouchedViews,
        window: volume.presets.auto, preset: 'auto', inverted: volume.info.inverted,
      });
    } catch (error) {
      if (superseded()) return;
      clearStage();
      const failure = failureOf(error, target.series);
      set({ ...nothingShown, target, phase: failure === null ? 'empty' : 'failed', failure });
    }
  },
  close() {
    loading?.abort();
    loading = null;
    clearStage();
    set(nothingShown);
  },
  locate(location) {
    const { volume } = get();
    if (volume !== null) set({ location: clampIjk(volume.dims, location) });
  },
  locateAt(point) {
    const { volume, locate } = get();
    if (volume !== null) locate(patientToVoxel(volume.lpsToVoxel, point));
  },
  scroll(plane, slices) {
    const { volume, location, locate } = get();
    if (volume === null) return;
    const next = [...location] as [number, number, number];
    next[volume.planes[plane].axis] += slices;
    locate(ijk(...next));
  },
  scrollTo(plane, end) {
    const { volume, scroll } = get();
    if (volume === null) return;
    const count = volume.dims[volume.planes[plane].axis];
    scroll(plane, end === 'first' ? -count : count);
  },
  setView(plane, view) {
    set(({ views }) => ({ views: { ...views, [plane]: { zoom: Math.min(20, Math.max(0.25, view.zoom)), pan: view.pan } } }));
  },
  setWindow(window) { set({ window, preset: 'own' }); },
  usePreset(name) {
    const { volume } = get();
    if (volume !== null) set({ window: volume.presets[name], preset: name });
  },
  resetViews() {
    const { volume } = get();
    set({ views: untouchedViews, ...(volume === null ? {} : { window: volume.presets.auto, preset: 'auto' as const, inverted: volume.info.inverted }) });
  },
  setMain(plane) { set({ main: plane, active: plane }); },
  activate(plane) { if (get().active !== plane) set({ active: plane }); },
  loseGraphics() { set({ graphics: 'lost' }); },
  async restartGraphics() {
    const { volume } = get();
    restartStage();
    flushSync(() => { set(({ stage }) => ({ graphics: 'ready', stage: stage + 1, volume: null })); }); // new panes attach themselves
    if (volume === null) return;
    await showVolume(volume);
    if (get().target?.series === volume.info.series && get().phase === 'ready') set({ volume });
  },
  toggle(flag) { set((state) => ({ [flag]: !state[flag] })); },
}));
