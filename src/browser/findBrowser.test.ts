import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBrowser } from './findBrowser.ts';

const folder = mkdtempSync(join(tmpdir(), 'brat-path-'));
for (const [name, mode] of [['chromium', 0o644], ['google-chrome', 0o755]] as const) {
  writeFileSync(join(folder, name), '');
  chmodSync(join(folder, name), mode);
}

test('the first browser of the family that can be started is taken', () => {
  expect(findBrowser({ PATH: `/nowhere:${folder}` }, 'linux')).toBe(join(folder, 'google-chrome'));
});

test('a browser that is named is taken, and nothing in its place', () => {
  expect(findBrowser({ PATH: '', BRAT_BROWSER: join(folder, 'google-chrome') }, 'linux')).toBe(join(folder, 'google-chrome'));
  expect(() => findBrowser({ PATH: folder, BRAT_BROWSER: '/no/such/browser' }, 'linux')).toThrow('BRAT_BROWSER');
});

test('a machine without one is told what to install', () => {
  expect(() => findBrowser({ PATH: '/nowhere' }, 'linux')).toThrow(expect.objectContaining({ code: 'browser/not-found', about: { subject: 'browser', advice: expect.stringContaining('apt-get install chromium') as string } }));
});
