/**
 * Reads the headers of everything in what a reader dropped, and says of each file what became of it. One broken file
 * is one event; nothing in the input ends the scan but the caller.
 */
import { rm } from 'node:fs/promises';
import { EngineError, cancelledError, toErrorData } from '../../shared/errors.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { findFiles } from './findFiles.ts';
import type { Found } from './findFiles.ts';
import { readInstance } from './header.ts';
import type { InstanceHeader } from './types.ts';

export type ScanEvent =
  | { readonly kind: 'instance'; readonly header: InstanceHeader }
  | { readonly kind: 'skipped'; readonly name: string; readonly why: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: ErrorData }
  | { readonly kind: 'progress'; readonly seen: number; readonly current: string };

/** Headers being read at once: enough to keep a disk busy, few enough for one thread to parse. */
const readAhead = 8;
const filesPerProgress = 16;

/**
 * Files, folders, zip archives and DICOMDIRs, in the order given; within a folder by name.
 * @param options.workDir archives are unpacked here; instances from an archive keep their extracted copy in it, which
 *   the caller removes when done with them
 * @returns events: an instance once (`skipped` with `duplicate` when seen again), files that are no images `skipped`,
 *   broken or refused ones as `problem`, and `progress` in between
 * @throws EngineError `cancelled` when the signal fires
 */
export async function* scanPaths(paths: readonly string[], options: { readonly signal?: AbortSignal; readonly workDir: string }): AsyncGenerator<ScanEvent> {
  const seenInstances = new Set<string>();
  const window: Promise<ScanEvent & { extractedPath?: string }>[] = [];
  let seen = 0;

  const throwIfAborted = (): void => {
    if (options.signal?.aborted === true) throw cancelledError('import');
  };

  const settle = async (pending: Promise<ScanEvent & { extractedPath?: string }>): Promise<ScanEvent[]> => {
    const { extractedPath, ...event } = await pending;
    const duplicate = event.kind === 'instance' && seenInstances.has(event.header.sopInstanceUid);
    const result: ScanEvent = duplicate ? { kind: 'skipped', name: event.header.source.name, why: 'duplicate' } : event;
    if (result.kind === 'instance') seenInstances.add(result.header.sopInstanceUid);
    else if (extractedPath !== undefined) await rm(extractedPath, { force: true });
    seen += 1;
    return seen % filesPerProgress === 0 ? [result, { kind: 'progress', seen, current: nameOf(result) }] : [result];
  };

  try {
    for await (const found of findFiles(paths, options.workDir)) {
      throwIfAborted();
      window.push(readFound(found));
      if (window.length >= readAhead) yield* await settle(window.shift()!);
    }
    for (let pending = window.shift(); pending !== undefined; pending = window.shift()) {
      throwIfAborted();
      yield* await settle(pending);
    }
    yield { kind: 'progress', seen, current: '' };
  } finally {
    // A caller that stops half-way leaves no file open.
    await Promise.allSettled(window);
  }
}

async function readFound(found: Found): Promise<ScanEvent & { extractedPath?: string }> {
  if (found.kind !== 'file') return found;
  const { source, extracted } = found;
  const extractedPath = extracted ? { extractedPath: source.path } : {};
  try {
    return { kind: 'instance', header: await readInstance(source), ...extractedPath };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'dicom/not-dicom') return { kind: 'skipped', name: source.name, why: error.message, ...extractedPath };
    return { kind: 'problem', name: source.name, error: toErrorData(error, source.name), ...extractedPath };
  }
}

const nameOf = (event: ScanEvent): string => (event.kind === 'instance' ? event.header.source.name : event.kind === 'progress' ? event.current : event.name);
