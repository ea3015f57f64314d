/** Rows of the audit chain: its head, one more entry, and all of them. Who writes what is audit.ts's matter. */
import { emptyHead, hashOf, type AuditEntry, type AuditHead } from './auditChain.ts';
import type { ReadDb, WriteDb } from './database.ts';

export function chainHead(db: ReadDb): AuditHead {
  return db.get<AuditHead>('SELECT sequence, hash FROM audit_event ORDER BY sequence DESC LIMIT 1') ?? emptyHead;
}

export function appendEntry(db: WriteDb, fields: Pick<AuditEntry, 'at' | 'kind' | 'actor' | 'detail'>): void {
  db.transaction(() => {
    const head = chainHead(db);
    const entry = { ...fields, sequence: head.sequence + 1 };
    db.run('INSERT INTO audit_event (sequence, at, kind, actor, detail, hash) VALUES (?, ?, ?, ?, ?, ?)', entry.sequence, entry.at, entry.kind, entry.actor, entry.detail, hashOf(entry, head.hash));
  });
}

/** All entries, one by one; the database must not be written meanwhile. */
export const chainEntries = (db: ReadDb): IterableIterator<AuditEntry> => db.iterate<AuditEntry>('SELECT sequence, at, kind, actor, detail, hash FROM audit_event ORDER BY sequence');
