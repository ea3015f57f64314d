/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * The worklist: what it sorts, filters and searches by, kept beside each study; and the studies that wait to be processed.
 */
import type { StudyAttributes } from '../../dicom/types.ts';
import type { Database } from '../database.ts';
import { entryOf } from '../worklistEntry.ts';

/** Columns with an index each, which holds what filters ask for as well, so that paging reads no row it does not show. */
const sorted = ['name', 'patient', 'age', 'study_date', 'description', 'series_count', 'added_at'];

export function worklist(db: Database): void {
  db.exec(`
    /* Set when another choice of series has made what this pack saw out of date. */
    ALTER TABLE study_encoding ADD COLUMN outdated INTEGER NOT NULL DEFAULT 0 CHECK (outdated IN (0, 1));

    /* Can be made again from the study, its series and what was made of it. Texts are folded: no case, no accents. */
    CREATE TABLE worklist_entry (
      number INTEGER PRIMARY KEY,
      study_uid TEXT NOT NULL UNIQUE REFERENCES study (uid) ON DELETE CASCADE,
      name TEXT NOT NULL,
      patient TEXT NOT NULL,
      age INTEGER NOT NULL /* -1 when it cannot be told */,
      study_date TEXT NOT NULL,
      description TEXT NOT NULL,
      added_at TEXT NOT NULL,
      series_count INTEGER NOT NULL,
      instance_count INTEGER NOT NULL,
      demo INTEGER NOT NULL,
      state TEXT NOT NULL,
      text TEXT NOT NULL /* all words a search may find it by */
    ) STRICT;
    CREATE INDEX worklist_by_state ON worklist_entry (state, number, demo, study_date);
    CREATE TRIGGER worklist_series AFTER INSERT ON series BEGIN
      UPDATE worklist_entry SET series_count = series_count + 1 WHERE study_uid = NEW.study_uid;
    END;
    CREATE TRIGGER worklist_instance AFTER INSERT ON instance BEGIN
      UPDATE worklist_entry SET instance_count = instance_count + 1 WHERE study_uid = (SELECT study_uid FROM series WHERE uid = NEW.series_uid);
    END;

    CREATE VIRTUAL TABLE worklist_text USING fts5(text, content='worklist_entry', content_rowid='number', tokenize='unicode61', detail='none', prefix='1 2 3 4 5');
    INSERT INTO worklist_text (worklist_text, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER worklist_text_added AFTER INSERT ON worklist_entry BEGIN
      INSERT INTO worklist_text (rowid, text) VALUES (NEW.number, NEW.text);
    END;
    CREATE TRIGGER worklist_text_removed AFTER DELETE ON worklist_entry BEGIN
      INSERT INTO worklist_text (worklist_text, rowid, text) VALUES ('delete', OLD.number, OLD.text);
    END;

    /* Studies the app processes by itself. What is being processed is a running job, and still has its row. */
    CREATE TABLE processing (
      place INTEGER PRIMARY KEY AUTOINCREMENT,
      study_uid TEXT NOT NULL UNIQUE REFERENCES study (uid) ON DELETE CASCADE,
      failure TEXT /* JSON of the contract's errorData; null while it waits */,
      since_job INTEGER NOT NULL /* jobs up to this one count no more when interruptions are counted */,
      added_at TEXT NOT NULL
    ) STRICT;
  `);
  for (const column of sorted) {
    db.exec(`CREATE INDEX worklist_by_${column} ON worklist_entry (${column}, number, state, demo${column === 'study_date' ? '' : ', study_date'})`);
  }
  const studies = db.all<{ uid: string; attributes: string; demo: number; added_at: string; series: number; instances: number }>(`
    SELECT uid, attributes, demo, added_at, (SELECT count(*) FROM series WHERE study_uid = study.uid) AS series,
      (SELECT count(*) FROM instance JOIN series ON series.uid = instance.series_uid WHERE series.study_uid = study.uid) AS instances
    FROM study ORDER BY rowid`);
  for (const study of studies) {
    const { name, patient, age, description, text, date } = entryOf(JSON.parse(study.attributes) as StudyAttributes);
    db.run(
      "INSERT INTO worklist_entry (study_uid, name, patient, age, study_date, description, added_at, series_count, instance_count, demo, state, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', ?)",
      study.uid, name, patient, age, date, description, study.added_at, study.series, study.instances, study.demo, text,
    );
  }
}
