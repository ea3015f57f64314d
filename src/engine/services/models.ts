/**
 * The installed packs, the one in use, and its loaded parts: encoder on a trusted provider, text encoder, bridge and
 * language model. Each is loaded at first need and kept; choosing another pack or provider lets go of them.
 */
import type { PackStamp, ProviderState } from '../../shared/contract.ts';
import { EngineError, toErrorData } from '../../shared/errors.ts';
import { createBridge, type Bridge } from '../draft/bridge.ts';
import { createEncoder, type Encoder } from '../encode/encoder.ts';
import { chooseProvider, type ProviderChoice } from '../encode/selfTest.ts';
import { createTextEncoder, type TextEncoder } from '../encode/textEncoder.ts';
import { createFindingsHead, type FindingsHead } from '../findings/findingsHead.ts';
import { createLesionHead, type LesionHead } from '../findings/lesionHead.ts';
import { createOutsideDetector, type OutsideDetector } from '../outside/detector.ts';
import { requireMemoryFor } from '../install/requirements.ts';
import { listPacks } from '../pack/load.ts';
import { packKey, packStamp, type BrokenPack, type Pack } from '../pack/pack.ts';
import type { OnnxRuntime, Provider, TextModel } from '../ports.ts';
import type { Natives } from './natives.ts';

export const providerNames = ['auto', 'cuda', 'webgpu', 'dml', 'coreml', 'cpu'] as const;
export type WantedProvider = (typeof providerNames)[number];

export interface ModelOptions {
  readonly natives: Natives;
  readonly packFolders: readonly string[];
  /** Where results of self-tests are kept. */
  readonly cacheFolder: string;
  readonly temporaryFolder: string;
  /** `id` or `id@version`; empty for the first usable pack. */
  readonly pack: string;
  readonly provider: WantedProvider;
  /** The runtime of other models of this process, which outlives these; only one may own the library. */
  readonly runtime?: () => OnnxRuntime;
}

/** Usable packs and broken ones. */
export const isUsable = (pack: Pack | BrokenPack): pack is Pack => 'manifest' in pack;

export class Models {
  readonly #natives: Natives;
  readonly #sharedRuntime: (() => OnnxRuntime) | undefined;
  readonly #packFolders: readonly string[];
  readonly #cacheFolder: string;
  readonly #temporaryFolder: string;
  #wantedPack: string;
  #wantedProvider: WantedProvider;
  #runtime: OnnxRuntime | undefined;
  #packs: Promise<(Pack | BrokenPack)[]> | undefined;
  #loaded = new Map<string, Promise<unknown>>();
  #choice: ProviderChoice | undefined;

  constructor(options: ModelOptions) {
    this.#natives = options.natives;
    this.#sharedRuntime = options.runtime;
    this.#packFolders = options.packFolders;
    this.#cacheFolder = options.cacheFolder;
    this.#temporaryFolder = options.temporaryFolder;
    this.#wantedPack = options.pack;
    this.#wantedProvider = options.provider;
  }

  get wantedPack(): string {
    return this.#wantedPack;
  }

  get wantedProvider(): WantedProvider {
    return this.#wantedProvider;
  }

  get runtime(): OnnxRuntime {
    return this.#sharedRuntime?.() ?? (this.#runtime ??= this.#natives.createOnnxRuntime());
  }

  /** Looks for packs anew at the next need: one came or went. What is loaded stays. */
  rescan(): void {
    this.#packs = undefined;
  }

