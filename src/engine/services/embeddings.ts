/** Moves an archive's cases and vectors out into plain files and in again (archive/embeddingFiles.ts), a case at a time. */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { badExport, casesOf, embeddingsManifest, NpyReader, NpyRows, sha256Of, type EmbeddingsManifest, type ExportedCase } from '../archive/embeddingFiles.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import { recordAudit } from '../store/audit.ts';
import { caseThumbnail, findCase, patientOfCase, putCase, putVectors, sentencesOfCase, vectorKeys, vectorsOfCase } from '../store/cases.ts';
import type { AnalysisParts } from './analysis.ts';
import { packLargeArchive } from './packing.ts';

export interface EmbeddingsProgress {
  readonly done: number;
  readonly total: number;
}

type Parts = Pick<AnalysisParts, 'store' | 'models' | 'archive' | 'clock'>;

/** Cases stored together. */
const batch = 200;

const hashesOf = ({ manifest }: Pack): { encoder: string; text: string | null } => ({ encoder: manifest.files[manifest.encoder.file]!.sha256, text: manifest.text ? manifest.files[manifest.text.file]!.sha256 : null });

/** The file system's faults by name. */
function asStoreError(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof EngineError || syscall === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('store/no-space', 'The disk is full', { subject: 'embeddings', advice: 'Free some space and try again; nothing stored was lost' }, { cause: error });
  return new EngineError('store/open-failed', `A file cannot be read or written (${code ?? syscall})`, { subject: 'embeddings', advice: 'Check the folder, its permissions and the disk' }, { cause: error });
}

/**
 * Writes every case that the pack in use has encoded.
 * @param folder made if need be; must be empty
 * @throws EngineError `search/no-cases`, `store/...`, `cancelled`; what was written until then has no archive.json and is no export
 */
export async function exportEmbeddings({ store, models, clock }: Parts, folder: string, signal: AbortSignal, onProgress: (progress: EmbeddingsProgress) => void): Promise<EmbeddingsManifest> {
  const pack = await models.pack();
  const key = packKey(pack);
  const keys = vectorKeys(store.db, 'views', key);
  if (keys.length === 0) throw new EngineError('search/no-cases', `The archive holds no case of ${key}`, { subject: key, advice: 'Choose another pack with --pack' });
  const { id, version, encoder } = pack.manifest;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length > 0) throw new EngineError('store/open-failed', 'The folder is not empty', { subject: 'embeddings', advice: 'Pass an empty folder' });
    const lines = await open(join(folder, 'cases.jsonl'), 'wx', 0o600);
    const views = await NpyRows.create(join(folder, 'views.npy'), encoder.width);
    const sentences = pack.manifest.text ? await NpyRows.create(join(folder, 'sentences.npy'), encoder.width) : null;
    try {
      for (const [at, { case: caseId, rows }] of keys.entries()) {
        if (signal.aborted) throw cancelledError('export');
        const row = findCase(store.db, caseId)!;
        const own = sentences && vectorsOfCase(store.db, 'sentences', key, caseId);
        const thumbnail = caseThumbnail(store.db, caseId);
        const item: ExportedCase = {
          id: caseId, patient: patientOfCase(store.db, caseId), ageYears: row.ageYears, sex: row.sex, studyDate: row.studyDate, report: row.report, sentences: sentencesOfCase(store.db, caseId), demo: row.demo,
          thumbnail: thumbnail && Buffer.from(thumbnail).toString('base64'), viewRows: rows, sentenceRows: own ? own.length / encoder.width : 0,
        };
        await lines.write(`${JSON.stringify(item)}\n`);
        await views.append(vectorsOfCase(store.db, 'views', key, caseId)!);
        if (own) await sentences.append(own);
        onProgress({ done: at + 1, total: keys.length });
      }
      await lines.sync();
      const perCase = keys.every(({ rows }) => rows === keys[0]!.rows) ? keys[0]!.rows : null;
      const viewRows = await views.finish(perCase);
      const sentenceRows = (await sentences?.finish(null)) ?? 0;
      const manifest: EmbeddingsManifest = {
        format: 'brat-embeddings/1', pack: { id, version, ...hashesOf(pack) }, madeAt: clock.now().toISOString(), cases: keys.length,
        casesFile: { file: 'cases.jsonl', sha256: await sha256Of(join(folder, 'cases.jsonl')) },
        views: { file: 'views.npy', rows: viewRows, width: encoder.width, dataStart: views.dataStart, sha256: await sha256Of(join(folder, 'views.npy')) },
        sentences: sentences && { file: 'sentences.npy', rows: sentenceRows, width: encoder.width, dataStart: sentences.dataStart, sha256: await sha256Of(join(folder, 'sentences.npy')) },
      };
      const passing = await open(join(folder, 'archive.json.part'), 'wx', 0o600);
      await passing.writeFile(JSON.stringify(manifest, null, 1));
      await passing.sync();
      await passing.close();
      await rename(join(folder, 'archive.json.part'), join(folder, 'archive.json'));
      recordAudit(store.db, clock, 'archive.exported', { pack: key, cases: keys.length });
      return manifest;
    } finally {
      await lines.close();
      await views.close();
      await sentences?.close();
    }
  } catch (error) {
    throw asStoreError(error);
  }
}

