/** A folder is watched: what is put there becomes a study by itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { texts } from '../../src/renderer/texts.ts';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import { expect, test } from '../shells/app.ts';

test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

test('a folder is chosen in the settings, a wrong one refused, and its studies come', async ({ room, picture }) => {
  const { page } = room;
  const folder = mkdtempSync(join(tmpdir(), 'brat-watched-'));
  try {
    await writePhantomStudy(folder, { slices: 24, series: ['t1c'] });
    await room.ready();
    await page.keyboard.press('Control+,');
    const sheet = page.getByRole('dialog', { name: texts.settings.title });
    await sheet.getByRole('tab', { name: texts.settings.parts.policies }).click();
    const field = sheet.getByLabel(texts.settings.watched.title);
    await field.fill(join(folder, 'nowhere'));
    await field.press('Enter');
    await expect(sheet.getByRole('alert')).toContainText('import/unwatchable');
    await picture('watched-refused');
    await field.fill(folder);
    await sheet.getByRole('button', { name: texts.settings.watched.watch }).click();
    await expect(sheet.getByRole('alert')).toHaveCount(0);
    await expect(sheet.getByRole('status')).toContainText(texts.settings.watched.counts(24, 0), { timeout: 60_000 });
    await picture('watched');
    await page.keyboard.press('Escape');
    await expect(room.studies).toHaveCount(1);
    await page.keyboard.press('Control+,');
    await sheet.getByRole('tab', { name: texts.settings.parts.policies }).click();
    await expect(field).toHaveValue(folder);
    await sheet.getByRole('button', { name: texts.settings.watched.stop }).click();
    await expect(sheet.getByRole('status')).toContainText(texts.settings.watched.off);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
