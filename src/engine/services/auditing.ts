/** The audit trail for those who look at it: pages, the check of the chain, and files of it. */
import type { AuditFormat, AuditVerdict, Handlers, MadeFile } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { auditAtna } from '../outputs/audit/atna.ts';
import { auditCsv } from '../outputs/audit/csv.ts';
import type { Clock } from '../ports.ts';
import { auditPage, recordAudit, studyMark } from '../store/audit.ts';
import { verifyChain, type AuditHead } from '../store/auditChain.ts';
import { readHead } from '../store/auditHead.ts';
import { chainEntries } from '../store/auditRows.ts';
import type { ReadDb } from '../store/database.ts';
import { chainedSchema, schemaVersion } from '../store/migrate.ts';
import type { Store } from '../store/openStore.ts';
import type { Session } from './session.ts';

/**
 * Checks the chain of a data folder, which may be in use.
 * @param heads noted elsewhere, beside the one kept in the folder
 */
export function verifyTrail(db: ReadDb, headFile: string, heads: readonly AuditHead[] = []): AuditVerdict {
  if (schemaVersion(db) < chainedSchema) throw new EngineError('audit/not-chained', 'The data folder was last used by a version of brat that kept no chain', { subject: 'audit trail', advice: 'Open the folder with this version once' });
  // The head first: entries that are added while they are read only lengthen the chain.
  const kept = readHead(headFile);
  const { clockSetBackAt, unwatchedBefore, ...verdict } = verifyChain(chainEntries(db), kept === null ? heads : [kept, ...heads]);
  return { ...verdict, clockSetBackAt: [...clockSetBackAt], unwatchedBefore: [...unwatchedBefore] };
}

export function exportTrail(db: ReadDb, format: AuditFormat, now: Date): MadeFile {
  const day = now.toISOString().slice(0, 10);
  if (format === 'csv') return { name: `brat-audit-${day}.csv`, mediaType: 'text/csv', bytes: encode(auditCsv(chainEntries(db))) };
  const studyOfMark = new Map(db.all<{ uid: string }>('SELECT uid FROM study').map(({ uid }) => [studyMark(uid), uid]));
  return { name: `brat-audit-${day}.json`, mediaType: 'application/json', bytes: encode(auditAtna(chainEntries(db), studyOfMark)) };
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Whoever is signed in may look and export; nobody while the window is locked, when only the check may be made, which shows no entry. */
export function auditHandlers({ store, clock, session }: { readonly store: Store; readonly clock: Clock; readonly session: Session }): Pick<Handlers, 'audit.page' | 'audit.verify' | 'audit.export'> {
  const { db } = store;
  return {
    'audit.page': (page) => {
      session.requireAnyone();
      const { total, entries } = auditPage(db, page);
      return { total, entries: entries.map((entry) => ({ ...entry, detail: JSON.parse(entry.detail) as Record<string, string | number | boolean> })) };
    },
    'audit.verify': () => verifyTrail(db, store.auditHeadFile),
    'audit.export': ({ format }) => {
      const by = session.requireAnyone();
      const file = exportTrail(db, format, clock.now());
      recordAudit(db, clock, 'audit.exported', { format }, by?.id);
      return file;
    },
  };
}
