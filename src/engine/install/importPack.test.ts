import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadTextModel } from '../../native/llama.ts';
import { createOnnxRuntime } from '../../native/onnx.ts';
import type { ModelImportEvent } from '../../shared/contract.ts';
import { bridgeShapes, headShapes, official, officialShapes, randomTensors, writeOfficialCheckpoint } from '../../testing/officialCheckpoint.ts';
import { tiny, tinyLanguageModel } from '../../testing/tinyPack.ts';
import { torchFile } from '../../testing/torchFile.ts';
import { createBridge } from '../draft/bridge.ts';
import { createEncoder } from '../encode/encoder.ts';
import { chooseProvider } from '../encode/selfTest.ts';
import { createTextEncoder } from '../encode/textEncoder.ts';
import { listPacks, loadPack } from '../pack/load.ts';
import { packStamp, packSummary } from '../pack/pack.ts';
import { figure14Outputs } from './figure14Outputs.ts';
import { importPack, removeIncoming, type ImportParts, type ImportRequest } from './importPack.ts';
import { requireMemoryFor } from './requirements.ts';

const root = mkdtempSync(join(tmpdir(), 'brat-install-'));
const runtime = createOnnxRuntime();
const weights = join(root, 'brat_densenet121.bin');
const llm = join(root, 'writer.gguf');
const bridge = join(root, 'bridge.bin');
const heads = join(root, 'heads.bin');
let parts: ImportParts;
let folders = 0;

beforeAll(async () => {
  await writeOfficialCheckpoint(weights);
  writeFileSync(llm, tinyLanguageModel({ tied: true }));
  writeFileSync(bridge, torchFile(randomTensors(bridgeShapes(tiny.llmWidth))));
  writeFileSync(heads, torchFile(randomTensors(headShapes(figure14Outputs.length))));
});
beforeEach(() => {
  parts = {
    runtime, modelsFolder: join(root, `models-${++folders}`), clock: { now: () => new Date('2026-01-05T09:00:00Z') },
    vocabularyFile: resolve(import.meta.dirname, '../../../resources/tokenizers/bert-base-uncased/vocab.txt'),
    loadTextModel: (pack) => loadTextModel(pack, { gpu: false, threads: 1 }),
  };
});
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true, force: true });
});

const plain: ImportRequest = { weights, origin: 'official', precision: 'float32', size: official.size, accepted: ['cc-by-nc-sa-4.0'], acceptedBy: 'Dr Reader' };
const whole: ImportRequest = { ...plain, llm, bridge, heads, name: 'Whole', accepted: ['cc-by-nc-sa-4.0', 'llama-3.2'] };

async function run(request: ImportRequest, signal = new AbortController().signal, onEvent: (event: ModelImportEvent) => void = () => undefined): Promise<ModelImportEvent[]> {
  const events: ModelImportEvent[] = [];
  for await (const event of importPack(parts, request, signal)) {
    events.push(event);
    onEvent(event);
  }
  return events;
}
const left = (): Promise<string[]> => readdir(parts.modelsFolder).catch(() => []);

