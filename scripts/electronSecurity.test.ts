import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const lint = (source: string) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'brat-lint-')), 'main');
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.js'), source);
  return spawnSync(process.execPath, [join(import.meta.dirname, 'electronSecurity.ts'), folder], { encoding: 'utf8' });
};

test('a window without isolation, sandbox and web security is found and fails', () => {
  const { status, stdout } = lint("import { BrowserWindow } from 'electron';\nnew BrowserWindow({ webPreferences: { contextIsolation: false, sandbox: false, webSecurity: false } });\n");
  expect(status).toBe(1);
  for (const check of ['CONTEXT_ISOLATION_JS_CHECK', 'SANDBOX_JS_CHECK', 'WEB_SECURITY_JS_CHECK']) expect(stdout).toContain(check);
});

test('a file that the linter cannot read fails', () => {
  expect(lint('const = ;').status).not.toBe(0);
});
