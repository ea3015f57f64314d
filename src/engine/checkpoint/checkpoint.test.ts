import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { EngineError } from '../../shared/errors.ts';
import { floatBytes, op, stateDictPickle, torchFile, type TestTensor } from '../../testing/torchFile.ts';
import { zipFile } from '../../testing/zipFile.ts';
import { openCheckpoint } from './openCheckpoint.ts';
import { toFloats } from './toFloats.ts';

const folder = mkdtempSync(join(tmpdir(), 'brat-checkpoint-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
let files = 0;

async function put(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `checkpoint-${++files}.bin`);
  await writeFile(path, bytes);
  return path;
}

async function openBytes(bytes: Uint8Array) {
  const state = await openCheckpoint(await put(bytes));
  onTestFinished(() => state.close());
  return state;
}

async function refusal(bytes: Uint8Array): Promise<EngineError> {
  const error: unknown = await openCheckpoint(await put(bytes)).then(() => null, (caught: unknown) => caught);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

const six: TestTensor = { shape: [2, 3], data: floatBytes([1, 2, 3, 4, 5, 6]) };
/** A checkpoint whose pickle is these pieces. */
const withPickle = (...pieces: readonly Buffer[]): Buffer => torchFile({ six }, { pickle: Buffer.concat([op.start, ...pieces, op.stop]) });

/** A safetensors file of a header and data. */
function safetensors(header: object | string, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

describe('a PyTorch checkpoint', () => {
  test('gives its tensors by name, with shape, type and values', async () => {
    const state = await openBytes(torchFile({ 'a.weight': six, step: { shape: [], data: new Uint8Array(BigInt64Array.of(7n).buffer), type: 'Long' } }));
    expect([...state.tensors.values()]).toEqual([{ name: 'a.weight', shape: [2, 3], type: 'float32' }, { name: 'step', shape: [], type: 'int64' }]);
    expect([...(await state.float32('a.weight'))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await state.float32('step'))]).toEqual([7]);
    await expect(state.float32('b')).rejects.toMatchObject({ code: 'models/no-tensor' });
  });

  test.each(['model', 'state_dict', 'module'])('is found under "%s"', async (under) => {
    expect([...(await openBytes(torchFile({ six }, { under }))).tensors.keys()]).toEqual(['six']);
  });

  test('of another key is refused with the keys there are', async () => {
    expect((await refusal(torchFile({ six }, { under: 'ema' }))).message).toMatch(/epoch, ema/);
  });

  test('of training on several devices loses its prefix', async () => {
    const state = await openBytes(torchFile({ 'module.a': six, 'module.b': six }));
    expect([...state.tensors.keys()]).toEqual(['a', 'b']);
    expect([...(await state.float32('b'))]).toHaveLength(6);
  });

  test('shares storages, and reads offsets and strides', async () => {
    const data = floatBytes([0, 1, 2, 3, 4, 5, 6]);
    const state = await openBytes(torchFile({ turned: { shape: [3, 2], strides: [1, 3], offset: 1, data, key: '0' }, row: { shape: [3], offset: 4, data, key: '0' }, same: { shape: [4], strides: [0], offset: 2, data, key: '0' } }));
    expect([...(await state.float32('turned'))]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...(await state.float32('row'))]).toEqual([4, 5, 6]);
    expect([...(await state.float32('same'))]).toEqual([2, 2, 2, 2]);
  });

  test('packed again with compression is read too', async () => {
    const data = floatBytes(Array.from({ length: 1000 }, (_, at) => at));
    const state = await openBytes(torchFile({ a: { shape: [500], data, key: '0' }, b: { shape: [500], offset: 500, data, key: '0' } }, { deflate: true }));
    expect((await state.float32('b'))[1]).toBe(501);
  });

  test('in half precision is widened exactly', () => {
    expect([...toFloats(Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000).buffer), 'float16')]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -0]);
    expect([...toFloats(Buffer.from(Uint16Array.of(0x3f80, 0xc000, 0x4049).buffer), 'bfloat16')]).toEqual([1, -2, 3.140625]);
  });
});

