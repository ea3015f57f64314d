/**
 * What the viewer shows: panes, the series in them, one place in each series that all its planes go through, and how each
 * is looked at. Series in one patient space share their place. Pictures follow from this state alone; nothing reads it
 * back from the graphics.
 */
import { create } from 'zustand';
import type { HangingProtocol, StudyDetail } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { axisStep, ijk, lps, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Ijk, Lps } from '../../../shared/geometry.ts';
import { usualHanging } from '../../../shared/hanging.ts';
import { followed } from './linking.ts';
import type { CompanionLink } from './linking.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { automaticLayout, hungFor, offeredSeries } from './hangingProtocol.ts';
import { keyOf, panesOf, rehung, viewOf } from './panes.ts';
import type { Hung, LayoutName, PaneState, SeriesTarget } from './panes.ts';
import { clampIjk, linkedView, planeNames } from './planes.ts';
import type { PaneView, PlaneName, ViewPlane } from './planes.ts';
import { releaseIdle, restartStage } from './graphics.ts';
import { SeriesLoading } from './seriesLoading.ts';
import type { GreyWindow, PresetName } from './windowing.ts';

export type { SeriesTarget } from './panes.ts';

/** One series that is in a pane, or on its way there. */
export interface ShownSeries {
  readonly target: SeriesTarget;
  readonly phase: 'loading' | 'ready' | 'failed';
  /** Share of the volume that has arrived, 0..1. */
  readonly share: number;
  readonly failure: ErrorData | null;
  /** One slice of it while it is loading. */
  readonly volume: LoadedVolume | null;
  /** The place that is looked at, exactly; {@link location} is its voxel. */
  readonly point: Lps;
  readonly location: Ijk;
  readonly window: GreyWindow;
  readonly preset: PresetName | 'own';
  readonly inverted: boolean;
}

/** A series of another examination beside those of the open study. */
export interface Companion {
  readonly target: SeriesTarget;
  readonly link: CompanionLink;
  /** The series of the open study that the link speaks of. */
  readonly against: SeriesTarget;
}

/** The series that is read, as those see it who ask for one: of the open study, in the active pane if it is there. */
interface Primary {
  readonly target: SeriesTarget | null;
  readonly phase: 'empty' | ShownSeries['phase'];
  readonly share: number;
  readonly failure: ErrorData | null;
  readonly volume: LoadedVolume | null;
  readonly location: Ijk;
}

export interface ViewerState extends Primary {
  readonly study: string | null;
  readonly layout: LayoutName;
  readonly panes: readonly PaneState[];
  /** Series in panes, by {@link keyOf}. */
  readonly shown: Readonly<Record<string, ShownSeries>>;
  /** All series that can hang, in the order they would; the first is the one the models read. */
  readonly offered: readonly Hung[];
  /** Patient space of the first one offered, once it was on the screen; empty until then. */
  readonly readSpace: string;
  readonly views: Readonly<Record<string, PaneView>>;
  readonly companion: Companion | null;
  /** The reader's rule by which a study hangs when it is opened. */
  readonly hanging: HangingProtocol;
  readonly smooth: boolean;
  /** The large pane. */
  readonly main: string;
  /** Only the main pane is shown. */
  readonly single: boolean;
  /** Pane that the keyboard moves. */
  readonly active: string;
  readonly crosshair: boolean;
  readonly referenceLines: boolean;
  readonly overlayText: boolean;
  /** Series of one patient space, and the companion, scroll together. */
  readonly linked: boolean;
  /** Zoom and pan are shared by panes of one plane and space. */
  readonly linkedViews: boolean;
  readonly graphics: 'ready' | 'lost';
  /** Counts the restarts of the graphics: panes are made anew for each. */
  readonly stage: number;
}

