import { plural } from './plural.ts';

type Detail = Readonly<Record<string, string | number | boolean>>;

/** A count in words; none where there is none. */
const n = (detail: Detail, key: string, one: string, many: string): string => (typeof detail[key] === 'number' && detail[key] !== 0 ? plural(detail[key], one, many) : '');
const list = (...parts: readonly string[]): string => parts.filter(Boolean).join(', ');

/** What an entry says, in plain words. A kind that is not here is shown as it is called. */
const kinds: Readonly<Record<string, (detail: Detail) => string>> = {
  'import': (detail) => list('Images imported', n(detail, 'added', 'new image', 'new images'), n(detail, 'studies', 'study', 'studies')),
  'study.opened': () => 'Study opened',
  'study.removed': (detail) => list('Study removed', n(detail, 'files', 'file', 'files')),
  'reports.attached': (detail) => list('Reports attached to studies', n(detail, 'attached', 'report', 'reports')),
  'index': (detail) => list('Cases made searchable', n(detail, 'encoded', 'case', 'cases')),
  'analysis': (detail) => list('Draft made by a model', String(detail['pack'] ?? ''), n(detail, 'sentences', 'sentence', 'sentences')),
  'role.set': (detail) => `Use of a series set: ${String(detail['role'] ?? '')}`,
  'searched': (detail) => list('Cases searched', `by ${String(detail['by'] ?? '')}`, `${String(detail['found'] ?? 0)} found`),
  'exported': (detail) => `Report exported: ${String(detail['format'] ?? '')}`,
  'anonymised': () => 'Study exported without identifiers',
  'report.opened': () => 'Report opened for writing',
  'report.drafted': (detail) => list('Draft taken into the report', detail['looked'] === true ? 'after the whole series was looked at' : '', detail['firstImpression'] === true ? 'after a first impression was noted' : ''),
  'report.edited': (detail) => list('Report edited', n(detail, 'accepted', 'accepted', 'accepted'), n(detail, 'edited', 'edited', 'edited'), n(detail, 'rejected', 'rejected', 'rejected'), n(detail, 'proposed', 'undecided', 'undecided')),
  'report.signed': (detail) => list(Number(detail['number']) > 1 ? `Addendum ${Number(detail['number']) - 1} signed` : 'Report signed', n(detail, 'flagsConfirmed', 'flag confirmed', 'flags confirmed')),
  'report.addendum': () => 'Addendum begun',
  'flag.dismissed': (detail) => `Flag dismissed: ${String(detail['kind'] ?? '')}`,
  'flag.restored': (detail) => `Dismissal of a flag taken back: ${String(detail['kind'] ?? '')}`,
  'reader.added': (detail) => `Reader added: ${String(detail['role'] ?? '')}`,
  'reader.changed': (detail) => ({ name: 'Reader renamed', role: `Role of a reader changed to ${String(detail['role'] ?? '')}`, passphrase: 'Passphrase of a reader set', removed: 'Reader removed' })[String(detail['what'])] ?? 'Reader changed',
  'reader.unlocked': () => 'Signed in',
  'reader.refused': (detail) => `Sign-in refused, ${plural(Number(detail['failures']), 'attempt', 'attempts')} in a row`,
  'reader.locked': (detail) => (detail['how'] === 'idle' ? 'Locked, nobody moved' : 'Locked by key'),
  'setting.changed': () => 'Setting changed',
  'policy.changed': (detail) => list('Policy changed', detail['readFirst'] === true ? 'read first' : 'draft at once', n(detail, 'lockAfterMinutes', 'minute until the lock', 'minutes until the lock')),
  'demo.installed': () => 'Demonstration installed',
  'archive.imported': () => 'Archive imported',
  'archive.removed': (detail) => list('Cases removed from the archive', n(detail, 'cases', 'case', 'cases')),
  'archive.exported': (detail) => list('Vectors of the archive exported', n(detail, 'cases', 'case', 'cases')),
  'archive.embeddings': (detail) => list('Vectors of an archive imported', n(detail, 'cases', 'case', 'cases')),
  'model.imported': (detail) => `Model imported: ${String(detail['pack'] ?? '')}`,
  'model.removed': (detail) => `Model removed: ${String(detail['pack'] ?? '')}`,
  'audit.exported': (detail) => `Audit trail exported: ${String(detail['format'] ?? '').toUpperCase()}`,
  'audit.lost': (detail) => `Entries are missing before this one: ${String(detail['expected'] ?? '')} were expected, ${String(detail['found'] ?? '')} found`,
  'audit.head-missing': () => 'No head was kept aside before this entry',
};

export const auditTexts = {
  title: 'Audit trail',
  action: 'Audit trail',
  hint: 'Who did what and when. No name of a patient and no text of a report is in it. Entries are never changed.',
  onlyStudy: 'Only the open study',
  columns: { sequence: 'No.', at: 'When', who: 'Who', what: 'What', study: 'Study' },
  system: 'the app',
  total: (count: number): string => plural(count, 'entry', 'entries'),
  more: 'Show older entries',
  loading: 'Reading',
  none: 'Nothing stands in it yet.',
  verify: 'Verify',
  verifying: 'Verifying',
  whole: (entries: number): string => `Verified: all ${plural(entries, 'entry is', 'entries are')} as written, none is missing.`,
  broken: (sequence: number, reason: string): string => `NOT as it was written, from entry ${sequence} on: ${reason}.`,
  clockSetBack: (count: number): string => `The clock of this computer was set back before ${plural(count, 'entry', 'entries')}.`,
  unwatched: (count: number): string => `Nothing was kept aside before ${plural(count, 'entry', 'entries')}, as after a restore: what was cut off before is not found.`,
  head: (sequence: number, hash: string): string => `Head ${sequence}:${hash}`,
  headHint: 'Note it elsewhere, and brat audit verify --head holds the trail to it later.',
  export: 'Export',
  formats: { csv: 'CSV', atna: 'DICOM audit messages (JSON)' },
  exported: (name: string): string => `${name} was made, and the trail says so.`,
  say: (kind: string, detail: Detail): string => kinds[kind]?.(detail) ?? kind,
} as const;
