/** Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one. */
import type { Database } from '../database.ts';

export function findings(db: Database): void {
  db.exec(`
    /* What the heads of a pack say of a study, and whether its input is of the kind the pack was made for. */
    CREATE TABLE study_findings (
      study_uid TEXT NOT NULL,
      pack TEXT NOT NULL,
      content TEXT NOT NULL /* JSON of the contract's studyFindings */,
      lesion_grid TEXT /* JSON: cells along superior, anterior, right */,
      lesion_cells BLOB /* uint8, right fastest; 255 is probability 1 */,
      lesion_threshold INTEGER,
      PRIMARY KEY (study_uid, pack),
      FOREIGN KEY (study_uid, pack) REFERENCES study_encoding (study_uid, pack) ON DELETE CASCADE
    ) STRICT;
  `);
}
