/**
 * Makes a model pack of what a user has: brat weights of the official layout, and with them, if there are, a language model
 * with its bridge and classification heads. Everything is written into a folder that no list shows, checked as every pack
 * is, run once, made durable, and only then renamed to what it is called; a stop or a crash at any moment leaves no pack.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModelImportEvent, ModelImportStep, Role } from '../../shared/contract.ts';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { writeNpy } from '../arrays/npy.ts';
import { openCheckpoint } from '../checkpoint/openCheckpoint.ts';
import { requireOfficialLayout } from '../checkpoint/officialLayout.ts';
import type { StateDict } from '../checkpoint/stateDict.ts';
import { elementCount } from '../checkpoint/stateDict.ts';
import { buildGraphs, type BuiltGraphs } from '../graph/buildGraphs.ts';
import { storageError } from '../graph/weightFile.ts';
import { loadPack } from '../pack/load.ts';
import { manifestSchema, type Manifest } from '../pack/manifest.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import type { Clock, OnnxRuntime, TextModel } from '../ports.ts';
import { bertTokenizer } from './bertTokenizer.ts';
import { buildBridge, buildFindings } from './extraGraphs.ts';
import { figure14Outputs } from './figure14Outputs.ts';
import { goldenFiles, goldenSentences, goldenTolerance, makeGoldenCase } from './goldenCase.ts';
import { copyLanguageModel, inspectLanguageModel, type LanguageModelFacts } from './languageModel.ts';
import { licences, type Licence, type LicenceId } from './licences.ts';
import { graphMemory, languageModelMemory, requireDisk, requireMemory } from './requirements.ts';

export interface ImportRequest {
  readonly weights: string;
  readonly llm?: string | undefined;
  readonly bridge?: string | undefined;
  readonly heads?: string | undefined;
  /** What the pack shall be called; by default what the weights file is called. */
  readonly name?: string | undefined;
  /** Whose weights these are: decides the licence. */
  readonly origin: 'official' | 'own';
  readonly precision: 'float32' | 'float16';
  /** Voxels along superior, anterior, right; official models take 32 x 256 x 256. */
  readonly size: readonly [number, number, number];
  /** Ids of the licences accepted, and by whom. */
  readonly accepted: readonly string[];
  readonly acceptedBy: string;
}

export interface ImportParts {
  readonly runtime: OnnxRuntime;
  /** Loads the writer of the finished files once, to see that it runs. */
  readonly loadTextModel: (pack: Pack) => Promise<TextModel>;
  /** Where imported packs lie. */
  readonly modelsFolder: string;
  /** Of BERT-base uncased, as shipped. */
  readonly vocabularyFile: string;
  readonly clock: Clock;
}

export const officialSize = [32, 256, 256] as const;

/** Folders of packs in the making; nothing else begins so. */
const incoming = '.incoming-';
const channelsByCount: Readonly<Record<number, readonly Role[]>> = { 1: ['t1c'], 4: ['t1c', 't1', 't2', 'flair'] };
/** Reports of the paper have some 180 tokens. */
const maxWritten = 320;
/** What the key-value store of a context may cost; Llama 3.2 itself reads 131,072 tokens. */
const longestContext = 4096;

/** Licences an import falls under. */
export function licencesFor(request: Pick<ImportRequest, 'origin' | 'llm'>): readonly Licence[] {
  const ids: LicenceId[] = [request.origin === 'official' ? 'cc-by-nc-sa-4.0' : 'own', ...(request.llm === undefined ? [] : ['llama-3.2' as const])];
  return ids.map((id) => licences[id]);
}

/** Removes what a killed import left. Called while no import runs. */
export async function removeIncoming(modelsFolder: string): Promise<void> {
  const names = await readdir(modelsFolder).catch(() => []);
  await Promise.all(names.filter((name) => name.startsWith(incoming)).map((name) => rm(join(modelsFolder, name), { recursive: true, force: true })));
}

/**
 * Imports a pack.
 * @throws EngineError `models/licence-not-accepted`, `models/exists`, `models/no-space`, `models/no-memory`,
 *   `models/wrong-weights`, `models/bad-language-model`, what reading a checkpoint throws, `cancelled`
 */
