/** The browser shell as `npm start` would start it, with its page in the tests' own Chromium. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import type { OpenedApp } from './app.ts';
import { launchOptions, viewport } from './chromium.ts';

const startFile = join(import.meta.dirname, '..', '..', 'dist', 'browser', 'main.js');

/** Kills the host processes that `shell` started, found as its children. */
export function killChildren(shell: ChildProcess): void {
  const children = readFileSync(`/proc/${String(shell.pid)}/task/${String(shell.pid)}/children`, 'utf8').trim().split(' ').filter(Boolean);
  for (const pid of children) process.kill(Number(pid), 'SIGSEGV');
}

/** Asks a shell to stop and waits until it has, at most 20 s. */
export async function stopShell(shell: ChildProcess): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const ended = once(shell, 'exit');
  shell.kill('SIGINT');
  const timer = setTimeout(() => { shell.kill('SIGKILL'); }, 20_000);
  await ended;
  clearTimeout(timer);
}

/** Starts the shell without a window. @returns its process and the address that opens the page, once */
export async function startBrowserShell(dataDir: string): Promise<{ readonly shell: ChildProcess; readonly url: string }> {
  const shell = spawn(process.execPath, [startFile, '--no-open', '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(createInterface(shell.stdout), 'line'), once(shell, 'exit').then(() => { throw new Error('the browser shell ended before it named its address'); })])) as [string];
  const { url } = z.object({ url: z.url() }).parse(JSON.parse(line));
  return { shell, url };
}

/** @param watch called with the page before it loads anything */
export async function openBrowserShell(dataDir: string, watch: (page: Page) => void): Promise<OpenedApp> {
  const { shell, url } = await startBrowserShell(dataDir);
  const browser = await chromium.launch(launchOptions);
  const page = await browser.newPage({ viewport });
  watch(page);
  await page.goto(url);
  return {
    page,
    crashEngine: () => { killChildren(shell); },
    async close() {
      await browser.close();
      await stopShell(shell);
    },
  };
}
