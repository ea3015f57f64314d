/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * Vectors get a number that is never used twice (what an index kept beside the database goes by) and may be packed; cases
 * get a number, their patient, and full-text search of their reports.
 */
import type { Database } from '../database.ts';

export function search(db: Database): void {
  for (const kind of ['view', 'sentence']) {
    db.exec(`
      ALTER TABLE ${kind}_embedding RENAME TO old_${kind}_embedding;
      DROP INDEX ${kind}_embedding_by_case;
      CREATE TABLE ${kind}_embedding (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        pack TEXT NOT NULL /* id@version */,
        case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
        width INTEGER NOT NULL,
        row_count INTEGER NOT NULL,
        format INTEGER NOT NULL DEFAULT 0 CHECK (format IN (0 /* float32 little-endian */, 1 /* packedVectors.ts, against the pack's reference */)),
        vectors BLOB NOT NULL,
        UNIQUE (pack, case_id)
      ) STRICT;
      INSERT INTO ${kind}_embedding (pack, case_id, width, row_count, vectors) SELECT pack, case_id, width, length(vectors) / 4 / width, vectors FROM old_${kind}_embedding ORDER BY rowid;
      DROP TABLE old_${kind}_embedding;
      CREATE INDEX ${kind}_embedding_by_case ON ${kind}_embedding (case_id);
    `);
  }
  db.exec(`
    /* What packed vectors are told against; never changed once vectors are. */
    CREATE TABLE vector_reference (
      pack TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('views', 'sentences')),
      width INTEGER NOT NULL,
      vectors BLOB NOT NULL /* float32: one row for all, or one for each row of a case */,
      PRIMARY KEY (pack, kind)
    ) STRICT;

    ALTER TABLE archive_case ADD COLUMN number INTEGER;
    ALTER TABLE archive_case ADD COLUMN patient TEXT NOT NULL DEFAULT '';
    UPDATE archive_case SET number = rowid,
      patient = coalesce((SELECT json_extract(attributes, '$.patientId') FROM study WHERE uid = study_uid), '');
    CREATE UNIQUE INDEX archive_case_by_number ON archive_case (number);
    CREATE INDEX archive_case_by_patient ON archive_case (patient) WHERE patient <> '';

    CREATE VIRTUAL TABLE case_text USING fts5(report, content='archive_case', content_rowid='number', tokenize="unicode61 remove_diacritics 2");
    INSERT INTO case_text (case_text, rank) VALUES ('secure-delete', 1);
    INSERT INTO case_text (case_text) VALUES ('rebuild');
    CREATE TRIGGER archive_case_added AFTER INSERT ON archive_case BEGIN
      UPDATE archive_case SET number = (SELECT coalesce(max(number), 0) + 1 FROM archive_case) WHERE id = NEW.id AND number IS NULL;
      INSERT INTO case_text (rowid, report) SELECT number, report FROM archive_case WHERE id = NEW.id;
    END;
    CREATE TRIGGER archive_case_changed AFTER UPDATE OF report ON archive_case BEGIN
      INSERT INTO case_text (case_text, rowid, report) VALUES ('delete', OLD.number, OLD.report);
      INSERT INTO case_text (rowid, report) VALUES (NEW.number, NEW.report);
    END;
    CREATE TRIGGER archive_case_removed AFTER DELETE ON archive_case BEGIN
      INSERT INTO case_text (case_text, rowid, report) VALUES ('delete', OLD.number, OLD.report);
    END;
  `);
}
