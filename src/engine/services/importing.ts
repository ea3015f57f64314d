/**
 * Import: what a reader drops becomes stored studies. Each file is copied and durable before its row is written, and each
 * row is committed before the next file is begun, so that a kill at any moment leaves whole instances only; running the
 * same import again adds what is missing.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Handlers, ImportEvent, ShellHandlers } from '../../shared/contract.ts';
import { cancelledError, EngineError, toErrorData } from '../../shared/errors.ts';
import { scanPaths } from '../dicom/scan.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import { startJob } from '../store/jobs.ts';
import type { Store } from '../store/openStore.ts';
import { addInstance, hasInstance, studyOfSeries } from '../store/studies.ts';
import type { Changes } from './changes.ts';
import type { Library } from './library.ts';
import { Uploads } from './uploads.ts';

export interface ImportParts {
  readonly store: Store;
  readonly library: Library;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
  /** Drops volumes and pictures of a study that grew. */
  readonly forgetVolumes: (study: string) => void;
}

/** Files copied at once: waiting for one disk to write while another is read. */
const copiesAtOnce = 4;

/**
 * Imports files, folders, zips and DICOMDIRs by path.
 * @param demo marks the studies as coming with the app
 * @throws EngineError `import/nothing-readable` if there was nothing to store, `store/no-space`, `cancelled`; what was stored until then stays
 */
export async function* importPaths(parts: ImportParts, paths: readonly string[], signal: AbortSignal, demo = false): AsyncGenerator<ImportEvent, void, undefined> {
  const { store, library, changes, clock, log } = parts;
  const workDir = await mkdtemp(join(store.temporaryFolder, 'import-'));
  const job = startJob(store.db, clock, 'import', null);
  const studies = new Set<string>();
  const counts = { added: 0, duplicates: 0, skipped: 0, failed: 0 };
  const problems: ImportEvent[] = [];
  const copying = new Set<Promise<void>>();
  const fatal: EngineError[] = [];

  const keep = async (header: InstanceHeader): Promise<void> => {
    try {
      const outcome = await storeInstance(store, header, clock, demo);
      if (outcome === 'added') counts.added++;
      else counts.duplicates++;
      studies.add(header.studyUid);
    } catch (error) {
      if (error instanceof EngineError && (error.code === 'store/no-space' || error.code === 'store/open-failed' || error.code === 'store/damaged')) {
        fatal.push(error);
      } else {
        counts.failed++;
        problems.push({ kind: 'problem', file: header.source.name, error: toErrorData(error, header.source.name) });
      }
    } finally {
      // Copies out of archives are not needed twice.
      if (header.source.path.startsWith(workDir + sep)) await rm(header.source.path, { force: true });
    }
  };

  try {
    for await (const event of scanPaths(paths, { signal, workDir })) {
      if (fatal[0]) throw fatal[0];
      if (signal.aborted) throw cancelledError('import');
      switch (event.kind) {
        case 'instance': {
          if (copying.size >= copiesAtOnce) await Promise.race(copying);
          const copy: Promise<void> = keep(event.header).finally(() => copying.delete(copy));
          copying.add(copy);
          break;
        }
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
      yield* problems.splice(0);
    }
    await Promise.all(copying);
    yield* problems.splice(0);
    if (fatal[0]) throw fatal[0];
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
    throw error;
  } finally {
    await Promise.all(copying);
    await rm(workDir, { recursive: true, force: true });
    log.info('import.ended', { ...counts, studies: studies.size });
    for (const study of studies) {
      library.forget(study);
      parts.forgetVolumes(study);
      changes.emit(study);
    }
  }
}

/** @throws EngineError `dicom/bad-header` if the series belongs to another study; what copying throws */
async function storeInstance(store: Store, header: InstanceHeader, clock: Clock, demo: boolean): Promise<'added' | 'known'> {
  if (hasInstance(store.db, header.seriesUid, header.sopInstanceUid)) return 'known';
  const owner = studyOfSeries(store.db, header.seriesUid);
  if (owner !== undefined && owner !== header.studyUid) {
    throw new EngineError('dicom/bad-header', 'Its series identifier belongs to another study', { subject: header.source.name, advice: 'Remove the other study first, or export the series with identifiers of its own' });
  }
  const content = await store.files.add(header.source.path);
  return addInstance(store.db, header, content, clock.now().toISOString(), demo) ? 'added' : 'known';
}

export function importHandlers(parts: ImportParts): Pick<Handlers, 'import.begin' | 'import.file' | 'import.finish' | 'import.discard'> & Pick<ShellHandlers, 'import.paths'> {
  const uploads = new Uploads(parts.store.temporaryFolder);
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
