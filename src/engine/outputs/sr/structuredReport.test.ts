/** Structured reports, read by DCMTK and held to their IODs by dicom3tools. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../shared/contract.ts';
import { describeWithTools, iodErrors, iodOf, runTool } from '../../../testing/otherTools.ts';
import { identityForTests, measurementForTests, sentenceForTests, signedReportForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { temporaryFolder } from '../../../testing/temporaryFolder.ts';
import type { PlacedMeasurement } from '../report/signedStudy.ts';
import { basicTextSrFile } from './basicText.ts';
import { comprehensiveSrFile } from './comprehensive.ts';
import { decimal } from './contentItems.ts';

const image = { sopClassUid: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUid: '2.25.7.1.3', seriesUid: '2.25.7.1', frame: null };
const inImage = (fields: Partial<Measurement>, points: readonly (readonly [number, number])[]): PlacedMeasurement => ({ measurement: measurementForTests(fields), image: { ...image, points } });
const inSpace = (fields: Partial<Measurement>): PlacedMeasurement => ({ measurement: measurementForTests({ instance: null, slice: null, ...fields }), image: null });

const flat: PlacedMeasurement[] = [
  inImage({}, [[80.5, 70.5], [104.5, 70.5]]),
  inImage({ id: 'm2', kind: 'ellipse', unit: 'mm2', value: 120.5, label: '', statistics: { mean: 512.25, standardDeviation: 1 / 7, minimum: -3, maximum: 1 / 3 } }, [[10, 20], [30, 20], [20, 15], [20, 25]]),
  inImage({ id: 'm3', kind: 'angle', unit: 'deg', value: 33.3 }, [[10, 20], [30, 20], [20, 15]]),
  inImage({ id: 'm4', kind: 'probe', unit: 'value', value: 900 }, [[10, 20]]),
  inImage({ id: 'm5', kind: 'arrow', unit: 'none', value: null, label: 'Look here' }, [[10, 20], [11, 22]]),
].map((placed) => ({ ...placed, measurement: { ...placed.measurement, pointsLps: placed.image!.points.map((): [number, number, number] => [0, 0, 10]) } }));
const oblique = [
  inSpace({ id: 'm6', pointsLps: [[-10.125, -20, 3], [14, -20.5, 12]], value: 25.8 }),
  inSpace({ id: 'm7', kind: 'ellipse', unit: 'mm2', value: 47, pointsLps: [[0, 0, 0], [0, 0, 10], [0, 3, 5], [0, -3, 5]] }),
];

function fileOf(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), 'report.dcm');
  writeFileSync(file, bytes);
  return file;
}
/** The content tree with all text in full. */
const treeOf = (file: string): string => runTool('dsrdump', ['+Pl', '+Pc', file]).out;

