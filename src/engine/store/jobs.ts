/** The journal of long work: what ran, how it ended, and what a crash interrupted. */
import { isCancelled, toErrorData } from '../../shared/errors.ts';
import type { Clock } from '../ports.ts';
import type { ReadDb, WriteDb } from './database.ts';

export type JobKind = 'import' | 'index' | 'analysis';
export type JobState = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface JobRow {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly error_code: string | null;
}

/** Opens an entry; call one of the results when the work has ended. */
export function startJob(db: WriteDb, clock: Clock, kind: JobKind, study: string | null): { done(): void; failed(error: unknown): void } {
  const { id } = db.get<{ id: number }>("INSERT INTO job (kind, study_uid, state, started_at) VALUES (?, ?, 'running', ?) RETURNING id", kind, study, clock.now().toISOString())!;
  const end = (state: JobState, code: string | null): void => {
    db.run('UPDATE job SET state = ?, error_code = ?, ended_at = ? WHERE id = ?', state, code, clock.now().toISOString(), id);
  };
  return {
    done: () => { end('done', null); },
    failed: (error) => { end(isCancelled(error) ? 'cancelled' : 'failed', toErrorData(error, kind).code); },
  };
}

/** What a killed process left running. Called once, when a data folder is opened. */
export function interruptRunningJobs(db: WriteDb, now: Date): void {
  db.run("UPDATE job SET state = 'interrupted', ended_at = ? WHERE state = 'running'", now.toISOString());
}

/** How often in a row work on a study was interrupted by the end of the process, after journal entry `since`. */
export function interruptionsOf(db: ReadDb, kind: JobKind, study: string, since: number): number {
  return db.get<{ n: number }>(
    `SELECT count(*) AS n FROM job WHERE study_uid = ? AND kind = ? AND state = 'interrupted'
      AND id > max(?, (SELECT coalesce(max(id), 0) FROM job WHERE study_uid = ? AND kind = ? AND state IN ('done', 'failed')))`,
    study, kind, since, study, kind,
  )!.n;
}

export function interruptedJobs(db: ReadDb): JobRow[] {
  return db.all<JobRow>("SELECT kind, state, error_code FROM job WHERE state = 'interrupted' ORDER BY id");
}