describe('a hostile pickle', () => {
  test.each([
    ['os.system', [op.global('os', 'system'), op.mark, op.text('true'), op.tuple, op.call], 'os.system'],
    ['builtins.eval', [op.global('builtins', 'eval'), op.mark, op.text('1'), op.tuple, op.call], 'builtins.eval'],
    ['torch.load', [op.global('torch', 'load')], 'torch.load'],
    ['a class of numpy', [op.global('numpy._core.multiarray', '_reconstruct')], 'numpy._core.multiarray._reconstruct'],
    ['STACK_GLOBAL', [op.text('posix'), op.text('system'), Buffer.from([0x93])], 'posix.system'],
    ['NEWOBJ', [op.global('collections', 'OrderedDict'), op.mark, op.tuple, Buffer.from([0x81])], 'NEWOBJ'],
    ['INST', [op.mark, Buffer.from('ios\nsystem\n')], 'INST'],
    ['a storage called as a function', [op.global('torch', 'FloatStorage'), op.mark, op.tuple, op.call], 'torch.FloatStorage'],
    ['the state of an object', [op.list, op.none, op.build], 'BUILD'],
    ['a double', [op.global('torch', 'DoubleStorage')], 'torch.DoubleStorage'],
  ] as const)('is refused by name: %s', async (_, pieces, name) => {
    const error = await refusal(withPickle(...pieces));
    expect(error.code).toBe('models/refused-pickle');
    expect(error.message).toContain(name);
  });

  test('that nests or repeats itself costs no more than its bytes', async () => {
    const deep = Buffer.concat(Array.from({ length: 200_000 }, () => Buffer.from('](')));
    expect((await refusal(withPickle(deep))).code).toBe('models/bad-checkpoint');
    // A list of the list before it, twice, forty times: 2^40 elements to whoever walks it.
    const bomb = Buffer.concat([op.list, Buffer.from('q\x00'), ...Array.from({ length: 40 }, () => Buffer.from('](h\x00h\x00eq\x00', 'latin1'))]);
    expect((await refusal(withPickle(bomb))).message).toContain('no state dict');
  });

  test.each([
    ['a shape that reaches beyond its storage', { ...six, shape: [2, 4] }],
    ['an offset beyond its storage', { ...six, offset: 1 }],
    ['strides beyond its storage', { ...six, strides: [1000, 1] }],
    ['a shape of 2^80 elements', { ...six, shape: [2 ** 40, 2 ** 40], strides: [0, 0] }],
    ['one element repeated 2^40 times', { ...six, shape: [2 ** 40], strides: [0] }],
  ] as const)('cannot state %s', async (_, tensor) => {
    expect((await refusal(torchFile({ tensor }))).code).toBe('models/bad-checkpoint');
  });

  test('cannot state numbers the file does not have', async () => {
    const claims = stateDictPickle({ big: { shape: [2 ** 30], data: { length: 2 ** 32 } as Uint8Array } });
    expect((await refusal(torchFile({ big: six }, { pickle: Buffer.concat([op.start, claims, op.stop]) }))).message).toMatch(/needs 4294967296 bytes/);
    const entries = [{ name: 'w/data.pkl', content: Buffer.concat([op.start, claims, op.stop]) }, { name: 'w/data/big', content: new Uint8Array(64), deflate: true, declaredSize: 4_294_967_294 }];
    expect((await refusal(zipFile(entries))).code).toBe('models/bad-checkpoint');
    expect((await refusal(zipFile([{ name: 'w/data.pkl', content: new Uint8Array(5 * 2 ** 20), deflate: true }]))).message).toMatch(/description takes/);
    expect((await refusal(zipFile([entries[0]!, entries[0]!]))).message).toMatch(/twice/);
  });
});

