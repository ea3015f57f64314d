/** A post-contrast study with decoys, from the zip to its removal: which series is used, whose picture it is, and where sentences lead. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';
import { realStudy, tumourZip } from '../studies/studies.ts';

const t1c = 'MRHR T1 AX POST GAD';
const decoys = ['LOCALIZER', 'T1 AX POST GAD_SUB', 'T1 POST GAD MIP'];

test.skip(realStudy('tumour-tcga-fg-6692-native') === null, 'no real data: set BRAT_TEST_DATA');
test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

test('imported as a zip it opens on its T1c; the picture follows a reader who decides otherwise', async ({ room, picture }) => {
  await room.ready();
  expect(await room.importFiles([await tumourZip()])).toBe(texts.import.done(1, 146));
  await room.openStudy('Doe, Janka');
  await room.shows(t1c);
  await expect(room.chosenMark(t1c)).toBeVisible();
  await expect(room.roleMenu(t1c)).toHaveValue('t1c');
  for (const decoy of decoys) await expect(room.roleMenu(decoy)).toHaveValue('other');
  await picture('tumour');

  await room.roleMenu(t1c).selectOption(texts.series.roles.other);
  await room.shows('T1 AX');
  await expect(room.chosenMark('T1 AX')).toBeVisible();
  await expect(room.viewer.getByRole('alert')).toContainText('select/t1-instead');
  await expect(room.seriesCard(t1c).getByLabel(texts.series.overridden)).toBeVisible();
  await room.roleMenu(t1c).selectOption(texts.series.automatic);
  await room.shows(t1c);
  await expect(room.viewer.getByRole('alert')).toHaveCount(0);
});

test('a stopped analysis says so; the next one leads from a sentence to its slice, and an outdated draft is told', async ({ room, picture }) => {
  await room.ready();
  await room.importFiles([await tumourZip()]);
  await room.openStudy('Doe, Janka');
  await room.shows(t1c);
  await room.layout('mpr');
  await room.reading.getByRole('button', { name: new RegExp(texts.reading.analyse) }).click();
  await room.reading.getByRole('button', { name: new RegExp(texts.reading.cancel) }).click();
  await expect(room.reading.getByText(texts.reading.cancelled)).toBeVisible();
  await expect(room.draft).toHaveCount(0);

  await room.analyse();
  const sentence = room.sentences.filter({ hasText: /slice \d+/ }).first();
  const slice = Number(/slice (\d+)/.exec((await sentence.textContent()) ?? '')?.[1]);
  await room.viewport('Axial').focus();
  await room.page.keyboard.press('Home'); // away from it
  await expect.poll(async () => (await room.shownSlices())[0]).toBe(1);
  await sentence.click();
  await expect.poll(async () => (await room.shownSlices())[0]).toBe(slice);
  await expect(room.attention).toHaveCount(3);
  await expect(room.viewer.getByRole('region', { name: texts.attention.region })).toContainText(/Attention of view \d+/);
  await expect(room.reading.getByText(/UNTRAINED|SYNTHETIC/).first()).toBeVisible();
  await picture('sentence');

  await room.roleMenu(t1c).selectOption(texts.series.roles.other);
  await expect(room.draft).toContainText(texts.reading.outdated);
});

test('a removed study leaves the list and the pictures', async ({ room }) => {
  await room.ready();
  await room.importFiles([await tumourZip()]);
  await room.openStudy('Doe, Janka');
  await room.shows(t1c);
  await room.removeStudy('Doe, Janka');
  await expect(room.page.getByRole('button', { name: texts.studies.open('Doe, Janka') })).toHaveCount(0);
  await expect(room.viewer.getByText(texts.viewer.emptyTitle)).toBeVisible();
  await expect(room.page.getByText(texts.series.none)).toBeVisible();
});
