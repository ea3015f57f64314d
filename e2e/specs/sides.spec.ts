/**
 * Left is left on the screen: phantoms with one bright block at the patient's left, front and top, in every way a
 * stack can lie, shown by the built window in a real Chromium. The picture's own pixels are read, and the letters
 * beside them. Only the window is under test: a stand-in in the page takes the engine's place.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { chromium, expect, test } from '@playwright/test';
import type { Browser, Page } from '@playwright/test';
import { build } from 'esbuild';
import { viewPlanes } from '../../src/renderer/features/viewer/planes.ts';
import type { PlaneName } from '../../src/renderer/features/viewer/planes.ts';
import { texts } from '../../src/renderer/texts.ts';
import { dot, lps } from '../../src/shared/geometry.ts';
import { contentSecurityPolicy } from '../../src/shell/pageHeaders.ts';
import { block, phantomStacks } from '../../src/testing/rendererHarness/phantomVolume.ts';
import { launchOptions } from '../shells/chromium.ts';

const root = resolve(import.meta.dirname, '..', '..');
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' };
const planes = ['axial', 'coronal', 'sagittal'] as const;
const centre = lps(...block.centre);
/** Half a coarse voxel on the screen, and the grey ramp of interpolation. */
const tolerancePx = 8;

let server: Server;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

test.beforeAll(async () => {
  const { outputFiles } = await build({ entryPoints: [join(root, 'src/testing/rendererHarness/page.ts')], bundle: true, format: 'iife', write: false });
  const script = outputFiles[0]!.text;
  server = createServer((request, response) => {
    const path = (request.url ?? '/') === '/' ? '/index.html' : request.url!;
    const file = join(root, 'dist/renderer', path);
    const content = path === '/shell.js' ? script : existsSync(file) ? readFileSync(file) : null;
    response.writeHead(content === null ? 404 : 200, { 'Content-Security-Policy': contentSecurityPolicy, 'Content-Type': types[extname(path)] ?? 'application/octet-stream' });
    response.end(content);
  });
  await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); });
  browser = await chromium.launch(launchOptions);
  page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  await page.getByRole('button', { name: texts.studies.open('Phantom, Left Front Top') }).click();
});

test.afterAll(async () => {
  await browser.close();
  server.close();
  expect(complaints).toEqual([]);
});

/** Pixels of one screen millimetre, and the size of a pane. */
async function paneScale(plane: PlaneName): Promise<{ width: number; height: number; pxPerMm: number }> {
  return page.getByTestId(`viewport-${plane}`).evaluate((pane) => {
    const bar = pane.querySelector<HTMLElement>('.scale-bar')!;
    return { width: pane.clientWidth, height: pane.clientHeight, pxPerMm: bar.getBoundingClientRect().width / Number(bar.dataset['mm']) };
  });
}

/** Middle of the bright pixels of a pane's picture, in pixels from the pane's middle: right and up. Null when none is bright. */
async function brightMiddle(plane: PlaneName): Promise<readonly [number, number] | null> {
  return page.getByTestId(`viewport-${plane}`).locator('canvas').first().evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
    let [count, x, y] = [0, 0, 0];
    for (let at = 0; at < width * height; at++) {
      if (data[4 * at]! < 180) continue;
      count += 1;
      x += at % width;
      y += Math.floor(at / width);
    }
    return count < 50 ? null : [x / count + 0.5 - width / 2, height / 2 - y / count - 0.5];
  });
}

const expectedSide: Readonly<Record<string, number>> = { L: 1, R: -1, A: 1, P: -1, H: 1, F: -1 };

for (const [name, { voxelToLps }] of Object.entries(phantomStacks())) {
  test(`a ${name} stack shows the block where the letters say`, async () => {
    const views = viewPlanes(voxelToLps);
    await page.getByRole('button', { name: texts.series.open(`phantom ${name}`) }).click();
    await expect(page.getByTestId('viewport-axial')).toContainText(`phantom ${name}`);
    await expect(page.getByTestId('viewport-axial')).toHaveAttribute('data-ready', 'true');
    // A click in one plane brings the other two to the block.
    for (const plane of ['axial', 'coronal'] as const) {
      const { width, height, pxPerMm } = await paneScale(plane);
      await page.getByTestId(`viewport-${plane}`).click({ position: { x: width / 2 + dot(centre, views[plane].right) * pxPerMm, y: height / 2 - dot(centre, views[plane].up) * pxPerMm } });
    }
    for (const plane of planes) {
      const { pxPerMm } = await paneScale(plane);
      await expect.poll(async () => brightMiddle(plane), { message: `${plane}: the block is drawn` }).not.toBeNull();
      const [right, up] = (await brightMiddle(plane))!;
      expect(Math.abs(right - dot(centre, views[plane].right) * pxPerMm), `${plane}: across`).toBeLessThan(tolerancePx);
      expect(Math.abs(up - dot(centre, views[plane].up) * pxPerMm), `${plane}: up`).toBeLessThan(tolerancePx);
      const pane = page.getByTestId(`viewport-${plane}`);
      const [top, side] = [await pane.getAttribute('data-top'), await pane.getAttribute('data-right')];
      expect(Math.sign(up), `${plane}: the block lies towards ${String(top)}`).toBe(expectedSide[top!.charAt(0)]);
      expect(Math.sign(right), `${plane}: the block lies towards ${String(side)}`).toBe(expectedSide[side!.charAt(0)]);
    }
  });
}

test('a lesion that is jumped to is outlined where it lies in the patient', async () => {
  await page.getByRole('button', { name: texts.series.open('phantom axial') }).click();
  await expect(page.getByTestId('viewport-axial')).toContainText('phantom axial');
  await page.getByRole('button', { name: new RegExp(texts.reading.analyse) }).click();
  await page.getByRole('tab', { name: texts.reading.tabs.findings }).click();
  await page.getByRole('button', { name: texts.findings.jump(0, texts.findings.sides.left) }).click();
  await page.getByTestId('findings').scrollIntoViewIfNeeded();
  const views = viewPlanes(phantomStacks()['axial']!.voxelToLps);
  for (const plane of planes) {
    const { width, height, pxPerMm } = await paneScale(plane);
    const rim = await page.getByTestId(`viewport-${plane}`).getByTestId('lesion-overlay').evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let [count, x, y] = [0, 0, 0];
      for (let at = 0; at < canvas.width * canvas.height; at++) {
        if (data[4 * at + 3] === 0) continue;
        count += 1;
        x += at % canvas.width;
        y += Math.floor(at / canvas.width);
      }
      return { count, x: (x / count + 0.5) / canvas.width, y: (y / count + 0.5) / canvas.height };
    });
    expect(rim.count, `${plane}: an outline is drawn`).toBeGreaterThan(20);
    expect(Math.abs(rim.x * width - width / 2 - dot(centre, views[plane].right) * pxPerMm), `${plane}: across`).toBeLessThan(tolerancePx);
    expect(Math.abs(height / 2 - rim.y * height - dot(centre, views[plane].up) * pxPerMm), `${plane}: up`).toBeLessThan(tolerancePx);
  }
});
