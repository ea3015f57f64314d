/**
 * The audit trail: what was done to the stored data, when and by whom, as a chain that shows every change (auditChain.ts).
 * Counts, pack names and marks of studies only: no patient's name, no identifier, no text of a report or a search.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../ports.ts';
import type { AuditEntry } from './auditChain.ts';
import { headChanged } from './auditHead.ts';
import { appendEntry } from './auditRows.ts';
import type { ReadDb, WriteDb } from './database.ts';

export type AuditKind =
  | 'import' | 'study.opened' | 'study.removed' | 'reports.attached' | 'index' | 'analysis' | 'role.set' | 'searched' | 'exported' | 'anonymised'
  | 'report.opened' | 'report.drafted' | 'report.edited' | 'report.signed' | 'report.addendum' | 'flag.dismissed' | 'flag.restored'
  | 'reader.added' | 'reader.changed' | 'reader.unlocked' | 'reader.refused' | 'reader.locked'
  | 'setting.changed' | 'policy.changed' | 'demo.installed' | 'archive.imported' | 'archive.removed' | 'archive.exported' | 'archive.embeddings' | 'model.imported' | 'model.removed'
  | 'audit.exported';

export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

/** Who did it where no reader did. */
export const systemActor = 'system';

/** Stands for a study in the trail: whoever has the study's UID can find its entries, and no one else learns the UID. */
export const studyMark = (study: string): string => createHash('sha256').update(`study:${study}`).digest('hex').slice(0, 16);

/** @param by id of the reader */
export function recordAudit(db: WriteDb, clock: Clock, kind: AuditKind, detail: AuditDetail, by = systemActor): void {
  appendEntry(db, { at: clock.now().toISOString(), kind, actor: by, detail: JSON.stringify(detail) });
  headChanged(db);
}

export interface AuditPage {
  /** Of all pages. */
  readonly total: number;
  readonly entries: readonly AuditEntry[];
}

/**
 * Newest first.
 * @param page `before`: entries below this sequence, or null from the newest; `study`: entries of this study alone
 */
export function auditPage(db: ReadDb, { before, limit, study }: { readonly before: number | null; readonly limit: number; readonly study: string | null }): AuditPage {
  const mark = study === null ? null : studyMark(study);
  const which = "(? IS NULL OR json_extract(detail, '$.study') = ?)";
  return {
    total: db.get<{ n: number }>(`SELECT count(*) AS n FROM audit_event WHERE ${which}`, mark, mark)!.n,
    entries: db.all<AuditEntry>(`SELECT sequence, at, kind, actor, detail, hash FROM audit_event WHERE ${which} AND (? IS NULL OR sequence < ?) ORDER BY sequence DESC LIMIT ?`, mark, mark, before, before, limit),
  };
}
