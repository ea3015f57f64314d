/**
 * A copy of a data folder that can be made while brat works: the database as it is at one moment, and the imported files
 * it names, all listed with their SHA-256. Indexes and caches are left out, since they are made again. Files are named by
 * their content, so a second backup into the same folder copies only what is new.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { DatabaseRuntime } from './database.ts';
import { migrate, schemaVersion } from './migrate.ts';

const manifestSchema = z.strictObject({
  format: z.literal('brat-backup/1'),
  madeAt: z.string(),
  schema: z.int().min(1),
  database: z.strictObject({ file: z.string().regex(/^brat-[0-9a-f]{64}\.sqlite$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  studies: z.int(),
  cases: z.int(),
  /** Names of files under instances/, each the SHA-256 of its content. */
  instances: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});
export type BackupManifest = z.output<typeof manifestSchema>;

export interface BackupProgress {
  readonly done: number;
  readonly total: number;
}

const instancePath = (folder: string, hash: string): string => join(folder, 'instances', hash.slice(0, 2), `${hash}.dcm`);

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Copies under a passing name, checks the content, makes it durable, and only then gives it its name. */
async function copyChecked(from: string, to: string, sha256: string): Promise<void> {
  const passing = `${to}.part`;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, passing);
  if ((await sha256Of(passing)) !== sha256) {
    await rm(passing, { force: true });
    throw new EngineError('store/damaged', 'A stored file is not what its name says', { subject: `${sha256.slice(0, 12)}.dcm`, advice: 'Check the disk; import the study again' });
  }
  const handle = await open(passing, 'r+');
  await handle.sync();
  await handle.close();
  await rename(passing, to);
}

/** What goes wrong with files, by name. */
function asStoreError(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof EngineError || syscall === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('store/no-space', 'The disk is full', { subject: 'backup', advice: 'Free some space and try again; nothing stored was lost' }, { cause: error });
  return new EngineError('store/open-failed', `A file cannot be read or written (${code ?? syscall})`, { subject: 'backup', advice: 'Check the folders, their permissions and the disk' }, { cause: error });
}

/**
 * Backs a data folder up. The folder may be in use.
 * @param target made if need be; may hold earlier backups of the same folder
 * @throws EngineError `store/open-failed` if there is no database, `store/damaged` for a file that is not what it was, `store/no-space`, `cancelled`
 */
