/** Reports in progress and signed ones. A save is on the disk when it returns (the database is opened with synchronous FULL). */
import { draft as draftSchema, reportContent, signedReport as signedSchema, type Draft, type ReportContent, type SignedReport } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { canonicalJson, digestOf } from '../report/canonicalJson.ts';
import type { ReadDb, WriteDb } from './database.ts';

export interface ReportInProgress {
  readonly study: string;
  /** 1 is the report, higher numbers are addenda. */
  readonly number: number;
  readonly revision: number;
  readonly content: ReportContent;
  /** As it was generated, once it was taken into the report. */
  readonly draft: Draft | null;
  readonly openedAt: string;
}

interface RawReport {
  readonly number: number;
  readonly revision: number;
  readonly content: string;
  readonly draft: string | null;
  readonly opened_at: string;
}

export function findReport(db: ReadDb, study: string): ReportInProgress | undefined {
  const raw = db.get<RawReport>('SELECT number, revision, content, draft, opened_at FROM report_in_progress WHERE study_uid = ?', study);
  return raw && {
    study, number: raw.number, revision: raw.revision, openedAt: raw.opened_at,
    content: reportContent.parse(JSON.parse(raw.content)),
    draft: raw.draft === null ? null : draftSchema.parse(JSON.parse(raw.draft)),
  };
}

export function startReport(db: WriteDb, report: Omit<ReportInProgress, 'revision' | 'draft'>): void {
  db.run(
    'INSERT INTO report_in_progress (study_uid, number, revision, content, draft, opened_at, saved_at) VALUES (?, ?, 0, ?, NULL, ?, ?)',
    report.study, report.number, JSON.stringify(report.content), report.openedAt, report.openedAt,
  );
}

/** Stores the next revision. @returns false, and stores nothing, if `revision` is not the stored one */
export function saveReport(db: WriteDb, study: string, revision: number, content: ReportContent, now: string, draft?: Draft): boolean {
  return db.run(
    'UPDATE report_in_progress SET revision = revision + 1, content = ?, draft = coalesce(?, draft), saved_at = ? WHERE study_uid = ? AND revision = ?',
    JSON.stringify(content), draft ? JSON.stringify(draft) : null, now, study, revision,
  ) > 0;
}

/** Takes the place of the report in progress; runs in the caller's transaction. */
export function putSigned(db: WriteDb, report: SignedReport): void {
  db.run('INSERT INTO signed_report (id, study_uid, number, signed_at, document, digest) VALUES (?, ?, ?, ?, ?, ?)', report.id, report.study, report.number, report.signedAt, canonicalJson(report), report.digest);
  db.run('DELETE FROM report_in_progress WHERE study_uid = ?', report.study);
}

/**
 * Signed reports of a study, the first one first.
 * @throws EngineError `store/damaged` if one is not what was signed
 */
export function signedReports(db: ReadDb, study: string): SignedReport[] {
  return db.all<{ document: string }>('SELECT document FROM signed_report WHERE study_uid = ? ORDER BY number', study).map(({ document }) => readSigned(document));
}

export function findSigned(db: ReadDb, id: string): SignedReport | undefined {
  const row = db.get<{ document: string }>('SELECT document FROM signed_report WHERE id = ?', id);
  return row && readSigned(row.document);
}

/** Every signed report, oldest signature first. */
export function* allSigned(db: ReadDb): Generator<SignedReport> {
  for (const { document } of db.iterate<{ document: string }>('SELECT document FROM signed_report ORDER BY signed_at, id')) yield readSigned(document);
}

/** Ids of signed reports, without addenda, whose month of signature (YYYY-MM, UTC) lies in a range; in the order they were stored. */
export function reportIds(db: ReadDb, { from, to }: { readonly from: string; readonly to: string }): string[] {
  return db.all<{ id: string }>('SELECT id FROM signed_report WHERE number = 1 AND substr(signed_at, 1, 7) BETWEEN ? AND ? ORDER BY rowid', from, to).map(({ id }) => id);
}

/** Months (YYYY-MM, UTC) of the first and the last signature of a report; null where none is signed. */
export function signedMonths(db: ReadDb): { readonly first: string; readonly last: string } | null {
  const { first, last } = db.get<{ first: string | null; last: string | null }>('SELECT substr(min(signed_at), 1, 7) AS first, substr(max(signed_at), 1, 7) AS last FROM signed_report WHERE number = 1')!;
  return first === null || last === null ? null : { first, last };
}

function readSigned(document: string): SignedReport {
  // Held to its digest as it lies there, before defaults of a newer schema come in.
  const { digest, ...rest } = JSON.parse(document) as SignedReport;
  if (digestOf(rest) !== digest) {
    throw new EngineError('store/damaged', 'A signed report is not what was signed', { subject: rest.id, advice: 'Put back a copy of the data folder from before the change' });
  }
  return signedSchema.parse({ ...rest, digest });
}

/** How far the report of a study is; null where nothing was written. */
export function reportState(db: ReadDb, study: string): 'reading' | 'signed' | null {
  if (db.get('SELECT 1 FROM report_in_progress WHERE study_uid = ? AND revision > 0', study) !== undefined) return 'reading';
  return db.get('SELECT 1 FROM signed_report WHERE study_uid = ?', study) === undefined ? null : 'signed';
}
