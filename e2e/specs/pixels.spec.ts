/**
 * A picture on the screen against the same slice by DCMTK at the same window, pixel by pixel: each voxel of the file is
 * looked up where the letters at the edges say it must be, so a mirrored, turned, shifted or misplaced slice differs.
 * Geometry comes from the files through dicom-parser, not from the app.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import { decode } from 'fast-png';
import { texts } from '../../src/renderer/texts.ts';
import { cross, dot, lps } from '../../src/shared/geometry.ts';
import type { Lps } from '../../src/shared/geometry.ts';
import { expect, test } from '../shells/app.ts';
import { realStudy } from '../studies/studies.ts';

interface SliceFile {
  readonly path: string;
  readonly position: Lps;
  readonly row: Lps;
  readonly column: Lps;
  /** mm from row to row and from column to column. */
  readonly spacing: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  readonly transferSyntax: string;
  readonly window: readonly [number, number];
}

const numbers = (text: string | undefined): number[] => (text ?? '').split('\\').map(Number);

function sliceFile(path: string): SliceFile {
  const data = dicomParser.parseDicom(readFileSync(path), { untilTag: 'x7fe00010' });
  const [a, b, c, d, e, f] = numbers(data.string('x00200037')) as [number, number, number, number, number, number];
  const [x, y, z] = numbers(data.string('x00200032')) as [number, number, number];
  const [betweenRows, betweenColumns] = numbers(data.string('x00280030')) as [number, number];
  return {
    path, position: lps(x, y, z), row: lps(a, b, c), column: lps(d, e, f), spacing: [betweenRows, betweenColumns], rows: data.uint16('x00280010')!, columns: data.uint16('x00280011')!,
    transferSyntax: data.string('x00020010') ?? '', window: [numbers(data.string('x00281050'))[0]!, numbers(data.string('x00281051'))[0]!],
  };
}

/** The slice by DCMTK, 8 bit, rows from the top. */
function reference({ path, transferSyntax, window }: SliceFile): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'brat-reference-'));
  const [plain, png] = [join(folder, 'plain.dcm'), join(folder, 'slice.png')];
  if (transferSyntax === '1.2.840.10008.1.2.4.80') execFileSync('dcmdjpls', [path, plain]);
  else if (transferSyntax === '1.2.840.10008.1.2.4.70') execFileSync('dcmdjpeg', [path, plain]);
  execFileSync('dcmj2pnm', ['+Ww', String(window[0]), String(window[1]), '+on', transferSyntax.startsWith('1.2.840.10008.1.2.4') ? plain : path, png]);
  return Uint8Array.from(decode(readFileSync(png)).data);
}

const letterDirections: Readonly<Record<string, Lps>> = { L: lps(1, 0, 0), R: lps(-1, 0, 0), P: lps(0, 1, 0), A: lps(0, -1, 0), H: lps(0, 0, 1), F: lps(0, 0, -1) };
const against = (v: Lps): Lps => lps(-v[0], -v[1], -v[2]);

/** The direction of the image's axes that the letter at an edge names. */
const named = (letter: string, { row, column }: SliceFile): Lps => [row, against(row), column, against(column)].toSorted((p, q) => dot(q, letterDirections[letter]!) - dot(p, letterDirections[letter]!))[0]!;