export interface ViewerActions {
  /** Hangs a study: in the given layout, or in the one that fits its series. */
  readonly hang: (detail: StudyDetail, layout?: LayoutName, hung?: readonly Hung[]) => void;
  /** What can hang has changed; what hangs stays. */
  readonly offer: (detail: StudyDetail) => void;
  /** Shows a series in the active pane, or in all planes. */
  readonly open: (target: SeriesTarget) => void;
  readonly setPane: (pane: string, hung: Hung) => void;
  readonly close: () => void;
  readonly setLayout: (layout: LayoutName) => void;
  readonly showBeside: (companion: Companion) => void;
  readonly setLink: (link: CompanionLink) => void;
  readonly closeBeside: () => void;
  /** Moves the series that is read, and what is linked with it, to a voxel or a place in the patient. */
  readonly locate: (location: Ijk) => void;
  readonly locateAt: (point: Lps) => void;
  readonly locateIn: (pane: string, point: Lps) => void;
  /** Shows a place of a series in a plane, wherever the series hangs; it is opened if it hangs nowhere. */
  readonly goTo: (target: SeriesTarget, point: Lps, plane: PlaneName | null) => void;
  readonly scroll: (pane: string, slices: number) => void;
  readonly scrollTo: (pane: string, end: 'first' | 'last') => void;
  readonly setView: (pane: string, view: PaneView) => void;
  readonly setWindow: (pane: string, window: GreyWindow) => void;
  readonly usePreset: (name: PresetName) => void;
  readonly invert: () => void;
  readonly resetViews: () => void;
  /** In MPR the large plane; elsewhere the plane of the active pane. */
  readonly setMain: (plane: PlaneName) => void;
  readonly enlarge: (pane: string) => void;
  readonly activate: (pane: string) => void;
  readonly loseGraphics: () => void;
  readonly restartGraphics: () => void;
  readonly toggle: (flag: 'smooth' | 'single' | 'crosshair' | 'referenceLines' | 'overlayText' | 'linked' | 'linkedViews') => void;
  readonly retry: () => void;
  /** Drops what memory holds of a study that changed; what is on the screen stays. */
  readonly forget: (study: string) => void;
}

export type Viewer = ViewerState & ViewerActions;

const origin = lps(0, 0, 0);
const nothingRead: Primary = { target: null, phase: 'empty', share: 0, failure: null, volume: null, location: ijk(0, 0, 0) };

/** The plane a pane cuts its volume in. */
export function planeOf(pane: Pick<PaneState, 'plane'>, volume: LoadedVolume): ViewPlane {
  const name = pane.plane ?? planeNames.find((plane) => volume.planes[plane].axis === 2) ?? 'axial';
  return volume.planes[name];
}

export const paneOf = ({ panes }: Pick<ViewerState, 'panes'>, id: string): PaneState | undefined => panes.find((pane) => pane.id === id);

/** The series in a pane. */
export function seriesIn(state: Pick<ViewerState, 'panes' | 'shown'>, pane: string): ShownSeries | undefined {
  const target = paneOf(state, pane)?.target ?? null;
  return target === null ? undefined : state.shown[keyOf(target)];
}

export const isCompanion = ({ study }: Pick<ViewerState, 'study'>, target: SeriesTarget): boolean => target.study !== study;

function primaryOf(state: ViewerState): Primary {
  const own = state.panes.filter(({ target }) => target !== null && !isCompanion(state, target));
  const pane = own.find(({ id }) => id === state.active) ?? own[0];
  const shown = pane === undefined ? undefined : seriesIn(state, pane.id);
  if (shown === undefined) return nothingRead;
  const { target, phase, share, failure, volume, location } = shown;
  return { target, phase, share, failure, volume, location };
}

