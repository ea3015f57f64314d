import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLlama, type Llama, type LlamaModel, type Token } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLoraAdapter } from '../engine/draft/loraAdapter.ts';
import { loadPack } from '../engine/pack/load.ts';
import type { Pack } from '../engine/pack/pack.ts';
import type { TextModel } from '../engine/ports.ts';
import { baseEmbeddings, makeTinyPack, randoms, reservedTokenIds, sealPack, tiny, tinyLanguageModel, tinyVocabulary, type ManifestInput } from '../testing/tinyPack.ts';
import { loadTextModel } from './llama.ts';

const signal = new AbortController().signal;
const embeddingsOf = (seed: number) => ({ data: randoms(tiny.views * tiny.llmWidth, seed, 0.8), count: tiny.views, width: tiny.llmWidth });
const options = { signal, maxTokens: 24, seed: 0 };

let folder: string;
let manifest: ManifestInput;
let pack: Pack;
let temporary: string;
let model: TextModel;

beforeAll(async () => {
  ({ folder, manifest } = await makeTinyPack());
  pack = await loadPack(folder);
  temporary = await mkdtemp(join(tmpdir(), 'brat-adapters-'));
  model = await loadTextModel(pack, { gpu: false, threads: 1, temporaryFolder: temporary });
});
afterAll(async () => {
  await model.close();
  await rm(folder, { recursive: true });
  await rm(temporary, { recursive: true });
});

async function textOf(pieces: ReturnType<TextModel['write']>): Promise<{ text: string; stop: string }> {
  let text = '';
  let stop = '';
  for await (const piece of pieces) {
    if ('text' in piece) text += piece.text;
    else stop = piece.stop;
  }
  return { text, stop };
}

const write = (seed: number, change: Partial<typeof options> = {}) => textOf(model.write(pack.manifest.llm!.prompt, embeddingsOf(seed), { ...options, ...change }));

describe('the bridge', () => {
  let llama: Llama;
  beforeAll(async () => {
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: 1 });
  });
  afterAll(() => llama.dispose());

  async function nextToken(loaded: LlamaModel, adapter?: string): Promise<Map<Token, number>> {
    const context = await loaded.createContext({ sequences: 1, contextSize: 128, ...(adapter ? { lora: { adapters: [{ filePath: adapter }] } } : {}) });
    try {
      const prompt = [...loaded.tokenize('<|bos|>Image: ', true), ...(reservedTokenIds as Token[]), ...loaded.tokenize(' Report:', true)];
      for await (const { probabilities } of context.getSequence().evaluateWithMetadata(prompt, { probabilities: true }, { temperature: 0 })) return probabilities;
      throw new Error('no token');
    } finally {
      await context.dispose();
    }
  }

  test('an adapter gives the probabilities of a model whose embedding rows were overwritten', async () => {
    const wanted = embeddingsOf(11).data;
    const models = await mkdtemp(join(tmpdir(), 'brat-models-'));
    const plainFile = join(models, 'plain.gguf');
    const overwrittenFile = join(models, 'overwritten.gguf');
    const adapterFile = join(models, 'adapter.gguf');
    await writeFile(plainFile, tinyLanguageModel());
    await writeFile(overwrittenFile, tinyLanguageModel({ rows: wanted }));
    await writeFile(adapterFile, writeLoraAdapter({ vocabulary: tinyVocabulary.length, tokenIds: reservedTokenIds, wanted, base: baseEmbeddings(), width: tiny.llmWidth }));
    const plain = await llama.loadModel({ modelPath: plainFile });
    const overwritten = await llama.loadModel({ modelPath: overwrittenFile });

    const untouched = await nextToken(plain);
    const adapted = await nextToken(plain, adapterFile);
    const expected = await nextToken(overwritten);
    expect(adapted.size).toBe(tinyVocabulary.length);
    let moved = 0;
    for (const [token, probability] of expected) {
      // 5e-5: the key-value cache is float16, where one rounding that falls the other way is worth near 1e-5.
      expect(Math.abs(adapted.get(token)! - probability)).toBeLessThan(5e-5);
      moved = Math.max(moved, Math.abs(untouched.get(token)! - probability));
    }
    // Were the adapter without effect, or its sides swapped, this would not hold.
    expect(moved).toBeGreaterThan(1e-3);
    await plain.dispose();
    await overwritten.dispose();
    await rm(models, { recursive: true });
  });
});

