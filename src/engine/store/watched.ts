/** Files of the watched folder that were dealt with, as they were then. */
import type { ReadDb, WriteDb } from './database.ts';

export interface WatchedFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export const watchedFiles = (db: ReadDb): WatchedFile[] => db.all<WatchedFile>('SELECT path, size, modified_ms AS modifiedMs FROM watched_file');

export function noteWatched(db: WriteDb, files: readonly WatchedFile[]): void {
  db.transaction(() => {
    for (const { path, size, modifiedMs } of files) db.run('INSERT INTO watched_file (path, size, modified_ms) VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ms = excluded.modified_ms', path, size, modifiedMs);
  });
}

export function forgetWatched(db: WriteDb, paths: readonly string[]): void {
  db.transaction(() => { for (const path of paths) db.run('DELETE FROM watched_file WHERE path = ?', path); });
}

export const forgetAllWatched = (db: WriteDb): void => { db.run('DELETE FROM watched_file'); };