export async function backUp(dataDir: string, target: string, runtime: DatabaseRuntime, now: Date, signal: AbortSignal, onProgress: (progress: BackupProgress) => void = () => undefined): Promise<BackupManifest> {
  const source = join(dataDir, 'brat.sqlite');
  if (!existsSync(source)) throw new EngineError('store/open-failed', 'There is no database to back up', { subject: 'data folder', advice: 'Pass the data folder with --data-dir' });
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
    const passing = join(target, 'database.part');
    await rm(passing, { force: true });
    const live = runtime.open(source);
    try {
      // One read transaction: the database as it is now, without what was deleted.
      live.run('VACUUM INTO ?', passing);
    } finally {
      live.close();
    }
    const copy = runtime.open(passing);
    let facts: Pick<BackupManifest, 'schema' | 'studies' | 'cases' | 'instances'>;
    try {
      const damage = copy.findDamage();
      if (damage !== null) throw new EngineError('store/damaged', `The database is damaged: ${damage}`, { subject: 'database', advice: 'Go back to an earlier backup' });
      facts = {
        schema: schemaVersion(copy),
        studies: copy.get<{ n: number }>('SELECT count(*) AS n FROM study')!.n,
        cases: copy.get<{ n: number }>('SELECT count(*) AS n FROM archive_case')!.n,
        instances: copy.all<{ content_hash: string }>('SELECT DISTINCT content_hash FROM instance ORDER BY content_hash').map((row) => row.content_hash),
      };
      copy.exec('PRAGMA journal_mode = DELETE');
    } finally {
      copy.close();
    }
    let done = 0;
    for (const hash of facts.instances) {
      if (signal.aborted) throw cancelledError('backup');
      const to = instancePath(target, hash);
      if (!existsSync(to)) await copyChecked(instancePath(dataDir, hash), to, hash);
      onProgress({ done: ++done, total: facts.instances.length });
    }
    const sha256 = await sha256Of(passing);
    const file = `brat-${sha256}.sqlite`;
    await copyChecked(passing, join(target, file), sha256);
    await rm(passing, { force: true });
    const manifest: BackupManifest = { format: 'brat-backup/1', madeAt: now.toISOString(), database: { file, sha256 }, ...facts };
    // The manifest comes last, and takes the place of the one before in one step.
    await writeFile(join(target, 'backup.json.part'), JSON.stringify(manifest, null, 1), { flush: true });
    await rename(join(target, 'backup.json.part'), join(target, 'backup.json'));
    for (const name of await readdir(target)) if (/^brat-[0-9a-f]{64}\.sqlite$/.test(name) && name !== file) await rm(join(target, name));
    return manifest;
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Reads a backup and checks every file against its hash. @throws EngineError `store/damaged` naming what is wrong, `store/open-failed` */
export async function verifyBackup(folder: string, signal: AbortSignal): Promise<BackupManifest> {
  const refuse = (what: string, subject: string): EngineError => new EngineError('store/damaged', `The backup cannot be used: ${what}`, { subject, advice: 'Use another backup' });
  let text: string;
  try {
    text = await readFile(join(folder, 'backup.json'), 'utf8');
  } catch (error) {
    throw new EngineError('store/open-failed', 'The folder holds no backup', { subject: 'backup.json', advice: 'Pass a folder that brat backup has written' }, { cause: error });
  }
  let manifest: BackupManifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(text));
  } catch {
    throw refuse('its list of files is damaged', 'backup.json');
  }
  const files = [{ path: join(folder, manifest.database.file), sha256: manifest.database.sha256 }, ...manifest.instances.map((hash) => ({ path: instancePath(folder, hash), sha256: hash }))];
  for (const { path, sha256 } of files) {
    if (signal.aborted) throw cancelledError('restore');
    const found = await sha256Of(path).catch(() => null);
    if (found !== sha256) throw refuse(found === null ? 'a file is missing' : 'a file is not what it was', `${sha256.slice(0, 12)}…`);
  }
  return manifest;
}

/**
 * Makes a data folder of a backup, after checking all of it.
 * @param dataDir must not hold a database; what a restore that was cut short left there is taken up again
 * @throws EngineError `store/damaged`, `store/newer-schema`, `store/open-failed`, `store/no-space`, `cancelled`
 */
export async function restore(folder: string, dataDir: string, runtime: DatabaseRuntime, signal: AbortSignal): Promise<BackupManifest> {
  const database = join(dataDir, 'brat.sqlite');
  if (existsSync(database)) throw new EngineError('store/open-failed', 'The data folder holds a database already', { subject: 'data folder', advice: 'Restore into an empty folder with --data-dir' });
  const manifest = await verifyBackup(folder, signal);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    for (const hash of manifest.instances) {
      if (signal.aborted) throw cancelledError('restore');
      const to = instancePath(dataDir, hash);
      if (!existsSync(to)) await copyChecked(instancePath(folder, hash), to, hash);
    }
    const passing = join(dataDir, 'restored.sqlite');
    await copyChecked(join(folder, manifest.database.file), passing, manifest.database.sha256);
    const db = runtime.open(passing);
    try {
      migrate(db);
      const damage = db.findDamage();
      if (damage !== null) throw new EngineError('store/damaged', `The database of the backup is damaged: ${damage}`, { subject: 'database', advice: 'Use another backup' });
      db.exec('PRAGMA journal_mode = DELETE');
    } finally {
      db.close();
    }
    // The database comes last: until then there is no data folder to open.
    await rename(passing, database);
    return manifest;
  } catch (error) {
    throw asStoreError(error);
  }
}
