/**
 * `test` for the specs: opens the built app through the project's shell, on an empty data folder of its own, and
 * fails on anything the page complains about. Which shell it is makes no difference to a spec.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import type { Page } from '@playwright/test';
import { ReadingRoom } from '../pages/readingRoom.ts';
import { openBrowserShell } from './browser.ts';
import { fillArchive, fillHeads, fillSigned } from '../studies/studies.ts';
import { openReplacedShell } from './replaced.ts';

export { expect };

export interface ShellOptions {
  readonly shell: 'browser' | 'replaced';
  /** Starts on a data folder with three indexed cases instead of an empty one. */
  readonly priorCases: boolean;
  /** Starts with a study, an earlier one of the same patient in another pose, a doubtful one, and another patient's; those have reports. */
  readonly heads: boolean;
  /** Starts with half a year of signed reports, drafted by two versions of a pack or by none. */
  readonly signedReports: boolean;
  /** Starts with the demonstration archive and studies, as a new user does. */
  readonly demo: boolean;
  /** Whether new studies are processed in the background, as they are for a user. */
  readonly background: boolean;
}

/** Told on purpose by a library when a spec takes the graphics context away. */
const expectedWarning = /WebGL context lost/;

/** An opened app: its page, and the way to end all of it. */
export interface OpenedApp {
  readonly page: Page;
  /** Kills the engine's process with a signal, as a driver crash would. */
  crashEngine(): void;
  close(): Promise<void>;
}

export const artifacts = join(import.meta.dirname, '..', '..', 'artifacts');

/** Sizes every screen is looked at: a workstation's, and the smallest laptop's. */
const sizes = [
  { width: 1920, height: 1080 },
  { width: 1366, height: 768 },
] as const;

interface Fixtures {
  readonly app: OpenedApp;
  readonly room: ReadingRoom;
  /** Takes a picture in each size, as `<shell>-<name>-<width>.png`. */
  readonly picture: (name: string) => Promise<void>;
}

const shells = { browser: openBrowserShell, replaced: openReplacedShell };

export const test = base.extend<Fixtures & ShellOptions>({
  shell: ['browser', { option: true }],
  priorCases: [false, { option: true }],
  heads: [false, { option: true }],
  signedReports: [false, { option: true }],
  demo: [false, { option: true }],
  background: [false, { option: true }],
  app: async ({ shell, priorCases, heads, signedReports, demo, background }, use) => {
    process.env['BRAT_DEMO'] = demo ? '' : 'none'; // passed on to the shell and the command line
    process.env['BRAT_BACKGROUND'] = background ? '' : 'none';
    const dataDir = mkdtempSync(join(tmpdir(), 'brat-e2e-'));
    if (priorCases) await fillArchive(dataDir);
    if (heads) await fillHeads(dataDir);
    if (signedReports) await fillSigned(dataDir);
    const complaints: string[] = [];
    const app = await shells[shell](dataDir, (page) => {
      page.on('console', (message) => { if (message.type() === 'error' || (message.type() === 'warning' && !expectedWarning.test(message.text()))) complaints.push(`console: ${message.text()}`); });
      page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
    });
    try {
      await use(app);
    } finally {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
    expect(complaints, 'the page complained').toEqual([]);
  },
  room: async ({ app }, use) => {
    await use(new ReadingRoom(app.page));
  },
  picture: async ({ app, shell }, use) => {
    mkdirSync(artifacts, { recursive: true });
    await use(async (name) => {
      for (const size of sizes) {
        await app.page.setViewportSize(size);
        await app.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
        await app.page.screenshot({ path: join(artifacts, `${shell}-${name}-${size.width}.png`) });
      }
      await app.page.setViewportSize(sizes[0]);
    });
  },
});
