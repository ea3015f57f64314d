/**
 * A study opened beside the open one: an earlier study of the patient, or a similar case. The two are opened at once and
 * scroll on their own until it is known how their slices go together; what that rests on stands in the bar above the pictures.
 */
import { create } from 'zustand';
import type { Correspondence, FoundCase, Prior, VolumeAddress, VolumeInfo } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Affine, Dims } from '../../../shared/geometry.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { shownDate } from '../../ui/format.ts';
import { inBackground, tellError } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useCompare } from '../viewer/compareStore.ts';
import { linkOf } from './linkOf.ts';

export interface Beside {
  readonly kind: 'prior' | 'case';
  readonly name: string;
  readonly study: string;
  readonly here: VolumeAddress;
  readonly there: VolumeAddress;
}

interface BesideState {
  readonly beside: Beside | null;
  readonly phase: 'matching' | 'done' | 'failed';
  readonly match: Correspondence | null;
  readonly failure: ErrorData | null;
  /** Whether studies of different frames of reference are registered. */
  readonly register: boolean;
  readonly open: (beside: Beside) => void;
  readonly setRegister: (register: boolean) => void;
  readonly close: () => void;
}

let asking: object | null = null;

const placed = ({ dims, voxelToLps }: VolumeInfo): { readonly dims: Dims; readonly voxelToLps: Affine } => ({ dims, voxelToLps: voxelToLps as unknown as Affine });

/** What the bar above the pictures and the pane's corner say; the pane has room for little, and for its own date. */
function titleOf({ kind }: Beside, match: Correspondence | null): string {
  const words = texts.similar.match;
  const name = words.short[kind];
  if (match === null) return `${name}: ${words.working}`;
  return [`${name}: ${words.by[match.by]}`, match.quality === null || match.by !== 'registration' ? '' : words.fit(match.quality.toFixed(2))].filter(Boolean).join(', ');
}

export const useBeside = create<BesideState>()((set, get) => {
  async function match(beside: Beside): Promise<void> {
    const own = {};
    asking = own;
    const { here, there, kind } = beside;
    set({ phase: 'matching', match: null, failure: null });
    useCompare.setState({ title: titleOf(beside, null) });
    useCompare.getState().setLink({ kind: 'none' });
    const found = await bridge().call('volumes.match', { here, there, kind, register: get().register });
    const [fixed, moving] = await Promise.all([here, there].map((address) => bridge().call('volume.open', address)));
    if (asking !== own || get().beside !== beside) return;
    set({ phase: 'done', match: found });
    useCompare.setState({ title: titleOf(beside, found) });
    useCompare.getState().setLink(linkOf(found, placed(fixed!), placed(moving!)));
  }
  const start = (beside: Beside): void => {
    match(beside).catch((error: unknown) => {
      const failure = failureOf(error, beside.name);
      if (get().beside === beside && failure !== null) set({ phase: 'failed', failure });
    });
  };
  return {
    beside: null,
    phase: 'done',
    match: null,
    failure: null,
    register: true,
    open(beside) {
      const openStudy = useStudies.getState().openStudy;
      if (openStudy === null) return;
      set({ beside });
      useCompare.getState().open({ target: { study: beside.study, ...beside.there }, against: { study: openStudy, ...beside.here }, link: { kind: 'none' }, title: titleOf(beside, null) });
      start(beside);
    },
    setRegister(register) {
      set({ register });
      const { beside } = get();
      if (beside !== null) start(beside);
    },
    close() {
      asking = null;
      set({ beside: null, match: null, failure: null });
      useCompare.getState().close();
    },
  };
});

/** The volume of the open study that others are laid beside: what the models read, or what is shown first. */
function ownVolume(): VolumeAddress | null {
  const { detail } = useStudies.getState();
  if (detail?.chosen) return { series: detail.chosen.series, stack: detail.chosen.stack };
  for (const { series, stacks } of detail?.series ?? []) {
    const stack = stacks.find(({ dims }) => dims !== null);
    if (stack !== undefined) return { series, stack: stack.index };
  }
  return null;
}

export function openPriorBeside(prior: Prior): void {
  const here = ownVolume();
  const current = useStudies.getState().openStudy;
  if (here === null || prior.shown === null || current === null) return;
  const date = prior.studyDate === '' ? texts.similar.priors.noDate : shownDate(prior.studyDate);
  useBeside.getState().open({ kind: 'prior', name: texts.similar.match.beside.prior(date), study: prior.study, here, there: prior.shown });
  inBackground(bridge().call('priors.opened', { study: current, prior: prior.study }), date);
}

export function openCaseBeside(found: FoundCase): void {
  const here = ownVolume();
  const { study } = found;
  if (here === null || study === null) return;
  bridge().call('study.get', { study }).then(
    ({ chosen }) => {
      if (chosen !== null) useBeside.getState().open({ kind: 'case', name: texts.similar.match.beside.case(found.case), study, here, there: { series: chosen.series, stack: chosen.stack } });
    },
    (error: unknown) => { tellError(error, found.case); },
  );
}
