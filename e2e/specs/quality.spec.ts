/** The quality board in the real window: on a folder of signed reports, and on one without any. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import Papa from 'papaparse';
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';

const t = texts.quality;

const board = async (page: Page): Promise<Locator> => {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: texts.palette.title }).getByRole('combobox').fill('quality');
  await page.keyboard.press('Enter');
  return page.getByRole('dialog', { name: t.title });
};

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).include('dialog[open]').analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`))).toEqual([]);
}

test.describe('with signed reports', () => {
  test.use({ signedReports: true });

  test('the figures of months and packs are read, narrowed and saved', async ({ room, picture }) => {
    const { page } = room;
    await room.ready();
    const sheet = await board(page);
    await expect(sheet.getByRole('status').filter({ hasText: t.counted(105, 75) })).toBeVisible();
    const january = sheet.locator('tr[data-pack="tiny@1.0.0"][data-month="2026-01"]');
    // 12 reports of three sentences: a third of them kept whole, a third without the third sentence, a third with the second one edited as well.
    await expect(january.locator('th, td')).toHaveText(['Jan 2026', '12', /^0 %|^\d+ %/, '24 67 %', '4 11 %', '8 22 %', '0', '4 33 %', '8 67 %', '8', '0', '4', '4.8 min 3.4 min to 6.1 min']);
    await expect(sheet.locator('tr[data-pack="tiny@1.0.0"][data-month="2026-02"] td').first()).toHaveText(`6 ${t.few}`);
    const charts = sheet.getByRole('img');
    await expect(charts).toHaveCount(4);
    for (let at = 0; at < 4; at++) await expect(charts.nth(at)).toHaveAttribute('aria-busy', 'false');
    await expect(charts.first().locator('canvas')).toBeVisible();
    await picture('quality');
    await expectAccessible(page);
    await sheet.getByText(t.details).click();
    await expect(sheet.getByRole('row', { name: t.questions['hydrocephalus']! }).getByRole('cell').first()).toHaveText(t.pair(0, 28));
    await sheet.locator('details').evaluate((details) => { details.scrollIntoView({ block: 'end' }); });
    await picture('quality-details');

    await sheet.getByRole('combobox', { name: t.from }).selectOption('2026-05');
    await expect(sheet.locator('tr[data-month="2026-01"]')).toHaveCount(0);
    await expect(sheet.locator('tr[data-month="2026-05"]')).toHaveCount(2);
    await sheet.getByRole('combobox', { name: t.pack }).selectOption('tiny@2.0.0');
    const download = page.waitForEvent('download');
    await sheet.getByRole('button', { name: t.download }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^brat-quality-.*\.csv$/);
    const { data } = Papa.parse<Record<string, string>>(readFileSync(await file.path(), 'utf8'), { header: true, skipEmptyLines: true });
    expect(data.map(({ pack, month, reports, sentences_kept: kept }) => [pack, month, reports, kept])).toEqual([['tiny@2.0.0', '2026-05', '11', '30'], ['tiny@2.0.0', '2026-06', '11', '30']]);

    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+,');
    await page.getByRole('dialog', { name: texts.settings.title }).getByLabel(texts.settings.themes.light).check();
    await page.keyboard.press('Escape');
    await expect((await board(page)).getByRole('img').nth(3)).toHaveAttribute('aria-busy', 'false');
    await picture('quality-light');
    await expectAccessible(page);
  });
});

test('without a signed report the board says what it will show, and how to get there', async ({ room, picture }) => {
  await room.ready();
  const sheet = await board(room.page);
  await expect(sheet.getByRole('heading', { name: t.empty })).toBeVisible();
  await picture('quality-empty');
  await expectAccessible(room.page);
});
