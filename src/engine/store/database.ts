/**
 * The database as the store sees it. Reading and writing are different types, so that a function which is given a
 * {@link ReadDb} cannot store. `src/native/sqlite.ts` fulfils it; every call may throw a `store/*` EngineError.
 */

export type SqlValue = string | number | bigint | null | Uint8Array;

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the caller names the row its own SQL gives */
export interface ReadDb {
  /** First row, or undefined. Statements are prepared once per text. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[];
  /** Rows one by one; the database must not be written meanwhile. */
  iterate<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row>;
}
/* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */

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

/** What the store needs of SQLite. */
export interface DatabaseRuntime {
  /** Of the library, for `brat doctor`. */
  readonly version: string;
  /**
   * Opens or makes a database file: WAL, synchronous FULL, foreign keys, secure delete, a busy timeout.
   * @throws EngineError `store/open-failed`, `store/damaged`, `store/locked`, `store/no-space`
   */
  open(file: string): Database;
  /**
   * Takes a lock on a file that the operating system drops when this process ends, however it ends.
   * @throws EngineError `store/locked` at once if another has it
   */
  lock(file: string): { release(): void };
}
