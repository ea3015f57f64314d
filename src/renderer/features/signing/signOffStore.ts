/**
 * Signing the open report, one thing after the other: what is undecided, each flag that stands, and at last the text with the
 * passphrase. Nothing is confirmed together.
 */
import { create } from 'zustand';
import type { QuestionAnswer, ReportFlag, StructuredAnswer } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { tell } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';
import { wording } from '../report/sentences.ts';
import { useReadingTab } from '../reading/tabStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';

interface SignOffState {
  readonly phase: 'checking' | 'unsaved' | 'ready' | 'signing' | 'failed';
  /** Ids of drafted sentences nobody decided on. */
  readonly undecided: readonly string[];
  /** Flags that stand. */
  readonly flags: readonly ReportFlag[];
  /** Ids of those the reader looked at once more. */
  readonly confirmed: readonly string[];
  /** What is signed as structured findings. */
  readonly answers: readonly StructuredAnswer[];
  readonly failure: ErrorData | null;
  /** Saves, and asks what stands in the way. */
  readonly check: () => Promise<void>;
  readonly confirm: (flag: string) => void;
  readonly sign: (passphrase: string) => Promise<void>;
}

const nothing = { undecided: [], flags: [], confirmed: [], answers: [], failure: null } as const;

/** What is signed of the answers: what the text says and what the reader chose. A head's answer or that of silence is nobody's statement. */
export const signable = (answers: readonly QuestionAnswer[]): StructuredAnswer[] => answers.map(({ chosen }) => chosen).filter(({ source }) => source !== 'head' && source !== 'default');

/** Errors after which the report must be looked at again, since it is not what was checked. */
const recheck: readonly string[] = ['report/conflict', 'report/undecided', 'report/unconfirmed'];

let asked = 0;
/** The text that was checked and is shown: another one, put together with that of another window, is not signed unseen. */
let checked = '';

export const useSignOff = create<SignOffState>()((set, get) => ({
  phase: 'checking',
  ...nothing,
  async check() {
    const own = ++asked;
    const { study, flush } = useReport.getState();
    if (study === null) return;
    const { confirmed, failure } = get();
    set({ phase: 'checking' });
    try {
      if (!(await flush())) {
        if (own === asked) set({ phase: 'unsaved', failure: useReport.getState().failure });
        return;
      }
      const { revision, undecided, flags } = await bridge().call('report.check', { study });
      // Another window saved meanwhile: what is checked is what is shown.
      if (useReport.getState().report?.revision !== revision) await useReport.getState().reload();
      const { content } = useReport.getState();
      const answers = await bridge().call('report.answers', { study, content });
      if (own !== asked) return;
      checked = wording(content);
      // A flag of the same fault keeps its id, and was looked at.
      set({ phase: 'ready', undecided, flags, answers: signable(answers), confirmed: confirmed.filter((id) => flags.some((flag) => flag.id === id)), failure });
    } catch (error) {
      if (own === asked) set({ phase: 'failed', failure: failureOf(error, texts.signing.title) });
    }
  },
  confirm(flag) { set(({ confirmed }) => ({ confirmed: confirmed.includes(flag) ? confirmed : [...confirmed, flag] })); },
  async sign(passphrase) {
    const { study, report, setAnswers, flush } = useReport.getState();
    const { confirmed, answers } = get();
    if (study === null || report === null) return;
    set({ phase: 'signing', failure: null });
    try {
      setAnswers(answers);
      if (!(await flush())) {
        set({ phase: 'unsaved', failure: useReport.getState().failure });
        return;
      }
      const { report: saved, content } = useReport.getState();
      if (wording(content) !== checked) {
        set({ failure: { code: 'report/conflict', message: texts.signing.changed, subject: texts.signing.title, advice: texts.signing.changedAdvice } });
        await get().check();
        return;
      }
      const { revision } = saved!;
      await bridge().call('report.sign', { study, revision, confirmed: [...confirmed], passphrase });
      useSheet.getState().close();
      tell(texts.signing.signed);
      await useReport.getState().reload();
    } catch (error) {
      const failure = failureOf(error, texts.signing.title);
      set({ phase: 'ready', failure });
      if (failure !== null && recheck.includes(failure.code)) await get().check();
    }
  },
}));

/** Opens the sheet for the report that is being written. */
export function startSigning(): void {
  if (useReport.getState().phase !== 'writing') {
    tell(texts.signing.nothing);
    return;
  }
  useSignOff.setState({ phase: 'checking', ...nothing });
  useSheet.getState().show('sign');
  void useSignOff.getState().check();
}

/** Back to the text, at a sentence if there is one. */
export function goBack(sentence: string | null): void {
  useSheet.getState().close();
  useReadingTab.getState().showTab('report');
  if (sentence !== null) useReport.getState().focusOn(sentence);
}
