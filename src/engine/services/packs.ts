/** Installed packs as a reader manages them: seen, brought in, checked, removed. Which one is used is a setting (status). */
import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Handlers, InstalledPack, ModelImportEvent, ProviderState } from '../../shared/contract.ts';
import { EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { importPack, officialSize, removeIncoming, type ImportRequest } from '../install/importPack.ts';
import { licences } from '../install/licences.ts';
import { forgetHashes, loadPack } from '../pack/load.ts';
import { packKey, packSummary, type BrokenPack, type Pack } from '../pack/pack.ts';
import { chooseProvider } from '../encode/selfTest.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { writeSetting } from '../store/settings.ts';
import type { Activity } from './activity.ts';
import type { Changes } from './changes.ts';
import { isUsable, type Models } from './models.ts';
import type { Natives } from './natives.ts';
import type { Queue } from './queue.ts';
import { safeRelativePath, type Uploads } from './uploads.ts';

export interface PacksParts {
  readonly store: Store;
  readonly models: Models;
  readonly natives: Natives;
  readonly queue: Queue;
  readonly activity: Activity;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
  readonly uploads: Uploads;
  /** Where imported packs lie, one folder a pack. */
  readonly modelsFolder: string;
  /** Vocabulary of BERT-base uncased; empty where the app does not say. */
  readonly vocabularyFile: string;
}

export interface PackCheck {
  readonly problem: ErrorData | null;
  readonly providers: readonly ProviderState[];
  readonly message: string;
}

/** A request without what every official model has alike. */
export type PackRequest = Omit<ImportRequest, 'size'> & Partial<Pick<ImportRequest, 'size'>>;

export class Packs {
  readonly #parts: PacksParts;
  #importing = false;

  constructor(parts: PacksParts) {
    this.#parts = parts;
  }

  async list(): Promise<InstalledPack[]> {
    const { models } = this.#parts;
    const used = await models.pack().then(packKey, () => '');
    return (await models.packs()).map((pack) => this.#describe(pack, used));
  }

  /**
   * Brings a pack in, one at a time. It is not used before it is chosen.
   * @throws EngineError as `importPack`, `models/exists` while another import runs
   */
  async *import(request: PackRequest, callSignal: AbortSignal): AsyncGenerator<ModelImportEvent, void, undefined> {
    const { models, natives, store, clock, log, modelsFolder, vocabularyFile, changes } = this.#parts;
    if (this.#importing) throw new EngineError('models/exists', 'Another model is being imported', { subject: basename(request.weights), advice: 'Wait until it is done, or stop it' });
    this.#importing = true;
    const { signal, end } = this.#parts.activity.begin(callSignal);
    try {
      await removeIncoming(modelsFolder);
      const loadTextModel = (pack: Pack) => natives.loadTextModel(pack, { temporaryFolder: store.temporaryFolder });
      for await (const event of importPack({ runtime: models.runtime, loadTextModel, modelsFolder, vocabularyFile, clock }, { size: officialSize, ...request }, signal)) {
        if (event.kind === 'done') {
          models.rescan();
          recordAudit(store.db, clock, 'model.imported', { pack: event.pack, licences: request.accepted.join(', ') });
          log.info('models.imported', { pack: event.pack });
        }
        yield event;
      }
    } finally {
      this.#importing = false;
      changes.emit(null);
      end();
    }
  }

  /**
   * Removes an imported pack with its files. What it made stays, under its name. If it was in use, the first pack is used.
   * @throws EngineError `pack/not-found`, `models/shipped`
   */
  async remove(key: string, signal: AbortSignal): Promise<void> {
    const { models, store, clock, queue, changes } = this.#parts;
    const pack = await this.#find(key);
    if (!this.#isImported(pack)) throw new EngineError('models/shipped', `The pack ${key} came with the app`, { subject: key, advice: 'Choose another pack instead of removing this one' });
    const inUse = (await models.pack().then(packKey, () => '')) === key;
    const leave = await queue.enter(signal);
    try {
      if (inUse || models.wantedPack === key || (isUsable(pack) && models.wantedPack === pack.manifest.id)) {
        await models.choose({ pack: '' });
        writeSetting(store.db, 'pack', '');
      }
      await rm(pack.folder, { recursive: true, force: true });
      models.rescan();
      recordAudit(store.db, clock, 'model.removed', { pack: key });
    } finally {
      leave();
    }
    changes.emit(null);
  }

  /** Reads every byte of a pack again and runs its golden case on each provider of this machine. @throws EngineError `pack/not-found`, `cancelled` */
  async check(key: string, signal: AbortSignal): Promise<PackCheck> {
    const { models, store, queue } = this.#parts;
    const { folder } = await this.#find(key);
    const leave = await queue.enter(signal);
    try {
      forgetHashes();
      const pack = await loadPack(folder);
      const { states, message } = await chooseProvider(models.runtime, pack, { wanted: 'auto', cacheDir: store.cacheFolder, fresh: true });
      return { problem: null, providers: states, message };
    } catch (error) {
      return { problem: toErrorData(error, key), providers: [], message: '' };
    } finally {
      leave();
    }
  }

  async #find(key: string): Promise<Pack | BrokenPack> {
    const packs = await this.#parts.models.packs();
    const ids = packs.filter((pack) => isUsable(pack) && pack.manifest.id === key);
    const found = packs.find((pack) => keyOf(pack) === key) ?? (ids.length === 1 ? ids[0] : undefined);
    if (!found) throw new EngineError('pack/not-found', `There is no pack ${key}`, { subject: key, advice: `Choose one of: ${packs.map(keyOf).join(', ')}` });
    return found;
  }

  #isImported(pack: Pack | BrokenPack): boolean {
    return dirname(resolve(pack.folder)) === resolve(this.#parts.modelsFolder);
  }

  #describe(pack: Pack | BrokenPack, used: string): InstalledPack {
    const manifest = isUsable(pack) ? pack.manifest : null;
    const files = Object.entries(manifest?.files ?? {}).map(([name, { bytes, sha256 }]) => ({ name, bytes, sha256 }));
    return {
      ...packSummary(pack),
      key: keyOf(pack),
      shipped: !this.#isImported(pack),
      inUse: keyOf(pack) === used,
      architecture: manifest?.source?.architecture ?? '',
      channels: manifest?.input.channels ?? [],
      trainingData: manifest?.card.trainingData ?? '',
      hasTextEncoder: manifest?.text !== undefined,
      accepted: manifest?.licence.accepted ?? [],
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      files,
    };
  }
}

const keyOf = (pack: Pack | BrokenPack): string => (isUsable(pack) ? packKey(pack) : basename(pack.folder));

export function packHandlers(packs: Packs, uploads: Uploads): Pick<Handlers, 'models.list' | 'models.licences' | 'models.import' | 'models.remove' | 'models.check'> {
  return {
    'models.list': () => packs.list(),
    'models.licences': () => Object.values(licences).map(({ id, name, nonCommercial, summary, url }) => ({ id, name, nonCommercial, summary: [...summary], url })),
    async *'models.import'({ upload, weights, llm, bridge, heads, ...rest }, { signal }) {
      try {
        const [first] = await uploads.finish(upload);
        if (first === undefined) throw new EngineError('import/not-found', 'No file was handed over', { subject: 'models', advice: 'Choose the files again' });
        const at = (name: string): string => join(dirname(first), safeRelativePath(name));
        const optional = (name: string | undefined): string | undefined => (name === undefined ? undefined : at(name));
        yield* packs.import({ ...rest, weights: at(weights), llm: optional(llm), bridge: optional(bridge), heads: optional(heads) }, signal);
      } finally {
        await uploads.discard(upload).catch(() => undefined);
      }
    },
    'models.remove': async ({ pack }, { signal }) => {
      await packs.remove(pack, signal);
      return {};
    },
    'models.check': async ({ pack }, { signal }) => {
      const { problem, providers, message } = await packs.check(pack, signal);
      return { problem, providers: [...providers], message };
    },
  };
}

/** Where imported packs of a data folder lie. */
export const modelsFolderOf = (dataDir: string): string => join(resolve(dataDir), 'models');
