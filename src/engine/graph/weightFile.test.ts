import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EngineError } from '../../shared/errors.ts';
import { storageError, WeightFile } from './weightFile.ts';

const scratch = mkdtempSync(join(tmpdir(), 'brat-weights-'));
afterAll(() => { rmSync(scratch, { recursive: true, force: true }); });

const ramp = (length: number, scale = 1): Float32Array => Float32Array.from({ length }, (_, at) => (at / length - 0.5) * scale);

describe('the file of weights', () => {
  test('a weight that two graphs use is loaded and stored once', async () => {
    const path = join(scratch, 'shared.bin');
    const file = await WeightFile.create(path, 'float32');
    let loads = 0;
    const load = () => { loads++; return Promise.resolve(ramp(2048)); };
    const [first, second] = [await file.store('query', [32, 64], load), await file.store('query', [32, 64], load)];
    await file.close();
    expect(second).toEqual(first);
    expect(loads).toBe(1);
    expect(readFileSync(path)).toHaveLength(2048 * 4);
  });

  test('values lie where the graph will look for them, large ones on a boundary every system can map', async () => {
    const path = join(scratch, 'places.bin');
    const file = await WeightFile.create(path, 'float32');
    const small = await file.store('small', [1111], () => Promise.resolve(ramp(1111)));
    const large = await file.store('large', [512, 600], () => Promise.resolve(ramp(512 * 600)));
    await file.close();
    expect(large.offset % 65_536).toBe(0);
    const bytes = readFileSync(path);
    for (const { offset, length, dims } of [small, large]) {
      const count = dims.reduce((product, size) => product * size, 1);
      expect(new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length))).toEqual(ramp(count));
    }
  });

  test.each([
    { what: 'ordinary weights', scale: 1, type: 'float16', length: 4000 },
    { what: 'weights beyond what float16 reaches', scale: 400_000, type: 'float32', length: 8000 },
    { what: 'weights so small that float16 would round them to nothing', scale: 1e-6, type: 'float32', length: 8000 },
  ])('in float16, $what are stored as $type', async ({ scale, type, length }) => {
    const file = await WeightFile.create(join(scratch, 'half.bin'), 'float16');
    const stored = await file.store('weight', [2000], () => Promise.resolve(ramp(2000, scale)));
    await file.close();
    expect(stored).toMatchObject({ type, length });
  });

  test('a full disk is told by its own name', () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const error = storageError(full, 'weights.bin');
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: 'models/no-space', about: { subject: 'weights.bin' } });
    expect(storageError(new TypeError('x'), 'weights.bin')).toBeInstanceOf(TypeError);
  });
});
