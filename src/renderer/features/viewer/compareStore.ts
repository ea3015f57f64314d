/**
 * A series of another examination beside the one that is read: a prior of the patient, or a case that looks alike.
 * Whoever opens it says how the two follow each other; the viewer keeps them together as the reader scrolls.
 */
import { create } from 'zustand';
import type { StudyDetail } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';
import type { CompanionLink } from './linking.ts';
import type { SeriesTarget } from './panes.ts';
import { useViewer } from './viewerStore.ts';

export interface Beside {
  /** Series of another study. */
  readonly target: SeriesTarget;
  /** The series of the open study it is linked with; it is shown in the pane to the left. */
  readonly against: SeriesTarget;
  readonly link: CompanionLink;
  /** Said in the pane, above the patient's name: "Prior of 3 May 2024", "Similar case". */
  readonly title: string;
}

interface CompareState {
  readonly title: string;
  /** The study of the companion, for the text in its panes. */
  readonly detail: StudyDetail | null;
  readonly open: (beside: Beside) => void;
  /** Replaces the link, for instance once a registration is there or is switched off. */
  readonly setLink: (link: CompanionLink) => void;
  readonly close: () => void;
  readonly fetchDetail: (study: string) => void;
}

let asked = '';

export const useCompare = create<CompareState>()((set, get) => ({
  title: '',
  detail: null,
  open({ target, against, link, title }) {
    set({ title });
    get().fetchDetail(target.study);
    useViewer.getState().showBeside({ target, against, link });
  },
  setLink(link) { useViewer.getState().setLink(link); },
  close() { useViewer.getState().closeBeside(); },
  fetchDetail(study) {
    if (get().detail?.study === study || asked === study) return;
    asked = study;
    set({ detail: null });
    bridge().call('study.get', { study }).then(
      (detail) => { if (asked === study) set({ detail }); },
      (error: unknown) => { tellError(error, study); },
    ).finally(() => { if (asked === study) asked = ''; });
  },
}));
