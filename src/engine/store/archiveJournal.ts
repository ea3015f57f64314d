/** The journal of filling an archive (migration 0010): folders surveyed, studies found in them with their files, and what became of each study. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ReadDb, WriteDb } from './database.ts';

export type ArchiveStudyState = 'waiting' | 'done' | 'skipped' | 'failed' | 'removed';

export interface ArchiveStudy {
  readonly number: number;
  readonly uid: string;
  readonly accession: string;
  readonly patient: string;
  readonly mixed: boolean;
  readonly state: ArchiveStudyState;
  readonly code: string;
  readonly reportHash: string;
}

/** Files of a study in one folder; `names` is empty where the folder is a zip file. */
export interface StudyFiles {
  readonly study: string;
  readonly folder: string;
  readonly kind: 'image' | 'report';
  readonly names: readonly string[];
}

interface RawStudy {
  readonly number: number;
  readonly uid: string;
  readonly accession: string;
  readonly patient: string;
  readonly mixed: number;
  readonly state: ArchiveStudyState;
  readonly code: string;
  readonly report_hash: string;
}

const columns = 'number, uid, accession, patient, mixed, state, code, report_hash';
const toStudy = (raw: RawStudy): ArchiveStudy => ({ number: raw.number, uid: raw.uid, accession: raw.accession, patient: raw.patient, mixed: raw.mixed === 1, state: raw.state, code: raw.code, reportHash: raw.report_hash });
const pack = (names: readonly string[]): Uint8Array => deflateRawSync(names.join('\n'));
const unpack = (blob: Uint8Array): string[] => {
  const text = inflateRawSync(blob).toString('utf8');
  return text === '' ? [] : text.split('\n');
};

/** When a folder was surveyed, if all of its files are known. */
export const surveyedFolder = (db: ReadDb, path: string): { readonly modifiedMs: number; readonly surveyedMs: number } | undefined =>
  db.get('SELECT modified_ms AS modifiedMs, surveyed_ms AS surveyedMs FROM archive_folder WHERE path = ?', path);

/** A study as a survey meets it, with files of one folder. */
export interface MetStudy {
  readonly uid: string;
  readonly accession: string;
  readonly patient: string;
  readonly images: readonly string[];
  readonly reports: readonly string[];
}

/** Stores what a folder holds in place of what was known of it, all or nothing: a study whose images changed waits again. */
export function putFolder(db: WriteDb, path: string, studies: readonly MetStudy[], { modifiedMs, surveyedMs }: { readonly modifiedMs: number; readonly surveyedMs: number }): void {
  db.transaction(() => {
    const before = imagesByStudy(db, path);
    db.run('DELETE FROM archive_files WHERE folder = ?', path);
    for (const study of studies) {
      const known = findArchiveStudy(db, study.uid);
      if (!known) db.run('INSERT INTO archive_study (uid, accession, patient) VALUES (?, ?, ?)', study.uid, study.accession, study.patient);
      else if (known.patient !== study.patient || known.accession !== study.accession) mergeIdentity(db, known, study);
      for (const [kind, names] of [['image', study.images], ['report', study.reports]] as const) {
        if (names.length > 0) db.run('INSERT INTO archive_files (study_uid, folder, kind, names) VALUES (?, ?, ?, ?)', study.uid, path, kind, pack(names));
      }
    }
    const now = imagesByStudy(db, path);
    for (const study of new Set([...before.keys(), ...now.keys()])) if (before.get(study) !== now.get(study)) wake(db, study);
    db.run('INSERT INTO archive_folder (path, modified_ms, surveyed_ms) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET modified_ms = excluded.modified_ms, surveyed_ms = excluded.surveyed_ms', path, modifiedMs, surveyedMs);
  });
}

const imagesByStudy = (db: ReadDb, folder: string): Map<string, string> =>
  new Map(db.all<RawFiles>("SELECT study_uid, folder, kind, names FROM archive_files WHERE folder = ? AND kind = 'image'", folder).map((raw) => [raw.study_uid, Buffer.from(raw.names).toString('base64')]));

/** Files of one study may leave the accession number or the patient out; two different ones make the study unusable. */
function mergeIdentity(db: WriteDb, known: ArchiveStudy, met: MetStudy): void {
  const differ = (a: string, b: string): boolean => a !== '' && b !== '' && a !== b;
  db.run(
    'UPDATE archive_study SET accession = ?, patient = ?, mixed = ? WHERE uid = ?',
    known.accession || met.accession, known.patient || met.patient, known.mixed || differ(known.accession, met.accession) || differ(known.patient, met.patient) ? 1 : 0, known.uid,
  );
}

/** A study that somebody removed stays removed. */
const wake = (db: WriteDb, uid: string): void => { db.run("UPDATE archive_study SET state = 'waiting', code = '' WHERE uid = ? AND state IN ('skipped', 'failed', 'done')", uid); };

interface RawFiles {
  readonly study_uid: string;
  readonly folder: string;
  readonly kind: 'image' | 'report';
  readonly names: Uint8Array;
}

const toFiles = ({ study_uid: study, folder, kind, names }: RawFiles): StudyFiles => ({ study, folder, kind, names: unpack(names) });

/** Where the files of a study lie, folder by folder. */
export const filesOfStudy = (db: ReadDb, study: string, kind: StudyFiles['kind']): StudyFiles[] =>
  db.all<RawFiles>('SELECT study_uid, folder, kind, names FROM archive_files WHERE study_uid = ? AND kind = ? ORDER BY folder', study, kind).map(toFiles);

/** All reports that lie among images, page by page. */
export function* reportFiles(db: ReadDb): Generator<StudyFiles> {
  let [study, folder] = ['', ''];
  for (;;) {
    const page = db.all<RawFiles>("SELECT study_uid, folder, kind, names FROM archive_files WHERE (study_uid, folder) > (?, ?) AND kind = 'report' ORDER BY study_uid, folder LIMIT 200", study, folder);
    for (const raw of page) yield toFiles(raw);
    const last = page.at(-1);
    if (!last) return;
    [study, folder] = [last.study_uid, last.folder];
  }
}

export function findArchiveStudy(db: ReadDb, uid: string): ArchiveStudy | undefined {
  const raw = db.get<RawStudy>(`SELECT ${columns} FROM archive_study WHERE uid = ?`, uid);
  return raw && toStudy(raw);
}

export const archiveStudiesOfAccession = (db: ReadDb, accession: string): ArchiveStudy[] =>
  db.all<RawStudy>(`SELECT ${columns} FROM archive_study WHERE accession = ? AND accession <> '' ORDER BY uid`, accession).map(toStudy);

/** Studies in the order they were found, after a number. */
export const archiveStudiesAfter = (db: ReadDb, number: number, limit: number): ArchiveStudy[] =>
  db.all<RawStudy>(`SELECT ${columns} FROM archive_study WHERE number > ? ORDER BY number LIMIT ?`, number, limit).map(toStudy);

/** @param reportHash left out where the study has no case */
export function setStudyState(db: WriteDb, uid: string, state: ArchiveStudyState, code = '', reportHash = ''): void {
  db.run('UPDATE archive_study SET state = ?, code = ?, report_hash = ? WHERE uid = ?', state, code, reportHash, uid);
}

/** How many studies are in each state, and why. */
export const countStudyStates = (db: ReadDb): { readonly state: ArchiveStudyState; readonly code: string; readonly studies: number }[] =>
  db.all('SELECT state, code, count(*) AS studies FROM archive_study GROUP BY state, code ORDER BY state, studies DESC, code');
