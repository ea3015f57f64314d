import { existsSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileLog } from './log.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'brat-log-'));

test('each event is one line of JSON, in the file and in the echo', () => {
  const dataDir = folder();
  const echoed: string[] = [];
  const log = createFileLog(dataDir, (line) => echoed.push(line));
  log.info('encode.done', { ms: 812 });
  log.error('encode.failed', { code: 'onnx/run-failed' });
  const text = readFileSync(join(dataDir, 'logs/engine.log'), 'utf8');
  expect(text).toBe(echoed.join(''));
  expect(text.trim().split('\n').map((line) => JSON.parse(line) as object)).toMatchObject([{ level: 'info', event: 'encode.done', ms: 812 }, { level: 'error', code: 'onnx/run-failed' }]);
  expect(statSync(join(dataDir, 'logs/engine.log')).mode & 0o077).toBe(0);
});

test('a log that has grown large is put aside and begun anew', () => {
  const dataDir = folder();
  const log = createFileLog(dataDir, () => undefined);
  log.info('first');
  truncateSync(join(dataDir, 'logs/engine.log'), 5_000_001);
  log.info('second');
  expect(existsSync(join(dataDir, 'logs/engine.log.1'))).toBe(true);
  expect(readFileSync(join(dataDir, 'logs/engine.log'), 'utf8')).toContain('second');
});

test('a folder that cannot be written stops nothing', () => {
  const dataDir = join(folder(), 'file');
  writeFileSync(dataDir, '');
  const echoed: string[] = [];
  createFileLog(dataDir, (line) => echoed.push(line)).warn('still.here');
  expect(echoed).toHaveLength(1);
});
