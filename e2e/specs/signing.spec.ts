/** Readers, the lock, signing, what is signed, and the trail of it. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { texts } from '../../src/renderer/texts.ts';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import { expectAccessible } from '../pages/accessible.ts';
import type { ReadingRoom } from '../pages/readingRoom.ts';
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

interface Seed {
  readonly id: string;
  readonly text: string;
  readonly state?: 'proposed' | 'accepted';
}

/** Puts a text into the report of a study as another window would, and opens this one anew. */
async function writeElsewhere(room: ReadingRoom, study: string, seeds: readonly Seed[]): Promise<void> {
  await room.page.evaluate(async ([of, rows]) => {
    const open = (await window.brat!.call('report.open', { study: of }))!;
    const sentences = rows.map(({ id, text, state }) => ({
      id, text, section: 'findings' as const, origin: state === undefined ? 'reader' as const : 'draft' as const, state: state ?? 'accepted' as const, original: state === undefined ? null : text, sourceCase: null, measurement: null, grounding: null,
    }));
    await window.brat!.call('report.save', { study: of, revision: open.revision, content: { ...open.content, sentences }, base: open.content });
  }, [study, seeds] as const);
  await room.page.reload();
  await room.ready();
  await room.openRealStudy();
}

test('signing asks for every decision and every flag by itself; what is signed tells all of it, is corrected by an addendum, and the trail verifies', async ({ room, picture }) => {
  const { page } = room;
  const { signing, audit } = texts;
  const study = '2.25.803';
  await room.ready();
  await room.addReader('Dr Ada', passphrase);
  await room.importFolder(await phantom(study));
  await room.openRealStudy();
  await expect(room.reading.getByRole('button', { name: signing.sign })).toBeVisible();
  await writeElsewhere(room, study, [
    { id: 'a', text: 'There is an enhancing lesion in the left frontal lobe.', state: 'proposed' },
    { id: 'b', text: 'It is stable compared to the prior examination.' },
    { id: 'c', text: 'There is no hydrocephalus.' },
  ]);
  const sheet = page.getByRole('dialog', { name: signing.title, exact: true });
  await room.reading.getByRole('button', { name: signing.sign }).click();
  await expect(sheet).toContainText(signing.undecidedTitle(1));
  await expect(sheet.getByLabel(signing.passphrase)).toHaveCount(0);
  await picture('sign-undecided');
  await expectAccessible(page);
  await sheet.getByRole('button', { name: /^Go to: There is an enhancing/ }).click();
  await expect(sheet).toHaveCount(0);

  await writeElsewhere(room, study, [
    { id: 'a', text: 'There is an enhancing lesion in the left frontal lobe.', state: 'accepted' },
    { id: 'b', text: 'It is stable compared to the prior examination.' },
    { id: 'c', text: 'There is no hydrocephalus.' },
  ]);
  await expect(room.reading.getByRole('button', { name: signing.sign })).toBeVisible();
  await page.keyboard.press('F9');
  await expect(sheet).toContainText(signing.flagTitle(1, 1));
  await expect(sheet).toContainText(signing.flagKinds['prior-wording']);
  await expect(sheet.getByRole('blockquote')).toHaveText('It is stable compared to the prior examination.');
  await page.keyboard.press('Enter'); // a key held down answers nothing
  await expect(sheet).toContainText(signing.flagTitle(1, 1));
  await picture('sign-flag');
  await expectAccessible(page);
  await sheet.getByRole('button', { name: signing.stands }).click();
  await expect(sheet.getByRole('row', { name: /Hydrocephalus No/ })).toBeVisible();
  await sheet.getByLabel(signing.passphrase).fill('wrong passphrase');
  await sheet.getByLabel(signing.passphrase).press('Enter');
  await expect(sheet).toContainText('Name and passphrase do not belong together');
  await picture('sign-last');
  await expectAccessible(page);
  await sheet.getByLabel(signing.passphrase).fill(passphrase);
  await sheet.getByLabel(signing.passphrase).press('Enter');

  const signed = room.reading.getByRole('article', { name: signing.report });
  await expect(signed).toContainText('Dr Ada, radiologist');
  await expect(sheet).toHaveCount(0);
  await signed.getByRole('button', { name: signing.provenance }).click();
  await expect(signed.locator('[data-origin=draft][data-state=accepted]')).toHaveCount(1);
  await signed.getByText(signing.flags(1)).click();
  await expect(signed).toContainText(signing.confirmed);
  await signed.getByText(new RegExp(`^${signing.answers}`)).click();
  await picture('signed');
  await expectAccessible(page);

  await room.reading.getByRole('button', { name: signing.write }).click();
  await expect(room.reading.getByRole('button', { name: signing.sign })).toBeVisible();
  await writeElsewhere(room, study, [{ id: 'd', text: 'There is a small meningioma.' }]);
  await expect(room.reading.getByText(signing.signedBefore(1))).toBeVisible();
  await page.keyboard.press('F9');
  const second = page.getByRole('dialog', { name: signing.titleAddendum(2) });
  await expect(second.getByLabel(signing.passphrase).or(second.getByRole('button', { name: signing.stands }))).toBeVisible();
  while ((await second.getByRole('button', { name: signing.stands }).count()) > 0) await second.getByRole('button', { name: signing.stands }).click();
  await second.getByLabel(signing.passphrase).fill(passphrase);
  await second.getByLabel(signing.passphrase).press('Enter');
  await expect(room.reading.getByRole('article')).toHaveCount(2);
  await picture('signed-addendum');

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: texts.palette.title }).fill('audit');
  await page.keyboard.press('Enter');
  const trail = page.getByRole('dialog', { name: audit.title });
  await expect(trail.locator('[data-kind="report.signed"]')).toHaveCount(2);
  await expect(trail.locator('[data-kind="report.signed"]').first()).toContainText('Addendum 1 signed');
  await expect(trail.locator('[data-kind="report.signed"]').first()).toContainText('Dr Ada');
  await trail.getByRole('button', { name: audit.verify, exact: true }).click();
  await expect(trail).toContainText(/Verified: all \d+ entries are as written/);
  await trail.getByLabel(audit.onlyStudy).check();
  await expect(trail.locator('[data-kind="reader.added"]')).toHaveCount(0);
  await picture('audit');
  await expectAccessible(page);
  const download = page.waitForEvent('download');
  await trail.getByRole('button', { name: audit.formats.csv }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^brat-audit-.*\.csv$/);
  expect(readFileSync(await file.path(), 'utf8')).toContain('report.signed');
});

