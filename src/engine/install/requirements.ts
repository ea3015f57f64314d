/** Whether a machine has the disk and the memory a step needs, asked before the step and not found out in it. */
import { statfs } from 'node:fs/promises';
import { EngineError } from '../../shared/errors.ts';
import type { Pack } from '../pack/pack.ts';

/** Left free on the disk for the rest of the system. */
const spareDiskBytes = 512 * 2 ** 20;

export const sizeText = (bytes: number): string => (bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(bytes < 10 * 2 ** 30 ? 1 : 0)} GB`);

/** @throws EngineError `models/no-space` */
export async function requireDisk(folder: string, bytes: number, subject: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize - spareDiskBytes;
  if (bytes > free) throw new EngineError('models/no-space', `The pack needs ${sizeText(bytes)} on the disk, ${sizeText(Math.max(0, free))} can be used`, { subject, advice: 'Free some space and import again' });
}

/**
 * @param available bytes this process may still take, as Node tells it (limits of a container included)
 * @throws EngineError `models/no-memory`
 */
export function requireMemory(bytes: number, subject: string, what: string, available = process.availableMemory()): void {
  if (bytes > available) throw new EngineError('models/no-memory', `${what} needs ${sizeText(bytes)} of memory, ${sizeText(available)} are free`, { subject, advice: 'Close other programs, or use a smaller quantisation of the language model' });
}

/**
 * Memory a language model takes while it writes: its weights, of which the CPU keeps a second, rearranged copy of many types
 * (measured: 1.75 GB for a Q4_0 file of 0.8 GB), and its context.
 */
export function languageModelMemory(fileBytes: number): number {
  return 2 * fileBytes + 192 * 2 ** 20;
}

/** Memory to build and run graphs of this many bytes of weights: one tensor at a time to build, all of them to run, and the maps between. */
export const graphMemory = (weightBytes: number): number => 1.25 * weightBytes + 512 * 2 ** 20;

/** @throws EngineError `models/no-memory` if the pack's language model does not fit; small ones are always tried */
export function requireMemoryFor(pack: Pack, available?: number): void {
  const { llm, files } = pack.manifest;
  const bytes = llm ? files[llm.file]!.bytes : 0;
  if (llm && bytes > 256 * 2 ** 20) requireMemory(languageModelMemory(bytes), llm.file, 'The language model', available);
}
