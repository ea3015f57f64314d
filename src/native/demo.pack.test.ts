/** The demo pack on the real runtimes: what training computed is what the app computes. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { getLlama, type Token } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBridge } from '../engine/draft/bridge.ts';
import { writeLoraAdapter } from '../engine/draft/loraAdapter.ts';
import { writeDraft } from '../engine/draft/write.ts';
import { createEncoder } from '../engine/encode/encoder.ts';
import { largestDifference, readGolden } from '../engine/encode/golden.ts';
import { chooseProvider } from '../engine/encode/selfTest.ts';
import { createTextEncoder } from '../engine/encode/textEncoder.ts';
import { loadPack, readPackArray } from '../engine/pack/load.ts';
import { packFile, packStamp, type Pack } from '../engine/pack/pack.ts';
import type { EncodedViews, OnnxRuntime } from '../engine/ports.ts';
import { loadTextModel } from './llama.ts';
import { createOnnxRuntime } from './onnx.ts';

const folder = resolve(import.meta.dirname, '../../resources/models/demo');
const signal = new AbortController().signal;
let pack: Pack;
let runtime: OnnxRuntime;
let encoded: EncodedViews;
let temporary: string;

beforeAll(async () => {
  pack = await loadPack(folder);
  runtime = createOnnxRuntime();
  temporary = await mkdtemp(join(tmpdir(), 'brat-demo-'));
  const encoder = await createEncoder(runtime, pack, 'cpu');
  encoded = await encoder.encode((await readGolden(pack)).volume, { signal });
  await encoder.release();
});
afterAll(async () => {
  await runtime.close();
  await rm(temporary, { recursive: true });
});

async function goldenArray(name: string): Promise<Float32Array> {
  return (await readPackArray(pack, name)).data as Float32Array;
}

describe('the demo pack', () => {
  test('says on every result what it is', () => {
    expect(pack.manifest.training).not.toBe('clinical');
    expect(packStamp(pack).label).toMatch(/untrained|synthetic/);
  });

  test('the encoder repeats views, projections and attention of the framework it was trained in', async () => {
    const { golden } = pack.manifest;
    expect(largestDifference(encoded.projected, await goldenArray(golden.projected))).toBeLessThan(golden.tolerance);
    // 2e-3 and 1e-4: float32 order of sums over the whole network; a swapped axis moves these by more than 0.1.
    expect(largestDifference(encoded.views, await goldenArray(golden.views))).toBeLessThan(2e-3);
    expect(largestDifference(encoded.attention, await goldenArray(golden.attention))).toBeLessThan(1e-4);
  });

  test('a volume mirrored left to right does not pass for the golden one', async ({ skip }) => {
    skip(pack.manifest.training === 'untrained', 'random weights hardly look at the image');
    const [, , right] = pack.manifest.input.size;
    const { volume, projected, tolerance } = await readGolden(pack);
    const mirrored = Float32Array.from(volume, (_, at) => volume[at - (at % right) + (right - 1 - (at % right))]!);
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const other = await encoder.encode(mirrored, { signal });
    await encoder.release();
    expect(largestDifference(other.projected, projected)).toBeGreaterThan(tolerance);
  });

  test('tokenizer and text encoder repeat the sentence vectors of training', async () => {
    const text = await createTextEncoder(runtime, pack);
    const vectors = await text.encodeSentences(pack.manifest.golden.sentences);
    await text.release();
    expect(largestDifference(vectors, await goldenArray(pack.manifest.golden.sentenceVectors!))).toBeLessThan(pack.manifest.golden.tolerance);
  });

  test('passes its self-test on this machine', async () => {
    const choice = await chooseProvider(runtime, pack, { wanted: 'cpu', cacheDir: temporary });
    expect(choice).toMatchObject({ provider: 'cpu', fallback: false });
  });

  test('writes the same draft twice', async () => {
    const bridge = await createBridge(runtime, pack);
    const embeddings = await bridge.map(encoded);
    await bridge.release();
    const model = await loadTextModel(pack, { gpu: false, temporaryFolder: temporary });
    const write = async () => {
      const pieces = [];
      for await (const piece of writeDraft(model, pack, embeddings, { signal })) pieces.push(piece);
      return pieces;
    };
    const first = await write();
    expect(first.some((piece) => piece.kind === 'sentence')).toBe(true);
    expect(first.at(-1)!.kind).toBe('stop');
    expect(await write()).toEqual(first);
    await model.close();
  });

  test('its reserved embeddings are what llama.cpp has: rows exchanged by an adapter equal tokens exchanged in the prompt', async () => {
    const llm = pack.manifest.llm!;
    const { width, reservedTokenIds: ids } = llm;
    const base = await goldenArray(llm.reservedEmbeddings);
    // Token n gets the row of token n + 1.
    const wanted = Float32Array.from(base, (_, at) => base[(at + width) % base.length]!);
    const adapterFile = join(temporary, 'exchange.gguf');
    await writeFile(adapterFile, writeLoraAdapter({ vocabulary: llm.vocabulary, tokenIds: ids, wanted, base, width }));
    const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: 1 });
    const model = await llama.loadModel({ modelPath: packFile(pack, llm.file) });
    const after = async (tokens: readonly number[], adapter?: string) => {
      const context = await model.createContext({ sequences: 1, contextSize: 256, ...(adapter ? { lora: { adapters: [{ filePath: adapter }] } } : {}) });
      const prompt = [...tokens, ...model.tokenize('\nReport:', true)] as Token[];
      for await (const { probabilities } of context.getSequence().evaluateWithMetadata(prompt, { probabilities: true }, { temperature: 0 })) {
        await context.dispose();
        return probabilities;
      }
      throw new Error('no token');
    };
    const byAdapter = await after(ids, adapterFile);
    const byPrompt = await after([...ids.slice(1), ids[0]!]);
    const untouched = await after(ids);
    const apart = (a: Map<Token, number>, b: Map<Token, number>) => Math.max(...[...a].map(([token, value]) => Math.abs(value - b.get(token)!)));
    expect(apart(byAdapter, byPrompt)).toBeLessThan(5e-5);
    expect(apart(untouched, byPrompt)).toBeGreaterThan(5e-5);
    await llama.dispose();
  });

  test('one altered byte in its weights is refused by name', async () => {
    const copy = join(temporary, 'altered');
    await cp(folder, copy, { recursive: true });
    const { file } = pack.manifest.encoder;
    const weights = await readFile(join(copy, file));
    weights[weights.length >> 1]! ^= 1;
    await writeFile(join(copy, file), weights);
    await expect(loadPack(copy)).rejects.toMatchObject({ code: 'pack/altered-file', message: expect.stringContaining(file) as string });
  });
});
