import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGgufFileInfo } from 'node-llama-cpp';
import { expect, test } from 'vitest';
import { writeLoraAdapter } from './loraAdapter.ts';

const input = { vocabulary: 7, tokenIds: [5, 2], wanted: Float32Array.from([1, 2, 3, 10, 20, 30]), base: Float32Array.from([0.5, 0.5, 0.5, 1, 1, 1]), width: 3 };

test('an independent reader finds the tensors and keys that llama.cpp looks for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brat-lora-'));
  try {
    const file = join(folder, 'adapter.gguf');
    await writeFile(file, writeLoraAdapter(input));
    const info = await readGgufFileInfo(file, { sourceType: 'filesystem' });
    expect(info.version).toBe(3);
    expect(info.metadata).toMatchObject({ general: { architecture: 'llama', type: 'adapter' }, adapter: { type: 'lora', lora: { alpha: 2 } } });
    expect(info.tensorInfo!.map(({ name, dimensions, ggmlType }) => [name, dimensions.map(Number), ggmlType])).toEqual([
      ['token_embd.weight.lora_a', [2, 7], 0],
      ['token_embd.weight.lora_b', [2, 3], 0],
    ]);
    const bytes = writeLoraAdapter(input);
    const floats = (tensor: number, count: number) => new Float32Array(bytes.slice(Number(info.tensorInfo![tensor]!.fileOffset)).buffer, 0, count);
    const [a, b] = [floats(0, 14), floats(1, 6)];
    // What llama.cpp adds to a token's embedding: lora_b times the token's row of lora_a.
    const added = (token: number) => [0, 1, 2].map((column) => b[2 * column]! * a[2 * token]! + b[2 * column + 1]! * a[2 * token + 1]!);
    expect(added(5)).toEqual([0.5, 1.5, 2.5]);
    expect(added(2)).toEqual([9, 19, 29]);
    for (const other of [0, 1, 3, 4, 6]) expect(added(other)).toEqual([0, 0, 0]);
    for (const { fileOffset } of info.tensorInfo!) expect(Number(fileOffset) % 32).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('ids outside the vocabulary or repeated, wrong lengths and numbers that are none are refused', () => {
  expect(() => writeLoraAdapter({ ...input, tokenIds: [5, 7] })).toThrow('outside the vocabulary');
  expect(() => writeLoraAdapter({ ...input, tokenIds: [5, 5] })).toThrow('repeated');
  expect(() => writeLoraAdapter({ ...input, base: new Float32Array(5) })).toThrow(RangeError);
  expect(() => writeLoraAdapter({ ...input, wanted: Float32Array.from([NaN, 0, 0, 0, 0, 0]) })).toThrow('not a number');
});
