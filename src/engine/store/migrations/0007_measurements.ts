/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function measurements(db: Database): void {
  db.exec(`
    /* What a reader measured in the images of a study. */
    CREATE TABLE measurement (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      id TEXT NOT NULL,
      created_at TEXT NOT NULL,
      content TEXT NOT NULL /* JSON of the contract's measurement */,
      PRIMARY KEY (study_uid, id)
    ) STRICT;

    /* Pictures a reader marked as those that show it. */
    CREATE TABLE key_image (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      id TEXT NOT NULL,
      created_at TEXT NOT NULL,
      content TEXT NOT NULL /* JSON of the contract's keyImage */,
      png BLOB NOT NULL,
      PRIMARY KEY (study_uid, id)
    ) STRICT;
  `);
}
