/**
 * The head of the audit chain in a file beside the database, so that entries cut off its end are missed. Written after each
 * change has been committed; a kill in between leaves a head that lies behind, which the chain still holds.
 *
 * A start that finds the chain without the head that was kept says so in the chain itself before it goes on, since the new
 * head would otherwise cover the loss up.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Clock, Log } from '../ports.ts';
import { headMissingKind, lostKind, type AuditHead } from './auditChain.ts';
import { appendEntry, chainHead } from './auditRows.ts';
import type { ReadDb, WriteDb } from './database.ts';

export const headFileName = 'audit-head.json';

const headSchema = z.strictObject({ sequence: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });

interface Keeper {
  changed(): void;
}

/** Who keeps the head of an open database. */
const keepers = new WeakMap<ReadDb, Keeper>();

/** To be called after an entry was added, inside or outside of a transaction. */
export const headChanged = (db: ReadDb): void => { keepers.get(db)?.changed(); };

/** @returns the head kept in a file; null where there is none, or it cannot be read as one */
export function readHead(file: string): AuditHead | null {
  try {
    return headSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Holds the chain against the head in the file, and from then on keeps the file at the chain's head.
 * @param expected whether there must be a head already: false for a database whose chain was made just now
 * @returns what writes the last head, before the database is closed
 */
export function keepHead(db: WriteDb, file: string, { expected, clock, log }: { readonly expected: boolean; readonly clock: Clock; readonly log: Log }): () => void {
  const kept = readHead(file);
  const found = chainHead(db);
  if (expected || kept !== null) noteLoss(db, kept, found, clock, log);
  let written: string | null = kept?.hash ?? null;
  let waiting = false;
  const write = (): void => {
    waiting = false;
    const head = chainHead(db);
    if (head.hash === written) return;
    try {
      writeDurably(file, JSON.stringify(head));
      written = head.hash;
    } catch (error) {
      // The entry itself is stored; a head that lies behind is taken up with the next one.
      log.warn('audit.head-not-written', { code: (error as NodeJS.ErrnoException).code ?? 'unknown' });
    }
  };
  keepers.set(db, {
    // Transactions are synchronous: what runs after this call stack sees them committed or gone.
    changed: () => {
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => { if (waiting) write(); });
    },
  });
  write();
  return () => {
    // Closing twice is closing once.
    if (keepers.delete(db)) write();
  };
}

/** Says in the chain itself that it is not the one whose head was kept, or that no head was. */
function noteLoss(db: WriteDb, kept: AuditHead | null, found: AuditHead, clock: Clock, log: Log): void {
  const at = clock.now().toISOString();
  if (kept === null) {
    if (found.sequence > 0) appendEntry(db, { at, kind: headMissingKind, actor: 'system', detail: JSON.stringify({ found: found.sequence }) });
    return;
  }
  if (kept.sequence === 0 || db.get<{ hash: string }>('SELECT hash FROM audit_event WHERE sequence = ?', kept.sequence)?.hash === kept.hash) return;
  log.error('audit.lost', { expected: kept.sequence, found: found.sequence });
  appendEntry(db, { at, kind: lostKind, actor: 'system', detail: JSON.stringify({ expected: kept.sequence, expectedHash: kept.hash, found: found.sequence }) });
}

function writeDurably(file: string, text: string): void {
  const part = `${file}.part`;
  const handle = openSync(part, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, file);
}
