/** The built Electron shell under Node, with only the `electron` module replaced. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import type { OpenedApp } from './app.ts';
import { stopShell } from './browser.ts';

const root = join(import.meta.dirname, '..', '..');

/** @param watch called with the page before it loads anything */
export async function openReplacedShell(dataDir: string, watch: (page: Page) => void): Promise<OpenedApp> {
  const hook = new URL('./replaceElectron.ts', import.meta.url).href;
  const shell = spawn(process.execPath, ['--import', hook, join(root, 'dist', 'main', 'main.js'), `--data-dir=${dataDir}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(createInterface(shell.stdout), 'line'), once(shell, 'exit').then(() => { throw new Error('the main process ended before its window opened'); })])) as [string];
  const { endpoint } = z.object({ endpoint: z.url() }).parse(JSON.parse(line));
  const browser = await chromium.connectOverCDP(endpoint);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined) throw new Error('the stand-in opened no page');
  watch(page);
  shell.stdin.write('go\n');
  await page.waitForURL('https://brat.app/**');
  return {
    page,
    crashEngine: () => { shell.stdin.write('crash\n'); },
    async close() {
      await browser.close();
      await stopShell(shell);
    },
  };
}
