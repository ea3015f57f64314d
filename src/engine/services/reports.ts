/** Reports of stored studies from a CSV table: studies with a report become cases of the archive once they are encoded. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import Papa from 'papaparse';
import { EngineError } from '../../shared/errors.ts';
import { splitSentences } from '../draft/sentences.ts';
import type { Clock } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import { putCase } from '../store/cases.ts';
import type { Store } from '../store/openStore.ts';
import { findStudy, studiesOfAccession } from '../store/studies.ts';
import type { Changes } from './changes.ts';

export interface ReportsOutcome {
  /** Studies that have their report now. */
  readonly attached: readonly string[];
  /** Rows that could not be matched, by their number in the table (the header is row 1). */
  readonly unmatched: readonly { readonly row: number; readonly reason: string }[];
}

const maxBytes = 512 * 2 ** 20;
/** Sentences of a case that count; the paper's reports have at most 20. */
const maxSentences = 64;

/**
 * Reads a table with the columns `report` and `accession` or `study_uid` (or both; the UID decides).
 * @throws EngineError `import/not-found`, `reports/bad-table`
 */
export async function attachReports(parts: { readonly store: Store; readonly changes: Changes; readonly clock: Clock; readonly refreshCase: (study: string) => void }, file: string): Promise<ReportsOutcome> {
  const { store, changes, clock } = parts;
  const rows = parseTable(await readTable(file), basename(file));
  const attached: string[] = [];
  const unmatched: { row: number; reason: string }[] = [];
  const now = clock.now().toISOString();
  store.db.transaction(() => {
    rows.forEach((fields, at) => {
      const row = at + 2;
      const report = (fields['report'] ?? '').trim();
      const sentences = splitSentences(report).slice(0, maxSentences);
      if (sentences.length === 0) {
        unmatched.push({ row, reason: 'the report is empty' });
        return;
      }
      const study = findTarget(store, fields);
      if ('reason' in study) {
        unmatched.push({ row, reason: study.reason });
        return;
      }
      const { attributes, uid } = study.row;
      putCase(store.db, { id: uid, study: uid, report, sentences, ageYears: attributes.ageYears, sex: attributes.sex, studyDate: attributes.studyDate, demo: false, thumbnail: null }, now);
      attached.push(uid);
    });
    recordAudit(store.db, clock, 'reports.attached', { attached: attached.length, unmatched: unmatched.length });
  });
  for (const study of attached) {
    parts.refreshCase(study);
    changes.emit(study);
  }
  return { attached, unmatched };
}

function findTarget(store: Store, fields: Readonly<Record<string, string>>): { readonly row: NonNullable<ReturnType<typeof findStudy>> } | { readonly reason: string } {
  const uid = (fields['study_uid'] ?? '').trim();
  const accession = (fields['accession'] ?? '').trim();
  if (uid !== '') {
    const row = findStudy(store.db, uid);
    return row ? { row } : { reason: 'no stored study has this study_uid' };
  }
  if (accession === '') return { reason: 'it names neither accession nor study_uid' };
  const found = studiesOfAccession(store.db, accession);
  if (found.length === 0) return { reason: 'no stored study has this accession' };
  // Guessing which one would put a report to the wrong patient's images.
  if (found.length > 1) return { reason: `${found.length} stored studies have this accession; give study_uid` };
  return { row: findStudy(store.db, found[0]!)! };
}

async function readTable(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new EngineError('import/not-found', 'The table of reports cannot be read', { subject: basename(file), advice: 'Check the path' }, { cause: error });
  }
  if (bytes.length > maxBytes) throw badTable(file, 'it is larger than 512 MB', 'Split it into smaller tables');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw badTable(file, 'it is not UTF-8 text', 'Save it as CSV in UTF-8', error);
  }
}

function parseTable(text: string, name: string): Record<string, string>[] {
  const parsed = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: 'greedy', transformHeader: (header) => header.trim().toLowerCase() });
  const broken = parsed.errors.find((error) => error.type === 'Quotes' || error.code === 'TooManyFields');
  if (broken) throw badTable(name, `${broken.message}${broken.row === undefined ? '' : ` (row ${broken.row + 2})`}`, 'Put quotation marks around reports and double those inside them');
  const columns = parsed.meta.fields ?? [];
  if (!columns.includes('report')) throw badTable(name, 'it has no column named report', 'Name the columns accession (or study_uid) and report');
  if (!columns.includes('accession') && !columns.includes('study_uid')) throw badTable(name, 'it has neither a column accession nor study_uid', 'Name the columns accession (or study_uid) and report');
  return parsed.data;
}

const badTable = (file: string, what: string, advice: string, cause?: unknown): EngineError =>
  new EngineError('reports/bad-table', `The table of reports cannot be used: ${what}`, { subject: basename(file), advice }, { cause });
