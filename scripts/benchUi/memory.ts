/** Memory of the page over many opened studies: resident size of Chromium's page process after a tenth of them and at the end. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { importPhantoms } from './bench.ts';
import type { UiBench } from './bench.ts';

/** Each study is 32 MB of voxels: fifty of them fill the budget of volumeMemory.ts. */
const study = { series: ['t1c'], size: 512, slices: 64 } as const;

/** What the page may hold however many studies were opened, MB: 1.5 GB of voxels, textures of what is shown, and the window. */
const boundMb = 3000;

const accession = (at: number): string => `BENCH${String(at).padStart(4, '0')}`;

async function pageMegabytes(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('the page has no browser of its own');
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) / 1024);
  return Math.round(Math.max(...sizes));
}

export const memory: UiBench = {
  prepare: (dataDir, { studies }) => importPhantoms(dataDir, Array.from({ length: studies }, (_, at) => ({ ...study, uid: `2.25.9${at}`, accession: accession(at), seed: at }))),
  async run(page, { studies }) {
    const rows = page.locator('button[aria-label^="Open study"]');
    await rows.first().waitFor({ timeout: 120_000 });
    let early = 0;
    for (let at = 0; at < studies; at++) {
      await page.locator('#study-search').fill(accession(at)); // the list shows only what is in sight
      await rows.first().click();
      await page.waitForFunction(() => document.querySelector('[data-testid="viewport-axial"]')?.getAttribute('data-ready') === 'true', undefined, { timeout: 120_000 });
      if (at === Math.floor(studies / 10)) early = await pageMegabytes(page);
    }
    const late = await pageMegabytes(page);
    return { memoryStudies: studies, memoryEarlyMb: early, memoryMb: late, memoryRatio: late / boundMb };
  },
};
