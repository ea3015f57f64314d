/** Reading assistance for the open study: the analysis and its results, and the sentence in focus. */
import { create } from 'zustand';
import type { DraftSentence } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { ijk, voxelToPatient } from '../../../shared/geometry.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { centreOfAttention } from '../attention/attentionSampling.ts';
import { useAttention } from '../attention/attentionStore.ts';
import { useLesions } from '../findings/lesionStore.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { afterEvent, fromDraft, noProgress } from './analysis.ts';
import type { AnalysisProgress } from './analysis.ts';

interface ReadingState {
  readonly study: string | null;
  readonly phase: 'idle' | 'running' | 'done' | 'cancelled' | 'failed';
  readonly progress: AnalysisProgress;
  readonly failure: ErrorData | null;
  /** Index of the sentence in focus. */
  readonly focus: number | null;
  readonly enter: (study: string) => void;
  readonly leave: () => void;
  /** `anyway` drafts although the image is outside of what the pack was made for. */
  readonly analyse: (anyway?: boolean) => Promise<void>;
  readonly cancel: () => void;
  readonly focusSentence: (sentence: DraftSentence) => void;
  readonly stepSentence: (by: 1 | -1) => void;
}

const nothing = { phase: 'idle', progress: noProgress, failure: null, focus: null } as const;
const casesWanted = 10;

let running: AbortController | null = null;

/** A stored draft and its similar cases; a study that was never analysed simply has none. */
async function loadStored(study: string): Promise<void> {
  const [draft, findings] = await Promise.all([bridge().call('study.draft', { study }), bridge().call('study.findings', { study })]);
  const isCurrent = (): boolean => useReading.getState().study === study && useReading.getState().phase === 'idle';
  const withheld = draft === null && findings?.insideOfTraining?.inside === false ? findings.insideOfTraining : null;
  if ((draft === null && withheld === null) || !isCurrent()) return;
  const made = draft === null ? { pack: findings!.pack, provider: findings!.provider } : fromDraft(draft);
  useReading.setState({ phase: 'done', progress: { ...noProgress, ...made, findings, withheld } });
  void useLesions.getState().load(study);
  const similar = await bridge().call('case.similar', { study, limit: casesWanted });
  if (useReading.getState().study === study) useReading.setState(({ progress }) => (progress.similar === null ? { progress: { ...progress, similar } } : {}));
}

/** Brings the pictures to where a sentence's view looked: its slice, at the centre of its attention. */
export async function lookAt(study: string, { view, slice }: Pick<DraftSentence, 'view' | 'slice'>): Promise<void> {
  const jumpToSlice = (): void => {
    const { volume, target, location, locate, offered } = useViewer.getState();
    // The slice number belongs to the series the models read; another series has its own.
    const read = useReading.getState().progress.draft ?? offered[0]?.target ?? null;
    const same = read === null || (target?.series === read.series && target.stack === read.stack);
    if (volume === null || slice === null || !same) return;
    locate(ijk(location[0], location[1], slice));
  };
  jumpToSlice();
  const grid = await useAttention.getState().show(study, view);
  const { volume, locateAt, location } = useViewer.getState();
  if (grid === null || volume === null || useReading.getState().study !== study) return;
  const there = centreOfAttention(grid);
  if (there === null) return;
  if (grid.hasDepth) {
    locateAt(there);
  } else {
    // Only the in-plane place is known: the third coordinate stays where the reader is.
    const here = voxelToPatient(volume.voxelToLps, location);
    const { axial } = volume.planes;
    const along = axial.towards;
    const lift = (here[0] - there[0]) * along[0] + (here[1] - there[1]) * along[1] + (here[2] - there[2]) * along[2];
    locateAt([there[0] + lift * along[0], there[1] + lift * along[1], there[2] + lift * along[2]] as unknown as typeof there);
  }
  jumpToSlice();
}

export const useReading = create<ReadingState>()((set, get) => ({
  study: null,
  ...nothing,
  enter(study) {
    running?.abort();
    useAttention.getState().forget();
    useLesions.getState().forget();
    set({ study, ...nothing });
    inBackground(loadStored(study), study);
  },
  leave() {
    running?.abort();
    useAttention.getState().forget();
    useLesions.getState().forget();
    set({ study: null, ...nothing });
  },
  async analyse(anyway = false) {
    const { study, phase } = get();
    if (study === null || phase === 'running') return;
    const own = new AbortController();
    running = own;
    const { draft, withheld } = get().progress;
    // Asked for in spite of the notice: what was found is kept, only the draft is missing.
    const again = !anyway && (draft !== null || withheld !== null);
    // A draft that was made in spite of the notice is made anew as it was.
    const spite = anyway || (draft?.outside ?? null) !== null;
    useAttention.getState().forget();
    useLesions.getState().forget();
    set({ ...nothing, phase: 'running' });
    const settle = (state: Partial<ReadingState>): void => { if (get().study === study && running === own) set(state); };
    try {
      for await (const event of bridge().stream('study.analyse', { study, force: again, anyway: spite }, own.signal)) {
        if (running !== own || get().study !== study) return;
        set({ progress: afterEvent(get().progress, event) });
        if (event.kind === 'findings') void useLesions.getState().load(study);
      }
      settle({ phase: 'done' });
    } catch (error) {
      const failure = failureOf(error, study);
      settle(failure === null ? { phase: 'cancelled' } : { phase: 'failed', failure });
    } finally {
      if (running === own) running = null;
    }
  },
  cancel() {
    running?.abort();
    if (get().phase === 'running') set({ phase: 'cancelled' });
  },
  focusSentence(sentence) {
    const { study } = get();
    set({ focus: sentence.index });
    if (study !== null) inBackground(lookAt(study, sentence), study);
  },
  stepSentence(by) {
    const { progress: { sentences }, focus, focusSentence } = get();
    const at = sentences.findIndex(({ index }) => index === focus);
    const next = sentences[at < 0 ? (by > 0 ? 0 : sentences.length - 1) : at + by];
    if (next !== undefined) focusSentence(next);
  },
}));
