/** How much of the disk the data folder takes, part by part. Counted when it is asked for, file by file. */
import { opendir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handlers } from '../../shared/contract.ts';
import { cancelledError } from '../../shared/errors.ts';

/** Bytes of all files below a folder; 0 if there is none. What goes while it is counted does not count. */
async function bytesBelow(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  const below = await opendir(folder, { recursive: true, bufferSize: 256 }).catch(() => null);
  if (below === null) return 0;
  for await (const entry of below) {
    if (signal.aborted) throw cancelledError('storage');
    if (entry.isFile()) bytes += await stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0);
  }
  return bytes;
}

export function storageHandlers(dataDir: string): Pick<Handlers, 'storage.sizes'> {
  return {
    'storage.sizes': async (_, { signal }) => {
      const [images, index, models] = await Promise.all(['instances', 'index', 'models'].map((name) => bytesBelow(join(dataDir, name), signal)));
      const database = (await Promise.all(['brat.sqlite', 'brat.sqlite-wal', 'brat.sqlite-shm'].map((name) => stat(join(dataDir, name)).then(({ size }) => size, () => 0)))).reduce((sum, size) => sum + size, 0);
      const { bavail, bsize } = await statfs(dataDir);
      return { folder: dataDir, images: images!, database, index: index!, models: models!, free: bavail * bsize };
    },
  };
}
