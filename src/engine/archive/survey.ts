/**
 * Finds the studies in trees of any size: every folder is read once, one after another, and what it holds is stored before
 * the next. A folder that has not changed since is not read again, so a survey that was cut short goes on where it was.
 */
import { createHash } from 'node:crypto';
import { opendir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cancelledError, EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { isZip } from '../dicom/archive.ts';
import { isDirectoryName } from '../dicom/dicomDirectory.ts';
import { scanPaths } from '../dicom/scan.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { putFolder, surveyedFolder, type MetStudy } from '../store/archiveJournal.ts';
import type { WriteDb } from '../store/database.ts';

/** Files whose headers are held at once. */
const filesAtOnce = 4000;
/** File systems tell times to this precision at worst: a folder that changed so shortly before it was read may have changed since. */
const clockStepMs = 2100;

export interface SurveyOptions {
  readonly db: WriteDb;
  readonly roots: readonly string[];
  /** Zip files are unpacked here and removed again. */
  readonly workDir: string;
  /** Reads every folder again, changed or not. */
  readonly rescan: boolean;
  readonly signal: AbortSignal;
}

export type SurveyEvent =
  | { readonly kind: 'problem'; readonly name: string; readonly error: ErrorData }
  | { readonly kind: 'progress'; readonly folders: number; readonly unchanged: number; readonly files: number; readonly current: string };

/** @throws EngineError `import/not-found` for a root that is not there, `store/...`, `cancelled` */
export async function* surveyTrees(options: SurveyOptions): AsyncGenerator<SurveyEvent, { readonly files: number; readonly notImages: number }, undefined> {
  const { roots, signal } = options;
  const seen = new Set<string>();
  const count = { folders: 0, unchanged: 0, files: 0, notImages: 0 };
  const places: { path: string; name: string }[] = [];
  for (const root of roots) {
    const stats = await stat(root).catch(() => null);
    if (!stats) throw new EngineError('import/not-found', 'The studies cannot be found', { subject: basename(root), advice: 'Check the path' });
    places.push({ path: root, name: basename(root) });
  }
  places.reverse();
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (signal.aborted) throw cancelledError('survey');
    const { path, name } = place;
    try {
      const key = await realpath(path);
      if (seen.has(key)) continue;
      seen.add(key);
      const stats = await stat(key);
      const listing = stats.isDirectory() ? await list(key) : { files: [basename(key)], folders: [], zips: [] };
      // In order, so that the work goes on along the disk.
      for (const child of [...listing.folders, ...listing.zips].sort().reverse()) places.push({ path: join(path, child), name: `${name}/${child}` });
      yield* surveyFolder(options, { path: key, name, modifiedMs: stats.mtimeMs, single: !stats.isDirectory() }, listing.files, count);
    } catch (error) {
      if (error instanceof EngineError && !error.code.startsWith('import/')) throw error;
      yield { kind: 'problem', name, error: error instanceof EngineError ? toErrorData(error, name) : { code: 'import/not-found', message: 'This cannot be opened', subject: name, advice: 'Check that it exists and may be read' } };
    }
    yield { kind: 'progress', ...count, current: name };
  }
  return { files: count.files, notImages: count.notImages };
}

async function list(folder: string): Promise<{ files: string[]; folders: string[]; zips: string[] }> {
  const found = { files: [] as string[], folders: [] as string[], zips: [] as string[] };
  for await (const entry of await opendir(folder)) {
    const { name } = entry;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => null) : entry;
    if (kind?.isDirectory()) found.folders.push(name);
    else if (kind?.isFile() && /\.zip$/i.test(name)) found.zips.push(name);
    // A DICOMDIR only lists files that are found anyway.
    else if (kind?.isFile() && !isDirectoryName(name)) found.files.push(name);
  }
  return found;
}

interface Folder {
  readonly path: string;
  readonly name: string;
  readonly modifiedMs: number;
  /** A file that was named by itself: a zip, or an image. */
  readonly single: boolean;
}

async function* surveyFolder({ db, rescan, workDir, signal }: SurveyOptions, { path, name, modifiedMs, single }: Folder, files: readonly string[], count: { folders: number; unchanged: number; files: number; notImages: number }): AsyncGenerator<SurveyEvent> {
  const known = surveyedFolder(db, path);
  count.folders++;
  if (!rescan && known?.modifiedMs === modifiedMs && known.surveyedMs > modifiedMs + clockStepMs) {
    count.unchanged++;
    return;
  }
  const surveyedMs = Date.now();
  const zip = single && (await isZip(path));
  const sorted = single ? [''] : files.toSorted();
  const studies = new Studies();
  for (let from = 0; from < sorted.length; from += filesAtOnce) {
    const headers: { header: InstanceHeader; file: string }[] = [];
    const part = sorted.slice(from, from + filesAtOnce);
    const byPath = new Map(part.map((file) => [single ? path : join(path, file), file]));
    for await (const event of scanPaths([...byPath.keys()], { signal, workDir })) {
      if (event.kind === 'instance') {
        headers.push({ header: event.header, file: zip ? '' : (byPath.get(event.header.source.path) ?? '') });
        count.files++;
        if (zip) await rm(event.header.source.path, { force: true });
      } else if (event.kind === 'skipped') {
        // The same instance in another file of the folder is an image as well, and not needed.
        if (event.why !== 'duplicate') count.notImages++;
      } else if (event.kind === 'problem') {
        yield { kind: 'problem', name: single ? name : `${name}/${event.name}`, error: event.error };
      } else {
        yield { kind: 'progress', ...count, files: count.files, current: name };
      }
    }
    for (const { header, file } of headers) studies.add(header, file, single);
  }
  putFolder(db, path, studies.all(), { modifiedMs, surveyedMs });
}

/** The studies of a folder with the names of their files, which is all that is kept of its headers. */
class Studies {
  readonly #studies = new Map<string, { uid: string; accession: string; patient: string; images: string[]; reports: string[] }>();
  readonly #others = new Map<string, MetStudy>();

  add(header: InstanceHeader, file: string, single: boolean): void {
    const { studyUid: uid } = header;
    const { accession } = header.study;
    const patient = patientKey(header);
    let study = this.#studies.get(uid);
    if (!study) this.#studies.set(uid, (study = { uid, accession, patient, images: [], reports: [] }));
    // Told again as a study of its own, so that the journal notes that two patients share it.
    if (study.patient !== patient || study.accession !== accession) this.#others.set(JSON.stringify([uid, accession, patient]), { uid, accession, patient, images: [], reports: [] });
    // Of a zip, the zip itself is the file.
    const names = header.pixels !== null ? study.images : header.modality === 'SR' ? study.reports : null;
    if (names && (!single || names.length === 0)) names.push(file);
  }

  all(): MetStudy[] {
    return [...this.#studies.values(), ...this.#others.values()];
  }
}

/** What tells patients apart: their number, else a hash of name and birth date; empty where a file says neither. */
function patientKey({ study }: InstanceHeader): string {
  if (study.patientId !== '') return study.patientId;
  if (study.patientName === '') return '';
  return `hash:${createHash('sha256').update(`${study.patientName}|${study.birthDate}`).digest('hex').slice(0, 32)}`;
}