  /** All packs found, each checked. */
  packs(): Promise<(Pack | BrokenPack)[]> {
    return (this.#packs ??= listPacks(this.#packFolders));
  }

  /**
   * The pack in use: the one wanted, or the first usable one in the order of the folders.
   * @throws EngineError `pack/not-found`, or the reason why the wanted pack cannot be used
   */
  async pack(): Promise<Pack> {
    const packs = await this.packs();
    const usable = packs.filter(isUsable);
    const wanted = this.#wantedPack;
    if (wanted === '') {
      if (usable[0]) return usable[0];
      const broken = packs.find((pack): pack is BrokenPack => !isUsable(pack));
      if (broken) throw new EngineError(broken.problem.code, broken.problem.message, { subject: broken.problem.subject, advice: broken.problem.advice });
      throw new EngineError('pack/not-found', 'No model pack is installed', { subject: 'models', advice: 'Put a model pack into the models folder' });
    }
    const found = usable.find((pack) => packKey(pack) === wanted) ?? usable.filter((pack) => pack.manifest.id === wanted).at(-1);
    if (found) return found;
    const broken = packs.find((pack): pack is BrokenPack => !isUsable(pack) && pack.problem.subject.startsWith(wanted));
    if (broken) throw new EngineError(broken.problem.code, broken.problem.message, { subject: broken.problem.subject, advice: broken.problem.advice });
    throw new EngineError('pack/not-found', `The model pack ${wanted} is not installed`, {
      subject: wanted,
      advice: usable.length > 0 ? `Choose one of: ${usable.map(packKey).join(', ')}` : 'Put a model pack into the models folder',
    });
  }

  async stamp(): Promise<PackStamp> {
    return packStamp(await this.pack());
  }

  /** The provider for the pack in use; tests those of this machine the first time. @throws EngineError `onnx/self-test-failed` */
  async provider(options: { readonly fresh?: boolean } = {}): Promise<ProviderChoice> {
    if (options.fresh === true) this.#loaded.delete('provider');
    return this.#once('provider', async () => {
      const pack = await this.pack();
      this.#choice = await chooseProvider(this.runtime, pack, { wanted: this.#wantedProvider, cacheDir: this.#cacheFolder, fresh: options.fresh ?? false });
      return this.#choice;
    });
  }

  /** What is known of the providers without testing any. */
  get providerSoFar(): { readonly choice: ProviderChoice | null; readonly states: readonly ProviderState[]; readonly problem: string | null } {
    if (this.#choice) return { choice: this.#choice, states: this.#choice.states, problem: null };
    const untested = (provider: Provider): ProviderState => ({ provider, state: 'untested', goldenDifference: null, message: 'not tried yet' });
    try {
      return { choice: null, states: this.runtime.providers().map(untested), problem: null };
    } catch (error) {
      // Studies can be looked at without a runtime.
      return { choice: null, states: [], problem: toErrorData(error, 'onnx').message };
    }
  }

  encoder(): Promise<Encoder> {
    return this.#once('encoder', async () => createEncoder(this.runtime, await this.pack(), (await this.provider()).provider));
  }

  /** Null where the pack has no text encoder. */
  textEncoder(): Promise<TextEncoder | null> {
    return this.#once('text', async () => {
      const pack = await this.pack();
      return pack.manifest.text ? createTextEncoder(this.runtime, pack) : null;
    });
  }

  /** Null where the pack has no classification heads. */
  findingsHead(): Promise<FindingsHead | null> {
    return this.#once('findings', async () => createFindingsHead(this.runtime, await this.pack()));
  }

  /** Null where the pack has no lesion head; on the provider the encoder runs on. */
  lesionHead(): Promise<LesionHead | null> {
    return this.#once('lesion', async () => createLesionHead(this.runtime, await this.pack(), (await this.provider()).provider));
  }

  /** Null where the pack does not say what it was made for. */
  outsideDetector(): Promise<OutsideDetector | null> {
    return this.#once('outside', async () => createOutsideDetector(await this.pack()));
  }

  bridge(): Promise<Bridge> {
    return this.#once('bridge', async () => createBridge(this.runtime, await this.pack()));
  }

  textModel(): Promise<TextModel> {
    return this.#once('llm', async () => {
      const pack = await this.pack();
      // llama.cpp without memory takes the whole machine with it before it fails.
      requireMemoryFor(pack);
      return this.#natives.loadTextModel(pack, { temporaryFolder: this.#temporaryFolder });
    });
  }

  /** Uses another pack or provider from now on. @throws EngineError `pack/not-found` before anything changes */
  async choose(wanted: { readonly pack?: string; readonly provider?: WantedProvider }): Promise<void> {
    const before = this.#wantedPack;
    if (wanted.pack !== undefined) {
      this.#wantedPack = wanted.pack;
      try {
        await this.pack();
      } catch (error) {
        this.#wantedPack = before;
        throw error;
      }
    }
    if (wanted.provider !== undefined) this.#wantedProvider = wanted.provider;
    await this.#release();
  }

  async close(): Promise<void> {
    await this.#release();
    await this.#runtime?.close();
    this.#runtime = undefined;
  }

  /** Loads once; a failure is not kept, so that the next call tries again. */
  #once<T>(part: string, load: () => Promise<T>): Promise<T> {
    const known = this.#loaded.get(part) as Promise<T> | undefined;
    if (known) return known;
    const loading = load();
    this.#loaded.set(part, loading);
    loading.catch(() => {
      if (this.#loaded.get(part) === loading) this.#loaded.delete(part);
    });
    return loading;
  }

  async #release(): Promise<void> {
    const parts = [...this.#loaded.values()];
    this.#loaded = new Map();
    this.#choice = undefined;
    for (const loading of parts) {
      const part = (await loading.catch(() => null)) as { release?: () => Promise<void>; close?: () => Promise<void> } | null;
      await part?.release?.();
      await part?.close?.();
    }
  }
}
