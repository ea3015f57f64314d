/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * A reader who was removed is kept: what they signed and did stands under their name, which nobody else may take.
 */
import type { Database } from '../database.ts';

export function readersKept(db: Database): void {
  db.exec("ALTER TABLE reader ADD COLUMN removed_at TEXT /* ISO time; null while they may read */");
}