export async function* importPack(parts: ImportParts, request: ImportRequest, signal: AbortSignal): AsyncGenerator<ModelImportEvent, void, undefined> {
  const target = join(parts.modelsFolder, idOf(request));
  const accepted = requireAccepted(request, parts.clock);
  if (request.bridge !== undefined && request.llm === undefined) throw new EngineError('models/bad-language-model', 'A bridge needs the language model it was trained for', { subject: basename(request.bridge), advice: 'Add the language model (--llm)' });
  await mkdir(parts.modelsFolder, { recursive: true });
  await requireAbsent(target);
  const folder = join(parts.modelsFolder, `${incoming}${randomUUID()}`);
  await mkdir(folder);
  const left = new AbortController();
  const work = new Work(parts, request, folder, AbortSignal.any([signal, left.signal]));
  try {
    yield* work.run(accepted, target);
  } catch (error) {
    if (signal.aborted) throw cancelledError('models');
    throw storageError(error, basename(target));
  } finally {
    // Whoever listened may have left in the middle of a step.
    left.abort();
    await work.settled();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The pack's id and folder: letters, digits, dots and dashes. */
function idOf({ name, weights }: ImportRequest): string {
  const plain = (name ?? basename(weights).replace(/\.[A-Za-z]+$/, '')).toLowerCase().replace(/[^a-z0-9.]+/g, '-').replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '').slice(0, 64);
  if (plain === '') throw new EngineError('bridge/bad-params', 'The pack needs a name of letters or digits', { subject: name ?? basename(weights), advice: 'Give it a name' });
  return plain;
}

async function requireAbsent(target: string): Promise<void> {
  if (await stat(target).then(() => true, () => false)) throw new EngineError('models/exists', `There is a pack ${basename(target)} already`, { subject: basename(target), advice: 'Give this one another name, or remove the other first' });
}

function requireAccepted(request: ImportRequest, clock: Clock): Manifest['licence']['accepted'] {
  const by = request.acceptedBy.trim();
  const missing = licencesFor(request).filter(({ id }) => !request.accepted.includes(id));
  if (missing.length > 0 || by === '') {
    const names = (missing.length > 0 ? missing : licencesFor(request)).map(({ name }) => name).join(' and ');
    throw new EngineError('models/licence-not-accepted', `${names}: not accepted${by === '' ? ' by anybody with a name' : ''}`, { subject: basename(request.weights), advice: 'Read the licence and accept it (--accept-licence)' });
  }
  return licencesFor(request).map(({ spdx }) => ({ licence: spdx, by, at: clock.now().toISOString() }));
}

/** The latest word of a work under way; a file of a thousand tensors tells each, and only the last one counts. */
class Progress {
  #latest: ModelImportEvent | null = null;
  #wake: () => void = () => undefined;
  #ended: Promise<boolean> = Promise.resolve(true);

  /** When the work under way has ended, well or not. */
  async settled(): Promise<void> {
    await this.#ended;
  }

  report(step: ModelImportStep, done: number, total: number): void {
    this.#latest = { kind: 'progress', step, done, total };
    this.#wake();
  }

  /** How far `work` is, as it goes on, then its result. */
  async *during<T>(work: Promise<T>): AsyncGenerator<ModelImportEvent, T, undefined> {
    const ended = (this.#ended = work.then(() => true, () => true));
    for (;;) {
      const told = new Promise<false>((resolve) => { this.#wake = () => { resolve(false); }; });
      const isOver = this.#latest === null && (await Promise.race([ended, told]));
      const latest = this.#latest;
      this.#latest = null;
      if (latest) yield latest;
      if (isOver) return await work;
    }
  }
}

class Work {
  readonly #parts: ImportParts;
  readonly #request: ImportRequest;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #progress = new Progress();

  constructor(parts: ImportParts, request: ImportRequest, folder: string, signal: AbortSignal) {
    this.#parts = parts;
    this.#request = request;
    this.#folder = folder;
    this.#signal = signal;
  }

  settled(): Promise<void> {
    return this.#progress.settled();
  }

  async *run(accepted: Manifest['licence']['accepted'], target: string): AsyncGenerator<ModelImportEvent, void, undefined> {
    const { weights, llm, bridge, heads } = this.#request;
    yield { kind: 'step', step: 'check', message: basename(weights) };
    const source = yield* this.#progress.during(this.#fingerprints());
    const state = await openCheckpoint(weights);
    let built: BuiltGraphs;
    let unexpected: readonly string[];
    let facts: LanguageModelFacts | null;
    try {
      ({ unexpected } = requireOfficialLayout(state, basename(weights)));
      facts = llm === undefined ? null : await inspectLanguageModel(llm, state.tensors.get('query_tokens')!.shape[1]!);
      await this.#requireRoom(state, facts);
      yield { kind: 'step', step: 'build', message: `${state.tensors.size} tensors` };
      built = yield* this.#progress.during(buildGraphs(state, this.#folder, {
        precision: this.#request.precision, size: this.#request.size, signal: this.#signal, subject: basename(weights),
        onProgress: (done, total) => { this.#progress.report('build', done, total); },
      }));
    } finally {
      await state.close();
    }
    const files = new Set<string>([...built.files, 'tokenizer.json', 'tokenizer_config.json', 'LICENCE.txt', ...Object.values(goldenFiles)]);
    const tokenizer = await bertTokenizer(this.#parts.vocabularyFile, built.text.vocabulary);
    await this.#put('tokenizer.json', tokenizer.tokenizer);
    await this.#put('tokenizer_config.json', tokenizer.config);
    await this.#put('LICENCE.txt', licenceText(licencesFor(this.#request), accepted));

    const { views, hidden } = built.encoder;
    if (llm !== undefined && facts) {
      yield { kind: 'step', step: 'languageModel', message: basename(llm) };
      yield* this.#progress.during(copyLanguageModel(llm, join(this.#folder, 'llm.gguf'), views, { signal: this.#signal, onProgress: (done, total) => { this.#progress.report('languageModel', done, total); } }));
      await this.#put('reserved.npy', writeNpy(new Float32Array(views * facts.width), [views, facts.width]));
      for (const name of ['llm.gguf', 'reserved.npy']) files.add(name);
    }
    if (bridge !== undefined || heads !== undefined) yield { kind: 'step', step: 'bridge', message: basename(bridge ?? heads ?? '') };
    if (bridge !== undefined && facts) for (const name of await buildBridge({ path: bridge, folder: this.#folder, signal: this.#signal }, views, hidden, facts.width)) files.add(name);
    if (heads !== undefined) for (const name of await buildFindings({ path: heads, folder: this.#folder, signal: this.#signal }, views, hidden, figure14Outputs.length)) files.add(name);

    const manifest = describe(this.#request, built, { accepted, source, facts, padTokenId: tokenizer.padTokenId, id: basename(target), hasHeads: heads !== undefined, hasBridge: bridge !== undefined });
    yield { kind: 'step', step: 'golden', message: 'The graphs run on the CPU' };
    await makeGoldenCase(this.#parts.runtime, this.#folder, manifest, this.#signal);

    yield { kind: 'step', step: 'seal', message: `${files.size} files` };
    const key = yield* this.#progress.during(this.#seal(manifest, [...files].sort()));
    if (facts) {
      yield { kind: 'step', step: 'trial', message: 'The language model writes its first words' };
      await this.#tryWriter();
    }
    if (this.#signal.aborted) throw cancelledError('models');
    await requireAbsent(target);
    await rename(this.#folder, target);
    await syncFolder(this.#parts.modelsFolder);
    yield { kind: 'done', pack: key, label: packStamp({ folder: target, manifest }).label, notes: notesOf(manifest, unexpected, facts) };
  }

  #put(name: string, content: string | Uint8Array): Promise<void> {
    return writeFile(join(this.#folder, name), content);
  }

  /** What was brought in, by its hash: the pack's version and its provenance. */
  async #fingerprints(): Promise<NonNullable<Manifest['source']>['files']> {
    const { weights, llm, bridge, heads } = this.#request;
    const given = ([['weights', weights], ['llm', llm], ['bridge', bridge], ['heads', heads]] as const).flatMap(([part, path]) => (path === undefined ? [] : [{ part, path }]));
    const sizes = await Promise.all(given.map(({ path }) => stat(path).then(({ size }) => size, () => { throw new EngineError('import/not-found', 'The file cannot be opened', { subject: basename(path), advice: 'Check the path and its permissions' }); })));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const found: NonNullable<Manifest['source']>['files'] = [];
    let done = 0;
    for (const [at, { part, path }] of given.entries()) {
      const sha256 = await hashFile(path, this.#signal, (bytes) => { this.#progress.report('check', done += bytes, total); });
      found.push({ part, name: basename(path), sha256, bytes: sizes[at]! });
    }
    return found;
  }

  async #requireRoom(state: StateDict, facts: LanguageModelFacts | null): Promise<void> {
    const numbers = [...state.tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const graphs = numbers * (this.#request.precision === 'float16' ? 2 : 4);
    const subject = basename(this.#request.weights);
    await requireDisk(this.#parts.modelsFolder, graphs + (facts?.bytes ?? 0) + 64 * 2 ** 20, subject);
    requireMemory(graphMemory(4 * numbers), subject, 'Building and running this model');
    if (facts) requireMemory(languageModelMemory(facts.bytes), basename(this.#request.llm!), 'The language model');
  }

  /** Writes the manifest over what the files are now, makes all durable, and loads the pack as the app will. */
  async #seal(manifest: Manifest, names: readonly string[]): Promise<string> {
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.#folder, name))).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let done = 0;
    for (const [at, name] of names.entries()) {
      const path = join(this.#folder, name);
      const sha256 = await hashFile(path, this.#signal, (bytes) => { this.#progress.report('seal', done += bytes, total); });
      manifest.files[name] = { sha256, bytes: sizes[at]! };
      await sync(path);
    }
    await this.#put('manifest.json', `${JSON.stringify(manifest, null, 1)}\n`);
    await sync(join(this.#folder, 'manifest.json'));
    await syncFolder(this.#folder);
    return packKey(await loadPack(this.#folder));
  }

  async #tryWriter(): Promise<void> {
    const pack = await loadPack(this.#folder);
    const llm = pack.manifest.llm!;
    const model = await this.#parts.loadTextModel(pack);
    try {
      const { views } = pack.manifest.encoder;
      const embeddings = { data: new Float32Array(views * llm.width), count: views, width: llm.width };
      for await (const piece of model.write(llm.prompt, embeddings, { signal: this.#signal, maxTokens: 2, seed: 0 })) if ('stop' in piece) break;
    } finally {
      await model.close();
    }
  }
}

interface Facts {
  readonly accepted: Manifest['licence']['accepted'];
  readonly source: NonNullable<Manifest['source']>['files'];
  readonly facts: LanguageModelFacts | null;
  readonly padTokenId: number;
  readonly id: string;
  readonly hasHeads: boolean;
  readonly hasBridge: boolean;
}

/** The manifest, but for the files. Parsed by the schema that every pack is held to. */
function describe(request: ImportRequest, built: BuiltGraphs, { accepted, source, facts, padTokenId, id, hasHeads, hasBridge }: Facts): Manifest {
  const { encoder, text, architecture } = built;
  const channels = channelsByCount[encoder.channels];
  if (!channels) throw new EngineError('models/wrong-weights', `The model takes ${encoder.channels} channels; 1 (T1 post-contrast) and 4 (T1c, T1, T2, FLAIR) are known`, { subject: basename(request.weights), advice: 'Choose weights of the official layout' });
  const terms = licencesFor(request);
  const official = request.origin === 'official';
  const contextSize = facts ? Math.min(longestContext, facts.contextSize) : 0;
  const name = request.name ?? (official ? `brat ${architecture}` : id);
  return manifestSchema.parse({
    format: 'brat-pack/1',
    id,
    // Vectors of other weights under the same name must never be compared with these.
    version: `1.0.0+${source[0]!.sha256.slice(0, 12)}`,
    name,
    training: 'clinical',
    licence: { spdx: terms.map(({ spdx }) => spdx).join(' AND '), file: 'LICENCE.txt', nonCommercial: terms.some(({ nonCommercial }) => nonCommercial), accepted },
    source: { architecture, precision: request.precision, files: source },
    card: {
      intendedUse: 'Research: similar prior cases and draft sentences for a radiologist to check. Not a medical device.',
      limits: [
        official ? 'Imported as an official brat checkpoint; the app cannot tell whether the file is one.' : 'Imported by a user of this app, who knows what it was trained on.',
        channels.length === 1 ? 'Made for T1-weighted brain MRI after contrast.' : 'Made for T1 post-contrast, T1, T2 and FLAIR brain MRI; a missing sequence is zero-filled.',
        'Support of sentences by views was not calibrated: no sentence is marked as supported.',
        ...(facts ? ['Built with Llama.'] : []),
        ...(facts && hasBridge ? [] : [facts ? 'Its language model does not see the image: it answers questions about a report and proposes an impression; drafts are composed of sentences of prior reports.' : 'It has no language model: drafts are composed of sentences of prior reports.']),
      ],
      trainingData: official ? 'Clinical brain MRI and reports, as its authors describe in the brat paper.' : 'Known to whoever imported it.',
    },
    input: { channels: [...channels], preprocessing: 'brat/1', size: [...request.size] },
    encoder: { file: encoder.file, views: encoder.views, hidden: encoder.hidden, width: encoder.width, attentionGrid: [...encoder.attentionGrid] },
    text: { file: text.file, tokenizer: 'tokenizer.json', tokenizerConfig: 'tokenizer_config.json', padTokenId, maxTokens: text.maxTokens, maxSentences: text.maxSentences },
    ...(facts && {
      ...(hasBridge && { bridge: { file: 'bridge.onnx', width: facts.width } }),
      llm: {
        file: 'llm.gguf', vocabulary: facts.vocabulary, width: facts.width, contextSize, reservedTokenIds: [...facts.reservedTokenIds], reservedEmbeddings: 'reserved.npy',
        prompt: `${facts.beginToken}{views}\nReport:`, maxTokens: Math.min(maxWritten, contextSize - encoder.views - 64),
      },
    }),
    ...(hasHeads && { findings: { file: 'findings.onnx', outputs: figure14Outputs.map(([question, answer]) => ({ question, answer })) } }),
    golden: { ...goldenFiles, sentences: [...goldenSentences], tolerance: goldenTolerance },
    calibration: { supportThreshold: 1, measuredOn: 'Nothing: this pack was imported without a calibration', calibrated: false },
    files: {},
  });
}

function notesOf(manifest: Manifest, unexpected: readonly string[], facts: LanguageModelFacts | null): string[] {
  return [
    unexpected.length > 0 ? `${unexpected.length} tensors of the file are not used (${unexpected.slice(0, 4).join(', ')}${unexpected.length > 4 ? ', …' : ''})` : '',
    facts?.wasTied === true ? 'The language model shared its embeddings with its output; the pack\'s copy has an output matrix of its own' : '',
    facts && !manifest.bridge ? 'Without a bridge the language model does not see the image: it answers questions about a report and proposes an impression; drafts are composed of prior reports' : '',
    manifest.calibration.calibrated ? '' : 'No calibration: no sentence will be marked as supported by a view',
    manifest.licence.nonCommercial ? 'Non-commercial use only: every draft says so' : '',
  ].filter((note) => note !== '');
}

function licenceText(terms: readonly Licence[], accepted: Manifest['licence']['accepted']): string {
  const blocks = terms.map(({ name, url, summary }) => [name, url, '', ...summary.map((line) => `- ${line}`)].join('\n'));
  const by = accepted.map(({ licence, by: who, at }) => `Accepted: ${licence}, by ${who}, ${at}`);
  return `${[...blocks, by.join('\n')].join('\n\n')}\n`;
}

async function hashFile(path: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (signal.aborted) throw cancelledError(basename(path));
    hash.update(piece as Buffer);
    onBytes((piece as Buffer).length);
  }
  return hash.digest('hex');
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable; Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
