/**
 * DICOMDIR files (PS3.10 section 8): the files a medium's directory names, found in the directory's own folder and
 * nowhere else. Media copied to other systems change the case of names and gain version suffixes; both are forgiven.
 */
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import { Attributes } from './attributes.ts';
import { readAt } from './byteSource.ts';
import { headBytes, parseUntilPixels } from './dataSet.ts';
import { withFile } from './header.ts';
import { tags } from './tags.ts';
import type { FileSource } from './types.ts';

export const isDirectoryName = (name: string): boolean => /^dicomdir$/i.test(name);

/**
 * The ReferencedFileID components of every directory record that has one.
 * @throws EngineError as reading a header does
 */
export async function readDirectoryRecords(source: FileSource): Promise<string[][]> {
  return withFile(source, async (handle, size) => {
    const head = await readAt(handle, 0, Math.min(headBytes, size));
    const { dataSet } = await parseUntilPixels(handle, size, head, source.name);
    return new Attributes(dataSet).items(tags.directoryRecordSequence).map((record) => record.texts(tags.referencedFileId)).filter((components) => components.length > 0);
  });
}

/**
 * Where a directory record's file is.
 * @param components the values of ReferencedFileID
 * @throws EngineError `import/outside-folder` when it points out of the DICOMDIR's folder by name or by a link,
 *   `import/not-found` when there is no such file
 */
export async function resolveReferencedFile(directoryPath: string, components: readonly string[], name: string): Promise<string> {
  if (components.some((part) => part === '' || part === '.' || part === '..' || /[/\\\0]|^[A-Za-z]:/.test(part))) throw outside(name);
  const folder = await realpath(dirname(directoryPath));
  let path = folder;
  for (const component of components) path = join(path, await matchingName(path, component, name));
  const target = await realpath(path);
  if (!target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) throw outside(name);
  return target;
}

async function matchingName(folder: string, component: string, name: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const plain = (text: string): string => text.toUpperCase().replace(/;\d+$/, '').replace(/\.$/, '');
  const found = names.find((candidate) => candidate === component) ?? names.find((candidate) => plain(candidate) === plain(component));
  if (found === undefined) throw new EngineError('import/not-found', 'A file that the DICOMDIR names is missing', { subject: name, advice: 'Copy the whole medium again' });
  return found;
}

const outside = (name: string): EngineError => new EngineError('import/outside-folder', 'The DICOMDIR names a file outside its own folder', { subject: name, advice: 'Do not trust this medium' });
