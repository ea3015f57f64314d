/** An engine on real natives in a folder of its own, with the tiny pack. */
import { createEngine, type Engine, type EngineOptions } from '../engine/create.ts';
import type { Log } from '../engine/ports.ts';
import { worklistQuery, type WorklistRow } from '../shared/contract.ts';
import { natives } from '../native/natives.ts';

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const openEngine = (dataDir: string, options: Partial<EngineOptions> = {}): Promise<Engine> =>
  createEngine({ dataDir, packFolders: [], natives, clock: { now: () => new Date('2026-01-05T09:00:00Z') }, log: silentLog, provider: 'cpu', ...options });

export const call = { signal: new AbortController().signal };

/** All items of a stream. */
export async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The first studies of the worklist, the latest study date first. */
export async function listed(engine: Engine): Promise<WorklistRow[]> {
  return (await engine.handlers['worklist.query'](worklistQuery.parse({ sort: 'date' }), call)).rows;
}
