/** Similar cases and earlier studies in the real window: every way to search, why, pins, and two studies beside each other. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';

test.use({ heads: true });

const words = texts.similar;

test('cases are found by image, report, sentence, text and region, explained, narrowed and pinned', async ({ room, picture }) => {
  const { page } = room;
  await room.ready();
  await page.getByRole('button', { name: texts.studies.open('Doe, Jane') }).filter({ hasText: '01 Jun 2024' }).click();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await room.analyse();
  await room.showTab('similar');
  await expect(room.cases(words.results.image)).toHaveCount(3);
  await expect(room.reading.getByText(words.meaning)).toBeVisible();
  await picture('similar');

  await room.reading.getByRole('radio', { name: words.modes.report }).click();
  await expect(room.cases(words.results.report)).toHaveCount(3);
  await room.reading.getByRole('combobox', { name: words.sentence }).selectOption({ index: 1 });
  await expect(room.reading.locator('[data-case]').first()).toBeVisible();
  await room.searchCases('enhancing mass in the left frontal lobe');
  await expect(room.cases(texts.reading.searchResults('enhancing mass in the left frontal lobe'))).toHaveCount(3);
  await page.getByRole('button', { name: texts.reading.clearSearch }).click();

  // Where no view looks, nothing is searched until the reader insists.
  await room.reading.getByRole('radio', { name: words.modes.region }).click();
  await room.reading.getByRole('button', { name: words.region.find }).click();
  const anyway = room.reading.getByRole('button', { name: words.region.anyway });
  const regional = room.cases(words.results.region);
  await expect(anyway.or(regional.first())).toBeVisible();
  if (await anyway.isVisible()) await anyway.click();
  await expect(regional).toHaveCount(3);
  await expect(room.reading.getByText(/Searched with/).first()).toBeVisible();
  await picture('similar-region');

  await room.reading.getByRole('radio', { name: words.modes.image }).click();
  await expect(room.cases(words.results.image)).toHaveCount(3);
  await room.reading.getByRole('button', { name: words.filters.show, exact: true }).click();
  await room.reading.getByRole('combobox', { name: words.filters.finding }).selectOption({ label: 'hydrocephalus (1)' });
  await expect(room.cases(words.results.image)).toHaveCount(1);
  await room.reading.getByRole('combobox', { name: words.filters.patient }).selectOption({ label: words.filters.patients.same });
  await expect(room.reading.getByText(words.noneWithFilter)).toBeVisible();
  await picture('similar-filtered');
  await room.reading.getByRole('button', { name: words.filters.clear }).click();
  await expect(room.cases(words.results.image)).toHaveCount(3);

  const first = room.cases(words.results.image).first();
  await first.getByRole('button', { name: words.pin }).click();
  await expect(room.cases(words.pinned)).toHaveCount(1);
  await first.getByRole('button', { name: words.why }).click();
  const why = page.getByRole('dialog');
  await expect(why.locator('[data-pair]')).toHaveCount(4);
  await expect(why.locator('.view-frame img').nth(7)).toBeVisible();
  await picture('similar-why');
  await page.keyboard.press('Escape');
  await first.getByRole('button', { name: words.openBeside }).click();
  const strip = room.reading.getByRole('region', { name: words.match.title });
  await expect(strip.locator('[data-match="views"], [data-match="extent"]')).toBeVisible({ timeout: 60_000 });
  await expect(strip).toContainText('Two patients');
  await picture('similar-beside');
});

test('an earlier study is listed first, registered, and scrolls with this one; a doubtful one asks', async ({ room, picture }) => {
  const { page } = room;
  await room.ready();
  await page.getByRole('button', { name: texts.studies.open('Doe, Jane') }).filter({ hasText: '01 Jun 2024' }).click();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await room.showTab('similar');
  const priors = room.reading.getByRole('region', { name: words.priors.title });
  await expect(priors.locator('[data-prior]')).toHaveCount(2);
  await expect(priors.locator('[data-prior]').nth(1)).toContainText(words.priors.mismatch);
  await priors.locator('[data-prior]').first().getByRole('button', { expanded: false }).click();
  await expect(priors).toContainText('There is an enhancing mass in the left frontal lobe.');

  await priors.getByRole('button', { name: words.priors.open('01 Mar 2022') }).click();
  const strip = room.reading.getByRole('region', { name: words.match.title });
  await expect(strip.locator('[data-match="registration"]')).toBeVisible({ timeout: 90_000 });
  await expect(strip).toContainText(/fit 0\.\d\d/);
  await expect(page.getByRole('status', { name: texts.viewer.companion })).toContainText(words.match.by.registration);
  await picture('prior-beside');
  await strip.getByRole('button', { name: words.match.show }).click();
  await expect(page.getByAltText(words.match.picture)).toBeVisible({ timeout: 30_000 });
  await picture('prior-fit');
  await page.keyboard.press('Escape');
  await strip.getByRole('checkbox', { name: words.match.register }).uncheck();
  await expect(strip.locator('[data-match="none"]')).toBeVisible();
  await strip.getByRole('button', { name: words.match.close }).click();
  await expect(strip).toHaveCount(0);

  await priors.getByRole('button', { name: words.priors.open('01 Jan 2021') }).click();
  await expect(page.getByRole('dialog')).toContainText(words.priors.sheetText);
  await expect(page.getByRole('dialog')).toContainText('Smith, Joan');
});
