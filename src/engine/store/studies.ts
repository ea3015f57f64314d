/** Studies, their series and instances, and the roles readers gave to series. Rows only; files are instanceFiles'. */
import type { Role, StudyState } from '../../shared/contract.ts';
import type { InstanceHeader, StudyAttributes } from '../dicom/types.ts';
import type { ReadDb, WriteDb } from './database.ts';
import { addEntry } from './worklist.ts';

/**
 * Version of {@link InstanceHeader} as stored. Raise it when the DICOM reader learns something that stored headers lack:
 * older ones are then read again from their files.
 */
export const headerFormat = 1;

export interface StudyRow {
  readonly uid: string;
  readonly attributes: StudyAttributes;
  readonly demo: boolean;
  readonly addedAt: string;
  readonly seriesCount: number;
  readonly instanceCount: number;
  readonly hasReport: boolean;
  /** As the worklist last wrote it. */
  readonly state: StudyState;
}

export interface InstanceRow {
  readonly contentHash: string;
  readonly sourceName: string;
  readonly header: Omit<InstanceHeader, 'source'>;
  /** False when the header was stored by an older reader. */
  readonly current: boolean;
}

interface RawStudy {
  readonly uid: string;
  readonly attributes: string;
  readonly demo: number;
  readonly added_at: string;
  readonly series_count: number;
  readonly instance_count: number;
  readonly has_report: number;
  readonly state: StudyState;
}

const selectStudy = `SELECT uid, attributes, study.demo, study.added_at, series_count, instance_count, state,
    EXISTS (SELECT 1 FROM archive_case WHERE study_uid = study.uid) AS has_report
  FROM study JOIN worklist_entry ON worklist_entry.study_uid = study.uid`;

const toStudy = (raw: RawStudy): StudyRow => ({
  uid: raw.uid,
  attributes: JSON.parse(raw.attributes) as StudyAttributes,
  demo: raw.demo === 1,
  addedAt: raw.added_at,
  seriesCount: raw.series_count,
  instanceCount: raw.instance_count,
  hasReport: raw.has_report === 1,
  state: raw.state,
});

export function findStudy(db: ReadDb, uid: string): StudyRow | undefined {
  const raw = db.get<RawStudy>(`${selectStudy} WHERE uid = ?`, uid);
  return raw && toStudy(raw);
}

/** Studies by the numbers of their worklist entries, in that order. */
export function studiesOfEntries(db: ReadDb, numbers: readonly number[]): StudyRow[] {
  return numbers.flatMap((number) => {
    const raw = db.get<RawStudy>(`${selectStudy} WHERE number = ?`, number);
    return raw ? [toStudy(raw)] : [];
  });
}

export function studiesOfAccession(db: ReadDb, accession: string): string[] {
  return db.all<{ uid: string }>('SELECT uid FROM study WHERE accession = ? ORDER BY uid', accession).map(({ uid }) => uid);
}

/** The hospital's number of a study's patient; empty if there is none, or no such study. */
export const patientOfStudy = (db: ReadDb, uid: string): string =>
  db.get<{ patient: string | null }>("SELECT json_extract(attributes, '$.patientId') AS patient FROM study WHERE uid = ?", uid)?.patient ?? '';

export const countStudies = (db: ReadDb): number => db.get<{ n: number }>('SELECT count(*) AS n FROM study')!.n;

export function studyOfSeries(db: ReadDb, series: string): string | undefined {
  return db.get<{ study_uid: string }>('SELECT study_uid FROM series WHERE uid = ?', series)?.study_uid;
}

export function hasInstance(db: ReadDb, series: string, sop: string): boolean {
  return db.get('SELECT 1 FROM instance WHERE series_uid = ? AND sop_uid = ?', series, sop) !== undefined;
}

/** Whether any instance refers to a stored file. */
export function isContentUsed(db: ReadDb, contentHash: string): boolean {
  return db.get('SELECT 1 FROM instance WHERE content_hash = ? LIMIT 1', contentHash) !== undefined;
}

export function instancesOfStudy(db: ReadDb, study: string): InstanceRow[] {
  return db
    .all<{ content_hash: string; source_name: string; header: string; header_format: number }>(
      'SELECT content_hash, source_name, header, header_format FROM series JOIN instance ON instance.series_uid = series.uid WHERE series.study_uid = ? ORDER BY instance.series_uid, instance.sop_uid',
      study,
    )
    .map((raw) => ({ contentHash: raw.content_hash, sourceName: raw.source_name, header: JSON.parse(raw.header) as InstanceRow['header'], current: raw.header_format === headerFormat }));
}

/**
 * Adds one instance, with its series and study where they are new. Its file must be durable already.
 * @returns false if the instance is known, or its series belongs to another study
 */
export function addInstance(db: WriteDb, header: InstanceHeader, contentHash: string, now: string, demo: boolean): boolean {
  return db.transaction(() => {
    const isNew = db.run(
      'INSERT INTO study (uid, attributes, study_date, accession, demo, added_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO NOTHING',
      header.studyUid, JSON.stringify(header.study), header.study.studyDate, header.study.accession, demo ? 1 : 0, now,
    ) > 0;
    if (isNew) addEntry(db, header.studyUid, header.study, demo, now);
    db.run('INSERT INTO series (uid, study_uid) VALUES (?, ?) ON CONFLICT (uid) DO NOTHING', header.seriesUid, header.studyUid);
    return (
      db.run(
        'INSERT INTO instance (series_uid, sop_uid, content_hash, source_name, header_format, header) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        header.seriesUid, header.sopInstanceUid, contentHash, header.source.name, headerFormat, withoutSource(header),
      ) > 0
    );
  });
}

/** Where a file lies changes with the data folder, so it is not part of what is stored. */
const withoutSource = (header: InstanceHeader): string => JSON.stringify({ ...header, source: undefined });

/** Replaces a header that an older reader stored. */
export function updateHeader(db: WriteDb, header: InstanceHeader): void {
  db.run('UPDATE instance SET header = ?, header_format = ? WHERE series_uid = ? AND sop_uid = ?', withoutSource(header), headerFormat, header.seriesUid, header.sopInstanceUid);
}

/**
 * Deletes a study with everything that hangs on it.
 * @returns contents that nothing refers to any more, whose files the caller removes; undefined if there was no such study
 */
export function deleteStudy(db: WriteDb, study: string): string[] | undefined {
  return db.transaction(() => {
    const hashes = db.all<{ content_hash: string }>('SELECT DISTINCT content_hash FROM series JOIN instance ON instance.series_uid = series.uid WHERE series.study_uid = ?', study);
    if (db.run('DELETE FROM study WHERE uid = ?', study) === 0) return undefined;
    return hashes.map((row) => row.content_hash).filter((hash) => !isContentUsed(db, hash));
  });
}

export function roleOverrides(db: ReadDb, series: readonly string[]): Map<string, Role> {
  const found = new Map<string, Role>();
  for (const uid of series) {
    const row = db.get<{ role: Role }>('SELECT role FROM role_override WHERE series_uid = ?', uid);
    if (row) found.set(uid, row.role);
  }
  return found;
}

/** @param role null takes the reader's choice back */
export function setRoleOverride(db: WriteDb, series: string, role: Role | null): void {
  if (role === null) db.run('DELETE FROM role_override WHERE series_uid = ?', series);
  else db.run('INSERT INTO role_override (series_uid, role) VALUES (?, ?) ON CONFLICT (series_uid) DO UPDATE SET role = excluded.role', series, role);
}
