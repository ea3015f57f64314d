/** What was done to the stored data, and when. Counts and pack names only: no name, no identifier, no report text. */
import type { Clock } from '../ports.ts';
import type { ReadDb, WriteDb } from './database.ts';

export type AuditKind = 'import' | 'study.removed' | 'reports.attached' | 'index' | 'analysis' | 'role.set' | 'setting.changed' | 'demo.installed' | 'model.imported' | 'model.removed';

export interface AuditEvent {
  readonly at: string;
  readonly kind: AuditKind;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export function recordAudit(db: WriteDb, clock: Clock, kind: AuditKind, detail: AuditEvent['detail']): void {
  db.run('INSERT INTO audit_event (at, kind, detail) VALUES (?, ?, ?)', clock.now().toISOString(), kind, JSON.stringify(detail));
}

export function auditEvents(db: ReadDb): AuditEvent[] {
  return db
    .all<{ at: string; kind: AuditKind; detail: string }>('SELECT at, kind, detail FROM audit_event ORDER BY id')
    .map(({ at, kind, detail }) => ({ at, kind, detail: JSON.parse(detail) as AuditEvent['detail'] }));
}
