/** What every command has: where data and packs are, the output, and the signal of Ctrl-C. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createEngine, type Engine } from '../engine/create.ts';
import { loadPack } from '../engine/pack/load.ts';
import { packKey } from '../engine/pack/pack.ts';
import type { Clock, Log } from '../engine/ports.ts';
import { Models, providerNames, type WantedProvider } from '../engine/services/models.ts';
import { natives } from '../native/natives.ts';
import { EngineError } from '../shared/errors.ts';
import { defaultDataDir, hostConfigFor } from '../shell/locations.ts';
import type { Output } from './output.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly dataDir?: string;
}

export interface ModelChoice {
  /** id, id@version, or the folder of a pack. */
  readonly pack?: string;
  readonly provider?: string;
}

export interface Context {
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly dataDir: string;
}

export const clock: Clock = { now: () => new Date() };

/** Faults are told to the user by the command itself, so the command line keeps no log. */
const noLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const dataDirOf = (options: CommonOptions): string => resolve(options.dataDir ?? process.env['BRAT_DATA_DIR'] ?? defaultDataDir());

/** @throws EngineError `cli/usage` for a provider there is none of */
export function wantedProvider(name: string | undefined): WantedProvider | undefined {
  if (name === undefined) return undefined;
  const found = providerNames.find((known) => known === name);
  if (!found) throw new EngineError('cli/usage', `There is no provider ${name}`, { subject: '--provider', advice: `Choose one of: ${providerNames.join(', ')}` });
  return found;
}

/** Folders of packs and the wanted one; a pack given as a folder is the only one. */
async function packsOf(dataDir: string, pack: string | undefined): Promise<{ packFolders: readonly string[]; pack?: string }> {
  const { packFolders } = hostConfigFor(dataDir);
  if (pack === undefined) return { packFolders };
  const isFolder = await stat(join(pack, 'manifest.json')).then(() => true, () => false);
  if (!isFolder) return { packFolders, pack };
  return { packFolders: [resolve(pack)], pack: packKey(await loadPack(resolve(pack))) };
}

/** The engine on the data folder, for commands that read or change what is stored. The caller closes it. */
export async function openEngine({ dataDir }: Context, choice: ModelChoice = {}): Promise<Engine> {
  const { demoDir, vocabularyFile } = hostConfigFor(dataDir);
  const provider = wantedProvider(choice.provider);
  return createEngine({ dataDir, ...(await packsOf(dataDir, choice.pack)), demoDir, vocabularyFile, demoStudies: false, natives, clock, log: noLog, ...(provider && { provider }) });
}

/** Models alone, for commands that store nothing. The caller closes them. */
export async function openModels({ dataDir }: Context, choice: ModelChoice, temporaryFolder: string): Promise<Models> {
  const { packFolders, pack = '' } = await packsOf(dataDir, choice.pack);
  return new Models({ natives, packFolders, cacheFolder: join(dataDir, 'cache'), temporaryFolder, pack, provider: wantedProvider(choice.provider) ?? 'auto' });
}
