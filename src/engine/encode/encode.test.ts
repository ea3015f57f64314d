import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOnnxRuntime } from '../../native/onnx.ts';
import { EngineError } from '../../shared/errors.ts';
import { makeTinyPack, sealPack, tiny, type ManifestInput } from '../../testing/tinyPack.ts';
import { readNpy, writeNpy } from '../arrays/npy.ts';
import { createBridge } from '../draft/bridge.ts';
import { loadPack } from '../pack/load.ts';
import type { Pack } from '../pack/pack.ts';
import type { OnnxRuntime, Provider } from '../ports.ts';
import { createEncoder } from './encoder.ts';
import { largestDifference, readGolden } from './golden.ts';
import { chooseProvider } from './selfTest.ts';
import { createTextEncoder } from './textEncoder.ts';

const signal = new AbortController().signal;
let folder: string;
let manifest: ManifestInput;
let pack: Pack;
let runtime: OnnxRuntime;
let cacheDir: string;

beforeAll(async () => {
  ({ folder, manifest } = await makeTinyPack());
  pack = await loadPack(folder);
  runtime = createOnnxRuntime();
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'brat-cache-'));
  return () => rm(cacheDir, { recursive: true });
});

describe('the encoder', () => {
  test('repeats the golden views, attention included', async () => {
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const golden = await readGolden(pack);
    const encoded = await encoder.encode(golden.volume, { signal });
    expect(largestDifference(encoded.projected, golden.projected)).toBeLessThan(1e-6);
    expect(encoded).toMatchObject({ viewCount: 4, hidden: 12, width: 6, positions: 32, provider: 'cpu', pack: { id: 'tiny' } });
    expect(encoded.attention).toHaveLength(4 * 32);
    await encoder.release();
  });

  test('refuses a volume of another size and one that holds no numbers', async () => {
    const encoder = await createEncoder(runtime, pack, 'cpu');
    await expect(encoder.encode(new Float32Array(7), { signal })).rejects.toMatchObject({ code: 'pack/bad-shape' });
    await expect(encoder.encode(new Float32Array(8 * 16 * 16).fill(NaN), { signal })).rejects.toMatchObject({ code: 'volume/not-finite' });
    await encoder.release();
  });

  test('stops waiting at once when cancelled, and encodes rightly afterwards', async () => {
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const golden = await readGolden(pack);
    await expect(encoder.encode(golden.volume, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    const controller = new AbortController();
    const running = encoder.encode(golden.volume, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(largestDifference((await encoder.encode(golden.volume, { signal })).projected, golden.projected)).toBeLessThan(1e-6);
    await encoder.release();
  });

  test('a graph of another shape than the manifest says is refused, and one without the right names', async () => {
    const other: Pack = { folder, manifest: { ...pack.manifest, encoder: { ...pack.manifest.encoder, hidden: 13 } } };
    const encoder = await createEncoder(runtime, other, 'cpu');
    await expect(encoder.encode((await readGolden(pack)).volume, { signal })).rejects.toMatchObject({ code: 'pack/bad-shape' });
    await encoder.release();
    const wrongGraph: Pack = { folder, manifest: { ...pack.manifest, encoder: { ...pack.manifest.encoder, file: 'text.onnx' } } };
    await expect(createEncoder(runtime, wrongGraph, 'cpu')).rejects.toMatchObject({ code: 'pack/bad-shape', message: expect.stringContaining('volume') as string });
  });

  test('the bridge takes views of its own pack only', async () => {
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const encoded = await encoder.encode((await readGolden(pack)).volume, { signal });
    const bridge = await createBridge(runtime, pack);
    expect(await bridge.map(encoded)).toMatchObject({ count: 4, width: tiny.llmWidth });
    await expect(bridge.map({ ...encoded, pack: { ...encoded.pack, version: '0.2.0' } })).rejects.toMatchObject({ code: 'search/not-encoded' });
    await Promise.all([bridge.release(), encoder.release()]);
  });
});

describe('the text encoder', () => {
  test('repeats the golden sentences, the truncated one included', async () => {
    const text = await createTextEncoder(runtime, pack);
    const golden = readNpy(await readFile(join(folder, 'golden_sentences.npy')), 'golden').data as Float32Array;
    expect(largestDifference(await text.encodeSentences(pack.manifest.golden.sentences), golden)).toBeLessThan(1e-6);
    await text.release();
  });

  test('a sentence has the same vector alone, beside longer ones and in any batch', async () => {
    const text = await createTextEncoder(runtime, pack);
    const alone = await text.encodeSentences(['No mass.']);
    const many = Array.from({ length: 70 }, (_, n) => (n === 65 ? 'No mass.' : 'The ventricles are normal.'.repeat((n % 3) + 1)));
    const together = await text.encodeSentences(many);
    expect(together).toHaveLength(70 * tiny.width);
    expect(largestDifference(together.subarray(65 * tiny.width, 66 * tiny.width), alone)).toBeLessThan(1e-6);
    expect(await text.encodeSentences([])).toHaveLength(0);
    await text.release();
  });

  test('a sentence without a word, and a pack without a text encoder, are refused', async () => {
    const text = await createTextEncoder(runtime, pack);
    await expect(text.encodeSentences(['No mass.', '   '])).rejects.toMatchObject({ code: 'search/bad-query' });
    await text.release();
    const without = { ...pack.manifest };
    delete without.text;
    await expect(createTextEncoder(runtime, { folder, manifest: without })).rejects.toMatchObject({ code: 'pack/no-text-encoder' });
  });
});

describe('chooseProvider', () => {
  /** The real runtime, told that the machine also has a provider, which runs as `behave` says. */
  const withGpu = (behave: OnnxRuntime['runApart'], calls: Provider[] = []): OnnxRuntime => ({
    ...runtime,
    providers: () => ['webgpu', 'cpu'],
    runApart: (file, provider, inputs, limitMs) => {
      calls.push(provider);
      return behave(file, provider, inputs, limitMs);
    },
  });
  const onCpu: OnnxRuntime['runApart'] = (file, _provider, inputs, limitMs) => runtime.runApart(file, 'cpu', inputs, limitMs);

  test('the CPU passes and is used where there is nothing else', async () => {
    const choice = await chooseProvider({ ...runtime, providers: () => ['cpu'] }, pack, { wanted: 'auto', cacheDir });
    expect(choice).toMatchObject({ provider: 'cpu', fallback: false, states: [{ provider: 'cpu', state: 'used' }] });
  });

  test('a provider that is right and fast is used, and not tried again at the next start', async () => {
    const calls: Provider[] = [];
    const fast = withGpu(async (...args) => ({ ...(await onCpu(...args)), ms: 0 }), calls);
    const first = await chooseProvider(fast, pack, { wanted: 'auto', cacheDir });
    expect(first).toMatchObject({ provider: 'webgpu', fallback: false });
    expect(await chooseProvider(fast, pack, { wanted: 'auto', cacheDir })).toEqual(first);
    expect(calls).toEqual(['webgpu']);
    await chooseProvider(fast, pack, { wanted: 'auto', cacheDir, fresh: true });
    await chooseProvider({ ...fast, devices: () => 'another driver' }, pack, { wanted: 'auto', cacheDir });
    expect(calls).toHaveLength(3);
  });

  test('a provider that is right but slower than the CPU is left alone, unless it was asked for', async () => {
    const slow = withGpu(async (...args) => ({ ...(await onCpu(...args)), ms: 1e9 }));
    expect(await chooseProvider(slow, pack, { wanted: 'auto', cacheDir })).toMatchObject({ provider: 'cpu', fallback: false, message: expect.stringContaining('slower') as string });
    expect(await chooseProvider(slow, pack, { wanted: 'webgpu', cacheDir })).toMatchObject({ provider: 'webgpu' });
  });

  test('a provider that computes something else is refused with the figure, and the CPU takes its place', async () => {
    const wrong = withGpu(async (...args) => {
      const { outputs, ms } = await onCpu(...args);
      (outputs['projected']!.data as Float32Array)[3]! += 0.02;
      return { outputs, ms };
    });
    const choice = await chooseProvider(wrong, pack, { wanted: 'webgpu', cacheDir });
    expect(choice).toMatchObject({ provider: 'cpu', fallback: true, message: expect.stringContaining('2.0e-2') as string });
    expect(choice.states.find((state) => state.provider === 'webgpu')).toMatchObject({ state: 'failed' });
  });

  test('a provider that this machine lacks falls back and says why', async () => {
    const choice = await chooseProvider(runtime, pack, { wanted: 'coreml', cacheDir });
    expect(choice).toMatchObject({ provider: 'cpu', fallback: true });
    expect(choice.states.find((state) => state.provider === 'coreml')).toMatchObject({ state: 'unavailable', goldenDifference: null });
  });

  test('a driver that cannot be opened is no alarm unless it was asked for', async () => {
    const absent = withGpu(() => Promise.reject(new EngineError('onnx/provider-unavailable', 'No supported adapters', { subject: 'webgpu', advice: 'None' })));
    expect(await chooseProvider(absent, pack, { wanted: 'auto', cacheDir })).toMatchObject({ provider: 'cpu', fallback: false, message: expect.stringContaining('No supported adapters') as string });
    expect(await chooseProvider(absent, pack, { wanted: 'webgpu', cacheDir })).toMatchObject({ provider: 'cpu', fallback: true });
  });

  test('a pack whose golden case does not come out on the CPU either is refused, every time', async () => {
    const golden = readNpy(await readFile(join(folder, 'golden_projected.npy')), 'golden');
    const altered = structuredClone(manifest);
    await writeFile(join(folder, 'golden_projected.npy'), writeNpy(Float32Array.from(golden.data as Float32Array, (value) => value + 0.01), golden.shape));
    await sealPack(folder, altered);
    const other = await loadPack(folder);
    for (let n = 0; n < 2; n++) await expect(chooseProvider(runtime, other, { wanted: 'auto', cacheDir })).rejects.toMatchObject({ code: 'onnx/self-test-failed', message: expect.stringContaining('1.0e-2') as string });
    await writeFile(join(folder, 'golden_projected.npy'), writeNpy(golden.data, golden.shape));
    await sealPack(folder, manifest);
  });

  test('a damaged file of results is no obstacle', async () => {
    await writeFile(join(cacheDir, 'provider-tests.json'), '{"half');
    expect(await chooseProvider({ ...runtime, providers: () => ['cpu'] }, pack, { wanted: 'auto', cacheDir })).toMatchObject({ provider: 'cpu' });
  });
});
