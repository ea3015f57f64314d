/** `brat anonymise` as it is typed: what it says, how it refuses, and what a kill in the middle leaves. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBrat } from '../testing/bratCommand.ts';
import { dicomImage } from '../testing/dicomFiles.ts';
import { filesBelow, foundIn } from '../testing/identifierBytes.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';

const study = '1.3.12.2.1107.5.2.77';

test('a study comes out without its patient, what is left out is named, and a second time the folder is refused', async () => {
  const [dataDir, source, out] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  await writePhantomStudy(source, { uid: study, series: ['t1c'], accession: 'ACC-4711', elements: [['00100010', 'PN', 'Featherstonehaugh^Wilhelmina'], ['00100020', 'LO', 'HOSP-4711']] });
  const screen = temporaryFolder({ 'a.dcm': dicomImage({ rows: 2, columns: 2, pixels: [1, 2, 3, 4], elements: [['0020000d', 'UI', study], ['0020000e', 'UI', `${study}.9`], ['00280301', 'CS', 'YES']] }) });
  expect((await runBrat(['import', source, screen], { dataDir })).code).toBe(0);
  const folder = join(out, 'to give away');
  const made = await runBrat(['anonymise', study, '--out', folder, '--json'], { dataDir });
  expect(made.code).toBe(0);
  expect(JSON.parse(made.out)).toMatchObject({ images: 8, series: 1, reports: 0, patientId: expect.stringMatching(/^ANON-/) as string, leftOut: [{ reason: 'burned-in', objects: 1 }] });
  expect(made.err).toContain('burned into its pixels');
  expect(filesBelow(folder)).toHaveLength(8);
  expect(foundIn(folder, ['Featherstonehaugh', 'Wilhelmina', 'HOSP-4711', 'ACC-4711', study, '20240229'])).toEqual([]);
  const again = await runBrat(['anonymise', study, '--out', folder], { dataDir });
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('outputs/folder-not-empty')]);
  expect((await runBrat(['anonymise', study], { dataDir })).code).toBe(2);
});

test('NIfTI is refused by name', async () => {
  const [dataDir, out] = [temporaryFolder(), temporaryFolder()];
  const header = Buffer.alloc(352 + 4 * 4 * 4 * 2);
  header.writeInt32LE(348, 0);
  for (const [at, value] of [3, 4, 4, 4, 1, 1, 1, 1].entries()) header.writeInt16LE(value, 40 + 2 * at);
  header.writeInt16LE(4, 70);
  header.writeInt16LE(16, 72);
  for (const at of [76, 80, 84, 88]) header.writeFloatLE(1, at);
  header.writeFloatLE(352, 108);
  header.writeInt16LE(1, 254);
  for (const at of [280, 300, 320]) header.writeFloatLE(1, at);
  header.write('n+1\0', 344, 'latin1');
  const imported = await runBrat(['import', join(temporaryFolder({ 't1.nii': header }), 't1.nii'), '--json'], { dataDir });
  expect(imported.code).toBe(0);
  const stored = JSON.parse(imported.out) as { studies: string[] };
  const refused = await runBrat(['anonymise', stored.studies[0]!, '--out', join(out, 'x')], { dataDir });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('outputs/not-dicom')]);
});

test('killed while it writes, it leaves no folder that looks like an export, and the next run makes it', async () => {
  const [dataDir, source, out] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  await writePhantomStudy(source, { uid: study, slices: 60 });
  expect((await runBrat(['import', source], { dataDir })).code).toBe(0);
  const folder = join(out, 'export');
  let watch: NodeJS.Timeout | undefined;
  const killed = await runBrat(['anonymise', study, '--out', folder], {
    dataDir,
    onStart: (kill) => { watch = setInterval(() => { if (filesBelow(out).length > 20) kill('SIGKILL'); }, 5); },
  });
  clearInterval(watch);
  expect([killed.signal, existsSync(folder)]).toEqual(['SIGKILL', false]);
  for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true });
  expect((await runBrat(['anonymise', study, '--out', folder], { dataDir })).code).toBe(0);
  expect(filesBelow(folder)).toHaveLength(180);
  expect(readdirSync(out)).toEqual(['export']);
});
