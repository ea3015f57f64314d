/**
 * Files the page hands over as bytes: written piece by piece into a folder of their own under the names they had, so that
 * a DICOMDIR still finds its files. A name can never leave that folder.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';

const maxPieceBytes = 16 * 2 ** 20;
const maxUploadBytes = 32 * 2 ** 30;
const maxFiles = 200_000;
const maxDepth = 32;
const maxUploads = 8;

interface Upload {
  readonly folder: string;
  /** Bytes received by relative path. */
  readonly sizes: Map<string, number>;
  bytes: number;
  /** The file written last stays open, since pieces come in order. */
  current: { readonly path: string; readonly handle: FileHandle } | null;
  /** Pieces are written one after another. */
  turn: Promise<void>;
}

export class Uploads {
  readonly #folder: string;
  readonly #uploads = new Map<string, Upload>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async begin(): Promise<string> {
    // A page that was closed half-way never says so; its upload gives way to new ones.
    const oldest = this.#uploads.keys().next().value;
    if (this.#uploads.size >= maxUploads && oldest !== undefined) await this.discard(oldest);
    const id = randomUUID();
    const folder = join(this.#folder, `upload-${id}`);
    await mkdir(folder);
    this.#uploads.set(id, { folder, sizes: new Map(), bytes: 0, current: null, turn: Promise.resolve() });
    return id;
  }

  /**
   * Takes the next piece of a file.
   * @param offset bytes of this file that came before
   * @throws EngineError `import/unknown-upload`, `import/outside-folder`, `import/no-space`, `bridge/bad-params`
   */
  async write(id: string, name: string, offset: number, bytes: Uint8Array): Promise<void> {
    const upload = this.#find(id);
    const path = safeRelativePath(name);
    if (bytes.byteLength > maxPieceBytes) throw badPiece('it is larger than 16 MB');
    if (upload.bytes + bytes.byteLength > maxUploadBytes) throw new EngineError('import/no-space', 'More than 32 GB were handed over at once', { subject: 'import', advice: 'Import the studies one after another' });
    if (!upload.sizes.has(path) && upload.sizes.size >= maxFiles) throw new EngineError('import/no-space', `More than ${maxFiles} files were handed over at once`, { subject: 'import', advice: 'Import the studies one after another' });
    const before = upload.sizes.get(path) ?? 0;
    if (offset !== before) throw badPiece(`it begins at byte ${offset}, ${before} were received`);
    upload.sizes.set(path, before + bytes.byteLength);
    upload.bytes += bytes.byteLength;
    const own = upload.turn.then(() => append(upload, path, bytes));
    upload.turn = own.catch(() => undefined);
    await own;
  }

  /** Paths of what was handed over, top level, once all of it is written. The caller discards the upload afterwards. */
  async finish(id: string): Promise<string[]> {
    const upload = this.#find(id);
    await closeCurrent(upload);
    return (await readdir(upload.folder)).sort().map((name) => join(upload.folder, name));
  }

  async discard(id: string): Promise<void> {
    const upload = this.#find(id);
    this.#uploads.delete(id);
    await closeCurrent(upload);
    await rm(upload.folder, { recursive: true, force: true });
  }

  #find(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload) throw new EngineError('import/unknown-upload', 'This import is no longer open', { subject: 'import', advice: 'Drop the files again' });
    return upload;
  }
}

async function append(upload: Upload, path: string, bytes: Uint8Array): Promise<void> {
  try {
    if (upload.current?.path !== path) {
      await upload.current?.handle.close();
      upload.current = null;
      const target = join(upload.folder, path);
      await mkdir(dirname(target), { recursive: true });
      upload.current = { path, handle: await open(target, 'a') };
    }
    await upload.current.handle.appendFile(bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new EngineError('import/no-space', 'The disk is full', { subject: 'import', advice: 'Free some space and drop the files again' }, { cause: error });
    // A file where another name needs a folder, or the other way round.
    if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'EISDIR' || code === 'ENAMETOOLONG') throw outside(path);
    throw error;
  }
}

async function closeCurrent(upload: Upload): Promise<void> {
  await upload.turn;
  await upload.current?.handle.close();
  upload.current = null;
}

const badPiece = (why: string): EngineError => new EngineError('bridge/bad-params', `A piece of a file does not fit: ${why}`, { subject: 'import', advice: 'Drop the files again' });

const outside = (name: string): EngineError =>
  new EngineError('import/outside-folder', 'A file has a name that is not one inside its folder', { subject: name.slice(0, 200), advice: 'Rename the file and drop it again' });

/**
 * A name as dropped (`study/IM001`) as a relative path that stays below its folder on every system.
 * @throws EngineError `import/outside-folder`
 */
export function safeRelativePath(name: string): string {
  const parts = name.replaceAll('\\', '/').split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.length > maxDepth || /^[a-zA-Z]:/.test(name)) throw outside(name);
  return parts
    .map((part) => {
      if (part === '..' || part.includes('\0')) throw outside(name);
      // What Windows does not allow in names, and names it reserves, on any system: a study must not depend on where it was dropped.
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      const plain = part.replace(/[\u0000-\u001f<>:"|?*]/g, '_').replace(/[. ]+$/, '_').slice(0, 200);
      return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(plain) ? `_${plain}` : plain;
    })
    .join('/');
}
