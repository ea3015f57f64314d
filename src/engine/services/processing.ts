/**
 * Studies processed by the app itself, one at a time, so that the draft waits for the reader. The queue is kept in the
 * database and outlives the process; a reader's own request goes first and makes the study under way wait. A study during
 * which the process ended time and again is set aside with the reason: a driver that crashes on it would otherwise take the
 * engine down for ever.
 */
import type { AnalysisStep, Handlers, ProcessingState } from '../../shared/contract.ts';
import { EngineError, isCancelled, toErrorData } from '../../shared/errors.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Log } from '../ports.ts';
import { interruptionsOf } from '../store/jobs.ts';
import { clearWaiting, countProcessing, enqueue, failedStudies, findProcessing, moveToEnd, putFailure, removeProcessing, waitingStudies } from '../store/processing.ts';
import { findStudy } from '../store/studies.ts';
import { isOfTheMachine, type Analyses, type AnalysisParts } from './analysis.ts';
import { readPreferences } from './preferences.ts';
import type { StudyStates } from './studyStates.ts';
import { Watchers } from './watchers.ts';

/** So often may the process end during one study before the study is set aside. */
const patience = 2;
const shownEach = 100;
const machineFaultPauseMs = 30_000;

export interface ProcessingParts extends AnalysisParts {
  readonly log: Log;
  readonly analyses: Analyses;
  readonly states: StudyStates;
}

interface Running {
  readonly study: string;
  readonly stop: AbortController;
  step: AnalysisStep | null;
}

export class Processing {
  readonly #parts: ProcessingParts;
  readonly #closing = new AbortController();
  readonly #watchers = new Watchers();
  #running: Running | null = null;
  #held: ErrorData | null = null;
  #wake: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: ProcessingParts) {
    this.#parts = parts;
    parts.changes.listen(({ study }) => {
      // A pack or provider may have come.
      if (study === null) this.#wake();
      this.#watchers.tell();
    });
  }

  /** Takes up what the last process left, and works until the engine closes. */
  start(): void {
    this.#takeUp();
    this.#loop = this.#work();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#running?.stop.abort();
    this.#wake();
    this.#watchers.tell();
    await this.#loop;
  }

  /** Studies that an import brought or made grow: those that nothing was made of join the queue, as the policy has it. */
  async imported(studies: readonly string[]): Promise<void> {
    const { store: { db }, states } = this.#parts;
    if (!readPreferences(db).backgroundProcessing) return;
    const fresh: string[] = [];
    for (const study of studies) {
      const row = findStudy(db, study);
      if (!row || row.demo || row.hasReport || findProcessing(db, study)?.failure?.code === 'processing/set-aside') continue;
      const state = await states.of(study);
      if (state === 'new' || state === 'failed') fresh.push(study);
    }
    if (!this.#closing.signal.aborted) this.enqueue(fresh);
  }

  enqueue(studies: readonly string[]): void {
    const { store: { db }, clock, changes } = this.#parts;
    const now = clock.now().toISOString();
    const known = studies.filter((study) => findStudy(db, study) !== undefined);
    db.transaction(() => { for (const study of known) enqueue(db, study, now); });
    for (const study of known) changes.emit(study);
    this.#wake();
  }

  /** @param studies null for all that wait */
  cancel(studies: readonly string[] | null): void {
    const { store: { db }, changes } = this.#parts;
    const gone = db.transaction(() => (studies === null ? clearWaiting(db) : studies.filter((study) => removeProcessing(db, study))));
    const running = this.#running;
    if (running && gone.includes(running.study)) running.stop.abort();
    for (const study of gone) changes.emit(study);
  }

  state(): ProcessingState {
    const { db } = this.#parts.store;
    const running = this.#running;
    const { waiting, failed } = countProcessing(db);
    const item = (study: string, state: 'waiting' | 'running' | 'failed', failure: ErrorData | null): ProcessingState['items'] => {
      const row = findStudy(db, study);
      return row ? [{ study, patientName: row.attributes.patientName, description: row.attributes.studyDescription, state, step: state === 'running' ? (running?.step ?? null) : null, failure }] : [];
    };
    return {
      on: readPreferences(db).backgroundProcessing,
      waiting,
      failed,
      items: [
        ...(running ? item(running.study, 'running', null) : []),
        ...waitingStudies(db, shownEach).flatMap((study) => (study === running?.study ? [] : item(study, 'waiting', null))),
        ...failedStudies(db, shownEach).flatMap(({ study, failure }) => item(study, 'failed', failure)),
      ],
      held: waiting > 0 ? this.#held : null,
    };
  }

  handlers(): Pick<Handlers, 'processing.watch' | 'processing.enqueue' | 'processing.cancel'> {
    return {
      'processing.watch': (_, { signal }) => this.#watchers.follow(() => this.state(), signal, () => this.#isClosing()),
      'processing.enqueue': ({ studies }) => { this.enqueue(studies); return {}; },
      'processing.cancel': ({ studies }) => { this.cancel(studies ?? null); return {}; },
    };
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #takeUp(): void {
    const { store: { db }, clock, log } = this.#parts;
    for (const study of waitingStudies(db, Number.MAX_SAFE_INTEGER)) {
      const interrupted = interruptionsOf(db, 'analysis', study, findProcessing(db, study)!.sinceJob);
      if (interrupted === 0) continue;
      if (interrupted < patience) {
        moveToEnd(db, study);
        continue;
      }
      putFailure(db, study, {
        code: 'processing/set-aside',
        message: `The engine ended ${interrupted} times while it processed this study, which was therefore set aside`,
        subject: 'study',
        advice: 'Process it on another provider (Settings, Models), or try it again',
      }, clock.now().toISOString());
      log.warn('processing.set-aside', { study, interrupted });
    }
  }

  async #work(): Promise<void> {
    const { store: { db }, log } = this.#parts;
    while (!this.#isClosing()) {
      const [study] = waitingStudies(db, 1);
      if (study === undefined) await this.#sleep(null);
      else {
        const fault = await this.#process(study);
        if (this.#isClosing()) return;
        this.#held = fault;
        if (fault === null) continue;
        log.warn('processing.held', { code: fault.code });
        this.#watchers.tell();
        await this.#sleep(machineFaultPauseMs);
      }
    }
  }

  /** @returns a fault that the next study would meet as well, or null */
  async #process(study: string): Promise<ErrorData | null> {
    const { store: { db }, analyses, models, clock } = this.#parts;
    const running: Running = { study, stop: new AbortController(), step: null };
    this.#running = running;
    try {
      await models.pack();
      for await (const event of analyses.analyse(study, { force: false, anyway: false, background: true }, running.stop.signal)) {
        if (event.kind !== 'step' || event.state !== 'started') continue;
        running.step = event.step;
        this.#watchers.tell();
      }
      return null;
    } catch (error) {
      // Made way for a reader, was taken out, or the engine closes: the row says which of them.
      if (isCancelled(error) || (error instanceof EngineError && error.code === 'store/not-found')) return null;
      if (isOfTheMachine(error)) return toErrorData(error, 'processing');
      // What no analysis has kept would be tried for ever.
      if (findProcessing(db, study)?.failure === null) putFailure(db, study, toErrorData(error, 'study'), clock.now().toISOString());
      return null;
    } finally {
      this.#running = null;
      this.#watchers.tell();
    }
  }

  /** Until something changes, or the time has passed. */
  async #sleep(ms: number | null): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = ms === null ? null : setTimeout(resolve, ms);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
      if (this.#closing.signal.aborted) this.#wake();
    });
  }
}