export interface EmbeddingsImported {
  readonly pack: string;
  readonly added: number;
  /** Cases that were there with the same report and vectors of this pack. */
  readonly alreadyThere: number;
  /** Cases that are there with another report; left as they are. */
  readonly different: readonly string[];
}

/**
 * Takes an export in. The pack in use must be the one that made it, file by file: vectors of another would be compared with its own.
 * @throws EngineError `cases/bad-export` before anything is stored, `cases/other-pack`, `store/...`, `cancelled`; what was stored stays, and the next run goes on
 */
export async function importEmbeddings({ store, models, archive, clock }: Parts, folder: string, signal: AbortSignal, onProgress: (progress: EmbeddingsProgress) => void): Promise<EmbeddingsImported> {
  const pack = await models.pack();
  const key = packKey(pack);
  try {
    const manifest = await readManifest(folder);
    requireSamePack(manifest, pack);
    for (const file of [manifest.casesFile, manifest.views, ...(manifest.sentences ? [manifest.sentences] : [])]) {
      if (signal.aborted) throw cancelledError('import');
      if ((await sha256Of(join(folder, file.file))) !== file.sha256) throw badExport(file.file, 'it is not what it was when it was exported');
    }
    const views = await NpyReader.open(join(folder, 'views.npy'), manifest.views);
    const sentences = manifest.sentences && (await NpyReader.open(join(folder, 'sentences.npy'), manifest.sentences));
    const { width } = pack.manifest.encoder;
    const now = clock.now().toISOString();
    const different: string[] = [];
    let [added, alreadyThere, done] = [0, 0, 0];
    let waiting: { item: ExportedCase; views: Float32Array; sentences: Float32Array | null }[] = [];
    const flush = (): void => {
      store.db.transaction(() => {
        for (const { item, views: own, sentences: rows } of waiting) {
          putCase(store.db, { ...item, study: null, thumbnail: item.thumbnail === null ? null : Buffer.from(item.thumbnail, 'base64') }, now);
          putVectors(store.db, 'views', key, item.id, width, own);
          if (rows) putVectors(store.db, 'sentences', key, item.id, width, rows);
        }
      });
      for (const { item } of waiting) archive.refresh(item.id, packStamp(pack));
      added += waiting.length;
      waiting = [];
    };
    try {
      for await (const item of casesOf(join(folder, 'cases.jsonl'))) {
        if (signal.aborted) throw cancelledError('import');
        const own = await views.next(item.viewRows);
        const rows = sentences && item.sentenceRows > 0 ? await sentences.next(item.sentenceRows) : null;
        const known = findCase(store.db, item.id);
        if (known && known.report !== item.report) different.push(item.id);
        else if (known && vectorsOfCase(store.db, 'views', key, item.id) && (!rows || vectorsOfCase(store.db, 'sentences', key, item.id))) alreadyThere++;
        else waiting.push({ item, views: own, sentences: rows });
        if (waiting.length >= batch) flush();
        if (++done % 5000 === 0) for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, key, signal);
        onProgress({ done, total: manifest.cases });
      }
      flush();
      if (done !== manifest.cases || !views.atEnd || sentences?.atEnd === false) throw badExport('cases.jsonl', 'cases and vectors are not as many');
    } finally {
      await views.close();
      await sentences?.close();
    }
    for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, key, signal);
    recordAudit(store.db, clock, 'archive.embeddings', { pack: key, cases: added });
    return { pack: key, added, alreadyThere, different };
  } catch (error) {
    throw asStoreError(error);
  }
}

async function readManifest(folder: string): Promise<EmbeddingsManifest> {
  const text = await readFile(join(folder, 'archive.json'), 'utf8').catch((error: unknown) => { throw badExport('archive.json', 'it is not there', error); });
  try {
    return embeddingsManifest.parse(JSON.parse(text));
  } catch (error) {
    throw badExport('archive.json', error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON', error);
  }
}

function requireSamePack({ pack: made, views }: EmbeddingsManifest, pack: Pack): void {
  const { id, version, encoder } = pack.manifest;
  const refuse = (what: string): EngineError => new EngineError('cases/other-pack', what, { subject: `${made.id}@${made.version}`, advice: 'Install the pack the export was made with and pass it with --pack' });
  if (made.id !== id || made.version !== version) throw refuse(`The vectors were made by ${made.id}@${made.version}, the pack in use is ${packKey(pack)}`);
  const own = hashesOf(pack);
  if (made.encoder !== own.encoder || (made.text !== null && made.text !== own.text)) throw refuse(`The pack in use is called ${packKey(pack)} as well, and its encoder is another file`);
  if (views.width !== encoder.width) throw badExport('views.npy', `its rows have ${views.width} numbers, the pack makes ${encoder.width}`);
}
