/**
 * From starting the app to a usable window with 10,000 studies stored: the shell and its engine as a process of their own,
 * then the page in a browser that is open already, until the studies are listed, the engine answers and the viewer's code is
 * there. The first start after the import is left out: it is not what a reader meets in the morning.
 */
import { performance } from 'node:perf_hooks';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { launchOptions, viewport } from '../../e2e/shells/chromium.ts';
import { startBrowserShell, stopShell } from '../../e2e/shells/browser.ts';
import type { StudyAttributes } from '../../src/engine/dicom/types.ts';
import { openStore } from '../../src/engine/store/openStore.ts';
import { addEntry } from '../../src/engine/store/worklist.ts';
import { sqlite } from '../../src/native/sqlite.ts';
import { median } from './bench.ts';
import type { StartBench } from './bench.ts';

const stored = 10_000;
const starts = 5;
/** What a start may take on two cores, ms. */
const barMs = 1500;

async function fillStudies(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, database: sqlite, clock: { now: () => new Date() }, log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
  const { db } = store;
  db.transaction(() => {
    for (let at = 0; at < stored; at++) {
      const day = new Date(Date.UTC(2015, 0, 1) + (at % 4000) * 86_400_000).toISOString().slice(0, 10);
      const attributes: StudyAttributes = {
        patientName: `Bench^Patient${at % 6000}`, patientId: `B${String(at % 6000).padStart(6, '0')}`, birthDate: '1960-01-01', sex: at % 2 === 0 ? 'F' : 'M', ageYears: 20 + (at % 70),
        studyDate: day, studyTime: '', studyDescription: 'MR brain with contrast', accession: `A${String(at).padStart(7, '0')}`,
      };
      db.run('INSERT INTO study (uid, attributes, study_date, accession, demo, added_at) VALUES (?, ?, ?, ?, 0, ?)', `2.25.77${at}`, JSON.stringify(attributes), day, attributes.accession, day);
      addEntry(db, `2.25.77${at}`, attributes, false, day);
    }
  });
  await store.close();
}

interface Start {
  readonly shell: number;
  readonly paint: number;
  readonly page: number;
  /** Processor time of the page's process until then, ms: a busy machine changes it little. */
  readonly cpu: number;
}

async function startOnce(page: Page, dataDir: string): Promise<Start> {
  const from = performance.now();
  const { shell, url } = await startBrowserShell(dataDir);
  try {
    const served = performance.now();
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelector('button[aria-label^="Open study"]') !== null && document.querySelector('[data-testid^="viewport-"]') !== null, undefined, { polling: 'raf', timeout: 120_000 });
    const usable = performance.now();
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);
    const browser = page.context().browser();
    if (browser === null) throw new Error('the page has no browser of its own');
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const cpu = 1000 * Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ cpuTime }) => cpuTime));
    return { shell: served - from, paint, page: usable - served, cpu };
  } finally {
    await page.goto('about:blank');
    await stopShell(shell);
  }
}

export const start: StartBench = {
  prepare: fillStudies,
  async runAlone(dataDir) {
    const browser = await chromium.launch(launchOptions);
    try {
      const page = await browser.newPage({ viewport });
      await startOnce(page, dataDir);
      const all: Start[] = [];
      for (let at = 0; at < starts; at++) all.push(await startOnce(page, dataDir));
      const total = median(all.map(({ shell, page: ofPage }) => shell + ofPage));
      return {
        startStudies: stored, startShellMs: median(all.map(({ shell }) => shell)), startFirstPaintMs: median(all.map(({ paint }) => paint)),
        startPageMs: median(all.map(({ page: ofPage }) => ofPage)), startPageCpuMs: median(all.map(({ cpu }) => cpu)), startMs: total, startRatio: total / barMs,
      };
    } finally {
      await browser.close();
    }
  },
};