describe('weights alone', () => {
  test('become a pack that encodes images and sentences, repeats its golden case and says where it came from', async () => {
    const events = await run(plain);
    expect(events.filter((event) => event.kind === 'step').map((event) => event.step)).toEqual(['check', 'build', 'golden', 'seal']);
    expect(events.some((event) => event.kind === 'progress' && event.step === 'build' && event.done === event.total)).toBe(true);
    const [found] = await listPacks([parts.modelsFolder]);
    if (!found || !('manifest' in found)) throw new Error(JSON.stringify(found));
    const { manifest } = found;
    expect(await left()).toEqual(['brat-densenet121']);
    expect(manifest).toMatchObject({ id: 'brat-densenet121', encoder: { views: official.views, hidden: official.hidden, width: official.width }, input: { channels: ['t1c'] }, source: { architecture: 'densenet', files: [{ part: 'weights', name: 'brat_densenet121.bin' }] } });
    expect(manifest.licence).toEqual({ spdx: 'CC-BY-NC-SA-4.0', file: 'LICENCE.txt', nonCommercial: true, accepted: [{ licence: 'CC-BY-NC-SA-4.0', by: 'Dr Reader', at: '2026-01-05T09:00:00.000Z' }] });
    expect(packStamp(found)).toMatchObject({ nonCommercial: true, uncalibrated: true, label: expect.stringContaining('non-commercial use only') as string });
    expect(events.at(-1)).toMatchObject({ kind: 'done', pack: `brat-densenet121@${manifest.version}` });

    const choice = await chooseProvider(runtime, found, { wanted: 'cpu', cacheDir: join(root, 'cache') });
    expect(choice).toMatchObject({ provider: 'cpu', fallback: false });
    const text = await createTextEncoder(runtime, found);
    const vectors = await text.encodeSentences(['No abnormal enhancement is seen.', 'There is a ring-enhancing mass in the left frontal lobe.']);
    expect(Math.hypot(...vectors.subarray(0, official.width))).toBeCloseTo(1, 4);
    await text.release();
  });

  test('of four channels read T1c, T1, T2 and FLAIR', async () => {
    const multimodal = join(root, 'multimodal.bin');
    await writeOfficialCheckpoint(multimodal, 4);
    await run({ ...plain, weights: multimodal, precision: 'float16' });
    const pack = await loadPack(join(parts.modelsFolder, 'multimodal'));
    expect(pack.manifest.input.channels).toEqual(['t1c', 't1', 't2', 'flair']);
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const encoded = await encoder.encode(new Float32Array(4 * 32 * 64 * 64).fill(0.5), { signal: new AbortController().signal });
    expect(encoded.views).toHaveLength(official.views * official.hidden);
    await encoder.release();
  });

  test('that miss a tensor, have one too many or one of another shape are told so by name', async () => {
    const bad = join(root, 'bad.bin');
    const rest = officialShapes();
    delete rest['vision_proj.bias'];
    await writeFile(bad, torchFile(randomTensors({ ...rest, 'text_proj.weight': [6, 13], 'extra.weight': [2] })));
    await expect(run({ ...plain, weights: bad })).rejects.toMatchObject({ code: 'models/wrong-weights', message: expect.stringMatching(/1 missing \(vision_proj\.bias\).*text_proj\.weight is \[6, 13\] where \[6, 12\] fits.*1 unexpected \(extra\.weight\)/) as string });
    expect(await left()).toEqual([]);
  });

  test('with a tensor nobody uses are imported with a note', async () => {
    const more = join(root, 'more.bin');
    await writeFile(more, torchFile(randomTensors({ ...officialShapes(), 'ema.weight': [2] })));
    const done = (await run({ ...plain, weights: more })).at(-1);
    expect(done).toMatchObject({ notes: expect.arrayContaining([expect.stringContaining('ema.weight')]) as string[] });
  });
});

describe('weights with a language model, bridge and heads', () => {
  test('become a pack that writes from its views, though the model had tied embeddings', async () => {
    const before = await readFile(llm);
    const events = await run(whole);
    expect(events.filter((event) => event.kind === 'step').map((event) => event.step)).toEqual(['check', 'build', 'languageModel', 'bridge', 'golden', 'seal', 'trial']);
    expect((await readFile(llm)).equals(before)).toBe(true);
    const pack = await loadPack(join(parts.modelsFolder, 'whole'));
    expect(pack.manifest.llm).toMatchObject({ width: tiny.llmWidth, prompt: '<|bos|>{views}\nReport:' });
    expect(pack.manifest.findings?.outputs[2]).toEqual({ question: 'size', answer: 'Less than 1cm' });
    expect(pack.manifest.licence.accepted.map(({ licence }) => licence)).toEqual(['CC-BY-NC-SA-4.0', 'LicenseRef-Llama-3.2']);

    const made = await createBridge(runtime, pack);
    const encoder = await createEncoder(runtime, pack, 'cpu');
    const embeddings = await made.map(await encoder.encode(new Float32Array(32 * 64 * 64).fill(0.3), { signal: new AbortController().signal }));
    expect(embeddings.data.every(Number.isFinite)).toBe(true);
    await made.release();
    await encoder.release();

    // A model that does not fit is refused before anything is loaded; a small one is always tried.
    expect(() => { requireMemoryFor(pack, 1000); }).not.toThrow();
    const large = { ...pack, manifest: { ...pack.manifest, files: { ...pack.manifest.files, 'llm.gguf': { sha256: '', bytes: 2 ** 30 } } } };
    expect(() => { requireMemoryFor(large, 2 ** 30); }).toThrow(/needs 2\.2 GB of memory, 1\.0 GB are free/);
  });

  test('need a bridge for these weights and this language model', async () => {
    await expect(run({ ...whole, llm: undefined, accepted: ['cc-by-nc-sa-4.0'] })).rejects.toMatchObject({ code: 'models/bad-language-model', about: { advice: expect.stringContaining('--llm') as string } });
    const other = join(root, 'other-bridge.bin');
    writeFileSync(other, torchFile(randomTensors(bridgeShapes(tiny.llmWidth + 2))));
    await expect(run({ ...whole, bridge: other })).rejects.toMatchObject({ code: 'models/wrong-weights', message: expect.stringContaining('leave.weight') as string });
    await expect(run({ ...whole, llm: weights })).rejects.toMatchObject({ code: 'models/bad-language-model' });
    expect(await left()).toEqual([]);
  });

});

