/** A report from the first look to decided sentences: read first, take the draft, decide and write by keyboard alone, lose nothing. */
import AxeBuilder from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { texts } from '../../src/renderer/texts.ts';
import { ReportPage } from '../pages/report.ts';
import type { ReadingRoom } from '../pages/readingRoom.ts';
import { expect, test } from '../shells/app.ts';

test.skip(!existsSync(join(import.meta.dirname, '..', '..', 'resources', 'demo')), 'no demonstration archive in resources/demo');
test.use({ demo: true });

/** Those that come with the app, and the one that is read here. */
const demoStudies = 6;
const name = 'Phantom, 3001202';
const passphrase = 'correct horse battery';

/** The page's own bridge; the sheet that makes readers has a spec of its own. */
const makeReader = (page: Page): Promise<unknown> => page.evaluate((secret) => window.brat!.call('readers.add', { name: 'Dr Ada', role: 'radiologist', passphrase: secret }), passphrase);

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).disableRules(['label-content-name-mismatch']).analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`))).toEqual([]);
}

async function openDrafted(room: ReadingRoom): Promise<ReportPage> {
  await room.ready();
  await expect(room.studies).toHaveCount(demoStudies, { timeout: 150_000 });
  await room.openStudy(name);
  await expect(room.picture(1)).toHaveAttribute('data-ready', 'true', { timeout: 120_000 });
  await room.analyse();
  return new ReportPage(room);
}

/** Scrolls the read series from end to end. */
async function lookAtAll(room: ReadingRoom): Promise<void> {
  const picture = room.picture(1);
  await picture.focus();
  await room.page.keyboard.press('Home');
  const count = Number(await picture.getAttribute('data-slice-count'));
  for (let slice = 1; slice < count; slice++) {
    await room.page.keyboard.press('ArrowDown');
    await expect(picture).not.toHaveAttribute('data-slice', '-1');
    await room.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
  }
}

test('a draft is looked at first, then decided on, written in and kept, by keyboard alone', async ({ room, picture }) => {
  test.slow(); // a whole reading from the first look to the last key
  const { page } = room;
  const report = await openDrafted(room);
  const drafted = await room.sentences.locator('.sentence-text').allTextContents();
  expect(drafted.length).toBeGreaterThan(2);

  await makeReader(page);
  await expect(report.readFirst).toBeVisible();
  // Nothing of the draft is anywhere in the page while it is closed.
  for (const sentence of drafted) await expect(page.locator('body')).not.toContainText(sentence);
  await picture('report-read-first');
  await lookAtAll(room);
  await expect(report.readFirst).toHaveCount(0);
  await expect(report.inState('proposed')).toHaveCount(drafted.length);
  expect(await report.told()).toEqual(drafted.map((sentence) => `proposed: ${sentence}`));
  await report.saved();
  await picture('report-draft');
  await expectAccessible(page);

  // Accept the first, reject the second, edit the third.
  await page.keyboard.press('ArrowRight');
  await expect(report.focused).toContainText(drafted[0]!);
  await page.keyboard.press('j');
  await expect(report.inState('accepted')).toHaveCount(1);
  await expect(report.focused).toContainText(drafted[1]!);
  await page.keyboard.press('n');
  await expect(report.inState('rejected')).toContainText(drafted[1]!);
  await expect(report.focused).toContainText(drafted[2]!);
  await page.keyboard.press('Enter');
  await page.keyboard.type(' As compared to before.');
  await expect(report.inState('edited')).toContainText(`${drafted[2]!} As compared to before.`);
  // Undo takes typing and decisions back, redo does them again.
  for (let steps = 0; steps < 8 && (await report.inState('edited').count()) > 0; steps++) await page.keyboard.press('Control+z');
  expect(await report.told()).toContain(`proposed: ${drafted[2]!}`);
  for (let steps = 0; steps < 8 && !(await report.told()).includes(`edited: ${drafted[2]!} As compared to before.`); steps++) await page.keyboard.press('Control+Shift+z');
  await expect(report.inState('edited')).toContainText(`${drafted[2]!} As compared to before.`);
  await page.keyboard.press('Control+o');
  await expect(report.bar).toContainText(texts.report.originalOf);

  // Words of another time are flagged, and the flag is set aside with a reason.
  const flag = report.flags(report.inState('edited')).filter({ hasText: texts.report.flags.kinds['prior-wording'] });
  await expect(flag).toHaveCount(1);
  while ((await page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-flag]')?.dataset['kind'])) !== 'prior-wording') await page.keyboard.press('F8');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Compared with films of another hospital');
  await page.keyboard.press('Enter');
  await expect(flag).toHaveCount(0);
  await expect(report.inState('edited')).toContainText(texts.report.flags.dismissedBy('Dr Ada', 'Compared with films of another hospital'));

  // A rejected sentence can be taken back.
  await page.locator('body').click({ position: { x: 5, y: 500 } });
  await page.keyboard.press('ArrowLeft');
  await expect(report.focused).toContainText(drafted[1]!);
  await page.keyboard.press('n');
  await expect(report.inState('rejected')).toHaveCount(0);
  await page.keyboard.press('n');
  await expect(report.inState('rejected')).toHaveCount(1);

  // The impression is written by hand: Enter makes sentences, a macro is expanded, Backspace joins.
  await report.section('impression').locator('.sentence-words').click();
  await page.keyboard.type('Solitary lesion.');
  await page.keyboard.press('Enter');
  await page.keyboard.type('.shift');
  await page.keyboard.press('Tab');
  await expect(report.section('impression').locator('[data-id]')).toHaveText([/Solitary lesion\./, /There is no midline shift\./]);
  await page.keyboard.press('Home');
  await page.keyboard.press('Backspace');
  await expect(report.section('impression').locator('.sentence-words')).toHaveText('Solitary lesion. There is no midline shift.');
  await picture('report-writing');
  await expectAccessible(page);

  // A measurement of the viewer and a sentence of a similar case go in with a key each; a click in the picture is answered.
  const box = (await room.picture(1).boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await expect(room.reading.locator('.lit-count')).toBeVisible();
  await page.keyboard.press('u');
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.55, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.press('Control+m');
  await expect(report.words.locator('[data-origin="measurement"] .sentence-words')).toHaveText(/^Length: \d+\.\d mm\.$/);
  await room.showTab('similar');
  await room.cases().first().locator('.report-sentence').first().hover();
  await page.keyboard.press('Control+j');
  await room.showTab('report');
  await expect(report.words.locator('[data-origin="case"]')).toHaveCount(1);
  await report.saved();
  const before = await report.told();
  await page.reload();
  await room.ready();
  await room.openStudy(name);
  await expect(report.words).toBeVisible();
  await expect.poll(() => report.told()).toEqual(before);
  await expect(report.readFirst).toHaveCount(0);
  await expect(report.words).toContainText(texts.report.flags.dismissedBy('Dr Ada', 'Compared with films of another hospital'));
});
