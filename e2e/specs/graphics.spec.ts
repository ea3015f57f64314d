/** What the reader sees when the graphics driver is not there, or goes. */
import { texts } from '../../src/renderer/texts.ts';
import { expect, test } from '../shells/app.ts';
import { phantom } from '../studies/studies.ts';

test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

test('without WebGL the window opens, says so, and keeps its other parts', async ({ app, room }) => {
  await app.page.addInitScript(() => { HTMLCanvasElement.prototype.getContext = () => null; });
  await app.page.reload();
  await room.ready();
  await expect(room.viewer.getByRole('alert')).toContainText(texts.viewer.graphicsMissingTitle);
  await room.showTab('similar');
  await expect(room.reading.getByRole('searchbox', { name: texts.reading.search })).toBeEnabled();
});

test('when the driver drops its context the reader is told, and the pictures come back on request', async ({ app, room }) => {
  await app.page.addInitScript(() => {
    const contexts: unknown[] = [];
    const { getContext } = Object.getOwnPropertyDescriptors(HTMLCanvasElement.prototype);
    const value = function (this: HTMLCanvasElement, ...words: unknown[]): unknown {
      const context: unknown = Reflect.apply(getContext.value!, this, words);
      if (context instanceof WebGL2RenderingContext) contexts.push(context);
      return context;
    };
    Object.defineProperty(HTMLCanvasElement.prototype, 'getContext', { value });
    Object.assign(window, { contexts });
  });
  await app.page.reload();
  await room.ready();
  await room.importFolder((await phantom()).path);
  await room.openRealStudy();
  await room.layout('mpr');
  const planes = ['Axial', 'Coronal', 'Sagittal'] as const;
  for (const plane of planes) await expect.poll(() => room.drawnShare(plane)).toBeGreaterThan(0.25);
  const before = await Promise.all(planes.map((plane) => room.drawnShare(plane)));
  await app.page.evaluate(() => { (window as unknown as { contexts: WebGL2RenderingContext[] }).contexts.filter((context) => !context.isContextLost()).forEach((context) => { context.getExtension('WEBGL_lose_context')?.loseContext(); }); });
  await expect(room.viewer.getByRole('alert')).toContainText(texts.viewer.graphicsLostTitle);
  await room.viewer.getByRole('button', { name: texts.viewer.graphicsRestart }).click();
  for (const [at, plane] of planes.entries()) await expect.poll(() => room.drawnShare(plane), { message: `${plane} is drawn again` }).toBeGreaterThan(0.9 * before[at]!);
});