/** The place in another series that goes with one in `from`; null when they are not linked. */
function linkedPlace(state: ViewerState, from: ShownSeries, to: ShownSeries): Lps | null {
  if (from.volume === null || to.volume === null) return null;
  const [a, b] = [from.volume.info.space, to.volume.info.space];
  if (from.target.study === to.target.study) return a !== '' && a === b ? from.point : null;
  const { companion } = state;
  if (companion === null) return null;
  const there = !isCompanion(state, from.target);
  const [own, other] = there ? [from, to] : [to, from];
  const against = state.shown[keyOf(companion.against)];
  const fits = companion.link.kind === 'patient'
    ? keyOf(own.target) === keyOf(companion.against) || (own.volume?.info.space !== '' && own.volume?.info.space === against?.volume?.info.space)
    : keyOf(own.target) === keyOf(companion.against) && keyOf(other.target) === keyOf(companion.target);
  return fits ? followed(companion.link, { volume: from.volume, point: from.point }, { volume: to.volume, point: to.point }, there ? 'there' : 'back') : null;
}

/** Whether two panes show the same place of one patient. */
export function areLinked(state: ViewerState, a: string, b: string): boolean {
  const [from, to] = [seriesIn(state, a), seriesIn(state, b)];
  return from !== undefined && to !== undefined && (from === to || (state.linked && linkedPlace(state, from, to) !== null));
}

/**
 * Whether maps in the patient space of the open study lie right over a pane: its series is of that study, and in the
 * space of the series the models read, which is the first one offered.
 */
export function overlaysBelong(state: ViewerState, pane: string): boolean {
  const series = seriesIn(state, pane);
  if (series === undefined || series.volume === null || isCompanion(state, series.target)) return false;
  const read = state.offered[0]?.target ?? null;
  if (read === null || keyOf(read) === keyOf(series.target)) return true;
  const space = state.shown[keyOf(read)]?.volume?.info.space ?? state.readSpace;
  return space !== '' && space === series.volume.info.space;
}

const placed = (series: ShownSeries, point: Lps): ShownSeries =>
  series.volume === null ? series : { ...series, point, location: clampIjk(series.volume.dims, patientToVoxel(series.volume.lpsToVoxel, point)) };

/** All series after one of them moved to a place. */
function moved(state: ViewerState, key: string, point: Lps): Readonly<Record<string, ShownSeries>> {
  const mover = state.shown[key];
  if (mover === undefined) return state.shown;
  const from = placed(mover, point);
  const next: Record<string, ShownSeries> = { ...state.shown, [key]: from };
  if (!state.linked) return next;
  for (const [other, series] of Object.entries(state.shown)) {
    const there = other === key ? null : linkedPlace(state, from, series);
    if (there !== null) next[other] = placed(series, there);
  }
  return next;
}

