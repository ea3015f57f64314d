import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EngineError } from '../../shared/errors.ts';
import { makeTinyPack, sealPack, tinyLanguageModel, type ManifestInput } from '../../testing/tinyPack.ts';
import { writeNpy } from '../arrays/npy.ts';
import { listPacks, loadPack } from './load.ts';
import { packStamp, packSummary } from './pack.ts';

let sound: { folder: string; manifest: ManifestInput };
let root: string;
let folder: string;
let manifest: ManifestInput;

beforeAll(async () => {
  sound = await makeTinyPack();
});
afterAll(() => rm(sound.folder, { recursive: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brat-packs-'));
  folder = join(root, 'copy');
  await cp(sound.folder, folder, { recursive: true });
  manifest = structuredClone(sound.manifest);
  return () => rm(root, { recursive: true });
});

async function refusal(): Promise<EngineError> {
  return loadPack(folder).then(() => expect.fail('the pack was accepted'), (error: unknown) => error as EngineError);
}

describe('loadPack', () => {
  test('a sound pack opens, and what it makes is labelled', async () => {
    const pack = await loadPack(folder);
    expect(packStamp(pack)).toEqual({ id: 'tiny', version: '0.1.0', training: 'untrained', label: 'Tiny 0.1.0 — untrained: output is meaningless' });
    expect(packSummary(pack)).toMatchObject({ licence: 'Apache-2.0', hasLanguageModel: true, problem: null });
  });

  test('a folder without a manifest is no pack', async () => {
    await rm(join(folder, 'manifest.json'));
    expect(await refusal()).toMatchObject({ code: 'pack/not-found', message: expect.stringContaining('copy') as string });
  });

  test('a manifest that is not JSON, or not of the schema, is refused with the place', async () => {
    await writeFile(join(folder, 'manifest.json'), '{');
    expect(await refusal()).toMatchObject({ code: 'pack/bad-manifest' });
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, encoder: { ...manifest.encoder, views: 0 } }));
    expect(await refusal()).toMatchObject({ code: 'pack/bad-manifest', message: expect.stringContaining('encoder.views') as string });
  });

  test('a file name that leads out of the pack is refused', async () => {
    manifest.encoder.file = '../encoder.onnx';
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-manifest' });
  });

  test('one altered byte in any file is found, and the file named', async () => {
    for (const name of ['encoder.onnx', 'llm.gguf', 'tokenizer.json', 'golden_projected.npy']) {
      const whole = await readFile(join(folder, name));
      const altered = Buffer.from(whole);
      altered[altered.length - 1]! ^= 1;
      await writeFile(join(folder, name), altered);
      expect(await refusal()).toMatchObject({ code: 'pack/altered-file', message: expect.stringContaining(name) as string });
      await writeFile(join(folder, name), whole);
    }
  });

  test('a file altered after the pack was opened once is found at the next opening', async () => {
    await loadPack(folder);
    const altered = await readFile(join(folder, 'bridge.onnx'));
    altered[altered.length - 1]! ^= 1;
    await writeFile(join(folder, 'bridge.onnx'), altered);
    expect(await refusal()).toMatchObject({ code: 'pack/altered-file', about: { subject: 'tiny@0.1.0/bridge.onnx' } });
  });

  test('a missing and a shortened file are named', async () => {
    const graph = await readFile(join(folder, 'text.onnx'));
    await writeFile(join(folder, 'text.onnx'), graph.subarray(0, -5));
    expect(await refusal()).toMatchObject({ code: 'pack/altered-file', message: expect.stringContaining(`${graph.length - 5} bytes`) as string });
    await rm(join(folder, 'text.onnx'));
    expect(await refusal()).toMatchObject({ code: 'pack/missing-file', message: expect.stringContaining('text.onnx') as string });
  });

  test('a file that is used but not listed is refused, since nothing vouches for it', async () => {
    delete manifest.files['bridge.onnx'];
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-manifest', message: expect.stringContaining('bridge.onnx') as string });
  });

  test('an array of another shape or type than the manifest says is refused', async () => {
    await writeFile(join(folder, 'golden_views.npy'), writeNpy(new Float32Array(4 * 11), [4, 11]));
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-shape', message: expect.stringContaining('[4, 11], expected Float32Array [4, 12]') as string });
    await writeFile(join(folder, 'golden_views.npy'), writeNpy(new Float64Array(4 * 12), [4, 12]));
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-shape' });
  });

  test('a GGUF with tied embeddings is refused before llama.cpp, which would abort, sees it', async () => {
    await writeFile(join(folder, 'llm.gguf'), tinyLanguageModel({ tied: true }));
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/tied-embeddings', message: expect.stringContaining('llm.gguf') as string });
  });

  test('a GGUF that disagrees with the manifest, or is none, is refused', async () => {
    manifest.llm!.vocabulary += 1;
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-shape', message: expect.stringContaining('vocabulary') as string });
    const whole = tinyLanguageModel();
    for (const damaged of ['GGUF and then nothing', 'GGML', whole.subarray(0, 5000), '']) {
      await writeFile(join(folder, 'llm.gguf'), damaged);
      await sealPack(folder, manifest);
      expect(await refusal()).toMatchObject({ code: 'pack/bad-shape', message: expect.stringContaining('llm.gguf') as string });
    }
  });

  test.each<[string, (manifest: ManifestInput) => void]>([
    ['outside the vocabulary', (m) => (m.llm!.reservedTokenIds[0] = 100_000)],
    ['occurs twice', (m) => (m.llm!.reservedTokenIds[0] = m.llm!.reservedTokenIds[1]!)],
    ['3 reserved tokens for 4 views', (m) => m.llm!.reservedTokenIds.pop()],
    ['the bridge gives width 16', (m) => (m.bridge!.width = 16)],
    ['do not fit a context', (m) => (m.llm!.maxTokens = 510)],
  ])('reserved tokens and widths must agree: %s', async (message, change) => {
    change(manifest);
    await sealPack(folder, manifest);
    expect(await refusal()).toMatchObject({ code: 'pack/bad-manifest', message: expect.stringContaining(message) as string });
  });
});

describe('listPacks', () => {
  test('gives sound packs and, by name, what is wrong with the others', async () => {
    const broken = join(root, 'broken');
    await cp(folder, broken, { recursive: true });
    await rm(join(broken, 'encoder.onnx'));
    await mkdir(join(root, 'no-pack'));
    const packs = await listPacks([join(root, 'absent'), root]);
    expect(packs.map((pack) => ('problem' in pack ? pack.problem.code : pack.manifest.id))).toEqual(['pack/missing-file', 'tiny']);
    expect(packSummary(packs[0]!)).toMatchObject({ name: 'broken', problem: { code: 'pack/missing-file' } });
  });

  test('two packs of one id and version are not both used, since their embeddings could not be told apart', async () => {
    await cp(folder, join(root, 'twin'), { recursive: true });
    const packs = await listPacks([root]);
    expect(packs[0]).toHaveProperty('manifest');
    expect(packs[1]).toMatchObject({ problem: { code: 'pack/bad-manifest', message: expect.stringContaining('copy') as string } });
  });
});
