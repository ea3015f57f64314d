/**
 * Import: what a reader drops becomes stored studies, a few dozen files at a time. Files are copied and durable before
 * their rows are committed, so that a kill at any moment leaves whole instances only; running the same import again adds
 * what is missing.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Handlers, ImportEvent, ShellHandlers } from '../../shared/contract.ts';
import { cancelledError, EngineError, isCancelled, toErrorData } from '../../shared/errors.ts';
import { scanPaths } from '../dicom/scan.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import { startJob } from '../store/jobs.ts';
import type { Store } from '../store/openStore.ts';
import { addInstance, hasInstance, isContentUsed, studyOfSeries } from '../store/studies.ts';
import type { Activity } from './activity.ts';
import type { Changes } from './changes.ts';
import type { Library } from './library.ts';
import type { Uploads } from './uploads.ts';

export interface ImportParts {
  readonly store: Store;
  readonly library: Library;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
  readonly activity: Activity;
  /** Drops volumes and pictures of a study that grew. */
  readonly forgetVolumes: (study: string) => void;
  /** Files the page hands over, of studies and of models alike. */
  readonly uploads: Uploads;
  /** Told which studies an import brought or made grow. */
  readonly onImported: (studies: readonly string[]) => void;
}

/** Instances stored together: most of an import's time is waiting for the disk to confirm, once for each batch. */
const batchSize = 32;

/**
 * Imports files, folders, zips and DICOMDIRs by path.
 * @param demo marks the studies as coming with the app
 * @throws EngineError `import/nothing-readable` if there was nothing to store, `store/no-space`, `cancelled`; what was stored until then stays
 */
export async function* importPaths(parts: ImportParts, paths: readonly string[], callSignal: AbortSignal, demo = false): AsyncGenerator<ImportEvent, void, undefined> {
  const { store, library, changes, clock, log } = parts;
  const { signal, end } = parts.activity.begin(callSignal);
  const workDir = await mkdtemp(join(store.temporaryFolder, 'import-'));
  const job = startJob(store.db, clock, 'import', null);
  const studies = new Set<string>();
  const counts = { added: 0, duplicates: 0, skipped: 0, failed: 0 };
  let batch: InstanceHeader[] = [];

  async function* flush(): AsyncGenerator<ImportEvent, void, undefined> {
    const headers = batch;
    batch = [];
    const outcome = await storeBatch(store, headers, clock, demo);
    counts.added += outcome.added.length;
    counts.duplicates += headers.length - outcome.added.length - outcome.failed.length;
    counts.failed += outcome.failed.length;
    for (const header of headers) studies.add(header.studyUid);
    for (const { header, error } of outcome.failed) yield { kind: 'problem', file: header.source.name, error: toErrorData(error, header.source.name) };
    // Copies out of archives are not needed twice.
    for (const { source } of headers) if (source.path.startsWith(workDir + sep)) await rm(source.path, { force: true });
    if (outcome.fatal) throw outcome.fatal;
  }

  try {
    for await (const event of scanPaths(paths, { signal, workDir })) {
      if (signal.aborted) throw cancelledError('import');
      switch (event.kind) {
        case 'instance':
          batch.push(event.header);
          if (batch.length >= batchSize) yield* flush();
          break;
        case 'skipped':
          if (event.why === 'duplicate') counts.duplicates++;
          else counts.skipped++;
          break;
        case 'problem':
          counts.failed++;
          yield { kind: 'problem', file: event.name, error: event.error };
          break;
        case 'progress':
          yield { kind: 'progress', seen: event.seen, added: counts.added, current: event.current };
          break;
      }
    }
    yield* flush();
    if (counts.added + counts.duplicates === 0) {
      throw new EngineError('import/nothing-readable', counts.failed > 0 ? `No image could be read: ${counts.failed} files have faults, ${counts.skipped} are no images` : `No image was found among ${counts.skipped} files`, {
        subject: 'import',
        advice: 'Choose a folder, zip or DICOMDIR with DICOM or NIfTI files',
      });
    }
    recordAudit(store.db, clock, 'import', { ...counts, studies: studies.size });
    job.done();
    yield { kind: 'done', studies: [...studies].sort(), ...counts };
  } catch (error) {
    job.failed(error);
    // What was read before the reader changed their mind is worth keeping.
    const late = flush();
    if (isCancelled(error)) while ((await late.next()).done !== true);
    throw error;
  } finally {
    await rm(workDir, { recursive: true, force: true });
    log.info('import.ended', { ...counts, studies: studies.size });
    for (const study of studies) {
      library.forget(study);
      parts.forgetVolumes(study);
      changes.emit(study);
    }
    parts.onImported([...studies]);
    end();
  }
}

interface BatchOutcome {
  readonly added: readonly InstanceHeader[];
  readonly failed: readonly { readonly header: InstanceHeader; readonly error: Error }[];
  /** A fault of the disk that would come again with every file. */
  readonly fatal: Error | null;
}

/** Stores the instances that are new: all their files, then all their rows. */
async function storeBatch(store: Store, headers: readonly InstanceHeader[], clock: Clock, demo: boolean): Promise<BatchOutcome> {
  const { db, files } = store;
  const fresh = headers.filter((header) => !hasInstance(db, header.seriesUid, header.sopInstanceUid));
  const contents = await files.add(fresh.map((header) => header.source.path));
  const added: InstanceHeader[] = [];
  const failed: { header: InstanceHeader; error: Error }[] = [];
  const now = clock.now().toISOString();
  let fatal: Error | null = null;
  const storeRows = (): void => {
    fresh.forEach((header, at) => {
      const content = contents[at]!;
      const owner = studyOfSeries(db, header.seriesUid);
      if (content instanceof Error) {
        if (content instanceof EngineError && content.code.startsWith('store/')) fatal = content;
        else failed.push({ header, error: content });
      } else if (owner !== undefined && owner !== header.studyUid) {
        failed.push({ header, error: new EngineError('dicom/bad-header', 'Its series identifier belongs to another study', { subject: header.source.name, advice: 'Remove the other study first, or export the series with identifiers of its own' }) });
      } else if (addInstance(db, header, content, now, demo)) {
        added.push(header);
      }
    });
  };
  try {
    db.transaction(storeRows);
  } finally {
    // A file that got no row would lie there for ever.
    for (const content of contents) if (typeof content === 'string' && !isContentUsed(db, content)) await files.remove(content);
  }
  return { added, failed, fatal };
}

export function importHandlers(parts: ImportParts): Pick<Handlers, 'import.begin' | 'import.file' | 'import.finish' | 'import.discard'> & Pick<ShellHandlers, 'import.paths'> {
  const { uploads } = parts;
  return {
    'import.begin': async () => ({ upload: await uploads.begin() }),
    'import.file': async ({ upload, name, offset, bytes }) => {
      await uploads.write(upload, name, offset, bytes);
      return {};
    },
    async *'import.finish'({ upload }, { signal }) {
      const paths = await uploads.finish(upload);
      try {
        yield* importPaths(parts, paths, signal);
      } finally {
        await uploads.discard(upload);
      }
    },
    'import.discard': async ({ upload }) => {
      await uploads.discard(upload);
      return {};
    },
    'import.paths': ({ paths }, { signal }) => importPaths(parts, paths, signal),
  };
}
