/**
 * The report of the open study as it is written. How other features use it:
 *
 * - Read with `useReport(...)`: `phase` says what there is (see {@link ReportPhase}); `content` is the text as it stands in the
 *   window, `report` as the engine has it (revision, number); `saving` and `failure` say whether both are the same; `flags`
 *   are of the text as it was a moment ago.
 * - Change it only through the actions. Each change shows at once, in the editor too, and is saved within half a second.
 *   `insert` puts sentences in at the caret (or at a place), `setAnswers` keeps structured answers, `edit` is any other change
 *   by the functions of sentences.ts; all can be undone in the editor.
 * - Before anything that needs the text on the disk (signing, locking): `await flush()`. It answers false when the text could
 *   not be saved; it is kept in the window and tried again by itself, at once when somebody signs in.
 * - After signing: `await reload()`. For an addendum: `await addendum()`, which leaves `phase` at `writing`, `report.number` > 1.
 * - Who reads is told by `sessionChanged`. A text is kept through a lock and through leaving its study.
 * - Text of the draft may be shown anywhere only while {@link useDraftOpen} says so.
 */
import { create } from 'zustand';
import type { OpenReport, ReportContent, ReportFlag, ReportPolicy, ReportSentence, Session, SignedReport, StructuredAnswer } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { emptyContent } from '../../../shared/reportContent.ts';
import { toErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground, tell } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { isDraftOpen, nothingLooked } from './looking.ts';
import type { Looked } from './looking.ts';
import { ReportWriter } from './reportWriter.ts';
import type { Saving, WriterState } from './reportWriter.ts';
import { accept, insert, isStanding, kept, newSentence, nextUndecided, reject, restoreOriginal, stepped, takeBack } from './sentences.ts';
import type { NewSentence, Place } from './sentences.ts';

/**
 * `idle`: no study is open. `opening`. `unwritten`: nobody is signed in (a draft may be shown). `writing`: a report or an
 * addendum is in progress. `signed`: there are signed reports and none in progress. `failed`: it could not be opened.
 */
export type ReportPhase = 'idle' | 'opening' | 'unwritten' | 'writing' | 'signed' | 'failed';

interface ReportState {
  readonly study: string | null;
  readonly phase: ReportPhase;
  /** Null until it is known who reads. */
  readonly session: Session | null;
  readonly policy: ReportPolicy | null;
  /** Signed reports of the study, the first one first. */
  readonly signed: readonly SignedReport[];
  /** As the engine last told it; null unless one is in progress. */
  readonly report: OpenReport | null;
  /** As it stands in the window; empty unless one is in progress. */
  readonly content: ReportContent;
  readonly saving: Saving;
  /** Why it is not saved, or could not be opened. */
  readonly failure: ErrorData | null;
  readonly flags: readonly ReportFlag[];
  /** The sentence that keys act on. */
  readonly focus: string | null;
  /** How much of the series the models read was shown. */
  readonly looked: Looked;

  readonly sessionChanged: (session: Session) => void;
  readonly open: (study: string) => Promise<void>;
  readonly leave: () => void;
  /** Opens again what the engine has now: after signing, or when opening failed. */
  readonly reload: () => Promise<void>;
  readonly addendum: () => Promise<void>;
  /** Any change of the text; the same content changes nothing. */
  readonly edit: (change: (content: ReportContent) => ReportContent) => void;
  readonly editSentences: (change: (sentences: readonly ReportSentence[]) => readonly ReportSentence[]) => void;
  /** Takes one sentence; the next one that waits comes into focus. */
  readonly accept: (id: string) => void;
  /** Strikes one sentence out, or takes that back. */
  readonly reject: (id: string) => void;
  readonly restoreOriginal: (id: string) => void;
  /** Puts sentences in, after the one in focus unless a place is given. @returns ids */
  readonly insert: (added: readonly NewSentence[], place?: Place) => readonly string[];
  readonly setAnswers: (answers: readonly StructuredAnswer[]) => void;
  readonly setFirstImpression: (text: string) => void;
  readonly focusOn: (id: string | null) => void;
  readonly step: (by: 1 | -1) => void;
  /** Puts the study's draft in. @throws what the engine throws */
  readonly takeDraft: () => Promise<void>;
  /** Saves now. @returns whether all of it is on the disk */
  readonly flush: () => Promise<boolean>;
}

const nothing = { signed: [], report: null, content: emptyContent, saving: 'saved', failure: null, flags: [], focus: null, looked: nothingLooked } as const;

/** Reports of this window that may not be on the disk yet, by study: they outlive leaving the study. */
const writers = new Map<string, ReportWriter>();

const newId = (): string => crypto.randomUUID();

function openWriter(report: OpenReport): ReportWriter {
  const { study } = report;
  const writer = new ReportWriter(report, {
    save: (revision, content, base) => bridge().call('report.save', { study, revision, content, base }),
    tell: (state) => {
      if (useReport.getState().study === study) useReport.setState(shownOf(state));
      else if (state.saving === 'saved') close(study);
    },
    onMerged: () => { tell(texts.report.merged); },
    failureOf: (error) => failureOf(error, texts.report.title) ?? toErrorData(error, texts.report.title),
  });
  writers.set(study, writer);
  return writer;
}

function close(study: string): void {
  writers.get(study)?.end();
  writers.delete(study);
}

/** What of a writer is shown; a sentence in focus that is gone leaves none. */
function shownOf({ content, report, saving, failure }: WriterState): Partial<ReportState> {
  const { focus } = useReport.getState();
  return { content, report, saving, failure, ...(focus !== null && !content.sentences.some(({ id }) => id === focus) ? { focus: null } : {}) };
}