describeWithTools('structured reports', ['dsrdump', 'dcmdump', 'dciodvfy'], () => {
  test('the basic text report has its sections, the reader who verified it, and nothing that was rejected or never accepted', () => {
    const file = fileOf(basicTextSrFile(signedStudyForTests()));
    expect([iodOf(file), iodErrors(file)]).toEqual(['BasicTextSR', []]);
    const tree = treeOf(file);
    for (const words of ['VERIFIED', 'Dr. Ada Lovelace', '(121070,DCM,"Findings")', 'Ring-enhancing mass in the left frontal lobe, 24 mm.', 'Midline shift of 4 mm to the right.', 'High-grade glioma is likely.', 'SYNTHETIC pack: not for patients']) expect(tree).toContain(words);
    for (const words of ['REJECTED', 'PROPOSED', 'No midline shift', 'Error']) expect(tree).not.toContain(words);
  });

  test('measurements in images make a Comprehensive SR after TID 1500 with their values, units, pixels and images', () => {
    const file = fileOf(comprehensiveSrFile(signedStudyForTests({ measurements: flat })));
    expect([iodOf(file), iodErrors(file)]).toEqual(['ComprehensiveSR', []]);
    const tree = treeOf(file);
    expect(tree).toMatch(/NUM:\(410668003,SCT,"Length"\)="24" \(mm,UCUM,"millimeter"\)>\s+<inferred from SCOORD:=\(POLYLINE,80\.5\/70\.5,104\.5\/70\.5\)>\s+<selected from IMAGE/);
    for (const words of ['(125007,DCM,"Measurement Group")', '"33.3" (deg,UCUM', '"120.5" (mm2,UCUM', '"900"', 'Look here', '(373098007,SCT,"Mean")', 'Left frontal lobe; Left temporal lobe', 'High-grade glioma is likely.']) expect(tree).toContain(words);
    const dump = runTool('dcmdump', [file]).out;
    expect(dump).toMatch(/FL 80\.5\\70\.5\\104\.5\\70\.5/);
    expect(dump).toContain('[2.25.7.1.3]');
    expect(tree).not.toContain('Error');
  });

  test('a measurement across images makes a Comprehensive 3D SR with its points in patient space and their frame of reference', () => {
    const file = fileOf(comprehensiveSrFile(signedStudyForTests({ measurements: [...flat, ...oblique] })));
    expect([iodOf(file), iodErrors(file)]).toEqual(['Comprehensive3DSR', []]);
    const dump = runTool('dcmdump', [file]).out;
    expect(dump).toMatch(/FL -10\.125\\-20\\3\\14\\-20\.5\\12/);
    expect(dump).toMatch(/2\.25\.4\] +# +\d+, 1 ReferencedFrameOfReferenceUID/);
    expect(treeOf(file)).toContain('SCOORD3D');
  });

  test('a report without a measurement, and an addendum, are valid as well', () => {
    for (const number of [1, 2]) {
      const file = fileOf(comprehensiveSrFile(signedStudyForTests({ report: signedReportForTests({ number }) })));
      expect([iodOf(file), iodErrors(file)]).toEqual(['ComprehensiveSR', []]);
    }
  });

  test.each([
    ['Chinese, Greek, Cyrillic, Arabic and accents', '左额叶 Ελληνικά Кириллица العربية Ångström', '山田^太郎=山田^太郎=やまだ^たろう'],
    ['backslashes, quotes, angle brackets and line ends', 'a\\b "c" <d> & e\r\nf', 'O\'Brien-Smith^Anne Marie^^Prof.^III'],
    ['a very long sentence', `${'word '.repeat(790)}end`, 'X'],
    ['nothing for a name', 'plain', ''],
  ])('text in any character set: %s', (_, words, patientName) => {
    const report = signedReportForTests({ content: { sentences: [sentenceForTests('s1', 'findings', words)], answers: [], firstImpression: '' } });
    for (const bytes of [basicTextSrFile(signedStudyForTests({ report, study: { ...identityForTests, patientName } })), comprehensiveSrFile(signedStudyForTests({ report, study: { ...identityForTests, patientName } }))]) {
      const file = fileOf(bytes);
      expect(iodErrors(file)).toEqual([]);
      const utf8 = Buffer.from(bytes).toString('utf8');
      expect(utf8).toContain(words);
      expect(utf8).toContain(patientName);
      expect(runTool('dcmdump', [file]).out).toContain('[ISO_IR 192]');
      expect(runTool('dsrdump', [file]).code).toBe(0);
    }
  });

  test('the same report is the same object; another signature is another', () => {
    const uid = (bytes: Uint8Array): string => /\[([^\]]*)\].*SOPInstanceUID/.exec(runTool('dcmdump', ['+P', '0008,0018', fileOf(bytes)]).out)![1]!;
    const first = basicTextSrFile(signedStudyForTests());
    expect(Buffer.from(basicTextSrFile(signedStudyForTests())).equals(Buffer.from(first))).toBe(true);
    expect(uid(basicTextSrFile(signedStudyForTests({ report: signedReportForTests({ signedAt: '2026-01-05T09:00:01.000Z' }) })))).not.toBe(uid(first));
    expect(readFileSync(fileOf(first)).length).toBe(first.length);
  });
});

describe('decimal', () => {
  test.each([[1 / 3, '0.3333333333'], [-0.000123456789012345, '-0.0001234567890'], [1e-17, '1e-17'], [1e9 / 7, '142857142.9'], [0, '0']])('%d is at most 16 characters and true to ten digits', (value, written) => {
    expect(decimal(value).length).toBeLessThanOrEqual(16);
    expect(Number(decimal(value))).toBeCloseTo(Number(written), 9);
  });
});
