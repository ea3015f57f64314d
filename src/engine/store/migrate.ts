/** Brings a database to the newest schema, one numbered step after another, each with its number in one transaction. */
import { EngineError } from '../../shared/errors.ts';
import type { Database, ReadDb } from './database.ts';
import { initial } from './migrations/0001_initial.ts';
import { search } from './migrations/0002_search.ts';
import { findings } from './migrations/0003_findings.ts';
import { reports } from './migrations/0004_reports.ts';
import { flags } from './migrations/0005_flags.ts';
import { auditChain } from './migrations/0006_audit_chain.ts';
import { measurements } from './migrations/0007_measurements.ts';
import { worklist } from './migrations/0008_worklist.ts';
import { similar } from './migrations/0009_similar.ts';
import { archive } from './migrations/0010_archive.ts';
import { readersKept } from './migrations/0011_readers_kept.ts';
import { watched } from './migrations/0012_watched.ts';

/** By the schema version each makes, in order. */
const migrations: readonly (readonly [version: number, migration: (db: Database) => void])[] = [
  [1, initial],
  [2, search],
  [3, findings],
  [4, reports],
  [5, flags],
  [6, auditChain],
  [7, measurements],
  [8, worklist],
  [9, similar],
  [10, archive],
  [11, readersKept],
  [12, watched],
];

/** From this version on the audit trail is a chain. */
export const chainedSchema = 6;

export const newestSchema = migrations.at(-1)![0];

export const schemaVersion = (db: ReadDb): number => db.get<{ user_version: number }>('PRAGMA user_version')!.user_version;

/**
 * @param target stop at this version; for tests of a single step
 * @throws EngineError `store/newer-schema` if a newer brat made the file
 */
export function migrate(db: Database, target = newestSchema): void {
  const version = schemaVersion(db);
  if (version > newestSchema) {
    throw new EngineError('store/newer-schema', `The data folder was made by a newer version of brat (schema ${version}, this version knows ${newestSchema})`, {
      subject: 'database',
      advice: 'Install the newer version again, or choose another data folder',
    });
  }
  for (const [made, migration] of migrations) {
    if (made <= version || made > target) continue;
    db.transaction(() => {
      migration(db);
      db.exec(`PRAGMA user_version = ${made}`);
    });
  }
}
