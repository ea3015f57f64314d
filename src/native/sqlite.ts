/**
 * better-sqlite3 behind the store's own interface; the only file that names it. Sets up each connection so that what was
 * committed survives a power cut, and turns SQLite's result codes into errors a person can act on. Which process may
 * open a data folder is the store's matter.
 */
import { basename } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import type { Database, DatabaseRuntime, SqlValue } from '../engine/store/database.ts';
import { EngineError, type ErrorCode } from '../shared/errors.ts';

const busyTimeoutMs = 5000;

/** What to tell of SQLite's primary result codes (https://sqlite.org/rescode.html). */
const meaning: readonly { readonly prefix: string; readonly code: ErrorCode; readonly message: string; readonly advice: string }[] = [
  { prefix: 'SQLITE_CORRUPT', code: 'store/damaged', message: 'The database is damaged', advice: 'Put back a copy of the data folder, or start with an empty one and import again' },
  { prefix: 'SQLITE_NOTADB', code: 'store/damaged', message: 'The database file is not a database, or is damaged', advice: 'Put back a copy of the data folder, or start with an empty one and import again' },
  { prefix: 'SQLITE_FULL', code: 'store/no-space', message: 'The disk is full', advice: 'Free some space and try again; nothing stored was lost' },
  { prefix: 'SQLITE_BUSY', code: 'store/locked', message: 'The database is in use by another program', advice: 'Close the other program and try again' },
  { prefix: 'SQLITE_LOCKED', code: 'store/locked', message: 'The database is in use by another program', advice: 'Close the other program and try again' },
  { prefix: 'SQLITE_CANTOPEN', code: 'store/open-failed', message: 'The database cannot be opened', advice: 'Check that the data folder exists and may be written' },
  { prefix: 'SQLITE_READONLY', code: 'store/open-failed', message: 'The database cannot be written', advice: 'Check the permissions of the data folder' },
  { prefix: 'SQLITE_PERM', code: 'store/open-failed', message: 'The database may not be opened', advice: 'Check the permissions of the data folder' },
  { prefix: 'SQLITE_IOERR', code: 'store/open-failed', message: 'The disk with the database does not answer rightly', advice: 'Check the disk and the connection to it' },
];

function translate(error: unknown, file: string): unknown {
  if (!(error instanceof BetterSqlite.SqliteError)) return error;
  const known = meaning.find(({ prefix }) => error.code.startsWith(prefix));
  return known === undefined ? error : new EngineError(known.code, `${known.message} (${error.code})`, { subject: basename(file), advice: known.advice }, { cause: error });
}

function told<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error, file);
  }
}

function open(file: string): Database {
  const connection = told(file, () => {
    const opened = new BetterSqlite(file, { timeout: busyTimeoutMs });
    try {
      // For new files alone: three cases' packed vectors then fill four pages, where 4096 would leave a quarter empty.
      opened.pragma('page_size = 8192');
      opened.pragma('journal_mode = WAL');
      opened.pragma('synchronous = FULL');
      opened.pragma('foreign_keys = ON');
      opened.pragma('secure_delete = ON');
      opened.pragma('trusted_schema = OFF');
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  const prepared = new Map<string, BetterSqlite.Statement<SqlValue[]>>();
  const statement = (sql: string): BetterSqlite.Statement<SqlValue[]> => {
    let found = prepared.get(sql);
    if (!found) prepared.set(sql, (found = connection.prepare<SqlValue[]>(sql)));
    return found;
  };
  const database: Database = {
    write: true,
    get: (sql, ...values) => told(file, () => statement(sql).get(...values) as never),
    all: (sql, ...values) => told(file, () => statement(sql).all(...values) as never),
    *iterate(sql: string, ...values: readonly SqlValue[]) {
      // A statement that is being stepped cannot be used again, so an iteration has its own.
      try {
        yield* connection.prepare<SqlValue[]>(sql).iterate(...values) as IterableIterator<never>;
      } catch (error) {
        throw translate(error, file);
      }
    },
    run: (sql, ...values) => told(file, () => statement(sql).run(...values).changes),
    transaction: (work) => told(file, () => connection.transaction(work).immediate()),
    exec: (sql) => { told(file, () => connection.exec(sql)); },
    findDamage: () => {
      try {
        const result = connection.pragma('quick_check(1)', { simple: true });
        return result === 'ok' ? null : String(result);
      } catch (error) {
        const told = translate(error, file);
        if (told instanceof EngineError && told.code === 'store/damaged') return told.message;
        throw told;
      }
    },
    checkpoint: () => { told(file, () => connection.pragma('wal_checkpoint(TRUNCATE)')); },
    close: () => { connection.close(); },
  };
  return database;
}

/** An exclusive transaction that is never ended: SQLite's own file lock does the rest. */
function lock(file: string): { release(): void } {
  return told(file, () => {
    const connection = new BetterSqlite(file, { timeout: 0 });
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      throw error;
    }
    return { release: () => { connection.close(); } };
  });
}

export const sqlite: DatabaseRuntime = {
  get version() {
    const connection = new BetterSqlite(':memory:');
    const version = connection.prepare<[], string>('SELECT sqlite_version()').pluck().get();
    connection.close();
    return String(version);
  },
  open,
  lock,
};
