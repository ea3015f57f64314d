/** Prior cases in the real window: by words, and by the images of the open study. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';

test.use({ priorCases: true });

test('a search by words and an analysis both list prior cases with their reports', async ({ room, picture }) => {
  await room.ready();
  await expect(room.statusBar).toContainText(texts.status.cases(3));
  await room.searchCases('ring-enhancing mass');
  const found = room.cases(texts.reading.searchResults('ring-enhancing mass'));
  await expect(found).toHaveCount(3);
  await expect(found.first().locator('.report')).toContainText(/\w+\./);
  await picture('search');

  await room.page.getByRole('button', { name: texts.reading.clearSearch }).click();
  await room.openRealStudy();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await room.analyse();
  await room.showTab('similar');
  await expect(room.cases()).toHaveCount(2); // a study is not its own prior case
  const second = room.cases().nth(1);
  await second.getByRole('button').click();
  await expect(second.locator('.report')).toContainText(/\w+\./);
});
