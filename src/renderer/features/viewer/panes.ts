/**
 * How the viewer is divided: the planes of one volume (MPR), or panes that each show a series of their own. Pure: which
 * panes a layout has and what stays in them when it changes.
 */
import { planeNames } from './planes.ts';
import type { PaneView, PlaneName } from './planes.ts';
import { untouchedView } from './planes.ts';

export const layoutNames = ['mpr', 'protocol', 'one', 'two', 'four'] as const;
/** `protocol` is one large pane with up to three beside it. */
export type LayoutName = (typeof layoutNames)[number];

export interface SeriesTarget {
  readonly study: string;
  readonly series: string;
  readonly stack: number;
}

/** Names a volume wherever one is looked up. */
export const keyOf = ({ study, series, stack }: SeriesTarget): string => `${study}|${series}|${stack}`;

export interface PaneState {
  /** A plane's name in MPR, else `pane-1` and so on. */
  readonly id: string;
  readonly target: SeriesTarget | null;
  /** Plane the series is cut in; null is the plane it was acquired in. */
  readonly plane: PlaneName | null;
}

/** What a pane is to show, before it has a place. */
export type Hung = Omit<PaneState, 'id'>;

const paneCounts: Readonly<Record<Exclude<LayoutName, 'mpr'>, number>> = { protocol: 4, one: 1, two: 2, four: 4 };

/** @param hung in order of their weight; what is missing stays empty, what is too many is left out */
export function panesOf(layout: LayoutName, hung: readonly Hung[]): readonly PaneState[] {
  if (layout === 'mpr') return planeNames.map((plane) => ({ id: plane, target: hung[0]?.target ?? null, plane }));
  const count = layout === 'protocol' ? Math.min(paneCounts.protocol, Math.max(2, hung.length)) : paneCounts[layout];
  return Array.from({ length: count }, (_, at) => ({ id: `pane-${at + 1}`, target: hung[at]?.target ?? null, plane: hung[at]?.plane ?? null }));
}

const same = (a: SeriesTarget | null, b: SeriesTarget | null): boolean => a !== null && b !== null && keyOf(a) === keyOf(b);

/**
 * What hangs in a new layout: first what is shown now, the series that is read before all, then what else is offered.
 * @param first the pane that is read now
 */
export function rehung(panes: readonly PaneState[], first: PaneState | undefined, offered: readonly Hung[]): readonly Hung[] {
  const isMpr = panes.some(({ id }) => planeNames.some((plane) => plane === id));
  const shown = (isMpr ? panes.slice(0, 1) : panes).map(({ target, plane }): Hung => ({ target, plane: isMpr ? (offered.find((other) => same(other.target, target))?.plane ?? null) : plane }));
  const lead = isMpr || first === undefined ? shown.slice(0, 1) : [{ target: first.target, plane: first.plane }];
  return [...lead, ...shown, ...offered].filter((one, at, all) => one.target !== null && all.findIndex((other) => same(other.target, one.target)) === at);
}

export const viewOf = (views: Readonly<Record<string, PaneView>>, pane: string): PaneView => views[pane] ?? untouchedView;
