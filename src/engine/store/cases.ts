/** Archive cases: studies with a report, their sentences, and what each pack made of images and sentences. */
import type { ReadDb, WriteDb } from './database.ts';
import { fromBlob, toBlob } from './vectors.ts';

export interface CaseRow {
  readonly id: string;
  /** Null for cases without images here (the demonstration archive). */
  readonly study: string | null;
  readonly report: string;
  readonly ageYears: number | null;
  readonly sex: string;
  readonly studyDate: string;
  readonly demo: boolean;
}

export interface NewCase extends CaseRow {
  readonly sentences: readonly string[];
  readonly thumbnail: Uint8Array | null;
}

interface RawCase {
  readonly id: string;
  readonly study_uid: string | null;
  readonly report: string;
  readonly age_years: number | null;
  readonly sex: string;
  readonly study_date: string;
  readonly demo: number;
}

const columns = 'id, study_uid, report, age_years, sex, study_date, demo';

const toCase = (raw: RawCase): CaseRow => ({
  id: raw.id, study: raw.study_uid, report: raw.report, ageYears: raw.age_years, sex: raw.sex, studyDate: raw.study_date, demo: raw.demo === 1,
});

export const countCases = (db: ReadDb): number => db.get<{ n: number }>('SELECT count(*) AS n FROM archive_case')!.n;

export function findCase(db: ReadDb, id: string): CaseRow | undefined {
  const raw = db.get<RawCase>(`SELECT ${columns} FROM archive_case WHERE id = ?`, id);
  return raw && toCase(raw);
}

export function caseOfStudy(db: ReadDb, study: string): CaseRow | undefined {
  const raw = db.get<RawCase>(`SELECT ${columns} FROM archive_case WHERE study_uid = ?`, study);
  return raw && toCase(raw);
}

export function sentencesOfCase(db: ReadDb, id: string): string[] {
  return db.all<{ text: string }>('SELECT text FROM sentence WHERE case_id = ? ORDER BY position', id).map(({ text }) => text);
}

export function caseThumbnail(db: ReadDb, id: string): Uint8Array | null {
  return db.get<{ thumbnail: Uint8Array | null }>('SELECT thumbnail FROM archive_case WHERE id = ?', id)?.thumbnail ?? null;
}

/** Adds a case, or replaces its report; vectors of a report that changed go with it. */
export function putCase(db: WriteDb, item: NewCase, now: string): void {
  db.transaction(() => {
    const known = findCase(db, item.id);
    if (known?.report === item.report) return;
    if (known) {
      db.run('DELETE FROM sentence WHERE case_id = ?', item.id);
      db.run('DELETE FROM sentence_embedding WHERE case_id = ?', item.id);
      db.run('UPDATE archive_case SET report = ? WHERE id = ?', item.report, item.id);
    } else {
      db.run(
        `INSERT INTO archive_case (${columns}, thumbnail, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        item.id, item.study, item.report, item.ageYears, item.sex, item.studyDate, item.demo ? 1 : 0, item.thumbnail, now,
      );
    }
    item.sentences.forEach((text, position) => { db.run('INSERT INTO sentence (case_id, position, text) VALUES (?, ?, ?)', item.id, position, text); });
  });
}

/** Which vectors of a case: of its images, or of its report's sentences. */
export type VectorKind = 'views' | 'sentences';

const tables = { views: 'view_embedding', sentences: 'sentence_embedding' } as const;

export interface CaseVectors {
  readonly case: string;
  readonly study: string | null;
  readonly width: number;
  /** float32 [rows, width] */
  readonly vectors: Float32Array;
}

/** All vectors of one kind that one pack made, in the order of case ids. */
export function* vectorsOfPack(db: ReadDb, kind: VectorKind, pack: string): Generator<CaseVectors> {
  const rows = db.iterate<{ case_id: string; study_uid: string | null; width: number; vectors: Uint8Array }>(
    `SELECT v.case_id, c.study_uid, v.width, v.vectors FROM ${tables[kind]} v JOIN archive_case c ON c.id = v.case_id WHERE v.pack = ? ORDER BY v.case_id`,
    pack,
  );
  for (const row of rows) yield { case: row.case_id, study: row.study_uid, width: row.width, vectors: fromBlob(row.vectors) };
}

export function vectorsOfCase(db: ReadDb, kind: VectorKind, pack: string, id: string): Float32Array | null {
  const row = db.get<{ vectors: Uint8Array }>(`SELECT vectors FROM ${tables[kind]} WHERE pack = ? AND case_id = ?`, pack, id);
  return row ? fromBlob(row.vectors) : null;
}

/** @param vectors float32 [rows, width], rows of length 1, all made by `pack` (id@version) */
export function putVectors(db: WriteDb, kind: VectorKind, pack: string, id: string, width: number, vectors: Float32Array): void {
  db.run(
    `INSERT INTO ${tables[kind]} (pack, case_id, width, vectors) VALUES (?, ?, ?, ?) ON CONFLICT (pack, case_id) DO UPDATE SET width = excluded.width, vectors = excluded.vectors`,
    pack, id, width, toBlob(vectors),
  );
}

/** Cases whose images or sentences the pack has not encoded yet; the images of a case without a study cannot be. */
export function casesWithoutVectors(db: ReadDb, kind: VectorKind, pack: string): CaseRow[] {
  const encodable = kind === 'views' ? 'AND c.study_uid IS NOT NULL' : '';
  return db
    .all<RawCase>(`SELECT ${columns} FROM archive_case c WHERE NOT EXISTS (SELECT 1 FROM ${tables[kind]} v WHERE v.pack = ? AND v.case_id = c.id) ${encodable} ORDER BY id`, pack)
    .map(toCase);
}

/** How many cases each pack has encoded. */
export function encodedCounts(db: ReadDb): { readonly pack: string; readonly cases: number }[] {
  return db.all('SELECT pack, count(*) AS cases FROM view_embedding GROUP BY pack ORDER BY pack');
}
