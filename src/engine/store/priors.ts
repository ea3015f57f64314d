/** Rows around earlier studies: candidates by patient, which were opened, and how volumes were found to lie on each other. */
import type { RegistrationResult } from '../registration/registerVolumes.ts';
import type { ReadDb, WriteDb } from './database.ts';
import { findStudy, type StudyRow } from './studies.ts';

/** Other studies with the same patient number, or with the same birth date; by index, whatever the archive's size. */
export function studiesOfPatient(db: ReadDb, { uid, attributes: { patientId, birthDate } }: StudyRow): StudyRow[] {
  const byNumber = patientId.trim() === '' ? [] : uidsWhere(db, '$.patientId', patientId);
  const byBirth = birthDate === '' ? [] : uidsWhere(db, '$.birthDate', birthDate);
  return [...new Set([...byNumber, ...byBirth])].filter((other) => other !== uid).flatMap((other) => findStudy(db, other) ?? []);
}

const uidsWhere = (db: ReadDb, path: '$.patientId' | '$.birthDate', value: string): string[] =>
  db.all<{ uid: string }>(`SELECT uid FROM study WHERE json_extract(attributes, '${path}') = ?`, value).map(({ uid }) => uid);

/** When each earlier study was last opened beside a study. */
export function openedPriors(db: ReadDb, study: string): ReadonlyMap<string, string> {
  return new Map(db.all<{ prior_uid: string; opened_at: string }>('SELECT prior_uid, opened_at FROM prior_opened WHERE study_uid = ?', study).map((row) => [row.prior_uid, row.opened_at]));
}

export function putPriorOpened(db: WriteDb, study: string, prior: string, now: string): void {
  db.run('INSERT INTO prior_opened (study_uid, prior_uid, opened_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET opened_at = excluded.opened_at', study, prior, now);
}

/** A volume as registrations are kept by: series, stack and voxel counts, so that a series that grew is registered anew. */
export interface RegisteredVolume {
  readonly study: string;
  readonly key: string;
}

export function findRegistration(db: ReadDb, fixed: RegisteredVolume, moving: RegisteredVolume, version: number): RegistrationResult | undefined {
  const row = db.get<{ content: string }>('SELECT content FROM registration WHERE fixed = ? AND moving = ? AND version = ?', fixed.key, moving.key, version);
  return row && (JSON.parse(row.content) as RegistrationResult);
}

export function putRegistration(db: WriteDb, fixed: RegisteredVolume, moving: RegisteredVolume, version: number, result: RegistrationResult, now: string): void {
  db.run(
    'INSERT OR REPLACE INTO registration (fixed, moving, fixed_study, moving_study, version, content, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    fixed.key, moving.key, fixed.study, moving.study, version, JSON.stringify(result), now,
  );
}
