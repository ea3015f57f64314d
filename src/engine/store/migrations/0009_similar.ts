/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function similar(db: Database): void {
  db.exec(`
    /* Cases a reader keeps beside a study. */
    CREATE TABLE pinned_case (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
      pinned_at TEXT NOT NULL,
      PRIMARY KEY (study_uid, case_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pinned_case_by_case ON pinned_case (case_id);

    /* Earlier studies a reader looked at beside a study. */
    CREATE TABLE prior_opened (
      study_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      prior_uid TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      opened_at TEXT NOT NULL,
      PRIMARY KEY (study_uid, prior_uid)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX prior_opened_by_prior ON prior_opened (prior_uid);

    /* How one volume was found to lie on another one. */
    CREATE TABLE registration (
      fixed TEXT NOT NULL /* series#stack and its voxel counts */,
      moving TEXT NOT NULL,
      fixed_study TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      moving_study TEXT NOT NULL REFERENCES study (uid) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      content TEXT NOT NULL /* JSON of RegistrationResult */,
      created_at TEXT NOT NULL,
      PRIMARY KEY (fixed, moving)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX registration_by_fixed ON registration (fixed_study);
    CREATE INDEX registration_by_moving ON registration (moving_study);

    /* Answers to the structured questions as read from a case's report by rules, and by which version of them. */
    CREATE TABLE case_reading (
      case_id TEXT PRIMARY KEY REFERENCES archive_case (id) ON DELETE CASCADE,
      version INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE case_finding (
      case_id TEXT NOT NULL REFERENCES archive_case (id) ON DELETE CASCADE,
      question TEXT NOT NULL,
      answer TEXT NOT NULL,
      PRIMARY KEY (case_id, question, answer)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX case_finding_by_answer ON case_finding (question, answer);
    CREATE TRIGGER case_reading_outdated AFTER UPDATE OF report ON archive_case BEGIN
      DELETE FROM case_reading WHERE case_id = NEW.id;
      DELETE FROM case_finding WHERE case_id = NEW.id;
    END;

    CREATE INDEX study_by_patient ON study (json_extract(attributes, '$.patientId'));
    CREATE INDEX study_by_birth_date ON study (json_extract(attributes, '$.birthDate'));
  `);
}
