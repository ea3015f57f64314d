/**
 * Takes the files out of a zip archive, one at a time, into a folder of ours. Nothing in the archive decides where
 * bytes are written: extracted files are numbered. Entries that would lie elsewhere, links, encrypted entries and
 * sizes that only a bomb has are refused by name, and the rest goes on.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { EngineError, toErrorData } from '../../shared/errors.ts';
import type { ErrorCode, ErrorData } from '../../shared/errors.ts';

export type ArchiveEvent =
  | { readonly kind: 'file'; readonly path: string; readonly name: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: ErrorData };

/** What an archive may cost. */
export interface ArchiveLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** Deflate reaches 1032:1 on zeros; archives of images, blank ones among them, stay far below this as a whole. */
  readonly ratio: number;
  /** Below this many unpacked bytes the ratio is nobody's concern. */
  readonly ratioFreeBytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = { entries: 500_000, entryBytes: 4 * 2 ** 30, totalBytes: 64 * 2 ** 30, ratio: 200, ratioFreeBytes: 256 * 2 ** 20 };

/** Left free on the disk for the rest of the system. */
const spareDiskBytes = 512 * 2 ** 20;

/** True when a file begins like a zip archive with entries. */
export async function isZip(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.readUInt32LE(0) === 0x04034b50;
  } finally {
    await handle.close();
  }
}

/**
 * Extracts each file of an archive as it is asked for.
 * @param name what the reader calls the archive; files are named `name!/entry`
 * @param workDir must exist; a new folder is made in it and left there with the extracted files
 */
export async function* extractArchive(path: string, name: string, workDir: string, limits = defaultArchiveLimits): AsyncGenerator<ArchiveEvent> {
  let zip: ZipFile;
  try {
    zip = await yauzl.openPromise(path, { lazyEntries: true, decodeStrings: false, autoClose: false });
  } catch (error) {
    yield refused('archive/unreadable', name, 'The archive is damaged', 'Copy it again, or unpack it and open the folder', error);
    return;
  }
  try {
    yield* extractEntries(zip, name, workDir, limits);
  } catch (error) {
    yield refused('archive/unreadable', name, 'The archive is damaged and could not be read to its end', 'Copy it again, or unpack it and open the folder', error);
  } finally {
    zip.close();
  }
}

async function* extractEntries(zip: ZipFile, name: string, workDir: string, limits: ArchiveLimits): AsyncGenerator<ArchiveEvent> {
  await mkdir(workDir, { recursive: true });
  const folder = await mkdtemp(join(workDir, 'zip-'));
  let count = 0;
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    count += 1;
    if (count > limits.entries) {
      yield refused('archive/unreadable', name, `The archive has more than ${limits.entries} entries`, 'Unpack it and open the folder');
      return;
    }
    const entryName = fileName(entry);
    if (entryName.endsWith('/')) continue;
    const label = `${name}!/${entryName}`;
    const refusal = whyRefused(entry, entryName, total, zip.fileSize, limits);
    if (refusal !== null) {
      yield refused(refusal.code, label, refusal.message, refusal.advice);
      continue;
    }
    const { bavail, bsize } = await statfs(folder);
    if (entry.uncompressedSize > bavail * bsize - spareDiskBytes) {
      yield refused('import/no-space', label, 'There is not enough free disk space to unpack this', 'Free some space and import again');
      return;
    }
    total += entry.uncompressedSize;
    const path = join(folder, `${count}`);
    try {
      // yauzl ends the stream with an error as soon as it gives more or fewer bytes than declared.
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      await rm(path, { force: true });
      yield refused('archive/unreadable', label, 'This file in the archive is damaged', 'Copy the archive again', error);
      continue;
    }
    yield { kind: 'file', path, name: label };
  }
}

/** The entry's name with forward slashes; archives that declare no encoding are read as code page 437, as the format says. */
const fileName = (entry: Entry): string => yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

function whyRefused(entry: Entry, name: string, totalBefore: number, archiveBytes: number, limits: ArchiveLimits): Refusal | null {
  const isLink = ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000;
  if (yauzl.validateFileName(name) !== null || isLink || name.includes('\0')) {
    return { code: 'import/outside-folder', message: 'This entry of the archive points outside it', advice: 'Do not trust this archive' };
  }
  if (!entry.canDecodeFileData()) {
    return { code: 'archive/unreadable', message: entry.isEncrypted() ? 'This file in the archive is encrypted' : 'This file in the archive is compressed in an unknown way', advice: 'Unpack the archive with the program that made it' };
  }
  const total = totalBefore + entry.uncompressedSize;
  const bomb = entry.uncompressedSize > limits.entryBytes || total > limits.totalBytes || (total > limits.ratioFreeBytes && total > archiveBytes * limits.ratio);
  return bomb ? { code: 'archive/unreadable', message: `This file in the archive would unpack to ${entry.uncompressedSize} bytes, more than is let out of an archive of this size`, advice: 'Unpack the archive yourself if you trust it' } : null;
}

function refused(code: ErrorCode, name: string, message: string, advice: string, cause?: unknown): ArchiveEvent {
  return { kind: 'problem', name, error: toErrorData(new EngineError(code, message, { subject: name, advice }, { cause }), name) };
}
