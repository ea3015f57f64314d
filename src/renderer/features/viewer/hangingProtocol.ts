/** Which series hangs where when a study is opened, by what the engine says each series is for. Pure. */
import type { HangingProtocol, Role, SavedLayout, SeriesSummary, StackSummary, StudyDetail } from '../../../shared/contract.ts';
import { usualHanging } from '../../../shared/hanging.ts';
import type { Hung, LayoutName, PaneState } from './panes.ts';
import type { PlaneName } from './planes.ts';

/** Roles in the order of their panes. */
export const protocolRoles = ['t1c', 't1', 't2', 'flair'] as const satisfies readonly Role[];

/** Slices further apart than this, mm, are shown as they were acquired: a cut across them shows steps, not anatomy. */
const thickestCutMm = 2.6;

/** Axial, where that is how it was acquired or the slices are thin enough to be cut so; else null, as acquired. */
export function readingPlane({ plane, spacingMm }: Pick<StackSummary, 'plane' | 'spacingMm'>): PlaneName | null {
  if (plane === 'axial') return 'axial';
  return spacingMm !== null && Math.max(...spacingMm) <= thickestCutMm ? 'axial' : null;
}

function hungOf(study: string, series: SeriesSummary, stack?: number): Hung | null {
  const found = series.stacks.find(({ index, dims }) => dims !== null && (stack === undefined || index === stack));
  return found === undefined ? null : { target: { study, series: series.series, stack: found.index }, plane: readingPlane(found) };
}

const bestOf = (detail: StudyDetail, role: Role): SeriesSummary | undefined =>
  detail.series
    .filter((series) => series.role === role && series.stacks.some(({ dims }) => dims !== null))
    .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))[0];

/**
 * All that can be shown, the one to read first at the head: the series the models use, then the best of T1 after
 * contrast, T1, T2 and FLAIR, then the rest in the order of the study.
 */
export function offeredSeries(detail: StudyDetail): readonly Hung[] {
  const { chosen, study } = detail;
  const chosenSeries = chosen === null ? undefined : detail.series.find(({ series }) => series === chosen.series);
  const lead = chosenSeries === undefined || chosen === null ? null : hungOf(study, chosenSeries, chosen.stack);
  const byRole = protocolRoles.map((role) => bestOf(detail, role)).map((series) => (series === undefined ? null : hungOf(study, series)));
  const rest = detail.series.map((series) => hungOf(study, series));
  return [lead, ...byRole, ...rest].filter((one, at, all): one is Hung => one !== null && all.findIndex((other) => other?.target?.series === one.target?.series) === at);
}

/** How many panes the roles of a study fill: the large one beside the others from two of the rule's sequences on, else the planes of one. */
export function automaticLayout(detail: StudyDetail, { roles, panes }: HangingProtocol = usualHanging): LayoutName {
  if (roles.length > 1 && roles.filter((role) => bestOf(detail, role) !== undefined).length < 2) return 'mpr';
  if (roles.every((role) => bestOf(detail, role) === undefined)) return 'mpr';
  return panes === 1 || roles.length === 1 ? 'one' : 'protocol';
}

/** Series in the order of the rule; the one the models read stands for its sequence, and before all if it is of none. */
function hungByRule(detail: StudyDetail, { roles, panes }: HangingProtocol): readonly Hung[] {
  const offered = offeredSeries(detail);
  const roleOf = ({ target }: Hung): Role => detail.series.find(({ series }) => series === target?.series)?.role ?? 'other';
  const lead = offered.slice(0, 1).filter((hung) => roleOf(hung) === 'other');
  const byRole = roles.flatMap((role) => offered.find((hung) => roleOf(hung) === role) ?? []);
  return [...lead, ...byRole].slice(0, panes);
}

/** What hangs at first in a layout: in the rule's own only series of its sequences, in others whatever is there. */
export function hungFor(detail: StudyDetail, layout: LayoutName, rule: HangingProtocol = usualHanging): readonly Hung[] {
  return layout === automaticLayout(detail, rule) && layout !== 'mpr' ? hungByRule(detail, rule) : offeredSeries(detail);
}

/** A saved layout for a study: the best series of each sequence in its place; where the study has none, whatever is left. */
export function hungBy(detail: StudyDetail, { panes }: Pick<SavedLayout, 'panes'>): readonly Hung[] {
  const offered = offeredSeries(detail);
  const used = new Set<string>();
  const take = (fits: (hung: Hung) => boolean): Hung | undefined => {
    const found = offered.find((hung) => hung.target !== null && !used.has(hung.target.series) && fits(hung));
    if (found?.target != null) used.add(found.target.series);
    return found;
  };
  const byRole = panes.map(({ role }) => {
    const best = role === 'other' ? undefined : bestOf(detail, role);
    return best === undefined ? undefined : take(({ target }) => target?.series === best.series);
  });
  return panes.map(({ plane }, at) => ({ target: (byRole[at] ?? take(() => true))?.target ?? null, plane }));
}

/** What is kept of panes: the sequence and the plane of each. */
export function savedOf(detail: StudyDetail, panes: readonly Pick<PaneState, 'target' | 'plane'>[]): SavedLayout['panes'] {
  return panes.map(({ target, plane }) => ({ role: detail.series.find(({ series }) => series === target?.series)?.role ?? 'other', plane }));
}