describe('a file that is no checkpoint', () => {
  test('is called what it is, with what to do', async () => {
    expect(await refusal(Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'))).toMatchObject({ code: 'models/legacy-checkpoint', about: { advice: expect.stringContaining('torch.save') as string } });
    expect((await refusal(zipFile([{ name: 'w/data.pkl', content: Buffer.from('x') }, { name: 'w/constants.pkl', content: Buffer.from('x') }]))).message).toContain('TorchScript');
    expect((await refusal(Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(600)]))).message).toContain('language model');
    expect((await refusal(Buffer.from('not a checkpoint at all, but words'))).code).toBe('models/bad-checkpoint');
    expect((await refusal(Buffer.alloc(0))).code).toBe('models/bad-checkpoint');
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'import/not-found' });
    await expect(openCheckpoint(join(folder, 'absent.bin'))).rejects.toMatchObject({ code: 'import/not-found' });
  });

  test('cut short is refused, wherever it was cut', async () => {
    const whole = torchFile({ six });
    for (let length = 0; length < whole.length; length += 37) expect((await refusal(whole.subarray(0, length))).code).toBe('models/bad-checkpoint');
  });
});

describe('a safetensors file', () => {
  const data = floatBytes([1, 2, 3, 4]);
  const a = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };

  test('gives its tensors and values', async () => {
    const state = await openBytes(safetensors({ __metadata__: { format: 'pt' }, a: { ...a, shape: [3], data_offsets: [4, 16] }, b: { dtype: 'U8', shape: [4], data_offsets: [0, 4] } }, data));
    expect(state.tensors.get('a')).toEqual({ name: 'a', shape: [3], type: 'float32' });
    expect([...(await state.float32('a'))]).toEqual([2, 3, 4]);
    expect([...(await state.float32('b'))]).toEqual([0, 0, 128, 63]);
  });

  test.each([
    ['lies beyond the file', { a: { ...a, shape: [5], data_offsets: [0, 20] } }],
    ['has another size than its shape', { a: { ...a, shape: [3] } }],
    ['overlaps another', { a, b: { ...a, shape: [2], data_offsets: [8, 16] } }],
    ['has a type that is not read', { a: { ...a, dtype: 'F64' } }],
    ['has a name of Object as its type', { a: { ...a, dtype: 'constructor' } }],
    ['begins before the file', { a: { ...a, data_offsets: [-16, 0] } }],
    ['is no tensor', { a: 5 }],
  ])('is refused where a tensor %s', async (_, header) => {
    expect((await refusal(safetensors(header, data))).code).toBe('models/bad-checkpoint');
  });

  test('with a header larger than the file is refused', async () => {
    const file = safetensors({ a }, data);
    file.writeBigUInt64LE(2n ** 40n, 0);
    expect((await refusal(file)).code).toBe('models/bad-checkpoint');
    expect((await refusal(safetensors('{"a": ', data))).code).toBe('models/bad-checkpoint');
  });
});

/** Repeatable whole numbers below a limit. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('a damaged file', () => {
  const whole = {
    pickle: torchFile({ a: six, b: { ...six, type: 'Half', shape: [12] }, c: { ...six, key: 'a' } }, { under: 'model' }),
    deflated: torchFile({ a: six, b: six }, { deflate: true }),
    safetensors: safetensors({ a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] }, b: { dtype: 'F16', shape: [2], data_offsets: [24, 28] } }, floatBytes([1, 2, 3, 4, 5, 6, 7])),
  };

  test.each(Object.keys(whole) as (keyof typeof whole)[])('of any kind is read or refused, and nothing else: %s', async (kind) => {
    const roll = dice(7);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(whole[kind]);
      for (let changes = 1 + roll(4); changes > 0; changes--) bytes[roll(bytes.length)] = roll(256);
      const end = roll(3) === 0 ? roll(bytes.length) : bytes.length;
      const path = await put(bytes.subarray(0, end));
      try {
        const state = await openCheckpoint(path);
        try {
          for (const name of state.tensors.keys()) await state.float32(name);
        } finally {
          await state.close();
        }
      } catch (error) {
        refused++;
        expect(error, `round ${round}`).toBeInstanceOf(EngineError);
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});
