/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function flags(db: Database): void {
  db.exec(`
    /* The middle plane of the head in a stack, by which sides are told. */
    CREATE TABLE middle_plane (
      series_uid TEXT NOT NULL REFERENCES series (uid) ON DELETE CASCADE,
      stack INTEGER NOT NULL,
      plane TEXT NOT NULL /* JSON: normal to the patient's left and offset, LPS mm */,
      PRIMARY KEY (series_uid, stack)
    ) STRICT;

    /* Flags of a report that a reader looked at and set aside. */
    CREATE TABLE flag_dismissal (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      flag TEXT NOT NULL /* id of the flag, the same for the same fault of the same sentence */,
      dismissed_by TEXT NOT NULL,
      dismissed_at TEXT NOT NULL,
      why TEXT NOT NULL,
      PRIMARY KEY (study_uid, flag)
    ) STRICT;
  `);
}
