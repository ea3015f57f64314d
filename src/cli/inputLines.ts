/** Files with one JSON object a line, for commands that answer many questions at once. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { z } from 'zod';
import { EngineError } from '../shared/errors.ts';

/**
 * Reads a file of JSON lines; empty lines are skipped.
 * @throws EngineError `import/not-found`; `cli/usage` naming the first line that does not fit, and for a file without any
 */
export async function readLines<T extends z.ZodType>(file: string, schema: T): Promise<z.output<T>[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw new EngineError('import/not-found', 'The file cannot be read', { subject: basename(file), advice: 'Check the path' }, { cause: error }); });
  const out = text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [parseLine(line, at + 1, file, schema)]));
  if (out.length === 0) throw new EngineError('cli/usage', 'The file has no line', { subject: basename(file), advice: 'Write one JSON object a line' });
  return out;
}

function parseLine<T extends z.ZodType>(line: string, number: number, file: string, schema: T): z.output<T> {
  const refuse = (why: string): EngineError => new EngineError('cli/usage', `Line ${number} ${why}`, { subject: basename(file), advice: 'Write one JSON object a line, as --help says' });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refuse('is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse(`does not fit: ${parsed.error.issues[0]?.message ?? 'unknown fields'}`);
  return parsed.data;
}
