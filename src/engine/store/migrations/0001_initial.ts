/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function initial(db: Database): void {
  db.exec(`
    CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE study (
      uid TEXT PRIMARY KEY,
      attributes TEXT NOT NULL /* JSON of StudyAttributes */,
      study_date TEXT NOT NULL /* ISO or empty */,
      accession TEXT NOT NULL,
      demo INTEGER NOT NULL CHECK (demo IN (0, 1)),
      added_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX study_by_accession ON study (accession);

    CREATE TABLE series (
      uid TEXT PRIMARY KEY,
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX series_by_study ON series (study_uid);

    CREATE TABLE instance (
      series_uid TEXT NOT NULL REFERENCES series (uid) ON DELETE CASCADE,
      sop_uid TEXT NOT NULL,
      content_hash TEXT NOT NULL /* SHA-256 of the file, its name in the instances folder */,
      source_name TEXT NOT NULL /* what the reader called it */,
      header_format INTEGER NOT NULL,
      header TEXT NOT NULL /* JSON of InstanceHeader without its source */,
      PRIMARY KEY (series_uid, sop_uid)
    ) STRICT;
    CREATE INDEX instance_by_content ON instance (content_hash);

    CREATE TABLE role_override (
      series_uid TEXT PRIMARY KEY REFERENCES series (uid) ON DELETE CASCADE,
      role TEXT NOT NULL CHECK (role IN ('t1c', 't1', 't2', 'flair', 'other'))
    ) STRICT;

    CREATE TABLE archive_case (
      id TEXT PRIMARY KEY,
      study_uid TEXT UNIQUE REFERENCES study (uid) ON DELETE CASCADE,
      report TEXT NOT NULL,
      age_years INTEGER,
      sex TEXT NOT NULL,
      study_date TEXT NOT NULL,
      thumbnail BLOB /* PNG */,
      demo INTEGER NOT NULL CHECK (demo IN (0, 1)),
      added_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE sentence (
      case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (case_id, position)
    ) STRICT, WITHOUT ROWID;

    /* Vectors of a case: float32 little-endian, rows of length 1. One pack's are never compared with another's. */
    CREATE TABLE view_embedding (
      pack TEXT NOT NULL /* id@version */,
      case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
      width INTEGER NOT NULL,
      vectors BLOB NOT NULL,
      PRIMARY KEY (pack, case_id)
    ) STRICT;
    CREATE INDEX view_embedding_by_case ON view_embedding (case_id);

    CREATE TABLE sentence_embedding (
      pack TEXT NOT NULL,
      case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
      width INTEGER NOT NULL,
      vectors BLOB NOT NULL,
      PRIMARY KEY (pack, case_id)
    ) STRICT;
    CREATE INDEX sentence_embedding_by_case ON sentence_embedding (case_id);

    /* What a pack made of a study's chosen series. */
    CREATE TABLE study_encoding (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      pack TEXT NOT NULL,
      input TEXT NOT NULL /* which stacks of which series, channel by channel */,
      series_uid TEXT NOT NULL,
      stack INTEGER NOT NULL,
      provider TEXT NOT NULL,
      view_count INTEGER NOT NULL,
      views BLOB NOT NULL,
      projected BLOB NOT NULL,
      attention BLOB NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (study_uid, pack)
    ) STRICT;

    CREATE TABLE draft (
      study_uid TEXT NOT NULL,
      pack TEXT NOT NULL,
      content TEXT NOT NULL /* JSON of the contract's draft */,
      created_at TEXT NOT NULL,
      PRIMARY KEY (study_uid, pack),
      FOREIGN KEY (study_uid, pack) REFERENCES study_encoding (study_uid, pack) ON DELETE CASCADE
    ) STRICT;

    CREATE TABLE job (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('import', 'index', 'analysis')),
      study_uid TEXT REFERENCES study (uid) ON DELETE CASCADE,
      state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
      error_code TEXT,
      started_at TEXT NOT NULL,
      ended_at TEXT
    ) STRICT;
    CREATE INDEX job_by_study ON job (study_uid, kind, id);

    CREATE TABLE audit_event (
      id INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      kind TEXT NOT NULL,
      detail TEXT NOT NULL /* JSON: counts and pack names, never a patient's name or identifier */
    ) STRICT;
  `);
}
