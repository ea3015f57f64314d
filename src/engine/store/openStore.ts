/**
 * Opens a data folder for this process alone: takes the lock, checks the database after an unclean end, migrates it, and
 * removes what a crash left behind. Whatever was committed before a kill is there; whatever was not has left no trace.
 *
 * The lock is an exclusive transaction on a small database of its own: the operating system drops it when a process
 * dies, however it dies, so there is never a stale lock to remove by hand.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import type { Clock, Log } from '../ports.ts';
import { headFileName, keepHead } from './auditHead.ts';
import type { Database, DatabaseRuntime, WriteDb } from './database.ts';
import { openInstanceFiles, type InstanceFiles } from './instanceFiles.ts';
import { interruptRunningJobs } from './jobs.ts';
import { chainedSchema, migrate, schemaVersion } from './migrate.ts';

export interface Store {
  readonly db: WriteDb;
  readonly files: InstanceFiles;
  /** Where staged uploads and other passing files live; emptied at each start. */
  readonly temporaryFolder: string;
  /** Where results that can be had again are kept (self-tests of providers). */
  readonly cacheFolder: string;
  /** Where search indexes are kept; all of them can be made again from the database. */
  readonly indexFolder: string;
  /** The audit chain's head, kept beside the database. */
  readonly auditHeadFile: string;
  /** The first thing SQLite's quick check finds wrong, or null. */
  findDamage(): string | null;
  /** Empties the write-ahead log, after something was removed for good. */
  forget(): void;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  readonly dataDir: string;
  readonly database: DatabaseRuntime;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * @throws EngineError `store/locked` if another process has the folder, `store/damaged`, `store/newer-schema`,
 *   `store/open-failed`, `store/no-space`
 */
export async function openStore({ dataDir, database, clock, log }: OpenStoreOptions): Promise<Store> {
  await makeFolder(dataDir);
  const lock = takeLock(join(dataDir, 'lock.sqlite'), database);
  let db: Database | undefined;
  try {
    const file = join(dataDir, 'brat.sqlite');
    const mark = join(dataDir, 'in-use');
    const unclean = existsSync(mark);
    await writeFile(mark, '');
    db = database.open(file);
    if (unclean) {
      log.warn('store.unclean-end');
      const damage = db.findDamage();
      if (damage !== null) {
        throw new EngineError('store/damaged', `The database is damaged: ${damage}`, { subject: 'database', advice: 'Put back a copy of the data folder, or start with an empty one and import again' });
      }
    }
    const auditHeadFile = join(dataDir, headFileName);
    const chained = schemaVersion(db) >= chainedSchema;
    migrate(db);
    const closeHead = keepHead(db, auditHeadFile, { expected: chained, clock, log });
    interruptRunningJobs(db, clock.now());
    const files = openInstanceFiles(join(dataDir, 'instances'));
    const temporaryFolder = join(dataDir, 'temporary');
    await rm(temporaryFolder, { recursive: true, force: true });
    await mkdir(temporaryFolder);
    if (unclean) {
      const removed = await files.removeOrphans(db);
      if (removed > 0) log.info('store.orphans-removed', { files: removed });
    }
    const opened = db;
    return {
      db: opened,
      files,
      temporaryFolder,
      cacheFolder: join(dataDir, 'cache'),
      indexFolder: join(dataDir, 'index'),
      auditHeadFile,
      findDamage: () => opened.findDamage(),
      forget: () => { opened.checkpoint(); },
      close: async () => {
        closeHead();
        opened.close();
        await rm(temporaryFolder, { recursive: true, force: true });
        await rm(mark, { force: true });
        lock.release();
      },
    };
  } catch (error) {
    db?.close();
    lock.release();
    throw asStoreError(error);
  }
}

/** The file system's faults by name; anything else as it is. */
function asStoreError(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof EngineError || syscall === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('store/no-space', 'The disk is full', { subject: 'data folder', advice: 'Free some space and try again; nothing stored was lost' }, { cause: error });
  return new EngineError('store/open-failed', `The data folder cannot be written (${code ?? syscall})`, { subject: 'data folder', advice: 'Check its permissions and its disk, or choose another data folder' }, { cause: error });
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new EngineError('store/open-failed', 'The data folder cannot be made', { subject: 'data folder', advice: 'Choose another data folder, or check its permissions' }, { cause: error });
  }
}

function takeLock(file: string, database: DatabaseRuntime): { release(): void } {
  try {
    return database.lock(file);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'store/locked') throw error;
    throw new EngineError('store/locked', 'The data folder is in use by another brat', { subject: 'data folder', advice: 'Close the other window or command, or pass another folder with --data-dir' }, { cause: error });
  }
}
