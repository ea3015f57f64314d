/** Grounding both ways: a sentence in focus brings the pictures to where its view looked, a click lights up the sentences of that place. */
import { create } from 'zustand';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground, tellError } from '../notices/noticesStore.ts';
import { lookAt } from '../reading/readingStore.ts';
import { useReadingTab } from '../reading/tabStore.ts';
import { usePointed } from '../viewer/pointedStore.ts';
import { overlaysBelong, useViewer } from '../viewer/viewerStore.ts';
import { useReport } from './reportStore.ts';

interface LitState {
  /** Views that look at the place that was clicked; null when none was. */
  readonly views: ReadonlySet<number> | null;
  readonly clear: () => void;
}

export const useLit = create<LitState>()((set) => ({
  views: null,
  clear() { set({ views: null }); },
}));

let asked = 0;

async function lightUp(study: string, pointLps: readonly [number, number, number]): Promise<void> {
  const own = ++asked;
  try {
    const found = await bridge().call('study.viewsAt', { study, pointLps: [...pointLps] });
    if (own === asked && useReport.getState().study === study) useLit.setState({ views: new Set(found.map(({ view }) => view)) });
  } catch (error) {
    if (failureOf(error, study)?.code !== 'search/not-encoded') tellError(error, texts.report.title);
  }
}

usePointed.subscribe(({ pane, point }) => {
  const { study, phase } = useReport.getState();
  const viewer = useViewer.getState();
  if (study === null || phase !== 'writing' || useReadingTab.getState().tab !== 'report' || viewer.study !== study || !overlaysBelong(viewer, pane)) return;
  void lightUp(study, point);
});

useReport.subscribe(({ study, focus, content }, before) => {
  if (focus === before.focus) return;
  if (useLit.getState().views !== null) useLit.getState().clear();
  const grounding = content.sentences.find(({ id }) => id === focus)?.grounding ?? null;
  if (study !== null && grounding !== null) inBackground(lookAt(study, grounding), texts.report.title);
});
