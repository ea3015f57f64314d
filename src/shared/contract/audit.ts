/** The audit trail, page by page, its check, and its export. */
import * as z from 'zod';
import { method } from './schema.ts';
import { madeFile, nothing, uid } from './words.ts';

export const auditEntry = z.object({
  sequence: z.int().min(1),
  at: z.string(),
  kind: z.string(),
  /** Id of the reader who did it, or `system`. */
  actor: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** SHA-256 over the entry before it and this one. */
  hash: z.string(),
});

export const auditVerdict = z.object({
  entries: z.int().min(0),
  head: z.object({ sequence: z.int().min(0), hash: z.string() }),
  /** The first entry that is not as it was written, or is missing; null for a whole chain. */
  broken: z.object({ sequence: z.int(), reason: z.string() }).nullable(),
  /** Entries whose clock stood before that of the entry ahead of them. */
  clockSetBackAt: z.array(z.int()),
  /** Entries before which no head was kept aside, as after a restore. */
  unwatchedBefore: z.array(z.int()),
});

/** `atna`: JSON with the audit messages of DICOM PS3.15 A.5 (after RFC 3881). */
export const auditFormat = z.enum(['csv', 'atna']);

export const auditMethods = {
  /** Newest first; `before` gives the entries below a sequence. */
  'audit.page': method({
    params: z.object({ before: z.int().min(1).nullable().default(null), limit: z.int().min(1).max(500).default(50), study: uid.nullable().default(null) }),
    result: z.object({ total: z.int(), entries: z.array(auditEntry) }),
  }),
  'audit.verify': method({ params: nothing, result: auditVerdict }),
  'audit.export': method({ params: z.object({ format: auditFormat }), result: madeFile }),
} as const;

export type AuditEntryShown = z.output<typeof auditEntry>;
export type AuditVerdict = z.output<typeof auditVerdict>;
export type AuditFormat = z.output<typeof auditFormat>;
