/** Files a command writes where the user says, with a refusal by name before the work and not after it. */
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EngineError } from '../shared/errors.ts';

const cannotWrite = (file: string, why: string, cause?: unknown): EngineError =>
  new EngineError('cli/cannot-write', `The file cannot be written: ${why}`, { subject: basename(file), advice: 'Pass a file in a folder that exists and may be written' }, { cause });

/**
 * Looks at where output is wanted before the work that makes it.
 * @param files undefined where an option was not given
 * @throws EngineError `cli/cannot-write` for a file in no folder, and for a folder
 */
export async function checkOutputs(files: readonly (string | undefined)[]): Promise<void> {
  for (const file of files) {
    if (file === undefined) continue;
    const [folder, there] = await Promise.all([dirname(file), file].map((path) => stat(path).catch(() => null)));
    if (!folder?.isDirectory()) throw cannotWrite(file, 'its folder does not exist');
    if (there?.isDirectory()) throw cannotWrite(file, 'there is a folder of that name');
  }
}

/**
 * Writes the whole file or none of it: under another name first, so that a full disk or a kill leaves no half.
 * @throws EngineError `cli/cannot-write`
 */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  const there = await stat(file).catch(() => null);
  try {
    // A device or a pipe is written to, not replaced.
    if (there !== null && !there.isFile()) await writeFile(file, content);
    else await writeThenRename(file, content);
  } catch (error) {
    throw cannotWrite(file, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

async function writeThenRename(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, content);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