const writer = (): ReportWriter | undefined => writers.get(useReport.getState().study ?? '');

async function load(study: string): Promise<void> {
  const isCurrent = (): boolean => useReport.getState().study === study;
  try {
    const [signed, policy] = await Promise.all([bridge().call('report.signed', { study }), bridge().call('report.policy', {})]);
    if (!isCurrent()) return;
    useReport.setState({ signed, policy });
    const { session } = useReport.getState();
    if (session?.reader == null) {
      useReport.setState({ phase: session === null ? 'opening' : 'unwritten' });
      return;
    }
    const report = writers.has(study) ? null : await bridge().call('report.open', { study });
    if (!isCurrent()) return;
    if (report !== null && !writers.has(study)) openWriter(report);
    const own = writers.get(study);
    useReport.setState(own === undefined ? { phase: 'signed' } : { phase: 'writing', ...shownOf(own.state) });
    own?.retry();
  } catch (error) {
    const failure = failureOf(error, texts.report.title);
    if (isCurrent() && failure !== null) useReport.setState({ phase: 'failed', failure });
  }
}

export const useReport = create<ReportState>()((set, get) => ({
  study: null,
  phase: 'idle',
  session: null,
  policy: null,
  ...nothing,
  sessionChanged(session) {
    const before = get().session;
    set({ session });
    const { study, phase } = get();
    const other = before?.reader?.id !== session.reader?.id || before?.hasReaders !== session.hasReaders;
    for (const one of writers.values()) if (session.reader !== null) one.retry();
    if (study !== null && other && phase !== 'writing') void load(study);
  },
  async open(study) {
    if (get().study === study) return;
    get().leave();
    set({ study, phase: 'opening', ...nothing });
    await load(study);
  },
  leave() {
    const { study } = get();
    if (study === null) return;
    set({ study: null, phase: 'idle', ...nothing });
    const left = writers.get(study);
    if (left?.state.saving === 'saved') close(study);
    else if (left !== undefined) inBackground(left.flush(), study);
  },
  async reload() {
    const { study } = get();
    if (study === null) return;
    close(study);
    set({ ...nothing, phase: 'opening', looked: get().looked });
    await load(study);
  },
  async addendum() {
    const { study } = get();
    if (study === null) return;
    const report = await bridge().call('report.addendum', { study });
    if (get().study === study) set({ phase: 'writing', ...shownOf(openWriter(report).state) });
  },
  edit(change) {
    const own = writer();
    if (own !== undefined) own.edit(change(own.state.content));
  },
  editSentences(change) {
    get().edit((content) => {
      const sentences = change(content.sentences);
      return sentences === content.sentences ? content : { ...content, sentences: [...sentences] };
    });
  },
  accept(id) {
    get().editSentences((sentences) => accept(sentences, id));
    const next = nextUndecided(get().content.sentences, id);
    if (next !== undefined) get().focusOn(next.id);
  },
  reject(id) {
    const { sentences } = get().content;
    const own = sentences.find((sentence) => sentence.id === id);
    if (own === undefined) return;
    const next = isStanding(own) ? nextUndecided(sentences.map((one) => (one === own ? { ...own, state: 'rejected' as const } : one)), id) : undefined;
    get().editSentences((all) => (isStanding(own) ? reject(all, id) : takeBack(all, id)));
    if (next !== undefined) get().focusOn(next.id);
  },
  restoreOriginal(id) { get().editSentences((sentences) => restoreOriginal(sentences, id)); },
  insert(added, place) {
    const made = added.map((one) => newSentence(place === undefined ? one : { ...one, section: place.section }, newId()));
    const { focus, content } = get();
    const at = content.sentences.find(({ id }) => id === focus);
    get().editSentences((sentences) => made.reduce((all, one, index) => {
      const { section } = one;
      // Sentences of one section follow each other; the first goes where the reader is, if that is its section.
      const before = made.slice(0, index).findLast((other) => other.section === section)?.id;
      const last = all.findLast((other) => other.section === section)?.id ?? null;
      const here = place === undefined ? (at?.section === section ? at.id : last) : place.after;
      return insert(all, [one], { section, after: before ?? here });
    }, sentences));
    const last = made.at(-1);
    if (last !== undefined && get().content.sentences.some(({ id }) => id === last.id)) get().focusOn(last.id);
    return made.map(({ id }) => id);
  },
  setAnswers(answers) { get().edit((content) => ({ ...content, answers: [...answers] })); },
  setFirstImpression(text) { get().edit((content) => (content.firstImpression === text ? content : { ...content, firstImpression: text })); },
  focusOn(focus) { if (get().focus !== focus) set({ focus }); },
  step(by) {
    const { content, focus } = get();
    const next = stepped(kept(content.sentences), focus, by);
    if (next !== undefined) get().focusOn(next.id);
  },
  async takeDraft() {
    const { study } = get();
    if (study === null) return;
    await writer()?.exchange((revision) => bridge().call('report.takeDraft', { study, revision, looked: get().looked }));
  },
  async flush() {
    const all = await Promise.all([...writers.values()].map((one) => one.flush()));
    return all.every(Boolean);
  },
}));

/** Whether text of the draft may be on the page. */
export const draftIsOpen = ({ session, policy, looked, content, report }: ReportState): boolean => isDraftOpen({ session, policy, looked, content, taken: report?.pack != null });
export const useDraftOpen = (): boolean => useReport(draftIsOpen);

useReading.subscribe(({ study }, before) => {
  if (study === before.study) return;
  if (study === null) useReport.getState().leave();
  else void useReport.getState().open(study);
});
window.addEventListener('pagehide', () => { void useReport.getState().flush(); });
