/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * Files of the watched folder that were dealt with, as they were then: the same file is not read again after a restart, a changed one is.
 */
import type { Database } from '../database.ts';

export function watched(db: Database): void {
  db.exec(`
    CREATE TABLE watched_file (
      path TEXT PRIMARY KEY,
      size INTEGER NOT NULL,
      modified_ms REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
  `);
}
