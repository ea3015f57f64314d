/** Ways in besides a plain folder, and studies that are no use to the models. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';
import { dicomOnly, medium, realStudy } from '../studies/studies.ts';

test('a medium with a DICOMDIR is imported once, and its directory is no image', async ({ room }) => {
  const disc = await medium();
  test.skip(disc === null, 'no dcmmkdir: install DCMTK');
  await room.ready();
  expect(await room.importFolder(disc!.path)).toBe(texts.import.done(1, disc!.files) + texts.import.details(0, 1, 0));
  await room.openRealStudy();
  await room.shows('T1 AX POST GAD');
});

test('files that are no images are counted, and the app goes on', async ({ room }) => {
  await room.ready();
  expect(await room.importFiles([import.meta.filename])).toMatch(/^No image was found/);
});

test('a study without T1 opens, and its analysis says why it cannot be used', async ({ room, picture, shell }) => {
  const study = realStudy('canon-dwi-enhanced-oblique-deflated');
  test.skip(study === null, 'no real data: set BRAT_TEST_DATA');
  test.skip(shell !== 'browser', 'the window is the same in each shell');
  await room.ready();
  await room.importFolder(dicomOnly(study!));
  await room.openRealStudy();
  await expect(room.viewport('Axial')).toHaveAttribute('data-ready', 'true');
  await expect(room.viewer.getByRole('alert')).toContainText(/no T1/i);
  await room.reading.getByRole('button', { name: new RegExp(texts.reading.analyse) }).click();
  await expect(room.reading.getByRole('alert')).toContainText('select/no-t1c');
  await picture('no-t1');
});
