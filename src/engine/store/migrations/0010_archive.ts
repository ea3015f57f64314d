/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * The journal of `brat archive import`: which studies lie in folders outside the data folder, and what became of each. It holds
 * no name and no report text.
 */
import type { Database } from '../database.ts';

export function archive(db: Database): void {
  db.exec(`
    /* Folders and zip files whose files are all known, as they were then. */
    CREATE TABLE archive_folder (
      path TEXT PRIMARY KEY,
      modified_ms REAL NOT NULL,
      surveyed_ms REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE archive_study (
      number INTEGER PRIMARY KEY,
      uid TEXT NOT NULL UNIQUE,
      accession TEXT NOT NULL,
      patient TEXT NOT NULL /* the hospital's patient number; a hash of name and birth date where there is none */,
      mixed INTEGER NOT NULL DEFAULT 0 CHECK (mixed IN (0, 1)) /* its files name several patients or accession numbers */,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'skipped', 'failed', 'removed')),
      code TEXT NOT NULL DEFAULT '' /* why it was skipped or failed */,
      report_hash TEXT NOT NULL DEFAULT '' /* of the report its case was made of */
    ) STRICT;
    CREATE INDEX archive_study_by_accession ON archive_study (accession) WHERE accession <> '';

    CREATE TABLE archive_files (
      study_uid TEXT NOT NULL REFERENCES archive_study (uid) ON DELETE CASCADE,
      folder TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('image', 'report')),
      names BLOB NOT NULL /* file names by line, deflated; empty for a zip */,
      PRIMARY KEY (study_uid, folder, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX archive_files_by_folder ON archive_files (folder);
  `);
}
