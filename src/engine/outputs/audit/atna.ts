/**
 * The audit trail as DICOM audit messages (PS3.15 A.5, after RFC 3881), their XML elements and attributes written as JSON.
 * Each message keeps the entry it was made of with its hash, so that an audit repository holds the chain as well.
 */
import type { AuditEntry } from '../../store/auditChain.ts';

interface Code {
  readonly 'csd-code': string;
  readonly codeSystemName: 'DCM' | '99BRAT';
  readonly originalText: string;
}

const dcm = (code: string, originalText: string): Code => ({ 'csd-code': code, codeSystemName: 'DCM', originalText });

/** Event identifiers of PS3.15 A.5.3 (codes of PS3.16 CID 400). */
const events = {
  activity: dcm('110100', 'Application Activity'),
  logUsed: dcm('110101', 'Audit Log Used'),
  accessed: dcm('110103', 'DICOM Instances Accessed'),
  deleted: dcm('110105', 'DICOM Study Deleted'),
  export: dcm('110106', 'Export'),
  import: dcm('110107', 'Import'),
  query: dcm('110112', 'Query'),
  alert: dcm('110113', 'Security Alert'),
  authentication: dcm('110114', 'User Authentication'),
} as const;

type Action = 'C' | 'R' | 'U' | 'D' | 'E';

/** Event, action (create, read, update, delete, execute) and type of each kind; what is not listed is an activity of the application. */
const meaning: Readonly<Record<string, readonly [event: keyof typeof events, action: Action, type?: Code]>> = {
  import: ['import', 'C'],
  'study.opened': ['accessed', 'R'],
  'study.removed': ['deleted', 'D'],
  'reports.attached': ['import', 'C'],
  searched: ['query', 'E'],
  exported: ['export', 'R'],
  anonymised: ['export', 'R'],
  'report.opened': ['accessed', 'R'],
  'report.edited': ['accessed', 'U'],
  'report.signed': ['accessed', 'C'],
  'report.addendum': ['accessed', 'C'],
  'flag.dismissed': ['accessed', 'U'],
  'role.set': ['accessed', 'U'],
  'reader.added': ['alert', 'C', dcm('110137', 'User Security Attributes Changed')],
  'reader.changed': ['alert', 'U', dcm('110137', 'User Security Attributes Changed')],
  'reader.unlocked': ['authentication', 'E', dcm('110122', 'Login')],
  'reader.refused': ['authentication', 'E', dcm('110122', 'Login')],
  'reader.locked': ['authentication', 'E', dcm('110123', 'Logout')],
  'setting.changed': ['alert', 'U', dcm('110131', 'Software Configuration')],
  'policy.changed': ['alert', 'U', dcm('110129', 'Security Configuration')],
  'model.imported': ['alert', 'C', dcm('110131', 'Software Configuration')],
  'model.removed': ['alert', 'D', dcm('110131', 'Software Configuration')],
  'audit.exported': ['logUsed', 'R'],
  'audit.lost': ['alert', 'E'],
};

/** Outcome of an event: 0 success, 4 minor failure, 8 serious failure. */
const outcomes: Readonly<Record<string, number>> = { 'reader.refused': 4, 'audit.lost': 8 };

/** @param studyOfMark the UID of a study that is still stored, by its mark */
function auditMessage(entry: AuditEntry, studyOfMark: ReadonlyMap<string, string>): object {
  const [event, action, type] = meaning[entry.kind] ?? ['activity', 'E'];
  const detail = JSON.parse(entry.detail) as Record<string, string | number | boolean>;
  const mark = typeof detail['study'] === 'string' ? detail['study'] : null;
  const study = mark === null ? null : (studyOfMark.get(mark) ?? null);
  return {
    EventIdentification: {
      EventActionCode: action,
      EventDateTime: entry.at,
      EventOutcomeIndicator: outcomes[entry.kind] ?? 0,
      EventID: events[event],
      EventTypeCode: [...(type ? [type] : []), { 'csd-code': entry.kind, codeSystemName: '99BRAT', originalText: entry.kind }],
    },
    ActiveParticipant: [{ UserID: entry.actor, UserIsRequestor: entry.actor !== 'system' }],
    AuditSourceIdentification: { AuditSourceID: 'brat desktop', AuditSourceTypeCode: [{ 'csd-code': '1' }] },
    ParticipantObjectIdentification: [
      ...(mark === null ? [] : [{
        ParticipantObjectID: study ?? mark,
        ParticipantObjectTypeCode: 2,
        ParticipantObjectTypeCodeRole: 3,
        ParticipantObjectIDTypeCode: study === null ? { 'csd-code': 'study-mark', codeSystemName: '99BRAT', originalText: 'First 16 hexadecimal digits of SHA-256 of "study:" and the UID' } : dcm('110180', 'Study Instance UID'),
      }]),
      {
        ParticipantObjectID: String(entry.sequence),
        ParticipantObjectTypeCode: 2,
        ParticipantObjectTypeCodeRole: 13,
        ParticipantObjectIDTypeCode: { 'csd-code': 'audit-entry', codeSystemName: '99BRAT', originalText: 'Entry of the hash chain' },
        ParticipantObjectDetail: [
          { type: 'sha256', value: Buffer.from(entry.hash).toString('base64') },
          { type: 'detail', value: Buffer.from(entry.detail).toString('base64') },
        ],
      },
    ],
  };
}

/** @returns JSON: `AuditMessages`, in the order of the chain */
export function auditAtna(entries: Iterable<AuditEntry>, studyOfMark: ReadonlyMap<string, string>): string {
  return `${JSON.stringify({ AuditMessages: [...entries].map((entry) => auditMessage(entry, studyOfMark)) }, null, 1)}\n`;
}
