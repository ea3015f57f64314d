/** The worklist: keeps each entry's state up to date as studies change, and gives pages of it. */
import type { Handlers } from '../../shared/contract.ts';
import { packKey } from '../pack/pack.ts';
import type { Log } from '../ports.ts';
import type { Store } from '../store/openStore.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import { studiesOfEntries } from '../store/studies.ts';
import { countStates, entriesFrom, pageOfWorklist, setEntryState, studiesInState } from '../store/worklist.ts';
import { engineVersion } from '../version.ts';
import type { Changes } from './changes.ts';
import { describeStudy } from './describe.ts';
import type { Models } from './models.ts';
import type { StudyStates } from './studyStates.ts';

/** A query waits so long for studies that changed just before it; after a large import they are many. */
const patienceMs = 300;
/** Entries whose state is found between two turns of everything else. */
const walkStep = 100;

export interface WorklistParts {
  readonly store: Store;
  readonly states: StudyStates;
  readonly models: Models;
  readonly changes: Changes;
  readonly log: Log;
}

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

export class Worklist {
  readonly #parts: WorklistParts;
  readonly #changed = new Set<string>();
  #refreshing: Promise<void> | null = null;
  #walking: Promise<void> | null = null;
  #late = false;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(parts: WorklistParts) {
    this.#parts = parts;
    // A killed process left these.
    for (const study of studiesInState(parts.store.db, 'processing')) this.#mark(study);
    this.#stopListening = parts.changes.listen(({ study }) => {
      if (study === null) this.#begin();
      else this.#mark(study);
    });
  }

  /** Finds all states anew where they were found for another pack or by another version. */
  start(): void {
    this.#begin();
  }

  handlers(): Pick<Handlers, 'worklist.query' | 'worklist.counts'> {
    const { store: { db }, states } = this.#parts;
    return {
      'worklist.query': async (query) => {
        await this.#settled();
        const { total, numbers } = pageOfWorklist(db, query);
        const rows = studiesOfEntries(db, numbers).map((row) => ({ ...describeStudy(row, row.state), addedAt: row.addedAt, failure: row.state === 'failed' ? states.failureOf(row.uid) : null }));
        return { total, rows };
      },
      'worklist.counts': async () => {
        await this.#settled();
        const counts = countStates(db);
        return { total: counts.reduce((sum, { count }) => sum + count, 0), states: Object.fromEntries(counts.map(({ state, count }) => [state, count])) };
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    await Promise.all([this.#refreshing, this.#walking]);
  }

  #mark(study: string): void {
    this.#changed.add(study);
    this.#refreshing ??= this.#refresh().finally(() => { this.#refreshing = null; });
  }

  async #refresh(): Promise<void> {
    for (const study of this.#changed) {
      this.#changed.delete(study);
      if (!(await this.#set(study))) return;
    }
    if (!this.#late) return;
    this.#late = false;
    this.#parts.changes.emit(null);
  }

  /** @returns false when the engine closes */
  async #set(study: string): Promise<boolean> {
    const { store, states, log } = this.#parts;
    if (this.#closed) return false;
    try {
      setEntryState(store.db, study, await states.of(study));
    } catch {
      log.warn('worklist.state-unknown', { study }); // removed meanwhile, or its files are gone: the study itself says so when it is opened
    }
    return true;
  }

  /** Waits for states that are being found, but not for long: a caller that was too early is told when they are there. */
  async #settled(): Promise<void> {
    if (this.#refreshing === null) return;
    const waited = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => { waited.resolve('late'); }, patienceMs);
    if ((await Promise.race([this.#refreshing, waited.promise])) === 'late') this.#late = true;
    clearTimeout(timer);
  }

  #begin(): void {
    this.#walking ??= this.#walk().catch(() => undefined).finally(() => { this.#walking = null; });
  }

  async #walk(): Promise<void> {
    const { store: { db }, models, changes } = this.#parts;
    const madeFor = `${await models.pack().then(packKey, () => '')} ${engineVersion}`;
    if (this.#closed || readSetting(db, 'worklist.states') === madeFor) return;
    for (let from = 0; ;) {
      const entries = entriesFrom(db, from, walkStep);
      for (const { number, study_uid: study } of entries) {
        if (!(await this.#set(study))) return;
        from = number;
      }
      if (entries.length < walkStep) break;
      await turn();
    }
    writeSetting(db, 'worklist.states', madeFor);
    changes.emit(null);
  }
}
