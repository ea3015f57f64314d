/**
 * Keeps one report on the disk while it is written: saves a moment after each change, one save at a time, tries again when
 * one fails, and puts both texts together when another window saved meanwhile. What is typed is never given up; `saved` is
 * said only of what the engine has confirmed.
 */
import type { OpenReport, ReportContent, SaveOutcome } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { kept } from './sentences.ts';

export type Saving = 'saved' | 'saving' | 'unsaved' | 'failed';

/** What a writer tells of itself. */
export interface WriterState {
  /** As it stands in the window. */
  readonly content: ReportContent;
  /** As the engine last told it; its content may be behind the window's. */
  readonly report: OpenReport;
  readonly saving: Saving;
  readonly failure: ErrorData | null;
}

export interface WriterParts {
  readonly save: (revision: number, content: ReportContent, base: ReportContent) => Promise<SaveOutcome>;
  readonly tell: (state: WriterState) => void;
  /** Another window's text was put together with this one's. */
  readonly onMerged: () => void;
  readonly failureOf: (error: unknown) => ErrorData;
}

/** From a change to its save, ms. */
const pauseMs = 500;
/** Until a save that failed is tried again, ms: twice as long each time, up to the last. */
const retryMs = { first: 2000, last: 15_000 };

/** What goes to the disk: blank sentences exist in the window only. */
const worthKeeping = (content: ReportContent): ReportContent => {
  const sentences = kept(content.sentences);
  return sentences.length === content.sentences.length ? content : { ...content, sentences: [...sentences] };
};

/** Whether the same goes to the disk: a blank sentence came or went. */
function isWorthTheSame(a: ReportContent, b: ReportContent): boolean {
  const [before, after] = [kept(a.sentences), kept(b.sentences)];
  return a.answers === b.answers && a.firstImpression === b.firstImpression && before.length === after.length && before.every((sentence, at) => sentence === after[at]);
}

export class ReportWriter {
  readonly #parts: WriterParts;
  #state: WriterState;
  /** The revision this window's text goes on from, with its content. */
  #base: { readonly revision: number; readonly content: ReportContent };
  /** The window's content that was confirmed; null while none of what it shows is. */
  #confirmed: ReportContent | null;
  /** The next save will be found overtaken by this window's own doing. */
  #overtaken = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #queue: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(report: OpenReport, parts: WriterParts) {
    this.#parts = parts;
    this.#base = { revision: report.revision, content: report.content };
    this.#confirmed = report.content;
    this.#state = { content: report.content, report, saving: 'saved', failure: null };
  }

  get state(): WriterState {
    return this.#state;
  }

  edit(content: ReportContent): void {
    const before = this.#state.content;
    if (content === before) return;
    if (isWorthTheSame(before, content)) {
      if (this.#confirmed === before) this.#confirmed = content;
      this.#set({ content });
      return;
    }
    this.#set({ content, saving: this.#state.saving === 'failed' ? 'failed' : 'unsaved' });
    this.#schedule(pauseMs);
  }

  /** Saves what is not saved yet. @returns whether all of it is on the disk */
  async flush(): Promise<boolean> {
    this.#cancel();
    await this.#inTurn(() => this.#saveAll());
    return this.#state.saving === 'saved';
  }

  /** Tries again now, if something is waiting: the engine is back, or somebody signed in. */
  retry(): void {
    if (this.#state.saving !== 'saved') void this.flush();
  }

  /**
   * A change the engine makes itself, to the text as saved, such as taking the draft in.
   * @throws what `change` throws, and the failure of a save before it
   */
  async exchange(change: (revision: number) => Promise<SaveOutcome>): Promise<void> {
    this.#cancel();
    const failed: unknown[] = [];
    await this.#inTurn(async () => {
      if (!(await this.#saveAll())) {
        failed.push(this.#state.failure);
        return;
      }
      const sent = this.#state.content;
      try {
        const outcome = await change(this.#base.revision);
        if (outcome.kind === 'conflict') await this.#merge(sent, worthKeeping(sent), outcome);
        else if (this.#state.content === sent) this.#take(outcome.report);
        // Typed meanwhile: the next save goes on from the text before the change, and the engine puts both together.
        else {
          this.#overtaken = true;
          this.#set({ report: outcome.report });
        }
        await this.#saveAll();
      } catch (error) {
        failed.push(error);
      }
    });
    if (failed.length > 0) throw failed[0];
  }

  /** Stops for good; what is not saved by then is not saved. */
  end(): void {
    this.#ended = true;
    this.#cancel();
  }

  #set(part: Partial<WriterState>): void {
    this.#state = { ...this.#state, ...part };
    if (!this.#ended) this.#parts.tell(this.#state);
  }

  #take(report: OpenReport): void {
    this.#base = { revision: report.revision, content: report.content };
    this.#confirmed = report.content;
    this.#set({ content: report.content, report });
  }

  #inTurn(work: () => Promise<unknown>): Promise<void> {
    const next = this.#queue.then(work).then(() => undefined);
    this.#queue = next;
    return next;
  }

  #schedule(ms: number): void {
    if (this.#timer !== null || this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#inTurn(() => this.#saveAll());
    }, ms);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** @returns whether all is saved; a failure is told and tried again later */
  async #saveAll(): Promise<boolean> {
    while (!this.#ended && this.#state.content !== this.#confirmed) {
      const raw = this.#state.content;
      const sent = worthKeeping(raw);
      this.#set({ saving: 'saving' });
      try {
        const outcome = await this.#parts.save(this.#base.revision, sent, this.#base.content);
        if (outcome.kind === 'saved') {
          this.#base = { revision: outcome.report.revision, content: sent };
          this.#confirmed = raw;
          this.#set({ report: outcome.report });
        } else await this.#merge(raw, sent, outcome);
      } catch (error) {
        const wait = Math.min(retryMs.last, retryMs.first * 2 ** this.#failures);
        this.#failures += 1;
        this.#set({ saving: 'failed', failure: this.#parts.failureOf(error) });
        this.#cancel();
        this.#schedule(wait);
        return false;
      }
    }
    this.#failures = 0;
    this.#set({ saving: 'saved', failure: null });
    return true;
  }

  async #merge(raw: ReportContent, sent: ReportContent, { report, merged }: Extract<SaveOutcome, { kind: 'conflict' }>): Promise<void> {
    if (!this.#overtaken) this.#parts.onMerged();
    this.#overtaken = false;
    this.#confirmed = null;
    if (this.#state.content === raw) {
      this.#base = { revision: report.revision, content: report.content };
      this.#set({ content: merged, report });
      return;
    }
    // Typed meanwhile. Both texts are stored as they were put together; the next save goes on from what was sent, which the
    // engine finds overtaken and puts together with what is stored.
    const outcome = await this.#parts.save(report.revision, merged, report.content);
    if (outcome.kind === 'saved') {
      this.#base = { revision: this.#base.revision, content: sent };
      this.#overtaken = true;
    }
    this.#set({ report: outcome.report });
  }
}
