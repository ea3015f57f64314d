/** Studies that wait to be processed by the app itself, in the order they came, and those that failed. */
import { errorData } from '../../shared/contract.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { ReadDb, WriteDb } from './database.ts';

export interface ProcessingRow {
  readonly study: string;
  /** Null while it waits. */
  readonly failure: ErrorData | null;
  /** Journal entries up to this one count no more when interruptions are counted. */
  readonly sinceJob: number;
}

interface Raw {
  readonly study_uid: string;
  readonly failure: string | null;
  readonly since_job: number;
}

const toRow = (raw: Raw): ProcessingRow => ({ study: raw.study_uid, failure: raw.failure === null ? null : errorData.parse(JSON.parse(raw.failure)), sinceJob: raw.since_job });
const columns = 'study_uid, failure, since_job';

export function findProcessing(db: ReadDb, study: string): ProcessingRow | undefined {
  const raw = db.get<Raw>(`SELECT ${columns} FROM processing WHERE study_uid = ?`, study);
  return raw && toRow(raw);
}

export const waitingStudies = (db: ReadDb, limit: number): string[] =>
  db.all<{ study_uid: string }>('SELECT study_uid FROM processing WHERE failure IS NULL ORDER BY place LIMIT ?', limit).map((row) => row.study_uid);

export const failedStudies = (db: ReadDb, limit: number): ProcessingRow[] =>
  db.all<Raw>(`SELECT ${columns} FROM processing WHERE failure IS NOT NULL ORDER BY place DESC LIMIT ?`, limit).map(toRow);

export const countProcessing = (db: ReadDb): { waiting: number; failed: number } =>
  db.get('SELECT count(*) FILTER (WHERE failure IS NULL) AS waiting, count(*) FILTER (WHERE failure IS NOT NULL) AS failed FROM processing')!;

/** Puts a study at the end of the queue. One that failed waits again, its interruptions forgotten; one that waits keeps its place. */
export function enqueue(db: WriteDb, study: string, now: string): void {
  db.transaction(() => {
    db.run('DELETE FROM processing WHERE study_uid = ? AND failure IS NOT NULL', study);
    db.run('INSERT INTO processing (study_uid, failure, since_job, added_at) VALUES (?, NULL, (SELECT coalesce(max(id), 0) FROM job), ?) ON CONFLICT (study_uid) DO NOTHING', study, now);
  });
}

/** Moves a study that waits behind all others. */
export function moveToEnd(db: WriteDb, study: string): void {
  db.run('UPDATE processing SET place = (SELECT max(place) + 1 FROM processing) WHERE study_uid = ?', study);
}

/** Keeps why a study could not be processed. */
export function putFailure(db: WriteDb, study: string, failure: ErrorData, now: string): void {
  db.run(
    'INSERT INTO processing (study_uid, failure, since_job, added_at) VALUES (?, ?, (SELECT coalesce(max(id), 0) FROM job), ?) ON CONFLICT (study_uid) DO UPDATE SET failure = excluded.failure',
    study, JSON.stringify(failure), now,
  );
}

export const removeProcessing = (db: WriteDb, study: string): boolean => db.run('DELETE FROM processing WHERE study_uid = ?', study) > 0;

/** Takes all that wait out of the queue. @returns them */
export const clearWaiting = (db: WriteDb): string[] => db.all<{ study_uid: string }>('DELETE FROM processing WHERE failure IS NULL RETURNING study_uid').map((row) => row.study_uid);
