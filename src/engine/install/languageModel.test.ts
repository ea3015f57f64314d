import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTextModel } from '../../native/llama.ts';
import { EngineError } from '../../shared/errors.ts';
import { makeTinyPack, randoms, reservedTokenIds, sealPack, tiny, tinyLanguageModel, tinyVocabulary } from '../../testing/tinyPack.ts';
import { writeNpy } from '../arrays/npy.ts';
import { readGgufHeader } from '../pack/ggufHeader.ts';
import { loadPack } from '../pack/load.ts';
import { copyLanguageModel, inspectLanguageModel } from './languageModel.ts';

const root = mkdtempSync(join(tmpdir(), 'brat-gguf-'));
const options = { signal: new AbortController().signal, onProgress: () => undefined };
const path = (name: string): string => join(root, name);
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

/** The embeddings a tied model of the tests has, which are its output matrix too. */
const table = randoms(tinyVocabulary.length * tiny.llmWidth, 7, 0.3);

async function floatsOf(file: string, tensor: string): Promise<Float32Array> {
  const { layout, tensors } = await readGgufHeader(file);
  const start = layout.dataStart + layout.places.get(tensor)!.offset;
  const bytes = (await readFile(file)).subarray(start, start + 4 * tensors.get(tensor)!.reduce((product, size) => product * size, 1));
  return new Float32Array(new Uint8Array(bytes).buffer);
}

describe('the copy of a language model', () => {
  beforeAll(() => {
    writeFileSync(path('tied.gguf'), tinyLanguageModel({ tied: true }));
    writeFileSync(path('untied.gguf'), tinyLanguageModel());
  });

  test('of a tied one has an output matrix of its own, and zero where its reserved tokens were', async () => {
    const before = await readFile(path('tied.gguf'));
    const facts = await copyLanguageModel(path('tied.gguf'), path('tied-copy.gguf'), tiny.views, options);
    expect(facts).toMatchObject({ wasTied: true, vocabulary: tinyVocabulary.length, width: tiny.llmWidth, reservedTokenIds, beginToken: '<|bos|>' });
    expect((await readFile(path('tied.gguf'))).equals(before)).toBe(true);
    expect(await floatsOf(path('tied-copy.gguf'), 'output.weight')).toEqual(table);
    const expected = table.slice();
    for (const id of reservedTokenIds) expected.fill(0, id * tiny.llmWidth, (id + 1) * tiny.llmWidth);
    expect(await floatsOf(path('tied-copy.gguf'), 'token_embd.weight')).toEqual(expected);
    expect(await floatsOf(path('tied-copy.gguf'), 'blk.1.ffn_down.weight')).toEqual(await floatsOf(path('tied.gguf'), 'blk.1.ffn_down.weight'));
  });

  test('of an untied one keeps its output matrix', async () => {
    expect((await copyLanguageModel(path('untied.gguf'), path('untied-copy.gguf'), tiny.views, options)).wasTied).toBe(false);
    expect(await floatsOf(path('untied-copy.gguf'), 'output.weight')).toEqual(await floatsOf(path('untied.gguf'), 'output.weight'));
    expect((await stat(path('untied-copy.gguf'))).size).toBeLessThanOrEqual((await stat(path('untied.gguf'))).size + 32);
  });

  test('writes in llama.cpp what the original would with the same embeddings', async () => {
    const { folder, manifest } = await makeTinyPack();
    try {
      const textOf = async (): Promise<string> => {
        const pack = await loadPack(folder);
        const model = await loadTextModel(pack, { gpu: false, threads: 1 });
        let text = '';
        for await (const piece of model.write(pack.manifest.llm!.prompt, { data: randoms(tiny.views * tiny.llmWidth, 3, 0.8), count: tiny.views, width: tiny.llmWidth }, { signal: options.signal, maxTokens: 24, seed: 0 })) if ('text' in piece) text += piece.text;
        await model.close();
        return text;
      };
      await writeFile(join(folder, 'llm.gguf'), tinyLanguageModel({ output: table }));
      await sealPack(folder, manifest);
      const original = await textOf();
      await copyLanguageModel(path('tied.gguf'), join(folder, 'llm.gguf'), tiny.views, options);
      await writeFile(join(folder, 'reserved.npy'), writeNpy(new Float32Array(tiny.views * tiny.llmWidth), [tiny.views, tiny.llmWidth]));
      await sealPack(folder, manifest);
      expect(original.length).toBeGreaterThan(10);
      expect(await textOf()).toBe(original);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('is not begun of a file that is none, is cut short, or has too few reserved tokens', async () => {
    const whole = tinyLanguageModel({ tied: true });
    const refused = async (bytes: Uint8Array, views: number = tiny.views): Promise<EngineError> => {
      await writeFile(path('bad.gguf'), bytes);
      const error: unknown = await inspectLanguageModel(path('bad.gguf'), views).then(() => null, (caught: unknown) => caught);
      expect(error).toBeInstanceOf(EngineError);
      return error as EngineError;
    };
    expect((await refused(whole, 32)).message).toContain('4 reserved tokens, the pack has 32 views');
    expect((await refused(Buffer.from('PK\x03\x04 and no model'))).code).toBe('models/bad-language-model');
    for (const share of [0.05, 0.3, 0.9]) expect((await refused(whole.subarray(0, Math.floor(whole.length * share)))).code).toBe('models/bad-language-model');
    const stopped = new AbortController();
    stopped.abort();
    await expect(copyLanguageModel(path('tied.gguf'), path('stopped.gguf'), tiny.views, { ...options, signal: stopped.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
