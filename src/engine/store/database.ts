/**
 * The database as the store sees it. Reading and writing are different types, so that a function which is given a
 * {@link ReadDb} cannot store. `src/native/sqlite.ts` fulfils it; every call may throw a `store/*` EngineError.
 */

export type SqlValue = string | number | bigint | null | Uint8Array;

export interface ReadDb {
  /** First row, or undefined. Statements are prepared once per text. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[];
  /** Rows one by one; the database must not be written meanwhile. */
  iterate<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row>;
}

export interface WriteDb extends ReadDb {
  readonly write: true;
  /** @returns the number of rows changed */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /** All of `work` or nothing. Synchronous: infer first, store after. Nested calls join the outer one. */
  transaction<T>(work: () => T): T;
}

/** An open database file. */
export interface Database extends WriteDb {
  /** Runs several statements; for migrations and pragmas. */
  exec(sql: string): void;
  /** The first problem SQLite's quick check finds, or null. */
  findDamage(): string | null;
  /** Moves the write-ahead log into the file and empties it, so that no deleted row lives on there. */
  checkpoint(): void;
  close(): void;
}

/**
 * Opens or makes a database file: WAL, synchronous FULL, foreign keys, secure delete, a busy timeout.
 * @throws EngineError `store/open-failed`, `store/damaged`, `store/locked`, `store/no-space`
 */
export type OpenDatabase = (file: string) => Database;
