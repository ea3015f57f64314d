/** Reading in several pictures: what hangs where, scrolling together, measuring, key images; and all of it still there after a reload. */
import { texts } from '../../src/renderer/texts.ts';
import { ijk, invertAffine, patientToVoxel, voxelToPatient } from '../../src/shared/geometry.ts';
import type { Affine } from '../../src/shared/geometry.ts';
import type { VolumeInfo } from '../../src/shared/contract.ts';
import { expect, test } from '../shells/app.ts';
import { phantom, realStudy } from '../studies/studies.ts';

test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

test('a tumour study hangs by its roles; T1c and FLAIR scroll together through the patient, also when one is turned', async ({ room, picture }) => {
  const study = realStudy('tumour-tcga-fg-6692-native');
  test.skip(study === null, 'no real data: set BRAT_TEST_DATA');
  await room.ready();
  await room.importFolder(study!);
  await room.openRealStudy();
  for (const [at, series] of ['t1-post-gad', 't1', 't2', 'flair'].entries()) await expect(room.picture(at + 1)).toContainText(series);
  for (const at of [1, 4]) await expect(room.picture(at)).toHaveAttribute('data-ready', 'true');

  const infoOf = async (at: number): Promise<VolumeInfo> => {
    const series = (await room.picture(at).getAttribute('data-series'))!;
    return room.page.evaluate((name) => window.brat!.call('volume.open', { series: name, stack: 0 }), series);
  };
  const [t1c, flair] = [await infoOf(1), await infoOf(4)];
  const goesWith = (slice: number): number => {
    const middle = t1c.dims.map((n) => (n - 1) / 2);
    const place = voxelToPatient(t1c.voxelToLps as unknown as Affine, ijk(middle[0]!, middle[1]!, slice));
    return Math.min(flair.dims[2] - 1, Math.max(0, Math.round(patientToVoxel(invertAffine(flair.voxelToLps as unknown as Affine), place)[2])));
  };
  const slices = async (): Promise<readonly [number, number]> => [Number(await room.picture(1).getAttribute('data-slice')), Number(await room.picture(4).getAttribute('data-slice'))];
  await room.picture(1).focus();
  for (const key of ['PageDown', 'ArrowUp', 'Home']) {
    const before = await slices();
    await room.page.keyboard.press(key);
    await expect.poll(async () => (await slices())[0]).not.toBe(before[0]);
    const [lead, other] = await slices();
    expect(other, `FLAIR at T1c slice ${lead}`).toBe(goesWith(lead));
  }
  await picture('protocol');

  await room.viewer.getByRole('button', { name: texts.viewer.linked }).click();
  const [, alone] = await slices();
  await room.page.keyboard.press('End');
  await expect.poll(async () => (await slices())[0]).toBe(t1c.dims[2] - 1);
  expect((await slices())[1]).toBe(alone);
  for (const [layout, count] of [['two', 2], ['four', 4], ['one', 1]] as const) {
    await room.layout(layout);
    await expect(room.viewer.getByRole('group', { name: /^Picture/ })).toHaveCount(count);
  }
  await room.layout('mpr');
  await expect(room.viewport('Coronal')).toHaveAttribute('data-ready', 'true');
});

test('a length is what it is in the patient; it and a key image are there after a reload, and lead back to their slice', async ({ room, picture }) => {
  await room.ready();
  await room.importFolder((await phantom()).path);
  await room.openRealStudy();
  await room.layout('one');
  const pane = room.picture(1);
  await expect(pane).toHaveAttribute('data-ready', 'true');
  const slice = Number(await pane.getAttribute('data-slice'));
  const { x, y, width, height } = (await pane.boundingBox())!;
  const perMm = await pane.locator('.scale-bar').evaluate((bar) => bar.getBoundingClientRect().width / Number((bar as HTMLElement).dataset['mm']));
  const drag = async (key: string, dx: number, dy: number): Promise<void> => {
    await room.page.keyboard.press(key);
    await room.page.mouse.move(x + width / 2 - 60, y + height / 2 - 40);
    await room.page.mouse.down();
    await room.page.mouse.move(x + width / 2, y + height / 2);
    await room.page.mouse.move(x + width / 2 - 60 + dx, y + height / 2 - 40 + dy);
    await room.page.mouse.up();
  };
  await pane.focus();
  await drag('u', 120, 90);
  const length = pane.locator('[data-measurement="length"]');
  await expect.poll(async () => Number(await length.getAttribute('data-value'))).toBeCloseTo(150 / perMm, 0);
  await drag('e', 100, 60);
  const ellipse = pane.locator('[data-measurement="ellipse"]');
  await expect.poll(async () => Number(await ellipse.getAttribute('data-value'))).toBeCloseTo((Math.PI * 50 * 30) / perMm ** 2, -1);
  await expect(ellipse).toContainText(/mean \d+/);
  await room.page.keyboard.press('v');
  await room.page.keyboard.press('q');
  const list = room.page.getByRole('complementary', { name: texts.measurements.list });
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await picture('measured');

  const value = await length.getAttribute('data-value');
  await room.page.keyboard.press('Home');
  await expect(length).toHaveCount(0); // only in its own slice
  await room.page.reload();
  await room.ready();
  await room.openRealStudy();
  await room.layout('one');
  await expect(pane).toHaveAttribute('data-ready', 'true');
  await pane.focus();
  await room.page.keyboard.press('Home');
  await room.page.keyboard.press('q');
  await list.getByRole('button', { name: texts.measurements.jump(texts.measurements.kinds.length) }).click();
  await expect(pane).toHaveAttribute('data-slice', String(slice));
  await expect(length).toHaveAttribute('data-value', value!);
  await list.getByRole('button', { name: texts.measurements.remove(texts.measurements.kinds.length) }).click();
  await expect(length).toHaveCount(0);
});