describe('writing', () => {
  test('is the same text for the same study, and another for another', async () => {
    const first = await write(1);
    expect(first.text).not.toBe('');
    expect(await write(1)).toEqual(first);
    expect(await write(2)).not.toEqual(first);
    // The first study's adapter does not linger in the loaded model.
    expect(await write(1)).toEqual(first);
  });

  test('stops at the limit of tokens and says so', async () => {
    const short = await write(1, { maxTokens: 4 });
    const longer = await write(1, { maxTokens: 12 });
    expect(short.stop).toBe('length');
    expect(longer.text.startsWith(short.text)).toBe(true);
  });

  test('leaves no adapter behind, neither after a draft nor after a failure', async () => {
    await write(3);
    expect(await readdir(temporary)).toEqual([]);
    await expect(write(3, { maxTokens: 100_000 })).rejects.toMatchObject({ code: 'llm/run-failed' });
    const wrong = { data: new Float32Array(tiny.llmWidth), count: 1, width: tiny.llmWidth };
    await expect(textOf(model.write(pack.manifest.llm!.prompt, wrong, options))).rejects.toMatchObject({ code: 'llm/run-failed' });
    const notANumber = { ...embeddingsOf(1), data: new Float32Array(tiny.views * tiny.llmWidth).fill(NaN) };
    await expect(textOf(model.write(pack.manifest.llm!.prompt, notANumber, options))).rejects.toMatchObject({ code: 'llm/run-failed' });
    expect(await readdir(temporary)).toEqual([]);
  });

  test('is cancelled before it starts, in the middle and while it waits its turn, and the model goes on', async () => {
    const expected = await write(1);
    await expect(write(1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });

    const middle = new AbortController();
    const pieces: string[] = [];
    const run = async () => {
      for await (const piece of model.write(pack.manifest.llm!.prompt, embeddingsOf(1), { ...options, signal: middle.signal })) {
        if ('text' in piece) pieces.push(piece.text);
        middle.abort();
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'cancelled' });
    expect(pieces).toHaveLength(1);

    const waiting = new AbortController();
    const first = write(1);
    const second = write(2, { signal: waiting.signal });
    waiting.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    expect(await first).toEqual(expected);
    expect(await write(1)).toEqual(expected);
  });

  test('two studies at once get their own texts, one after the other', async () => {
    const [one, two] = [await write(1), await write(2)];
    expect(await Promise.all([write(1), write(2), write(1)])).toEqual([one, two, one]);
  });

  test('a reader who turns away in the middle leaves the model usable', async () => {
    const expected = await write(1);
    for await (const piece of model.write(pack.manifest.llm!.prompt, embeddingsOf(1), options)) if ('text' in piece) break;
    expect(await write(1)).toEqual(expected);
  });

  test('the model may be loaded anew between drafts to free old adapters, without a change in the text', async () => {
    const frugal = await loadTextModel(pack, { gpu: false, temporaryFolder: temporary, adapterBytesLimit: 1 });
    const texts = [];
    for (const seed of [1, 2, 1]) texts.push(await textOf(frugal.write(pack.manifest.llm!.prompt, embeddingsOf(seed), options)));
    await frugal.close();
    expect(texts).toEqual([await write(1), await write(2), await write(1)]);
  });

  test('a model that goes round in circles is stopped', async () => {
    // Without any preference among tokens, greedy choice gives one of them for ever.
    const { folder: looping, manifest: loopingManifest } = await makeTinyPack();
    await writeFile(join(looping, 'llm.gguf'), tinyLanguageModel({ output: new Float32Array(tinyVocabulary.length * tiny.llmWidth) }));
    loopingManifest.llm!.maxTokens = 400;
    await sealPack(looping, loopingManifest);
    const stuck = await loadTextModel(await loadPack(looping), { gpu: false, threads: 1 });
    const { text, stop } = await textOf(stuck.write('{views}', embeddingsOf(1), { ...options, maxTokens: 400 }));
    await stuck.close();
    await rm(looping, { recursive: true });
    expect(stop).toBe('repetition');
    expect(text.length).toBeLessThan(200);
  });

  test('a pack without a language model says so', async () => {
    const without = structuredClone(manifest);
    delete without.llm;
    await sealPack(folder, without);
    await expect(loadTextModel(await loadPack(folder))).rejects.toMatchObject({ code: 'pack/no-language-model' });
    await sealPack(folder, manifest);
  });
});