describe('weights with a language model and no bridge', () => {
  test('become a pack that writes no draft and answers questions about a report', async () => {
    const done = (await run({ ...whole, bridge: undefined, name: 'Reads' })).at(-1);
    expect(done).toMatchObject({ kind: 'done', notes: expect.arrayContaining([expect.stringContaining('does not see the image')]) as string[] });
    const pack = await loadPack(join(parts.modelsFolder, 'reads'));
    expect(pack.manifest.bridge).toBeUndefined();
    expect(packSummary(pack)).toMatchObject({ hasLanguageModel: false, answersQuestions: true });
    expect(pack.manifest.card.limits.join(' ')).toContain('drafts are composed of sentences of prior reports');
    const model = await loadTextModel(pack, { gpu: false, threads: 1 });
    expect(['Yes', 'No']).toContain(await model.answer('Hydrocephalus?', { enum: ['Yes', 'No'] }, { signal: new AbortController().signal, seed: 0 }));
    await model.close();
  });
});

describe('an import', () => {
  test('without the licence accepted by somebody does not begin', async () => {
    await expect(run({ ...plain, accepted: [] })).rejects.toMatchObject({ code: 'models/licence-not-accepted' });
    await expect(run({ ...plain, acceptedBy: ' ' })).rejects.toMatchObject({ code: 'models/licence-not-accepted' });
    await expect(run({ ...whole, accepted: ['cc-by-nc-sa-4.0'] })).rejects.toMatchObject({ message: expect.stringContaining('Llama') as string });
    expect(await left()).toEqual([]);
  });

  test.each(['check', 'build', 'languageModel', 'golden', 'seal'] as const)('stopped in the step %s leaves nothing', async (step) => {
    const stop = new AbortController();
    await expect(run(step === 'languageModel' ? whole : plain, stop.signal, (event) => { if (event.kind === 'step' && event.step === step) stop.abort(); })).rejects.toMatchObject({ code: 'cancelled' });
    expect(await left()).toEqual([]);
  });

  test('that was killed leaves a folder no list shows, which the next start removes', async () => {
    const killed = join(parts.modelsFolder, '.incoming-1');
    await mkdir(killed, { recursive: true });
    await mkdir(join(parts.modelsFolder, 'own'));
    await writeFile(join(killed, 'manifest.json'), '{}');
    expect(await listPacks([parts.modelsFolder])).toEqual([]);
    await removeIncoming(parts.modelsFolder);
    expect(await left()).toEqual(['own']);
  });

  test('never replaces a pack of the same name', async () => {
    await mkdir(join(parts.modelsFolder, 'brat-densenet121'), { recursive: true });
    await expect(run(plain)).rejects.toMatchObject({ code: 'models/exists' });
    await expect(run({ ...plain, name: '../../etc' }).then(left)).resolves.toEqual(['brat-densenet121', 'etc']);
    await expect(run({ ...plain, name: '...' })).rejects.toMatchObject({ code: 'bridge/bad-params' });
  });
});
