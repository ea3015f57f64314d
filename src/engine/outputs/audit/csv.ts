/** The audit trail as a table: one entry a row, hashes included, so that the chain can be checked without brat. */
import Papa from 'papaparse';
import type { AuditEntry } from '../../store/auditChain.ts';

export function auditCsv(entries: Iterable<AuditEntry>): string {
  const data = [...entries].map(({ sequence, at, kind, actor, detail, hash }) => [sequence, at, kind, actor, detail, hash]);
  return `${Papa.unparse({ fields: ['sequence', 'at', 'kind', 'by', 'detail', 'sha256'], data }, { escapeFormulae: false })}\r\n`;
}
