/** What the engine exports of a signed study, read back by hl7apy and pydicom. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ijk, voxelToPatient } from '../../shared/geometry.ts';
import { call, openEngine } from '../../testing/engineForTests.ts';
import { parsedByHl7apy } from '../../testing/hl7apy.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { contentOf, sentence } from '../../testing/reportSentences.ts';
import { readSegmentation } from '../../testing/segmentationVoxels.ts';
import { importIn, measureIn, readerIn, signIn } from '../../testing/signedInEngine.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPackWithHeads } from '../../testing/tinyHeads.ts';
import type { Engine } from '../create.ts';
import { lesionMask } from '../findings/lesionMask.ts';
import { Analyses } from './analysis.ts';

const study = '2.25.7';
let pack = '';
const folders: string[] = [];
let engine: Engine;
beforeAll(async () => {
  pack = await makeTinyPackWithHeads();
  const [source, dataDir] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'brat-exporting-'))) as [string, string];
  folders.push(pack, source, dataDir);
  const { series } = await writePhantomStudy(source, { lesionRadius: 0.36 });
  engine = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
  await importIn(engine, source, study);
  await readerIn(engine);
  await measureIn(engine, study, series[0]!, 3);
  await signIn(engine, study, contentOf(sentence('a', 'A mass | of 75 mm^2 & more.'), sentence('i', 'Glioma.', { section: 'impression' })));
});
afterAll(async () => {
  await engine.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('the HL7 message is a valid ORU^R01 of the patient and the order', async () => {
  const [file] = await engine.handlers['report.export']({ study, number: null, format: 'hl7' }, call);
  const read = parsedByHl7apy(Buffer.from(file!.bytes).toString('utf8'));
  expect(read).toMatchObject({ name: 'ORU_R01', patient: 'P1^^^^MR', person: ['Doe', 'Jane'], birth: '19600301', sex: 'F', accession: 'ACC7', status: 'F' });
  expect(read.observations.map(([type, , value]) => [type, type === 'ED' ? '' : value])).toEqual([['FT', 'A mass | of 75 mm^2 & more.'], ['FT', 'Glioma.'], ['NM', '75'], ['ED', '']]);
});

test('the segmentation lies, by pydicom, where the lesion head found it, on the images of the file', async () => {
  const [file] = await engine.handlers['report.export']({ study, number: null, format: 'seg' }, call);
  const path = join(temporaryFolder(), 'seg.dcm');
  writeFileSync(path, file!.bytes);
  const read = readSegmentation(path).voxels;
  const used = await engine.parts.models.pack();
  const { channels, found } = await new Analyses(engine.parts).stored(study, used);
  const { dims: [ni, nj, nk], voxels, voxelToLps } = lesionMask({ channels, found }, used);
  const expected: [number, number, number, string][] = [];
  for (let k = 0, at = 0; k < nk; k++) for (let j = 0; j < nj; j++) for (let i = 0; i < ni; i++, at++) {
    if (voxels[at] !== 1) continue;
    const [x, y, z] = voxelToPatient(voxelToLps, ijk(i, j, k));
    expected.push([x, y, z, `2.25.7.1.${k + 1}`]);
  }
  expect(expected.length).toBeGreaterThan(10);
  expect(read).toHaveLength(expected.length);
  expect(Math.max(...read.map((each, n) => Math.hypot(...[0, 1, 2].map((axis) => (each[axis] as number) - (expected[n]![axis] as number)))))).toBeLessThan(1e-6);
  expect(read.map(([, , , uid]) => uid)).toEqual(expected.map(([, , , uid]) => uid));
});
