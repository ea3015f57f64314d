/** Cases a reader keeps beside a study. */
import type { ReadDb, WriteDb } from './database.ts';

export interface PinRow {
  readonly case: string;
  readonly pinnedAt: string;
}

/** The newest first. */
export const pinsOfStudy = (db: ReadDb, study: string): PinRow[] =>
  db.all<PinRow>('SELECT case_id AS "case", pinned_at AS pinnedAt FROM pinned_case WHERE study_uid = ? ORDER BY pinned_at DESC, case_id', study);

export function putPin(db: WriteDb, study: string, id: string, now: string): void {
  db.run('INSERT INTO pinned_case (study_uid, case_id, pinned_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', study, id, now);
}

export function removePin(db: WriteDb, study: string, id: string): void {
  db.run('DELETE FROM pinned_case WHERE study_uid = ? AND case_id = ?', study, id);
}
