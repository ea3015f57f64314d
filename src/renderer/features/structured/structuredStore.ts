/**
 * The structured findings of the report that is being written: what holds for each of Figure 14's questions, asked again a moment
 * after the text or an answer changed. A reader's answers are kept in the report; both ways of saying a thing are held together.
 */
import { create } from 'zustand';
import type { QuestionAnswer, ReportContent, StructuredAnswer } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { tell, tellError } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';

/** What would bring the text in line with a reader's answer. */
export interface Proposal {
  readonly texts: readonly string[];
  /** Ids of sentences that say otherwise. */
  readonly against: readonly string[];
}

interface StructuredState {
  readonly answers: readonly QuestionAnswer[];
  /** By question; only where a reader's answer is not what the text says. */
  readonly proposals: ReadonlyMap<string, Proposal>;
  /** What the language model is at. */
  readonly asking: 'answers' | 'impression' | null;
  readonly answer: (question: string, answers: readonly string[]) => void;
  /** Takes a reader's answer back: what the other sources say holds again. */
  readonly withdraw: (question: string) => void;
  readonly insert: (text: string) => void;
  readonly askModel: () => Promise<void>;
  readonly proposeImpression: () => Promise<void>;
}

export const sameAnswers = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((answer) => b.includes(answer));

/** Whether the text itself says what holds. */
export const textSays = ({ chosen, evidence }: QuestionAnswer): boolean => evidence.some(({ source, answers }) => source === 'text' && sameAnswers(answers, chosen.answers));

/** After the last change, ms. */
const askAfterMs = 300;
let timer = 0;
let asked = 0;

const relevant = ({ sentences, answers }: ReportContent): string => JSON.stringify([sentences.map(({ id, text, state, section }) => [id, text, state, section]), answers]);

async function refresh(): Promise<void> {
  const own = ++asked;
  const { study, phase, content } = useReport.getState();
  if (study === null || phase !== 'writing') return;
  try {
    const answers = await bridge().call('report.answers', { study, content });
    const unsaid = answers.filter((one) => one.chosen.source === 'reader' && !textSays(one));
    const proposals = await Promise.all(unsaid.map(async ({ question, chosen }) => [question, await bridge().call('report.propose', { sentences: content.sentences, question, answers: chosen.answers })] as const));
    if (own === asked) useStructured.setState({ answers, proposals: new Map(proposals) });
  } catch (error) {
    if (own === asked) tellError(error, texts.structured.title);
  }
}

const setAnswers = (change: (answers: readonly StructuredAnswer[]) => readonly StructuredAnswer[]): void => {
  const { content, setAnswers: keep } = useReport.getState();
  keep(change(content.answers));
};

export const useStructured = create<StructuredState>()((set) => ({
  answers: [],
  proposals: new Map(),
  asking: null,
  answer(question, answers) {
    setAnswers((kept) => [...kept.filter((one) => one.question !== question || one.source !== 'reader'), { question, answers: [...answers], probability: null, source: 'reader' }]);
  },
  withdraw(question) { setAnswers((kept) => kept.filter((one) => one.question !== question || one.source !== 'reader')); },
  insert(text) { useReport.getState().insert([{ section: 'findings', text, origin: 'template' }], { section: 'findings', after: useReport.getState().content.sentences.findLast(({ section }) => section === 'findings')?.id ?? null }); },
  async askModel() {
    const { study, content } = useReport.getState();
    set({ asking: 'answers' });
    try {
      const answers = await bridge().call('report.askModel', { sentences: content.sentences });
      if (useReport.getState().study === study) setAnswers((kept) => [...kept.filter(({ source }) => source !== 'model'), ...answers]);
    } catch (error) {
      tellError(error, texts.structured.title);
    } finally {
      set({ asking: null });
    }
  },
  async proposeImpression() {
    const { study, content } = useReport.getState();
    set({ asking: 'impression' });
    try {
      const { texts: proposed } = await bridge().call('report.proposeImpression', { sentences: content.sentences });
      if (useReport.getState().study !== study) return;
      useReport.getState().insert(proposed.map((text) => ({ section: 'impression' as const, text, origin: 'model' as const })));
      tell(texts.structured.proposed(proposed.length));
    } catch (error) {
      tellError(error, texts.structured.title);
    } finally {
      set({ asking: null });
    }
  },
}));

const later = (): void => {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => { void refresh(); }, askAfterMs);
};

useReport.subscribe((state, before) => {
  if (state.phase !== 'writing') {
    if (before.phase === 'writing') useStructured.setState({ answers: [], proposals: new Map() });
    return;
  }
  const same = state.study === before.study && state.phase === before.phase && (state.content === before.content || relevant(state.content) === relevant(before.content));
  if (!same) later();
});
later(); // a report may have been opened before this part was loaded