function hasDcmtk(): boolean {
  try {
    execFileSync('dcmj2pnm', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const cases = [
  { name: 'siemens-t1-fl2d-sag-hfp-jpeg-ls', dicom: 'dicom', about: 'sagittal, patient prone' },
  { name: 'ge-mprage-oblique-jpeg-lossless', dicom: 'dicom', about: 'axial, oblique, signed' },
  { name: 'philips-mprage-study', dicom: 's1301-adni-sag3d-mprage', about: 'sagittal, slightly oblique' },
] as const;

test.skip(!hasDcmtk(), 'no dcmj2pnm: install DCMTK');
test.skip(({ shell }) => shell !== 'browser', 'the window is the same in each shell');

for (const { name, dicom, about } of cases) {
  test(`a slice of ${name} (${about}) is DCMTK's, to two grey levels`, async ({ room }) => {
    const folder = realStudy(name);
    test.skip(folder === null, 'no real data: set BRAT_TEST_DATA');
    const files = readdirSync(join(folder!, dicom)).map((file) => sliceFile(join(folder!, dicom, file)));
    const normal = cross(files[0]!.row, files[0]!.column);
    files.sort((p, q) => dot(p.position, normal) - dot(q.position, normal));

    await room.ready();
    await room.importFiles(files.map(({ path }) => path));
    await room.openRealStudy();
    await room.layout('one');
    const pane = room.picture(1);
    await pane.getByRole('combobox', { name: texts.viewer.panePlane }).selectOption(texts.viewer.asAcquired);
    await expect(pane).toHaveAttribute('data-ready', 'true', { timeout: 120_000 });
    await room.page.getByRole('combobox', { name: texts.viewer.presets }).selectOption(texts.viewer.presetNames.header);
    await room.viewer.getByRole('button', { name: texts.viewer.interpolate }).click(); // each voxel as it is
    await room.page.keyboard.press('Escape');

    const file = files[Number(await pane.getAttribute('data-slice'))]!;
    await expect(pane.getByTestId('window-values')).toHaveText(texts.viewer.window(String(Math.round(file.window[0])), String(Math.round(file.window[1]))));
    const [right, up] = [named((await pane.getAttribute('data-right'))!.charAt(0), file), named((await pane.getAttribute('data-top'))!.charAt(0), file)];
    const [betweenRows, betweenColumns] = file.spacing;
    const at = (i: number, j: number): Lps => lps(...([0, 1, 2].map((k) => file.position[k]! + i * betweenColumns * file.row[k]! + j * betweenRows * file.column[k]!) as [number, number, number]));
    const centre = at((file.columns - 1) / 2, (file.rows - 1) / 2);
    const wanted = reference(file);

    const differing = async (than: Uint8Array): Promise<number> => {
      const shown = await pane.evaluate((element) => {
        const canvas = element.querySelector<HTMLCanvasElement>('.pane-host canvas')!;
        const bar = element.querySelector<HTMLElement>('.scale-bar')!;
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        let red = '';
        for (let from = 0; from < data.length; from += 4 * 8192) red += String.fromCharCode(...data.subarray(from, from + 4 * 8192).filter((_, n) => n % 4 === 0));
        return { red: btoa(red), width: canvas.width, height: canvas.height, perMm: (bar.getBoundingClientRect().width / Number(bar.dataset['mm'])) * (canvas.width / canvas.clientWidth) };
      });
      const grey = Buffer.from(shown.red, 'base64');
      let [far, seen] = [0, 0];
      for (let j = 2; j < file.rows - 2; j++) {
        for (let i = 2; i < file.columns - 2; i++) {
          const point = at(i, j);
          const from = lps(point[0] - centre[0], point[1] - centre[1], point[2] - centre[2]);
          const x = Math.floor(shown.width / 2 + dot(from, right) * shown.perMm);
          const y = Math.floor(shown.height / 2 - dot(from, up) * shown.perMm);
          if (x < 0 || y < 0 || x >= shown.width || y >= shown.height) continue;
          seen += 1;
          if (Math.abs(grey[y * shown.width + x]! - than[j * file.columns + i]!) > 2) far += 1;
        }
      }
      expect(seen, 'the slice is on the screen').toBeGreaterThan(0.95 * (file.rows - 4) * (file.columns - 4));
      return far / seen;
    };
    // Of voxels seen at less than two pixels each, a few are met at their edge.
    await expect.poll(() => differing(wanted), { message: 'share of voxels more than two grey levels off' }).toBeLessThan(0.001);
    const mirrored = wanted.map((_, n) => wanted[n - (n % file.columns) + file.columns - 1 - (n % file.columns)]!);
    expect(await differing(mirrored), 'a mirrored slice would be told apart').toBeGreaterThan(0.1);
  });
}
