/** A reader's way through the app: import, look, analyse, jump to what a sentence speaks of, search. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';
import { dicomOnly, realStudy } from '../studies/studies.ts';

const philips = realStudy('philips-mprage-study');

test.describe('a real study', () => {
  test.skip(philips === null, 'no real data: set BRAT_TEST_DATA');

  test('imported as a folder it opens on its T1 series with the right letters at the edges, and is analysed', async ({ room, picture }) => {
    await room.ready();
    const said = await room.importFolder(dicomOnly(philips!));
    expect(said).toMatch(/^Imported 423 images in 1 study/);
    await room.openRealStudy();
    for (const plane of ['Axial', 'Coronal', 'Sagittal'] as const) await expect(room.viewport(plane)).toBeVisible();
    // Radiological display: the patient's right is at the viewer's left; sagittal views look from the left.
    await expect.poll(() => room.orientation('Axial')).toEqual(['A', 'L', 'P', 'R']);
    await expect.poll(() => room.orientation('Coronal')).toEqual(['S', 'L', 'I', 'R'].map((letter) => ({ S: 'H', I: 'F' })[letter] ?? letter));
    await expect.poll(() => room.orientation('Sagittal')).toEqual(['H', 'P', 'F', 'A']);
    for (const plane of ['Axial', 'Coronal', 'Sagittal'] as const) await expect.poll(() => room.drawnShare(plane), { message: `${plane} is drawn` }).toBeGreaterThan(0.3);
    await picture('viewer');

    // A head without contrast agent is not what the model was made for: a notice, and a draft only on request.
    await room.analyseAsItIs();
    await expect(room.outsideNotice).toContainText(texts.findings.outsideTitle);
    await expect(room.draft).toHaveCount(0);
    await picture('outside');
    await room.insist();
    await expect(room.draft).toContainText(texts.findings.draftOutside);
    await expect(room.outsideNotice).toBeVisible();
    const jumping = room.sentences.filter({ hasText: /slice \d+/ }).first();
    const slice = Number(/slice (\d+)/.exec((await jumping.textContent()) ?? '')?.[1]);
    await jumping.click();
    await expect(jumping).toHaveAttribute('aria-pressed', 'true');
    await expect.poll(() => room.shownSlices()).toContain(slice);
    await picture('draft');
  });
});

test.describe('the demonstration archive', () => {
  test.skip(!existsSync(join(import.meta.dirname, '..', '..', 'resources', 'demo')), 'no demonstration archive in resources/demo');

  test.use({ demo: true });

  test('its studies are listed at the first start, its cases are found by words and by an open study', async ({ room, picture }) => {
    await room.ready();
    await expect(room.studies.first()).toBeVisible();
    await expect(room.page.getByText(texts.studies.demo, { exact: true }).first()).toBeVisible();
    await room.searchCases('ring-enhancing lesion');
    await expect(room.cases('Cases for “ring-enhancing lesion”').first()).toBeVisible();
    await picture('demo-search');
    await room.page.getByRole('button', { name: texts.reading.clearSearch }).click();
    await room.studies.first().click();
    await expect(room.picture(1)).toHaveAttribute('data-ready', 'true');
    await room.analyse();
    await room.showTab('similar');
    await expect(room.cases()).toHaveCount(10);
    await picture('demo-similar');
    await room.showTab('findings');
    if ((await room.findings.count()) > 0) await expect(room.findings).toContainText(/SYNTHETIC|UNTRAINED/); // a pack without heads has no panel
    await picture('demo-analysed');
  });
});
