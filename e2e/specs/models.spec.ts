/** The Models page: a checkpoint of the official layout becomes a pack, is used, checked and removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { texts } from '../../src/renderer/texts.ts';
import { writeOfficialCheckpoint } from '../../src/testing/officialCheckpoint.ts';
import { expect, test } from '../shells/app.ts';

const { models } = texts;
let folder: string;
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brat-e2e-models-'));
  await writeOfficialCheckpoint(join(folder, 'DenseNet121.bin'));
});
test.afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

test('weights are imported once their licence is accepted, and the pack can be used, checked and removed', async ({ room, picture }) => {
  await room.ready();
  const { page } = room;
  await room.statusBar.getByRole('button', { name: texts.status.packDetails }).click();
  const sheet = page.getByRole('dialog', { name: texts.status.packDetails });
  await expect(sheet.locator('[data-pack]')).toHaveCount(1);
  await expect(sheet.getByRole('button', { name: models.remove, exact: true })).toHaveCount(0); // it came with the app
  await picture('models');

  await sheet.getByRole('button', { name: models.import }).click();
  const begin = sheet.getByRole('button', { name: models.begin, exact: true });
  await sheet.getByTestId('model-weights').setInputFiles(join(folder, 'DenseNet121.bin'));
  await expect(begin).toBeDisabled();
  await sheet.getByText(models.accept).click();
  await sheet.getByLabel(models.acceptedName).fill('Dr Reader');
  await picture('models-import');
  await begin.click();
  await expect(sheet.getByText(/^Imported: /)).toBeVisible({ timeout: 120_000 });
  await picture('models-imported');
  await sheet.getByRole('button', { name: models.use }).click();

  const card = sheet.locator('[data-pack^="densenet121@"]');
  await expect(card.getByText(models.inUse, { exact: true })).toBeVisible();
  await expect(card.getByText(models.nonCommercial)).toBeVisible();
  await expect(card).toContainText('accepted by Dr Reader');
  await card.getByRole('button', { name: models.check }).click();
  await expect(card.getByText(models.checked)).toBeVisible({ timeout: 60_000 });
  await card.getByText(/files, /).click();
  await picture('models-card');

  await card.getByRole('button', { name: models.remove, exact: true }).click();
  await card.getByRole('button', { name: models.removeConfirm }).click();
  await expect(card).toHaveCount(0);
  await expect(sheet.locator('[data-pack]').getByText(models.inUse, { exact: true })).toBeVisible();
});

test('a file that is no checkpoint is refused in words, and an import can be stopped', async ({ room }) => {
  await room.ready();
  await room.statusBar.getByRole('button', { name: texts.status.packDetails }).click();
  const sheet = room.page.getByRole('dialog', { name: texts.status.packDetails });
  await sheet.getByRole('button', { name: models.import }).click();
  await sheet.getByTestId('model-weights').setInputFiles({ name: 'notes.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('these are no weights') });
  await sheet.getByText(models.accept).click();
  await sheet.getByLabel(models.acceptedName).fill('Dr Reader');
  await sheet.getByRole('button', { name: models.begin, exact: true }).click();
  await expect(sheet.getByRole('alert')).toContainText('models/bad-checkpoint');

  await sheet.getByTestId('model-weights').setInputFiles(join(folder, 'DenseNet121.bin'));
  await sheet.getByText(models.accept).click();
  await sheet.getByLabel(models.acceptedName).fill('Dr Reader');
  await sheet.getByRole('button', { name: models.begin, exact: true }).click();
  await sheet.getByRole('button', { name: models.cancel }).click();
  await expect(sheet.getByRole('button', { name: models.begin, exact: true })).toBeVisible();
  await sheet.getByRole('button', { name: models.back }).click();
  await expect(sheet.locator('[data-pack]')).toHaveCount(1);
});
