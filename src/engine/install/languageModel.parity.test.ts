/** Copies of tied language models in several quantisations, written and read by the gguf package of llama.cpp. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyLanguageModel } from './languageModel.ts';

const training = resolve(import.meta.dirname, '../../../training');
const python = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');
const folder = mkdtempSync(join(tmpdir(), 'brat-quantised-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const run = (what: 'write' | 'check') => execFileSync(python, ['-W', 'ignore', join(training, 'parity/language_models.py'), what, folder], { stdio: 'pipe', env: { ...process.env, OMP_NUM_THREADS: '1' } });

test.runIf(existsSync(python))('each quantisation keeps its numbers, gains an output matrix, and loses the rows of its reserved tokens alone', async () => {
  run('write');
  const files = readdirSync(folder);
  expect(files).toHaveLength(5);
  for (const file of files) {
    const facts = await copyLanguageModel(join(folder, file), join(folder, file.replace('.gguf', '-copy.gguf')), 8, { signal: new AbortController().signal, onProgress: () => undefined });
    expect(facts).toMatchObject({ wasTied: true, beginToken: '<|begin_of_text|>', reservedTokenIds: [51, 50, 49, 48, 47, 46, 45, 44] });
  }
  expect(() => run('check')).not.toThrow();
});
