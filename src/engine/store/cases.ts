/** Archive cases: studies with a report, their sentences, and what each pack made of images and sentences. */
import type { ReadDb, WriteDb } from './database.ts';
import type { StoredRows } from '../search/storedRows.ts';
import { fits, packedRows, packVectors, unpackVectors } from './packedVectors.ts';
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

/** What searches may be narrowed by; `number` is the case's in the full-text index. */
export interface CaseFacts {
  readonly number: number;
  /** The hospital's patient number, or empty. */
  readonly patient: string;
  readonly ageYears: number | null;
  readonly sex: string;
  readonly studyDate: string;
}

export interface NewCase extends CaseRow {
  /** Left out for cases with a study, whose patient it then is. */
  readonly patient?: string;
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

/** The hospital's number of a case's patient, or empty. */
export const patientOfCase = (db: ReadDb, id: string): string => db.get<{ patient: string }>('SELECT patient FROM archive_case WHERE id = ?', id)?.patient ?? '';

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
        `INSERT INTO archive_case (${columns}, thumbnail, added_at, patient)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, (SELECT json_extract(attributes, '$.patientId') FROM study WHERE uid = ?), ''))`,
        item.id, item.study, item.report, item.ageYears, item.sex, item.studyDate, item.demo ? 1 : 0, item.thumbnail, now, item.patient ?? null, item.study,
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

interface RawVectors {
  readonly width: number;
  readonly format: number;
  readonly vectors: Uint8Array;
}

/** All vectors of one kind that one pack made, in the order of case ids. */
export function* vectorsOfPack(db: ReadDb, kind: VectorKind, pack: string): Generator<CaseVectors> {
  const reference = findReference(db, kind, pack);
  const rows = db.iterate<RawVectors & { case_id: string; study_uid: string | null }>(
    `SELECT v.case_id, c.study_uid, v.width, v.format, v.vectors FROM ${tables[kind]} v JOIN archive_case c ON c.id = v.case_id WHERE v.pack = ? ORDER BY v.case_id`,
    pack,
  );
  for (const row of rows) yield { case: row.case_id, study: row.study_uid, width: row.width, vectors: decode(row, reference) };
}

export function vectorsOfCase(db: ReadDb, kind: VectorKind, pack: string, id: string): Float32Array | null {
  const row = db.get<RawVectors>(`SELECT width, format, vectors FROM ${tables[kind]} WHERE pack = ? AND case_id = ?`, pack, id);
  return row ? decode(row, row.format === 0 ? null : findReference(db, kind, pack)) : null;
}

const decode = ({ width, format, vectors }: RawVectors, reference: Float32Array | null): Float32Array => (format === 0 ? fromBlob(vectors) : unpackVectors(vectors, width, reference!));

/** What packed vectors of a pack are told against, or null while none are packed. */
export function findReference(db: ReadDb, kind: VectorKind, pack: string): Float32Array | null {
  const row = db.get<{ vectors: Uint8Array }>('SELECT vectors FROM vector_reference WHERE pack = ? AND kind = ?', pack, kind);
  return row ? fromBlob(row.vectors) : null;
}

/** Reads stored vectors by their number; keeps the reference, so make a new one after {@link putReference}. */
export function rowsReader(db: ReadDb, kind: VectorKind, pack: string): (key: number) => StoredRows | null {
  let reference: Float32Array | null = null;
  const sql = `SELECT width, format, vectors FROM ${tables[kind]} WHERE id = ?`;
  return (key) => {
    const row = db.get<RawVectors>(sql, key);
    if (!row) return null;
    const { width, format, vectors: bytes } = row;
    if (format === 0) return { rows: bytes.byteLength / (4 * width), vectors: () => fromBlob(bytes), packed: null };
    const against = (reference ??= findReference(db, kind, pack)!);
    return { rows: packedRows(bytes, width), vectors: () => unpackVectors(bytes, width, against), packed: { bytes, reference: against } };
  };
}

export interface VectorKey extends CaseFacts {
  /** Number of the vectors, never used again for others. */
  readonly key: number;
  readonly case: string;
  readonly study: string | null;
  readonly rows: number;
  readonly width: number;
}

const keyColumns = 'v.id AS key, v.case_id AS "case", c.study_uid AS study, v.row_count AS rows, v.width, c.number, c.patient, c.age_years AS ageYears, c.sex, c.study_date AS studyDate';

/** Which vectors of one kind and pack there are after a key, in the order they were stored. */
export const vectorKeys = (db: ReadDb, kind: VectorKind, pack: string, after = 0, limit = -1): VectorKey[] =>
  db.all<VectorKey>(`SELECT ${keyColumns} FROM ${tables[kind]} v JOIN archive_case c ON c.id = v.case_id WHERE v.pack = ? AND v.id > ? ORDER BY v.id LIMIT ?`, pack, after, limit);

export const vectorKeyOfCase = (db: ReadDb, kind: VectorKind, pack: string, id: string): VectorKey | undefined =>
  db.get<VectorKey>(`SELECT ${keyColumns} FROM ${tables[kind]} v JOIN archive_case c ON c.id = v.case_id WHERE v.pack = ? AND v.case_id = ?`, pack, id);

export const countVectors = (db: ReadDb, kind: VectorKind, pack: string): number => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${tables[kind]} WHERE pack = ?`, pack)!.n;

/** Numbers of the cases whose report matches words (full-text search, FTS5's own query language). @throws EngineError `store/...` if it is no query */
export const casesWithWords = (db: ReadDb, query: string): number[] => db.all<{ rowid: number }>('SELECT rowid FROM case_text WHERE case_text MATCH ?', query).map(({ rowid }) => rowid);

/** Cases whose report matches words, best first (BM25). @throws EngineError `store/...` if it is no query */
export const casesByWords = (db: ReadDb, query: string, limit: number): string[] =>
  db.all<{ id: string }>('SELECT c.id FROM case_text JOIN archive_case c ON c.number = case_text.rowid WHERE case_text MATCH ? ORDER BY case_text.rank, c.id LIMIT ?', query, limit).map(({ id }) => id);

/** @param vectors float32 [rows, width], rows of length 1, all made by `pack` (id@version) */
export function putVectors(db: WriteDb, kind: VectorKind, pack: string, id: string, width: number, vectors: Float32Array): void {
  const rows = vectors.length / width;
  const reference = findReference(db, kind, pack);
  const packed = reference !== null && fits(reference, rows, width);
  // Replaced by a new row, so that a number stands for the same vectors for good.
  db.run(`DELETE FROM ${tables[kind]} WHERE pack = ? AND case_id = ?`, pack, id);
  db.run(`INSERT INTO ${tables[kind]} (pack, case_id, width, row_count, format, vectors) VALUES (?, ?, ?, ?, ?, ?)`, pack, id, width, rows, packed ? 1 : 0, packed ? packVectors(vectors, width, reference) : toBlob(vectors));
}

/** Sets what vectors of a pack are packed against. @param reference float32 [1 or rows, width] */
export function putReference(db: WriteDb, kind: VectorKind, pack: string, width: number, reference: Float32Array): void {
  db.run('INSERT INTO vector_reference (pack, kind, width, vectors) VALUES (?, ?, ?, ?)', pack, kind, width, toBlob(reference));
}

/** Packs some vectors that are stored whole, in one transaction. @returns how many; 0 when all are packed */
export function packSome(db: WriteDb, kind: VectorKind, pack: string, count: number): number {
  const reference = findReference(db, kind, pack);
  if (reference === null) return 0;
  return db.transaction(() => {
    const width = reference.length;
    const rows = db
      .all<{ id: number; width: number; row_count: number; vectors: Uint8Array }>(`SELECT id, width, row_count, vectors FROM ${tables[kind]} WHERE pack = ? AND format = 0 AND (width = ? OR row_count * width <= ?) ORDER BY id LIMIT ?`, pack, width, width, count);
    for (const row of rows) db.run(`UPDATE ${tables[kind]} SET format = 1, vectors = ? WHERE id = ?`, packVectors(fromBlob(row.vectors), row.width, reference), row.id);
    return rows.length;
  });
}

/** A case to be encoded. */
export interface CaseToEncode {
  readonly id: string;
  /** Null where no study is stored. */
  readonly study: string | null;
  /** Its images lie outside the data folder (archiveJournal.ts). */
  readonly archived: boolean;
}

/** Cases whose images or sentences the pack has not encoded yet; the images of a case that has none anywhere cannot be. */
export function casesWithoutVectors(db: ReadDb, kind: VectorKind, pack: string): CaseToEncode[] {
  const archived = "EXISTS (SELECT 1 FROM archive_files f WHERE f.study_uid = c.id AND f.kind = 'image')";
  const encodable = kind === 'views' ? `AND (c.study_uid IS NOT NULL OR ${archived})` : '';
  return db
    .all<{ id: string; study: string | null; archived: number }>(`SELECT id, study_uid AS study, ${archived} AS archived FROM archive_case c WHERE NOT EXISTS (SELECT 1 FROM ${tables[kind]} v WHERE v.pack = ? AND v.case_id = c.id) ${encodable} ORDER BY number`, pack)
    .map((row) => ({ ...row, archived: row.archived === 1 }));
}

/** How many cases each pack has encoded. */
export function encodedCounts(db: ReadDb): { readonly pack: string; readonly cases: number }[] {
  return db.all('SELECT pack, count(*) AS cases FROM view_embedding GROUP BY pack ORDER BY pack');
}
