/** Brings a database to the newest schema, one numbered step after another, each with its number in one transaction. */
import { EngineError } from '../../shared/errors.ts';
import type { Database } from './database.ts';
import { initial } from './migrations/0001_initial.ts';
import { search } from './migrations/0002_search.ts';
import { findings } from './migrations/0003_findings.ts';

/** Step n makes schema version n + 1 of version n. */
const migrations: readonly ((db: Database) => void)[] = [initial, search, findings];

export const newestSchema = migrations.length;

export const schemaVersion = (db: Database): number => db.get<{ user_version: number }>('PRAGMA user_version')!.user_version;

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
  for (let step = version; step < target; step++) {
    db.transaction(() => {
      migrations[step]!(db);
      db.exec(`PRAGMA user_version = ${step + 1}`);
    });
  }
}
