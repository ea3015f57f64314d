/** People who may write and sign. Their passphrases are here only as argon2id wrote them. */
import type { ListedReader, Reader, ReaderRole } from '../../shared/contract.ts';
import type { ReadDb, WriteDb } from './database.ts';

export interface StoredReader extends Reader {
  readonly passphrase: string;
}

/** Everybody there ever was, those who were removed marked: what they did stands under their name. */
export const listReaders = (db: ReadDb): ListedReader[] =>
  db.all<{ id: string; name: string; role: ReaderRole; removed: number }>('SELECT id, name, role, removed_at IS NOT NULL AS removed FROM reader ORDER BY name').map((row) => ({ ...row, removed: row.removed === 1 }));

/** Who may read. */
export const activeReaders = (db: ReadDb): Reader[] => db.all<Reader>('SELECT id, name, role FROM reader WHERE removed_at IS NULL ORDER BY name');

/** By name, whatever its case; somebody who was removed is not found. */
export const findReader = (db: ReadDb, name: string): StoredReader | undefined => db.get<StoredReader>('SELECT id, name, role, passphrase FROM reader WHERE name = ? AND removed_at IS NULL', name);

/** Whether somebody else has the name, or had it. */
export const nameIsTaken = (db: ReadDb, name: string, except: string | null = null): boolean => db.get('SELECT 1 FROM reader WHERE name = ? AND id IS NOT ?', name, except) !== undefined;

export function putReader(db: WriteDb, { id, name, role, passphrase }: StoredReader, now: string): void {
  db.run('INSERT INTO reader (id, name, role, passphrase, added_at) VALUES (?, ?, ?, ?, ?)', id, name, role, passphrase, now);
}

export function changeReader(db: WriteDb, { id, name, role }: Reader): void {
  db.run('UPDATE reader SET name = ?, role = ? WHERE id = ?', name, role, id);
}

export function putPassphrase(db: WriteDb, id: string, passphrase: string): void {
  db.run('UPDATE reader SET passphrase = ? WHERE id = ?', passphrase, id);
}

export function removeReader(db: WriteDb, id: string, now: string): void {
  db.run("UPDATE reader SET removed_at = ?, passphrase = '' WHERE id = ?", now, id);
}
