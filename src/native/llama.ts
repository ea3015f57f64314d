/**
 * The language model behind the engine's port, on node-llama-cpp: greedy text from a prompt whose reserved tokens carry
 * the embeddings of one study. llama.cpp takes tokens only, so the embeddings go in as a LoRA adapter on the token
 * embeddings (engine/draft/loraAdapter), one context per study, while the model stays loaded. Nothing is ever
 * downloaded or built: where no prebuilt binary runs, loading fails by name.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Llama, LlamaContext, LlamaModel, Token } from 'node-llama-cpp';
import { writeLoraAdapter } from '../engine/draft/loraAdapter.ts';
import { RepetitionGuard } from '../engine/draft/repetition.ts';
import { readPackArray } from '../engine/pack/load.ts';
import { packFile, packKey, type Pack } from '../engine/pack/pack.ts';
import type { JsonForm, TextModel } from '../engine/ports.ts';
import { cancelledError, EngineError } from '../shared/errors.ts';

export interface TextModelOptions {
  /** `auto` tries the GPU and falls back to the CPU. */
  readonly gpu?: 'auto' | false;
  /** Threads on the CPU; by default the cores that are good at arithmetic, or one for a small model. */
  readonly threads?: number;
  /** Where the private folder of an adapter is made; the system's folder for temporary files by default. */
  readonly temporaryFolder?: string;
  /** Bytes of adapters after which the model is loaded anew, since node-llama-cpp frees adapters only with their model. */
  readonly adapterBytesLimit?: number;
  /** llama.cpp's own warnings; dropped by default. */
  readonly onWarning?: (message: string) => void;
}

type LanguageModel = NonNullable<Pack['manifest']['llm']>;
type Embeddings = Parameters<TextModel['write']>[1];
type WriteOptions = Parameters<TextModel['write']>[2];
type Piece = { readonly text: string } | { readonly stop: 'complete' | 'length' | 'repetition' };

/**
 * Loads the language model of a pack.
 * @throws EngineError `pack/no-language-model`, `pack/bad-shape`, `llm/load-failed`
 */
export async function loadTextModel(pack: Pack, options: TextModelOptions = {}): Promise<TextModel> {
  const { llm } = pack.manifest;
  if (!llm) throw new EngineError('pack/no-language-model', `Pack ${packKey(pack)} has no language model`, { subject: packKey(pack), advice: 'Choose a pack with a language model' });
  const base = (await readPackArray(pack, llm.reservedEmbeddings)).data as Float32Array;
  const llama = await startLlama(llm, pack.manifest.files[llm.file]!.bytes < smallModelBytes, options);
  let model: LlamaModel;
  try {
    model = await openModel(llama, pack, llm);
  } catch (error) {
    await llama.dispose();
    throw error;
  }
  const adapterBytesLimit = options.adapterBytesLimit ?? 256 * 2 ** 20;
  let adapterBytes = 0;
  let closed = false;
  // One study at a time: two contexts would share the cores and both be late.
  let turn: Promise<void> = Promise.resolve();

  async function* write(prompt: string, embeddings: Embeddings, { signal, maxTokens, seed }: WriteOptions): AsyncGenerator<Piece> {
    const before = turn;
    let done: () => void = () => undefined;
    turn = new Promise((resolve) => (done = resolve));
    let context: LlamaContext | undefined;
    try {
      const aborted = abortion(signal);
      await Promise.race([before, aborted.promise]).finally(aborted.forget);
      if (closed) throw runFailed(llm!, 'the model was closed');
      if (adapterBytes > adapterBytesLimit) {
        await model.dispose();
        model = await openModel(llama, pack, llm!);
        adapterBytes = 0;
      }
      const tokens = promptTokens(model, llm!, prompt);
      const contextSize = tokens.length + maxTokens;
      if (contextSize > llm!.contextSize) throw runFailed(llm!, `${tokens.length} tokens of prompt and ${maxTokens} of text do not fit its ${llm!.contextSize}`);
      const adapter = adapterOf(llm!, base, embeddings);
      adapterBytes += adapter.length;
      context = await contextWithAdapter(model, adapter, contextSize, options.temporaryFolder ?? tmpdir(), signal);
      yield* generate(model, context, tokens, { signal, maxTokens, seed });
    } catch (error) {
      if (signal.aborted) throw cancelledError('draft');
      if (error instanceof EngineError) throw error;
      throw runFailed(llm!, error instanceof Error ? error.message : String(error), error);
    } finally {
      // A token under way is waited for here and not by the caller, who may have stopped.
      void Promise.allSettled([before, context?.dispose()]).then(done);
    }
  }

  async function answer(prompt: string, form: JsonForm, { signal, seed }: { readonly signal: AbortSignal; readonly seed: number }): Promise<unknown> {
    const before = turn;
    let done: () => void = () => undefined;
    turn = new Promise((resolve) => (done = resolve));
    let context: LlamaContext | undefined;
    try {
      const aborted = abortion(signal);
      await Promise.race([before, aborted.promise]).finally(aborted.forget);
      if (closed) throw runFailed(llm!, 'the model was closed');
      // The text is a reader's: what looks like a special token in it is none.
      const begin = model.tokens.bos;
      const tokens = [...(begin === null ? [] : [begin]), ...model.tokenize(prompt, false)];
      if (tokens.length >= llm!.contextSize) throw runFailed(llm!, `${tokens.length} tokens of text do not fit its ${llm!.contextSize}`);
      context = await model.createContext({ sequences: 1, contextSize: llm!.contextSize, createSignal: signal });
      return await fill(llama, model, context, tokens, form, { signal, seed, room: llm!.contextSize - tokens.length });
    } catch (error) {
      if (signal.aborted) throw cancelledError('answer');
      if (error instanceof EngineError) throw error;
      throw runFailed(llm!, error instanceof Error ? error.message : String(error), error);
    } finally {
      void Promise.allSettled([before, context?.dispose()]).then(done);
    }
  }

  return {
    write,
    answer,
    async close() {
      closed = true;
      await turn;
      await llama.dispose();
    },
  };
}

