/**
 * Real files of many vendors and in every transfer syntax, anonymised one by one: no identifying value of the source is left in a
 * readable byte, pixels are the source's, our own reader sees the same geometry, DCMTK reads the output and dicom3tools finds
 * nothing in it that it did not find in the source.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSet } from 'dicom-parser';
import { expect, test } from 'vitest';
import { foundIn, pixelBytes } from '../../testing/identifierBytes.ts';
import { describeWithTools, iodErrors, runTool } from '../../testing/otherTools.ts';
import { describeWithData, sharedData } from '../../testing/sharedData.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { readInstance } from '../dicom/header.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { readDataSet, writeAnonymisedFile } from './anonymisedFile.ts';
import { identifierSearch, IdentifierCollection } from './knownIdentifiers.ts';
import { Pseudonyms } from './pseudonyms.ts';

const folders = [
  'codecs-ct', 'codecs-mr-small', 'philips-mprage-study', 'philips-t1w-tse-enhanced-phantom', 'siemens-xa10-enhanced-epi', 'canon-dwi-enhanced-oblique-deflated', 'ge-fse-pd-axial-oblique-uneven',
  'siemens-t1-fl2d-sag-hfp-jpeg-ls', 'ge-mprage-oblique-jpeg-lossless', 'four-slice-series', 'twelve-bit-unsigned', 'selection-distractors', 'siemens-mosaic-epi', 'malformed',
];
/** Of a folder with more, spread over it: files of one series differ in numbers alone. Files of codecs are all different. */
const perFolder = 8;
const chosen = (folder: string): string[] => filesOf(folder).filter((_, at, all) => folder.startsWith('codecs') || at % Math.ceil(all.length / perFolder) === 0);

const filesOf = (folder: string): string[] =>
  readdirSync(join(sharedData, folder), { recursive: true, encoding: 'utf8' }).sort().map((name) => join(sharedData, folder, name)).filter((path) => statSync(path).isFile() && !/\.(json|md|txt|gz|nii|bval|bvec)$/.test(path));

/** Values an output must not hold, read with dicom-parser alone: names by their parts, numbers, dates, places, identifiers of objects. */
function identifyingValues(dataSet: DataSet): string[] {
  const values = (tags: readonly string[]): string[] => tags.flatMap((tag) => (dataSet.string(`x${tag}`) ?? '').split('\\')).map((value) => value.trim());
  const names = values(['00100010', '00080090', '00081048', '00081050', '00081060', '00081070', '00321032', '00101001']).flatMap((name) => name.split(/[\^=\s,]+/));
  const whole = values(['00100020', '00080050', '00100030', '00080020', '00080021', '00080022', '00080023', '00080012', '00400244', '00080080', '00080081', '00081010', '00081040', '00101040', '00181000', '00380010', '00401001', '00400253']);
  const uids = values(['00080018', '0020000d', '0020000e', '00200052']).filter((uid) => uid.length > 16 && !uid.startsWith('1.2.840.10008.'));
  // Shorter ones occur in anything, and DICOM is named in every output.
  return [...names.filter((part) => part.length >= 3), ...whole.filter((value) => value.length >= 5), ...uids].filter((value) => value.toLowerCase() !== 'dicom');
}

/** All our reader sees of the images, but what vendors say in private attributes alone. */
const geometry = ({ frames, pixels, instanceNumber, modality, imageType, transferSyntaxUid }: InstanceHeader): unknown => ({
  frames: frames.map(({ discriminators, ...frame }) => ({ ...frame, ...discriminators, bValue: undefined, component: undefined, diffusionDirection: undefined })),
  pixels, instanceNumber, modality, imageType, transferSyntaxUid,
});
const withoutUids = (errors: readonly string[]): string[] => errors.map((error) => error.replaceAll(/<\d+(?:\.\d+)+>/g, '<UID>'));
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

describeWithData('real files', () => {
  describeWithTools('with DCMTK and dicom3tools', ['dcmdump', 'dcmdjpeg', 'dciodvfy'], () => {
    test.each(folders)('%s', async (folder) => {
      let written = 0;
      for (const [at, path] of chosen(folder).entries()) {
        const instance = await readInstance({ path, name: path }).catch(codeOf);
        if (typeof instance === 'string' || instance.pixels === null || instance.kind === 'nifti') continue;
        const { dataSet } = await readDataSet(instance.source);
        const identifiers = new IdentifierCollection();
        identifiers.addDataSet(dataSet);
        const pseudonyms = new Pseudonyms('key of the data test', { ...instance.study, patientIdIssuer: '', studyUid: instance.studyUid });
        const out = temporaryFolder();
        const target = join(out, `${at}.dcm`);
        const refused = await writeAnonymisedFile(instance, target, { pseudonyms, holds: identifierSearch(identifiers.known()), studyDescription: 'MR brain', seriesDescription: 'Other series' }).then(() => null, codeOf);
        if (refused !== null) {
          expect([path, refused]).toEqual([path, expect.stringMatching(/^dicom\//)]);
          continue;
        }
        written++;
        expect([path, foundIn(out, identifyingValues(dataSet))]).toEqual([path, []]);
        expect(geometry(await readInstance({ path: target, name: 'out' }))).toEqual(geometry(instance));
        // Files without file meta information are none that dicom-parser takes.
        const before = (() => { try { return pixelBytes(path); } catch { return null; } })();
        if (before !== null) expect([path, pixelBytes(target).equals(before)]).toEqual([path, true]);
        if (folder === 'malformed') continue;
        const dump = runTool('dcmdump', ['-q', target]);
        expect([path, dump.code]).toEqual([path, 0]);
        const { dataSet: after } = await readDataSet({ path: target, name: 'out' });
        expect([path, Object.keys(after.elements).filter((key) => Number.parseInt(key.slice(4, 5), 16) % 2 === 1)]).toEqual([path, []]);
        // dciodvfy takes deflated bytes for elements.
        if (instance.transferSyntaxUid.endsWith('.1.99')) continue;
        const known = new Set(withoutUids(iodErrors(path)));
        expect([path, withoutUids(iodErrors(target)).filter((error) => !known.has(error))]).toEqual([path, []]);
      }
      expect(written).toBeGreaterThan(0);
    });

    test('DCMTK decodes compressed pixels of the output to those of the source', async () => {
      const path = filesOf('ge-mprage-oblique-jpeg-lossless')[0]!;
      const instance = await readInstance({ path, name: path });
      const out = temporaryFolder();
      const [target, was, is] = ['out.dcm', 'was.dcm', 'is.dcm'].map((name) => join(out, name)) as [string, string, string];
      await writeAnonymisedFile(instance, target, { pseudonyms: new Pseudonyms('key', { ...instance.study, patientIdIssuer: '', studyUid: instance.studyUid }), holds: identifierSearch({ names: [], numbers: [], dates: [], places: [] }), studyDescription: '', seriesDescription: '' });
      expect([runTool('dcmdjpeg', [path, was]).code, runTool('dcmdjpeg', [target, is]).code]).toEqual([0, 0]);
      expect(pixelBytes(is).equals(pixelBytes(was))).toBe(true);
      expect(pixelBytes(is).length).toBe(instance.pixels!.rows * instance.pixels!.columns * 2);
    });
  });
});
