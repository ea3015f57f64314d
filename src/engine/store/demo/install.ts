/** Installs the demonstration archive (archive.ts) into an empty data folder: all of its cases, or none. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../../../shared/errors.ts';
import { readNpy } from '../../arrays/npy.ts';
import type { Clock } from '../../ports.ts';
import { recordAudit } from '../audit.ts';
import { putCase, putVectors } from '../cases.ts';
import type { WriteDb } from '../database.ts';
import { demoArchiveSchema, type DemoArchive } from './archive.ts';

const maxThumbnailBytes = 1_000_000;
/** How far from 1 the length of a row may be. */
const unitTolerance = 1e-3;

/** An archive that was read and checked, ready to be stored. */
export interface LoadedDemo {
  readonly archive: DemoArchive;
  readonly width: number;
  /** By case. */
  readonly views: readonly Float32Array[];
  readonly sentences: readonly Float32Array[] | null;
  readonly thumbnails: readonly (Uint8Array | null)[];
}

/**
 * Reads the archive in a folder.
 * @returns null if the folder holds none
 * @throws EngineError `archive/unreadable` naming the file and what is wrong with it
 */
export async function loadDemo(folder: string): Promise<LoadedDemo | null> {
  const text = await readFile(join(folder, 'archive.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const archive = parseArchive(text);
  if (new Set(archive.cases.map((item) => item.id)).size !== archive.cases.length) throw refuse('archive.json', 'two cases have the same id');
  const views = await readRows(folder, archive.views);
  const cases = archive.cases.length;
  if (views.shape.length !== 3 || views.shape[0] !== cases || cases === 0) throw refuse(archive.views, `its shape is [${views.shape.join(', ')}], expected [${cases}, views, width]`);
  const [, viewCount, width] = views.shape as [number, number, number];
  checkUnitRows(archive.views, views.data, width);
  const counts = archive.cases.map((item) => item.sentences.length);
  let sentences: Float32Array[] | null = null;
  if (archive.sentenceVectors !== undefined) {
    const rows = await readRows(folder, archive.sentenceVectors);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (rows.shape.join() !== [total, width].join()) throw refuse(archive.sentenceVectors, `its shape is [${rows.shape.join(', ')}], expected [${total}, ${width}]`);
    checkUnitRows(archive.sentenceVectors, rows.data, width);
    let from = 0;
    sentences = counts.map((count) => rows.data.subarray(from * width, (from += count) * width));
  }
  const thumbnails: (Uint8Array | null)[] = [];
  for (const item of archive.cases) thumbnails.push(item.thumbnail === undefined ? null : await readThumbnail(folder, item.thumbnail));
  return { archive, width, views: archive.cases.map((_, at) => views.data.subarray(at * viewCount * width, (at + 1) * viewCount * width)), sentences, thumbnails };
}

/** Stores a loaded archive in one transaction. @returns the number of cases */
export function storeDemo(db: WriteDb, { archive, width, views, sentences, thumbnails }: LoadedDemo, clock: Clock): number {
  const pack = `${archive.pack.id}@${archive.pack.version}`;
  const now = clock.now().toISOString();
  db.transaction(() => {
    archive.cases.forEach((item, at) => {
      putCase(db, { id: item.id, study: null, report: item.sentences.join(' '), sentences: item.sentences, ageYears: item.age, sex: item.sex, studyDate: item.studyDate, demo: true, thumbnail: thumbnails[at]! }, now);
      putVectors(db, 'views', pack, item.id, width, views[at]!);
      if (sentences) putVectors(db, 'sentences', pack, item.id, width, sentences[at]!);
    });
    recordAudit(db, clock, 'demo.installed', { cases: archive.cases.length, pack });
  });
  return archive.cases.length;
}

/** Zip files of demonstration studies, in order of name. */
export async function demoStudies(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'studies')).catch(() => []);
  return names.filter((name) => name.endsWith('.zip')).sort().map((name) => join(folder, 'studies', name));
}

function parseArchive(text: string): DemoArchive {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refuse('archive.json', 'it is not JSON', error);
  }
  const parsed = demoArchiveSchema.safeParse(json);
  if (!parsed.success) throw refuse('archive.json', z.prettifyError(parsed.error));
  return parsed.data;
}

async function readRows(folder: string, name: string): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const bytes = await readFile(join(folder, name)).catch((error: unknown) => { throw refuse(name, 'it is missing', error); });
  const { shape, data } = readNpy(bytes, name);
  if (!(data instanceof Float32Array)) throw refuse(name, 'its numbers are not float32');
  return { shape, data };
}

function checkUnitRows(name: string, data: Float32Array, width: number): void {
  for (let from = 0; from < data.length; from += width) {
    let sum = 0;
    for (let k = from; k < from + width; k++) sum += data[k]! * data[k]!;
    if (!(Math.abs(Math.sqrt(sum) - 1) <= unitTolerance)) throw refuse(name, `row ${from / width} has length ${Math.sqrt(sum)}, expected 1`);
  }
}

async function readThumbnail(folder: string, name: string): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, name)).catch((error: unknown) => { throw refuse(name, 'it is missing', error); });
  if (bytes.length > maxThumbnailBytes || bytes.toString('latin1', 1, 4) !== 'PNG') throw refuse(name, 'it is not a PNG of at most 1 MB');
  return bytes;
}

const refuse = (file: string, what: string, cause?: unknown): EngineError =>
  new EngineError('archive/unreadable', `The demonstration archive cannot be used, ${file}: ${what}`, { subject: file, advice: 'Install the app again' }, { cause });
