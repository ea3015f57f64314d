/**
 * Frozen: a database that holds this migration exists on somebody's machine. Change the schema with a new one.
 *
 * The audit trail becomes a chain: each entry holds the hash of the one before it, and SQL alone can neither change, remove
 * nor slip in an entry. Entries that are there are chained in the order in which they were written.
 */
import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';

export function auditChain(db: Database): void {
  db.exec(`
    ALTER TABLE audit_event RENAME TO old_audit_event;
    CREATE TABLE audit_event (
      sequence INTEGER PRIMARY KEY CHECK (sequence > 0) /* 1, 2, 3 … without a gap */,
      at TEXT NOT NULL,
      kind TEXT NOT NULL,
      actor TEXT NOT NULL /* id of a reader, or system */,
      detail TEXT NOT NULL /* JSON: counts, pack names and marks of studies; never a name, an identifier or a report's text */,
      hash TEXT NOT NULL /* SHA-256, hexadecimal, over the hash before it and all of the above: auditChain.ts */
    ) STRICT;
  `);
  let hash = '0'.repeat(64);
  let sequence = 0;
  for (const { at, kind, detail } of db.all<{ at: string; kind: string; detail: string }>('SELECT at, kind, detail FROM old_audit_event ORDER BY id')) {
    sequence += 1;
    hash = createHash('sha256').update(`${hash}\n${JSON.stringify([sequence, at, kind, 'system', detail])}`).digest('hex');
    db.run('INSERT INTO audit_event (sequence, at, kind, actor, detail, hash) VALUES (?, ?, ?, ?, ?, ?)', sequence, at, kind, 'system', detail, hash);
  }
  db.exec(`
    DROP TABLE old_audit_event;
    CREATE TRIGGER audit_event_comes_last BEFORE INSERT ON audit_event
      WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM audit_event)
      BEGIN SELECT RAISE(ABORT, 'an audit event comes after the last one'); END;
    CREATE TRIGGER audit_event_is_kept BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events are kept'); END;
    CREATE TRIGGER audit_event_stays BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit events stay as they are'); END;
  `);
}
