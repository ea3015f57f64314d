/** From the click on a study of 512 x 512 x 176 to its first picture, to its whole volume, and what a slice costs when scrolling. */
import { importPhantoms, median } from './bench.ts';
import type { UiBench } from './bench.ts';

const scrolled = 60;

export const firstImage: UiBench = {
  prepare: (dataDir) => importPhantoms(dataDir, [{ series: ['t1c', 't1', 'flair'], size: 512, slices: 176 }]),
  async run(page) {
    const study = page.locator('button[aria-label^="Open study"]').first();
    await study.waitFor({ timeout: 120_000 });
    const opened = await study.evaluate(async (button) => {
      const start = performance.now();
      const pane = (ready: string): Element | null => document.querySelector(`[data-testid^="viewport-"][${ready}="true"]`);
      const drawn = (): boolean => {
        const canvas = pane('data-drawn')?.querySelector<HTMLCanvasElement>('.pane-host canvas');
        if (canvas == null || canvas.width === 0) return false;
        return canvas.getContext('2d')!.getImageData(canvas.width / 2 - 8, canvas.height / 2 - 8, 16, 16).data.some((value, at) => at % 4 === 0 && value > 24);
      };
      (button as HTMLElement).click();
      const until = (reached: () => boolean): Promise<number> => new Promise((resolve) => {
        const look = (): void => { if (reached()) resolve(performance.now() - start); else requestAnimationFrame(look); };
        look();
      });
      const firstImageMs = await until(drawn);
      return { firstImageMs, wholeVolumeMs: await until(() => pane('data-ready') !== null) };
    });
    await page.waitForFunction(() => [...document.querySelectorAll('[data-testid^="viewport-"]')].every((pane) => pane.getAttribute('data-ready') === 'true'), undefined, { timeout: 300_000 });
    const frames = await page.locator('[data-testid^="viewport-"]').first().evaluate(async (pane, count) => {
      const next = (): Promise<number> => new Promise((resolve) => { requestAnimationFrame(resolve); });
      const [frame, script]: [number[], number[]] = [[], []];
      let before = await next();
      for (let at = 0; at < count; at++) {
        const start = performance.now();
        pane.dispatchEvent(new WheelEvent('wheel', { deltaY: at < count / 2 ? 120 : -120, bubbles: true, cancelable: true }));
        script.push(performance.now() - start);
        const now = await next();
        frame.push(now - before);
        before = now;
      }
      return { frame, script };
    }, scrolled);
    return {
      firstImageMs: opened.firstImageMs, wholeVolumeMs: opened.wholeVolumeMs,
      scrollFrameMs: median(frames.frame), scrollFrameWorstMs: Math.max(...frames.frame), scrollHandlerMs: median(frames.script),
    };
  },
};
