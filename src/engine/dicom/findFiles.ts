/**
 * Finds the files in what a reader dropped: folders to any depth, files, zip archives and DICOMDIRs. A folder is
 * searched whole, so files that its DICOMDIR does not list count too; a DICOMDIR given by itself stands for the files
 * it lists. Links are followed, each folder once.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError, toErrorData } from '../../shared/errors.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { extractArchive, isZip } from './archive.ts';
import { isDirectoryName, readDirectoryRecords, resolveReferencedFile } from './dicomDirectory.ts';
import type { FileSource } from './types.ts';

export type Found =
  | { readonly kind: 'file'; readonly source: FileSource; readonly extracted: boolean }
  | { readonly kind: 'skipped'; readonly name: string; readonly why: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: ErrorData };

interface Pending {
  readonly path: string;
  readonly name: string;
  /** Named by the reader, not found in a folder. */
  readonly given: boolean;
}

/** @param workDir archives are unpacked in it */
export async function* findFiles(paths: readonly string[], workDir: string): AsyncGenerator<Found> {
  const seenFolders = new Set<string>();
  const stack: Pending[] = paths.map((path) => ({ path, name: basename(path) || path, given: true })).reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, name } = next;
    try {
      const stats = await stat(path);
      if (stats.isDirectory()) {
        const key = await realpath(path);
        if (seenFolders.has(key)) continue;
        seenFolders.add(key);
        const names = (await readdir(path)).sort().reverse();
        for (const child of names) stack.push({ path: join(path, child), name: `${name}/${child}`, given: false });
      } else if (stats.isFile()) {
        yield* openFile(next, workDir);
      } else {
        yield { kind: 'skipped', name, why: 'This is not a regular file' };
      }
    } catch (error) {
      yield { kind: 'problem', name, error: toErrorData(asEngineError(error, name), name) };
    }
  }
}

async function* openFile(file: Pending, workDir: string): AsyncGenerator<Found> {
  const { path, name, given } = file;
  if (isDirectoryName(basename(path))) {
    yield* openDirectory(file);
  } else if ((given || /\.zip$/i.test(name)) && (await isZip(path))) {
    for await (const event of extractArchive(path, name, workDir)) {
      if (event.kind === 'problem') yield event;
      else if (/\.zip$/i.test(event.name)) yield { kind: 'skipped', name: event.name, why: 'This is an archive within an archive' };
      else yield { kind: 'file', source: { path: event.path, name: event.name }, extracted: true };
    }
  } else {
    yield { kind: 'file', source: { path, name }, extracted: false };
  }
}

async function* openDirectory({ path, name, given }: Pending): AsyncGenerator<Found> {
  const prefix = name.slice(0, name.length - basename(name).length);
  for (const components of await readDirectoryRecords({ path, name })) {
    const label = `${prefix}${components.join('/')}`;
    try {
      const target = await resolveReferencedFile(path, components, label);
      // In a folder that is searched anyway the file comes up by itself.
      if (given) yield { kind: 'file', source: { path: target, name: label }, extracted: false };
    } catch (error) {
      yield { kind: 'problem', name: label, error: toErrorData(asEngineError(error, label), label) };
    }
  }
  yield { kind: 'skipped', name, why: 'This is a directory of DICOM files, not an image' };
}

function asEngineError(error: unknown, name: string): unknown {
  if (error instanceof EngineError || !(error instanceof Error) || !('syscall' in error)) return error;
  return new EngineError('import/not-found', 'This cannot be opened', { subject: name, advice: 'Check that it exists and may be read' }, { cause: error });
}