export const useViewer = create<Viewer>()((set, get) => {
  /** Changes the state and what follows from it. */
  const update = (change: Partial<ViewerState>): void => { set((state) => ({ ...change, ...primaryOf({ ...state, ...change }) })); };
  const change = (key: string, part: Partial<ShownSeries>): void => {
    const { shown } = get();
    const series = shown[key];
    if (series !== undefined) update({ shown: { ...shown, [key]: { ...series, ...part } } });
  };

  const loading = new SeriesLoading({
    isOnScreen: (key) => get().shown[key] !== undefined,
    rank: (key) => get().panes.findIndex(({ id, target }) => target !== null && keyOf(target) === key && id === get().active) >= 0 ? -1 : get().panes.findIndex(({ target }) => target !== null && keyOf(target) === key),
    wantedSlice: (key) => get().shown[key]?.location[2] ?? null,
    onSlice: (key, volume) => { arrived(key, volume, 'loading'); },
    onShare: (key, share) => { change(key, { share }); },
    onVolume: (key, volume) => { arrived(key, volume, 'ready'); },
    onFailure: (key, failure) => { change(key, { phase: 'failed', failure, volume: null }); },
  });

  /** Places to go to in series that are not here yet. */
  const awaited = new Map<string, Lps>();

  /** A slice or a whole volume has come: it is shown where its space is looked at already, else in its middle. */
  function arrived(key: string, volume: LoadedVolume, phase: 'loading' | 'ready'): void {
    const state = get();
    const before = state.shown[key];
    if (before === undefined) return;
    const first = before.volume === null;
    const looks = first || before.preset !== 'own' ? { window: volume.presets[first || before.preset === 'own' ? 'auto' : before.preset] } : {};
    const series: ShownSeries = { ...before, ...looks, volume, phase, share: phase === 'ready' ? 1 : before.share, failure: null, ...(first ? { preset: 'auto' as const, inverted: volume.info.inverted } : {}) };
    const wanted = awaited.get(key);
    awaited.delete(key);
    const known = wanted !== undefined ? wanted : first ? Object.values(state.shown).map((other) => (other.target === series.target ? null : linkedPlace(state, other, series))).find((place) => place !== null) : before.point;
    const middle = voxelToPatient(volume.voxelToLps, ijk(...(volume.dims.map((n) => (n - 1) / 2) as [number, number, number])));
    const read = state.offered[0]?.target ?? null;
    const space = read !== null && keyOf(read) === key ? { readSpace: volume.info.space } : {};
    update({ ...space, shown: { ...state.shown, [key]: placed(series, known ?? middle) } });
  }

  /** Puts series into panes: loads what is new, stops and drops what is gone. */
  function arrange(panes: readonly PaneState[], also: Partial<ViewerState> = {}): void {
    const { shown } = get();
    const next: Record<string, ShownSeries> = {};
    for (const { target } of panes) {
      if (target === null || next[keyOf(target)] !== undefined) continue;
      next[keyOf(target)] = shown[keyOf(target)] ?? {
        target, phase: 'loading', share: 0, failure: null, volume: null, point: origin, location: ijk(0, 0, 0),
        window: { center: 0, width: 1 }, preset: 'auto', inverted: false,
      };
    }
    const ids = panes.map(({ id }) => id);
    const state = { ...get(), ...also };
    update({
      ...also, panes, shown: next,
      main: ids.includes(state.main) ? state.main : ids[0] ?? 'axial',
      active: ids.includes(state.active) ? state.active : ids[0] ?? 'axial',
    });
    for (const key of Object.keys(shown)) if (next[key] === undefined) loading.stop(key);
    for (const [key, { target, phase }] of Object.entries(next)) if (shown[key] === undefined || phase === 'failed') loading.start(key, target);
  }

  const activeKey = (): string | null => {
    const target = paneOf(get(), get().active)?.target ?? null;
    return target === null ? null : keyOf(target);
  };

  /** The pane that series of the open study go to: the active one, unless the companion hangs there. */
  const ownPane = (): PaneState | undefined => {
    const state = get();
    const own = state.panes.filter(({ target }) => target === null || !isCompanion(state, target));
    return own.find(({ id }) => id === state.active) ?? own[0];
  };

  let layoutBefore: { readonly layout: LayoutName; readonly panes: readonly PaneState[] } | null = null;

  return {
    ...nothingRead,
    study: null,
    layout: 'mpr',
    panes: panesOf('mpr', []),
    shown: {},
    offered: [],
    readSpace: '',
    views: {},
    companion: null,
    hanging: usualHanging,
    smooth: true,
    main: 'axial',
    single: false,
    active: 'axial',
    crosshair: true,
    referenceLines: false,
    overlayText: true,
    linked: true,
    linkedViews: false,
    graphics: 'ready',
    stage: 0,

    hang(detail, layout, hung) {
      const wanted = layout ?? automaticLayout(detail, get().hanging);
      layoutBefore = null;
      const panes = panesOf(wanted, hung ?? hungFor(detail, wanted, get().hanging));
      const first = panes[0]?.id ?? 'axial';
      arrange(panes, { study: detail.study, layout: wanted, offered: offeredSeries(detail), readSpace: '', companion: null, views: {}, single: false, main: first, active: first });
    },
    offer(detail) { update({ offered: offeredSeries(detail) }); },
    open(target) {
      const { layout, panes, study, offered } = get();
      const plane = offered.find((other) => other.target !== null && keyOf(other.target) === keyOf(target))?.plane ?? null;
      if (study !== target.study) {
        const fresh = panesOf('mpr', [{ target, plane }]);
        arrange(fresh, { study: target.study, layout: 'mpr', offered: [], readSpace: '', companion: null, views: {}, single: false });
      } else if (layout === 'mpr') {
        arrange(panesOf('mpr', [{ target, plane }]));
      } else {
        const pane = ownPane();
        if (pane !== undefined) arrange(panes.map((other) => (other.id === pane.id ? { ...other, target, plane } : other)), { active: pane.id });
      }
    },
    setPane(id, { target, plane }) {
      const { panes, layout } = get();
      if (layout === 'mpr') arrange(panesOf('mpr', [{ target, plane }]));
      else arrange(panes.map((pane) => (pane.id === id ? { id, target, plane } : pane)));
    },
    close() {
      layoutBefore = null;
      arrange(panesOf('mpr', []), { study: null, layout: 'mpr', offered: [], readSpace: '', companion: null, views: {}, single: false });
    },
    setLayout(layout) {
      const state = get();
      const { companion } = state;
      const hung = rehung(state.panes, paneOf(state, state.active), state.offered);
      const own = layout === 'mpr' ? hung.filter(({ target }) => target !== null && !isCompanion(state, target)) : hung;
      const gone = companion !== null && !panesOf(layout, own).some(({ target }) => target !== null && keyOf(target) === keyOf(companion.target));
      if (gone) layoutBefore = null;
      arrange(panesOf(layout, own), { layout, single: false, ...(gone ? { companion: null } : {}) });
    },
    showBeside(companion) {
      const state = get();
      if (state.study === null || companion.target.study === state.study) return;
      if (state.companion === null) layoutBefore = { layout: state.layout, panes: state.panes };
      const read = state.panes.find(({ target }) => target !== null && keyOf(target) === keyOf(companion.against)) ?? ownPane();
      const plane = read === undefined ? null : state.layout === 'mpr' ? (paneOf(state, state.main)?.plane ?? null) : read.plane;
      const panes = panesOf('two', [{ target: companion.against, plane }, { target: companion.target, plane }]);
      arrange(panes, { layout: 'two', companion, single: false, main: 'pane-1', active: 'pane-1' });
    },
    setLink(link) {
      const { companion } = get();
      if (companion === null) return;
      update({ companion: { ...companion, link } });
      const state = get();
      const against = state.shown[keyOf(companion.against)];
      if (against !== undefined) update({ shown: moved(state, keyOf(companion.against), against.point) });
    },
    closeBeside() {
      const state = get();
      if (state.companion === null) return;
      const before = layoutBefore ?? { layout: 'mpr' as const, panes: panesOf('mpr', [{ target: state.companion.against, plane: null }]) };
      layoutBefore = null;
      arrange(before.panes, { layout: before.layout, companion: null, single: false });
    },
    locate(location) {
      const { volume, locateAt } = get();
      if (volume !== null) locateAt(voxelToPatient(volume.voxelToLps, clampIjk(volume.dims, location)));
    },
    locateAt(point) {
      const { target } = get();
      if (target !== null) update({ shown: moved(get(), keyOf(target), point) });
      loading.follow();
    },
    locateIn(pane, point) {
      const target = paneOf(get(), pane)?.target ?? null;
      if (target !== null) update({ shown: moved(get(), keyOf(target), point) });
      loading.follow();
    },
    goTo(target, point, plane) {
      const key = keyOf(target);
      const hanging = (): PaneState | undefined => get().panes.find((other) => other.target !== null && keyOf(other.target) === key);
      if (hanging() === undefined) get().open(target);
      const pane = hanging();
      if (pane === undefined) return;
      if (get().layout === 'mpr') {
        if (plane !== null) update({ main: plane, active: plane });
      } else {
        update({ active: pane.id, panes: get().panes.map((other) => (other.id === pane.id ? { ...other, plane: plane ?? other.plane } : other)) });
      }
      if ((get().shown[key]?.volume ?? null) === null) awaited.set(key, point);
      else get().locateIn(pane.id, point);
    },
    scroll(id, slices) {
      const pane = paneOf(get(), id);
      const series = seriesIn(get(), id);
      if (pane === undefined || series === undefined || series.volume === null) return;
      const { volume, point, location } = series;
      const { axis } = planeOf(pane, volume);
      const wanted = Math.min(volume.dims[axis] - 1, Math.max(0, location[axis] + slices));
      // Only the way along the slices is gone; the place across them stays exact, also for volumes of other grids.
      const way = wanted - patientToVoxel(volume.lpsToVoxel, point)[axis];
      const step = axisStep(volume.voxelToLps, axis);
      get().locateIn(id, lps(point[0] + way * step[0], point[1] + way * step[1], point[2] + way * step[2]));
    },
    scrollTo(id, end) {
      const pane = paneOf(get(), id);
      const volume = seriesIn(get(), id)?.volume ?? null;
      if (pane === undefined || volume === null) return;
      const count = volume.dims[planeOf(pane, volume).axis];
      get().scroll(id, end === 'first' ? -count : count);
    },
    setView(id, view) {
      const state = get();
      const set = { zoom: Math.min(20, Math.max(0.25, view.zoom)), pan: view.pan };
      const views: Record<string, PaneView> = { ...state.views, [id]: set };
      const pane = paneOf(state, id);
      const own = seriesIn(state, id);
      if (state.linkedViews && state.layout !== 'mpr' && pane !== undefined && own !== undefined && own.volume !== null) {
        for (const other of state.panes) {
          const series = seriesIn(state, other.id);
          if (other.id === id || series === undefined || series.volume === null || linkedPlace(state, own, series) === null) continue;
          const [from, to] = [planeOf(pane, own.volume), planeOf(other, series.volume)];
          if (from.name === to.name) views[other.id] = linkedView({ affine: own.volume.voxelToLps, dims: own.volume.dims, plane: from }, set, { affine: series.volume.voxelToLps, dims: series.volume.dims, plane: to });
        }
      }
      update({ views });
    },
    setWindow(pane, window) {
      const target = paneOf(get(), pane)?.target ?? null;
      if (target !== null) change(keyOf(target), { window, preset: 'own' });
    },
    usePreset(name) {
      const key = activeKey();
      const volume = key === null ? null : (get().shown[key]?.volume ?? null);
      if (key !== null && volume !== null) change(key, { window: volume.presets[name], preset: name });
    },
    invert() {
      const key = activeKey();
      const series = key === null ? undefined : get().shown[key];
      if (key !== null && series !== undefined) change(key, { inverted: !series.inverted });
    },
    resetViews() {
      const shown = Object.fromEntries(Object.entries(get().shown).map(([key, series]) => [key, series.volume === null ? series : { ...series, window: series.volume.presets.auto, preset: 'auto' as const, inverted: series.volume.info.inverted }]));
      update({ views: {}, shown });
    },
    setMain(plane) {
      const { layout, panes, active } = get();
      if (layout === 'mpr') update({ main: plane, active: plane });
      else update({ panes: panes.map((pane) => (pane.id === active ? { ...pane, plane } : pane)) });
    },
    enlarge(pane) {
      const { single, main } = get();
      update({ main: pane, active: pane, single: single && main === pane ? false : !single });
    },
    activate(pane) { if (get().active !== pane) update({ active: pane }); },
    loseGraphics() { set({ graphics: 'lost' }); },
    restartGraphics() {
      restartStage();
      set(({ stage }) => ({ graphics: 'ready', stage: stage + 1 })); // new panes attach themselves
    },
    toggle(flag) { update({ [flag]: !get()[flag] }); },
    retry() {
      for (const [key, { phase, target }] of Object.entries(get().shown)) {
        if (phase !== 'failed') continue;
        change(key, { phase: 'loading', failure: null, share: 0 });
        loading.start(key, target);
      }
    },
    forget(study) {
      loading.forget(study);
      releaseIdle(0);
    },
  };
});

/** How a pane is looked at. */
export const useView = (pane: string): PaneView => useViewer(({ views }) => viewOf(views, pane));
