/** Reports in a CSV table of any size, row by row: with commas, semicolons or tabs, quotes, and a byte order mark or none. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import Papa from 'papaparse';
import { EngineError } from '../../shared/errors.ts';
import { openDecoding } from './decodeText.ts';
import type { ReportItem } from './reportRecord.ts';

/** Names a column may have; upper and lower case, spaces and underscores do not matter. */
const names = {
  accession: ['accession', 'accessionnumber', 'accno'],
  studyUid: ['studyuid', 'studyinstanceuid'],
  report: ['report', 'reporttext', 'text'],
  patient: ['patientid', 'patient', 'patientnumber', 'mrn'],
} as const;
type Column = keyof typeof names;

const bare = (header: string): string => header.trim().toLowerCase().replace(/[\s_-]+/g, '');

const badTable = (source: string, what: string, advice: string): EngineError => new EngineError('reports/bad-table', `The table of reports cannot be used: ${what}`, { subject: source, advice });

async function* textOf(path: string, source: string, encoding: string | null): AsyncGenerator<string> {
  let decoding: ReturnType<typeof openDecoding> | null = null;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    decoding ??= openDecoding(chunk as Buffer, encoding, source);
    yield decoding.push(chunk as Buffer);
  }
  yield decoding?.end() ?? '';
}

/** Which columns of the table are meant. @throws EngineError `reports/bad-table` */
function columnsOf(headers: readonly string[], source: string): Record<Column, string | null> {
  const find = (column: Column): string | null => {
    const found = headers.filter((header) => (names[column] as readonly string[]).includes(bare(header)));
    if (found.length > 1) throw badTable(source, `the columns ${found.join(' and ')} mean the same`, 'Keep one of them');
    return found[0] ?? null;
  };
  const columns = { accession: find('accession'), studyUid: find('studyUid'), report: find('report'), patient: find('patient') };
  if (columns.report === null) throw badTable(source, 'it has no column named report', 'Name the columns accession (or study_uid) and report');
  if (columns.accession === null && columns.studyUid === null) throw badTable(source, 'it has neither a column accession nor study_uid', 'Name the columns accession (or study_uid) and report');
  return columns;
}

/**
 * Hands out each row as it is read (the header is row 1).
 * @throws EngineError `reports/bad-table`, `reports/bad-encoding`; rows handed out until then are of a table that cannot be trusted
 */
export async function readTable(path: string, source: string, encoding: string | null, take: (item: ReportItem) => void): Promise<void> {
  const known: { columns?: Record<Column, string | null> } = {};
  let row = 1;
  await new Promise<void>((resolve, reject) => {
    const input = Readable.from(textOf(path, source, encoding));
    Papa.parse<Record<string, string>>(input, {
      header: true,
      skipEmptyLines: 'greedy',
      step: ({ data, errors, meta }, parser) => {
        row++;
        try {
          const columns = (known.columns ??= columnsOf(meta.fields ?? [], source));
          const broken = errors.find(({ type }) => type === 'Quotes');
          if (broken) throw badTable(source, `${broken.message} (row ${row})`, 'Put quotation marks around reports and double those inside them');
          if (errors.some(({ code }) => code === 'TooManyFields')) {
            take({ kind: 'problem', source, place: `row ${row}`, code: 'reports/bad-table', reason: 'It has more fields than the header: a separator inside the report needs quotation marks around it' });
            return;
          }
          const cell = (column: Column): string => {
            const name = columns[column];
            return name === null ? '' : (data[name] ?? '').trim();
          };
          const text = cell('report');
          if (text === '') take({ kind: 'problem', source, place: `row ${row}`, code: 'reports/empty', reason: 'The report is empty' });
          else take({ kind: 'report', source, place: `row ${row}`, studyUid: cell('studyUid'), accession: cell('accession'), patients: cell('patient') === '' ? [] : [cell('patient')], people: [], issued: '', text });
        } catch (error) {
          // First, since aborting says that it is complete.
          reject(error instanceof Error ? error : new Error(String(error)));
          parser.abort();
        }
      },
      complete: () => { resolve(); },
      error: (error) => { reject(error); },
    });
    input.on('error', reject);
  });
  if (known.columns === undefined) throw badTable(source, 'it has no row below its header', 'Name the columns accession (or study_uid) and report');
}
