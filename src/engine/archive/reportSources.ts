/**
 * Every report in files and folders of any kind: CSV tables, one text file a study, HL7 v2 messages, DICOM structured reports.
 * What a file is decides its content, not its name, except that a table is named .csv or .tsv.
 */
import { createReadStream } from 'node:fs';
import { opendir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import { decodeText } from './decodeText.ts';
import { isDicomFile } from './dicomFile.ts';
import { readHl7File } from './hl7Reports.ts';
import type { ReportItem, ReportProblem } from './reportRecord.ts';
import { readStructuredReport } from './structuredReport.ts';
import { readTable } from './tableReports.ts';

/** A report of prose is a few kilobytes. */
const mostTextBytes = 4 * 2 ** 20;

export interface SourceOptions {
  /** What files without a mark of their own are encoded in; UTF-8 if null. */
  readonly encoding: string | null;
  readonly signal: AbortSignal;
  /** Takes each report and each problem. */
  readonly take: (item: ReportItem) => void;
  /** Told that all items of a source are to be forgotten, since the source turned out not to be usable. */
  readonly forget: (source: string) => void;
  readonly onFile?: (files: number) => void;
}

/** @throws EngineError `import/not-found` for a path that is not there, `cancelled` */
export async function readReportSources(paths: readonly string[], options: SourceOptions): Promise<void> {
  let files = 0;
  for (const path of paths) {
    for await (const file of filesBelow(path)) {
      options.signal.throwIfAborted();
      await readOne(file, options);
      options.onFile?.(++files);
    }
  }
}

interface Found {
  readonly path: string;
  readonly name: string;
}

async function* filesBelow(path: string): AsyncGenerator<Found> {
  const stats = await stat(path).catch(() => null);
  if (!stats) throw new EngineError('import/not-found', 'The reports cannot be found', { subject: basename(path), advice: 'Check the path given with --reports' });
  if (!stats.isDirectory()) {
    yield { path, name: basename(path) };
    return;
  }
  yield* walk(path, basename(path));
}

async function* walk(folder: string, name: string): AsyncGenerator<Found> {
  const folders: string[] = [];
  // Read as a stream: one folder may hold a hundred thousand files.
  for await (const entry of await opendir(folder)) {
    if (entry.isDirectory()) folders.push(entry.name);
    else if (entry.isFile()) yield { path: join(folder, entry.name), name: `${name}/${entry.name}` };
  }
  for (const child of folders.sort()) yield* walk(join(folder, child), `${name}/${child}`);
}

async function readOne({ path, name }: Found, { encoding, take, forget }: SourceOptions): Promise<void> {
  const refuse = (code: ReportProblem['code'], reason: string): void => { take({ kind: 'problem', source: name, place: '', code, reason }); };
  try {
    if (/\.[ct]sv$/i.test(name)) {
      await readTable(path, name, encoding, take);
    } else if (await isDicomFile(path)) {
      take(await readStructuredReport({ path, name }));
    } else if (await looksLikeHl7(path)) {
      for await (const item of readHl7File(path, name, encoding)) take(item);
    } else {
      await readTextFile(path, name, encoding, take, refuse);
    }
  } catch (error) {
    if (error instanceof EngineError && (error.code === 'reports/bad-table' || error.code === 'reports/bad-encoding' || error.code === 'reports/bad-message')) {
      // What was handed out of a damaged table may be cut in the wrong places.
      forget(name);
      refuse(error.code, error.message);
    } else if (error instanceof Error && 'syscall' in error) {
      forget(name);
      refuse('import/not-found', 'The file cannot be read');
    } else {
      throw error;
    }
  }
}

async function looksLikeHl7(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 15 })) return /^[\v\s]*(?:MSH|FHS|BHS)\W/.test((chunk as Buffer).toString('latin1'));
  return false;
}

/** A text file is named after the accession number or the StudyInstanceUID of its study. */
async function readTextFile(path: string, source: string, encoding: string | null, take: SourceOptions['take'], refuse: (code: ReportProblem['code'], reason: string) => void): Promise<void> {
  if (!/\.(?:txt|text|rpt)$/i.test(path)) {
    refuse('reports/bad-message', 'It is neither a table (.csv), a text file (.txt), an HL7 message nor a DICOM structured report');
    return;
  }
  if ((await stat(path)).size > mostTextBytes) {
    refuse('reports/bad-message', 'It is larger than 4 MB, which no report is');
    return;
  }
  const text = decodeText(await readFile(path), encoding, source).trim();
  const name = basename(path, extname(path)).trim();
  if (text === '') refuse('reports/empty', 'The file is empty');
  else if (text.includes('\0')) refuse('reports/bad-encoding', 'It is no text');
  // Both are tried: what looks like an identifier of a study may be an accession number.
  else take({ kind: 'report', source, place: '', studyUid: '', accession: name, patients: [], people: [], issued: '', text });
}
