/** The reader's own hanging rule: set in Settings, kept, followed by the next study that is opened, given back. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';
import { phantom } from '../studies/studies.ts';

test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

const words = texts.settings.hanging;

test('FLAIR large and two pictures, kept over a reload; a saved layout is renamed and removed; the rule is given back', async ({ room, picture }) => {
  const { page } = room;
  await room.ready();
  await room.importFolder((await phantom(['t1c', 't1', 'flair'])).path);
  await room.openRealStudy();
  await expect(room.viewer.locator('[data-testid^="viewport-pane"]')).toHaveCount(3);

  await page.evaluate(() => window.brat!.call('layouts.put', { layout: { name: 'Tumour', layout: 'two', panes: [] } }));
  const settings = async (): Promise<void> => {
    await page.keyboard.press('Control+,');
    await page.getByRole('tab', { name: texts.settings.parts.hanging }).click();
  };
  await settings();
  for (let place = 4; place > 1; place--) await page.getByRole('button', { name: words.earlier(texts.series.roles.flair) }).click();
  await page.getByRole('combobox', { name: words.panes }).selectOption('2');
  await page.getByRole('textbox', { name: words.nameOf('Tumour') }).fill('Follow-up');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: words.nameOf('Follow-up') })).toBeVisible();
  await picture('hanging-settings');
  await page.getByRole('button', { name: texts.viewer.removeLayout('Follow-up') }).click();
  await expect(page.getByText(words.noLayouts)).toBeVisible();

  await page.reload();
  await room.ready();
  await room.openRealStudy();
  await expect(room.viewer.locator('[data-testid^="viewport-pane"]')).toHaveCount(2);
  await expect(room.picture(1)).toContainText(/flair/i);
  await expect(room.picture(2)).toContainText(/post gad/i);

  await settings();
  await page.getByRole('button', { name: words.reset }).click();
  await expect(page.getByRole('combobox', { name: words.panes })).toHaveValue('4');
});