test('an answer the reader changes is kept, brings its sentence into the text, and shows the sentence against it', async ({ room, picture }) => {
  const { page } = room;
  const study = '2.25.804';
  await room.ready();
  await room.addReader('Dr Ada', passphrase);
  await page.evaluate(() => window.brat!.call('report.setPolicy', { readFirst: false }));
  await room.importFolder(await phantom(study));
  await room.openRealStudy();
  await writeElsewhere(room, study, [{ id: 'c', text: 'There is no hydrocephalus.' }]);
  await room.showTab('findings');
  const form = room.reading.getByRole('region', { name: texts.structured.title });
  const row = form.locator('[data-question=hydrocephalus]');
  await expect(row).toContainText(texts.signing.sources.text);
  await row.getByRole('combobox').selectOption('Yes');
  await expect(row.getByRole('note')).toContainText(texts.structured.saysOtherwise('No'));
  await picture('structured');
  await expectAccessible(page);
  await row.getByRole('button', { name: texts.structured.strikeOf('There is no hydrocephalus.') }).click();
  await row.getByRole('button', { name: 'There is hydrocephalus.' }).click();
  await expect(row.getByRole('note')).toHaveCount(0);
  await expect(row).toContainText(texts.signing.sources.reader);
  await page.reload();
  await room.ready();
  await room.openRealStudy();
  await expect(row.getByRole('combobox')).toHaveValue('Yes');
});
