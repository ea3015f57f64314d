/**
 * The imported files themselves, named by their content, so that a CD can be ejected and the same file is kept once. A
 * file is durable under its final name before anything refers to it; what a crash left half written has another name and
 * is removed at the next start.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import type { ReadDb } from './database.ts';
import { isContentUsed } from './studies.ts';

/** Files copied at once: one disk is read while another writes. */
const copiesAtOnce = 4;

const hashPattern = /^[0-9a-f]{64}\.dcm$/;

export interface InstanceFiles {
  /** Path of stored content. */
  path(contentHash: string): string;
  /**
   * Copies files in and makes them durable together, which costs far less than one by one. Content that is stored already is
   * not written again.
   * @returns for each source in order the SHA-256 of its content, hexadecimal, or an error for that file alone:
   *   EngineError `import/not-found`, `store/no-space`, `store/open-failed`
   */
  add(sources: readonly string[]): Promise<(string | Error)[]>;
  remove(contentHash: string): Promise<void>;
  /** Removes half-written files, and files no row refers to. @returns how many */
  removeOrphans(db: ReadDb): Promise<number>;
}

/** @param folder made when the first file comes */
export function openInstanceFiles(folder: string): InstanceFiles {
  const path = (contentHash: string): string => join(folder, contentHash.slice(0, 2), `${contentHash}.dcm`);

  async function addOne(source: string, changed: Set<string>): Promise<string | Error> {
    const temporary = join(folder, `${randomUUID()}.part`);
    try {
      const contentHash = await copyDurably(source, temporary);
      const final = path(contentHash);
      if (await exists(final)) {
        await rm(temporary);
        return contentHash;
      }
      if ((await mkdir(dirname(final), { recursive: true })) !== undefined) changed.add(folder);
      await rename(temporary, final);
      changed.add(dirname(final));
      return contentHash;
    } catch (error) {
      await rm(temporary, { force: true });
      return asStoreError(error, source);
    }
  }

  return {
    path,
    add: async (sources) => {
      await mkdir(folder, { recursive: true });
      const changed = new Set<string>();
      const results = new Array<string | Error>(sources.length);
      let next = 0;
      const work = async (): Promise<void> => {
        for (let at = next++; at < sources.length; at = next++) results[at] = await addOne(sources[at]!, changed);
      };
      await Promise.all(Array.from({ length: Math.min(copiesAtOnce, sources.length) }, work));
      // A file is found after a power cut only when its folder's entry is on the disk as well.
      for (const entry of changed) await syncFolder(entry);
      return results;
    },
    remove: (contentHash) => rm(path(contentHash), { force: true }),
    removeOrphans: async (db) => {
      let removed = 0;
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        if (entry.isFile() && entry.name.endsWith('.part')) {
          await rm(join(folder, entry.name), { force: true });
          removed++;
        } else if (entry.isDirectory()) {
          for (const name of await readdir(join(folder, entry.name))) {
            const hash = name.slice(0, -4);
            if (hashPattern.test(name) && !isContentUsed(db, hash)) {
              await rm(join(folder, entry.name, name), { force: true });
              removed++;
            }
          }
        }
      }
      return removed;
    },
  };
}

/** Copies, hashing what is written, and does not return before the copy is on the disk. */
async function copyDurably(source: string, target: string): Promise<string> {
  const hash = createHash('sha256');
  const from = await open(source, 'r');
  try {
    const to = await open(target, 'wx');
    try {
      const buffer = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        await to.writev([buffer.subarray(0, bytesRead)]);
      }
      await to.datasync();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  return hash.digest('hex');
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its file system orders a rename after the data by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/** Copying's own faults as store errors; the source's name is the caller's to add. */
function asStoreError(error: unknown, source: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  const path = (error as NodeJS.ErrnoException).path;
  const about = { subject: 'import', advice: 'Free some space and import again; what is stored already is not copied twice' };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('store/no-space', 'The disk is full', about, { cause: error });
  if (path === source && code === 'ENOENT') return new EngineError('import/not-found', 'The file went away while it was read', { ...about, advice: 'Import it again' }, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return path === source
      ? new EngineError('import/not-found', 'The file may not be read', { ...about, advice: 'Check its permissions' }, { cause: error })
      : new EngineError('store/open-failed', 'The data folder cannot be written', { ...about, advice: 'Check the permissions of the data folder' }, { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}
