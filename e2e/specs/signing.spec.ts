/** Readers, the lock, signing, what is signed, and the trail of it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { texts } from '../../src/renderer/texts.ts';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import { expectAccessible } from '../pages/accessible.ts';
import { expect, test } from '../shells/app.ts';

const { readers } = texts;
const passphrase = 'correct horse battery';

async function phantom(uid: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'brat-signing-'));
  await writePhantomStudy(folder, { uid, series: ['t1c'] });
  return folder;
}

test('the first reader begins at once; a locked window shows nothing of any patient and opens for the right passphrase alone', async ({ room, picture }) => {
  const { page } = room;
  await room.ready();
  await room.importFolder(await phantom('2.25.801'));
  await room.openRealStudy();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  const name = await page.locator('.left-column li b').first().textContent();
  expect(name).toMatch(/\w/);

  await page.keyboard.press('Control+l'); // nobody to lock for: the form comes instead
  const first = page.getByRole('dialog', { name: readers.firstTitle });
  const begin = first.getByRole('button', { name: readers.addFirst });
  await first.getByLabel(readers.name, { exact: true }).fill('Dr Ada');
  await first.getByLabel(readers.passphrase, { exact: true }).fill('short');
  await expect(first).toContainText(readers.tooShort(8));
  await first.getByLabel(readers.passphrase, { exact: true }).fill(passphrase);
  await first.getByLabel(readers.passphraseAgain).fill('correct donkey');
  await expect(first).toContainText(readers.notTheSame);
  await expect(begin).toBeDisabled();
  await picture('readers-first');
  await expectAccessible(page);
  await first.getByLabel(readers.passphraseAgain).fill(passphrase);
  await begin.click();
  await expect(room.statusBar.getByRole('button', { name: readers.who('Dr Ada', 'radiologist') })).toBeVisible();
  await picture('readers-reading');

  await room.statusBar.getByRole('button', { name: readers.who('Dr Ada', 'radiologist') }).click();
  const sheet = page.getByRole('dialog', { name: readers.title });
  await sheet.getByLabel(readers.name, { exact: true }).fill('Dr Bo');
  await sheet.getByRole('radio', { name: /^resident/ }).check();
  await sheet.getByLabel(readers.passphrase, { exact: true }).fill('another long one');
  await sheet.getByLabel(readers.passphraseAgain).fill('another long one');
  await sheet.getByRole('button', { name: readers.add, exact: true }).click();
  await expect(sheet.locator('[data-reader]')).toHaveCount(2);
  await sheet.getByRole('button', { name: readers.newPassphraseOf('Dr Bo') }).click();
  await picture('readers');
  await expectAccessible(page);

  await page.keyboard.press('Control+l'); // works over the sheet
  const form = page.getByRole('main');
  await expect(form.getByRole('button', { name: readers.signIn })).toBeVisible();
  await expect(page.locator('body')).not.toContainText(name!);
  expect(await page.content()).not.toContain(name!);
  await expect(page.locator('canvas, .left-column, [data-study]')).toHaveCount(0);
  await page.locator('body').click({ position: { x: 5, y: 5 } });
  await page.keyboard.press('w');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('region', { name: texts.worklist.title })).toHaveCount(0);

  await form.getByLabel(readers.name, { exact: true }).fill('dr ada');
  await form.getByLabel(readers.passphrase).fill('another long one');
  await form.getByLabel(readers.passphrase).press('Enter');
  await expect(form.getByRole('alert')).toContainText('reader/refused');
  await picture('sign-in');
  await expectAccessible(page);
  await page.reload(); // the lock is the engine's, not the page's
  await expect(form.getByRole('button', { name: readers.signIn })).toBeVisible();
  expect(await page.content()).not.toContain(name!);
  await form.getByLabel(readers.name, { exact: true }).fill('Dr Bo');
  await form.getByLabel(readers.passphrase).fill('another long one');
  await form.getByRole('button', { name: readers.signIn }).click();
  await expect(room.statusBar.getByRole('button', { name: readers.who('Dr Bo', 'resident') })).toBeVisible();
  await expect(room.studies.first()).toBeVisible();

  await page.keyboard.press('Control+,');
  const settings = page.getByRole('dialog', { name: texts.settings.title });
  await settings.getByRole('tab', { name: texts.settings.parts.policies }).click();
  await expect(settings.getByLabel(readers.policies.lockAfter)).toBeDisabled();
  await expect(settings.getByRole('note')).toHaveText(readers.policies.mayNot);
  await picture('settings-policies');
  await expectAccessible(page);
});

test('a study that was open is shown again after the lock, and the same reader needs only the passphrase', async ({ room, picture }) => {
  const { page } = room;
  await room.ready();
  await room.addReader('Dr Ada', passphrase);
  await room.importFolder(await phantom('2.25.802'));
  await room.openRealStudy();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await page.keyboard.press('Control+l');
  await room.signIn('Dr Ada', passphrase);
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await expect.poll(() => room.drawnShareOf(room.viewport('Axial')), { message: 'drawn again' }).toBeGreaterThan(0.2);
  await picture('unlocked');
  await page.keyboard.press('Control+l');
  await expect(page.getByLabel(readers.name, { exact: true })).toHaveValue('Dr Ada');
  await expect(page.getByLabel(readers.passphrase)).toBeFocused();
});
