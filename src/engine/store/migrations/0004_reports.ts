/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function reports(db: Database): void {
  db.exec(`
    CREATE TABLE reader (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL COLLATE NOCASE UNIQUE,
      role TEXT NOT NULL CHECK (role IN ('resident', 'radiologist', 'administrator')),
      passphrase TEXT NOT NULL /* argon2id, in its own encoded form */,
      added_at TEXT NOT NULL
    ) STRICT;

    /* A report or addendum that is being written; gone once it is signed. */
    CREATE TABLE report_in_progress (
      study_uid TEXT PRIMARY KEY REFERENCES study (uid) ON DELETE CASCADE,
      number INTEGER NOT NULL CHECK (number >= 1),
      revision INTEGER NOT NULL,
      content TEXT NOT NULL /* JSON of the contract's reportContent */,
      draft TEXT /* JSON of the draft as it was generated, once taken */,
      opened_at TEXT NOT NULL,
      saved_at TEXT NOT NULL
    ) STRICT;

    /* No reference to the study: a signed report outlives it. */
    CREATE TABLE signed_report (
      id TEXT PRIMARY KEY,
      study_uid TEXT NOT NULL,
      number INTEGER NOT NULL CHECK (number >= 1),
      signed_at TEXT NOT NULL,
      document TEXT NOT NULL /* canonical JSON of the contract's signedReport */,
      digest TEXT NOT NULL /* SHA-256 of the document without its digest */,
      UNIQUE (study_uid, number)
    ) STRICT;
    CREATE TRIGGER signed_report_kept BEFORE UPDATE ON signed_report BEGIN SELECT RAISE(ABORT, 'a signed report is never changed'); END;
    CREATE TRIGGER signed_report_stays BEFORE DELETE ON signed_report BEGIN SELECT RAISE(ABORT, 'a signed report is never removed'); END;
    CREATE TRIGGER signed_report_once BEFORE INSERT ON signed_report WHEN EXISTS (SELECT 1 FROM signed_report WHERE id = NEW.id OR (study_uid = NEW.study_uid AND number = NEW.number))
    BEGIN SELECT RAISE(ABORT, 'a signed report is never replaced'); END;
  `);
}
