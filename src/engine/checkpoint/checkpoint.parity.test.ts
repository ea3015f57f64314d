/** The checkpoint reader against PyTorch: real files of each way of saving, and the real names of the published layout. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareLayout } from './officialLayout.ts';
import { openCheckpoint } from './openCheckpoint.ts';

const training = resolve(import.meta.dirname, '../../../training');
const python = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');
const folder = mkdtempSync(join(tmpdir(), 'brat-torch-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe.runIf(existsSync(python))('files written by PyTorch', () => {
  beforeAll(() => {
    execFileSync(python, ['-W', 'ignore', join(training, 'parity/torch_checkpoints.py'), folder], { stdio: 'pipe', env: { ...process.env, PYTHONPATH: training, OMP_NUM_THREADS: '1' } });
  });

  test.each([
    ['plain', 'plain'], ['dict', 'dict'], ['under', 'under'], ['module', 'module'], ['protocol4', 'plain'], ['deflated', 'plain'], ['zip64', 'plain'],
  ])('%s: every tensor comes out with its values', async (file, values) => {
    const state = await openCheckpoint(join(folder, `${file}.bin`));
    const expected = readJson(`${values}.json`) as Record<string, number[]>;
    try {
      expect([...state.tensors.keys()]).toEqual(Object.keys(expected));
      for (const [name, numbers] of Object.entries(expected)) expect([...(await state.float32(name))], name).toEqual(numbers.map(Math.fround));
      if (values !== 'module') expect(state.tensors.get('turned')).toEqual({ name: 'turned', shape: [6, 4], type: 'float32' });
    } finally {
      await state.close();
    }
  });

  test('the format from before PyTorch 1.6, a program and a whole pickled model are refused', async () => {
    await expect(openCheckpoint(join(folder, 'legacy.bin'))).rejects.toMatchObject({ code: 'models/legacy-checkpoint' });
    await expect(openCheckpoint(join(folder, 'script.bin'))).rejects.toMatchObject({ code: 'models/legacy-checkpoint' });
    await expect(openCheckpoint(join(folder, 'whole-model.bin'))).rejects.toMatchObject({ code: 'models/refused-pickle', message: expect.stringContaining('torch.nn.modules.linear.Linear') as string });
  });

  test.each([['densenet121', 'densenet'], ['densenet169', 'densenet'], ['resnet50', 'resnet'], ['vit', 'vit']])('the published layout of %s is known name by name', (name, backbone) => {
    const shapes = Object.entries(readJson(`layout-${name}.json`) as Record<string, number[]>);
    const tensors = new Map(shapes.map(([key, shape]) => [key, { name: key, shape, type: 'float32' as const }]));
    expect(compareLayout(tensors)).toEqual({ backbone, difference: { missing: [], unexpected: [], wrongShape: [] } });
    // Each tensor the graphs need is missed when it is not there, and its shape is held to the others'.
    const counters = /num_batches_tracked|^temp|^itm_head|\.cls\.|position_ids|norm_cross_attn|cross_attn/;
    for (const [key, shape] of shapes.filter(([key]) => !counters.test(key) || key.includes('crossattention'))) {
      const without = new Map(tensors);
      without.delete(key);
      expect(compareLayout(without).difference.missing, key).toContain(key);
      if (shape.length !== 1) continue;
      const wider = new Map(tensors).set(key, { name: key, shape: [shape[0]! + 1], type: 'float32' });
      expect(compareLayout(wider).difference.wrongShape, key).not.toEqual([]);
    }
  });
});
