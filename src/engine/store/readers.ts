/** People who may write and sign. Their passphrases are here only as argon2id wrote them. */
import type { Reader } from '../../shared/contract.ts';
import type { ReadDb, WriteDb } from './database.ts';

export interface StoredReader extends Reader {
  readonly passphrase: string;
}

const columns = 'id, name, role, passphrase';

export const listReaders = (db: ReadDb): Reader[] => db.all<Reader>('SELECT id, name, role FROM reader ORDER BY name');

/** By name, whatever its case. */
export const findReader = (db: ReadDb, name: string): StoredReader | undefined => db.get<StoredReader>(`SELECT ${columns} FROM reader WHERE name = ?`, name);

export function putReader(db: WriteDb, { id, name, role, passphrase }: StoredReader, now: string): void {
  db.run(`INSERT INTO reader (${columns}, added_at) VALUES (?, ?, ?, ?, ?)`, id, name, role, passphrase, now);
}