function runFailed(llm: LanguageModel, what: string, cause?: unknown): EngineError {
  return new EngineError('llm/run-failed', `${llm.file}: ${what}`, { subject: llm.file, advice: 'Try again; if it fails again, restart the app' }, { cause });
}

/**
 * Below this size one thread is fastest: llama.cpp's threads wait for each other spinning at every layer, which on a busy
 * machine took a model of two layers 20 times as long with two threads as with one.
 */
const smallModelBytes = 64 * 2 ** 20;

async function startLlama(llm: LanguageModel, small: boolean, options: TextModelOptions): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  const start = (gpu: 'auto' | false) =>
    getLlama({ gpu, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.warn, logger: (_level, message) => { options.onWarning?.(message); } });
  const wanted = options.gpu ?? 'auto';
  try {
    const llama = await start(wanted).catch((error: unknown) => {
      if (wanted === false) throw error;
      return start(false);
    });
    // By default the library uses at least four threads, which slows two cores down.
    if (llama.gpu === false) llama.maxThreads = options.threads ?? (small ? 1 : Math.max(1, Math.min(llama.cpuMathCores, availableParallelism())));
    return llama;
  } catch (error) {
    throw new EngineError('llm/load-failed', `llama.cpp cannot be started on this machine: ${error instanceof Error ? error.message : String(error)}`, { subject: llm.file, advice: 'Run brat doctor; drafts are composed of prior reports meanwhile' }, { cause: error });
  }
}

