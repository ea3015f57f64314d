/** The right column's tabs: by mouse, by their keys from anywhere, and kept over a reload. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';

test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

test('a tab is chosen by arrow, by key even while typing, and is there again after a reload', async ({ room }) => {
  await room.ready();
  const { page, reading } = room;
  const tab = (name: keyof typeof texts.reading.tabs) => reading.getByRole('tab', { name: texts.reading.tabs[name] });
  await expect(tab('report')).toHaveAttribute('aria-selected', 'true');
  await tab('report').press('ArrowRight');
  await expect(tab('findings')).toBeFocused();
  await expect(reading.getByText(texts.findings.notRead)).toBeVisible();
  await page.keyboard.press('/');
  const search = reading.getByRole('searchbox', { name: texts.reading.search });
  await expect(search).toBeFocused();
  await page.keyboard.press('F3');
  await expect(tab('findings')).toHaveAttribute('aria-selected', 'true');
  await expect(search).toBeHidden();
  await page.reload();
  await room.ready();
  await expect(tab('findings')).toHaveAttribute('aria-selected', 'true');
});