async function openModel(llama: Llama, pack: Pack, llm: LanguageModel): Promise<LlamaModel> {
  try {
    const model = await llama.loadModel({ modelPath: packFile(pack, llm.file) });
    if (model.embeddingVectorSize !== llm.width) throw new Error(`its width is ${model.embeddingVectorSize}, the manifest says ${llm.width}`);
    return model;
  } catch (error) {
    throw new EngineError('llm/load-failed', `${llm.file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, { subject: llm.file, advice: 'Close other programs to free memory, or install the model pack again' }, { cause: error });
  }
}

/** The prompt as tokens, with the reserved tokens where the views go. The text is the pack's own, so its special tokens count. */
function promptTokens(model: LlamaModel, llm: LanguageModel, prompt: string): Token[] {
  const [before, after, ...more] = prompt.split('{views}');
  if (before === undefined || after === undefined || more.length > 0) throw runFailed(llm, 'the prompt must hold {views} exactly once');
  return [...model.tokenize(before, true), ...(llm.reservedTokenIds as Token[]), ...model.tokenize(after, true)];
}

function adapterOf(llm: LanguageModel, base: Float32Array, embeddings: Embeddings): Uint8Array {
  if (embeddings.count !== llm.reservedTokenIds.length || embeddings.width !== llm.width) {
    throw runFailed(llm, `${embeddings.count} embeddings of width ${embeddings.width} for ${llm.reservedTokenIds.length} reserved tokens of width ${llm.width}`);
  }
  return writeLoraAdapter({ vocabulary: llm.vocabulary, tokenIds: llm.reservedTokenIds, wanted: embeddings.data, base, width: llm.width });
}

/**
 * A context of one study. The adapter is derived from a patient's image: its folder can be read by this user alone and is
 * gone as soon as the context holds it. Its name is new each time, since the library keeps adapters by path.
 */
async function contextWithAdapter(model: LlamaModel, adapter: Uint8Array, contextSize: number, temporaryFolder: string, signal: AbortSignal): Promise<LlamaContext> {
  const folder = await mkdtemp(join(temporaryFolder, 'brat-bridge-'));
  try {
    const filePath = join(folder, `${randomUUID()}.gguf`);
    await writeFile(filePath, adapter, { mode: 0o600 });
    return await model.createContext({ sequences: 1, contextSize, lora: { adapters: [{ filePath }] }, createSignal: signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* generate(model: LlamaModel, context: LlamaContext, prompt: readonly Token[], { signal, maxTokens, seed }: WriteOptions): AsyncGenerator<Piece> {
  const tokens = context.getSequence().evaluate([...prompt], { temperature: 0, seed });
  const guard = new RepetitionGuard();
  const written: Token[] = [];
  // Tokens whose text is not yet whole: one character may be spread over several.
  let pending: Token[] = [];
  const aborted = abortion(signal);
  try {
    while (written.length + pending.length < maxTokens) {
      const next = await Promise.race([tokens.next(), aborted.promise]);
      if (signal.aborted) throw cancelledError('draft');
      if (next.done) {
        yield { stop: 'complete' };
        return;
      }
      pending.push(next.value);
      const text = model.detokenize(pending, false, written.slice(-8));
      if (text.endsWith('\uFFFD') && pending.length < 8) continue;
      written.push(...pending);
      pending = [];
      if (text === '') continue;
      yield { text };
      if (guard.push(text)) {
        yield { stop: 'repetition' };
        return;
      }
    }
    yield { stop: 'length' };
  } finally {
    aborted.forget();
    // Not awaited: it ends when the token under way does.
    void tokens.return().catch(() => undefined);
  }
}

/** JSON of a form, token by token; the grammar is at its end when the text parses. */
async function fill(llama: Llama, model: LlamaModel, context: LlamaContext, prompt: readonly Token[], form: JsonForm, { signal, seed, room }: { readonly signal: AbortSignal; readonly seed: number; readonly room: number }): Promise<unknown> {
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp');
  // The library's type wants the literal form; every JsonForm is a schema it takes.
  const grammar = await llama.createGrammarForJsonSchema(form as never);
  const tokens = context.getSequence().evaluate([...prompt], { temperature: 0, seed, grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }) });
  const aborted = abortion(signal);
  const written: Token[] = [];
  try {
    while (written.length < room) {
      const next = await Promise.race([tokens.next(), aborted.promise]);
      if (signal.aborted) throw cancelledError('answer');
      if (next.done) break;
      written.push(next.value);
      const text = model.detokenize(written).trim();
      if (/["}\]]$/.test(text) && isJson(text)) break;
    }
    const text = model.detokenize(written).trim();
    if (!isJson(text)) throw new Error('its answer did not end within its context');
    return withinBounds(form, JSON.parse(text));
  } finally {
    aborted.forget();
    void tokens.return().catch(() => undefined);
  }
}

/**
 * The grammar counts characters as the model's bytes begin them; bytes that are no UTF-8 become several when they are read.
 * Everything else is as the grammar let it through.
 */
function withinBounds(form: JsonForm, value: unknown): unknown {
  if ('enum' in form) return value;
  if (form.type === 'string') return Array.from(value as string).slice(0, form.maxLength).join('');
  if (form.type === 'array') return (value as unknown[]).map((item) => withinBounds(form.items, item));
  return Object.fromEntries(Object.entries(form.properties).map(([name, part]) => [name, withinBounds(part, (value as Record<string, unknown>)[name])]));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A promise that fails when the signal is aborted, for racing against work that cannot be stopped. */
function abortion(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  let stop: () => void = () => undefined;
  const promise = new Promise<never>((_, reject) => {
    stop = () => { reject(cancelledError('draft')); };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  promise.catch(() => undefined);
  return { promise, forget: () => { signal.removeEventListener('abort', stop); } };
}
