/** One file at a time: in every encoding the pixels stay byte for byte, and DCMTK reads what comes out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dicomImage, type TestElement, type TestImageOptions } from '../../testing/dicomFiles.ts';
import { parsedFile, pixelBytes, text } from '../../testing/identifierBytes.ts';
import { describeWithTools, iodErrors, runTool } from '../../testing/otherTools.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { readInstance } from '../dicom/header.ts';
import { readDataSet, writeAnonymisedFile } from './anonymisedFile.ts';
import { identifierSearch, IdentifierCollection } from './knownIdentifiers.ts';
import { Pseudonyms } from './pseudonyms.ts';

const patient = { patientId: 'PAT-4711', patientIdIssuer: 'HOSPITAL', patientName: 'Doe, Jane', birthDate: '1960-03-01', studyUid: '2.25.2' };
const pseudonyms = new Pseudonyms('a secret key', patient);
const holds = identifierSearch({ names: ['Featherstonehaugh, Jane'], numbers: ['PAT-4711'], dates: [], places: ['Saint Elsewhere'] });
const pixels = Uint8Array.from({ length: 32 }, (_, at) => (at * 37) % 251);

async function anonymised(options: TestImageOptions): Promise<{ source: string; target: string }> {
  const folder = temporaryFolder({ 'in.dcm': dicomImage({ rows: 4, columns: 4, ...(options.fragments === undefined && { pixels }), ...options }) });
  const [source, target] = [join(folder, 'in.dcm'), join(folder, 'out.dcm')];
  await writeAnonymisedFile(await readInstance({ path: source, name: 'in.dcm' }), target, { pseudonyms, holds, studyDescription: 'MR brain', seriesDescription: 'T1' });
  return { source, target };
}

describe('pseudonyms', () => {
  test('dates keep their distance across leap days, times and zones stay, and what is no date is emptied', () => {
    const days = (a: string, b: string): number => (Date.parse(b) - Date.parse(a)) / 86_400_000;
    expect(days(pseudonyms.isoDay('2024-02-28'), pseudonyms.isoDay('2024-03-01'))).toBe(2);
    expect(days(pseudonyms.isoDay('2019-12-31'), pseudonyms.isoDay('2024-02-29'))).toBe(days('2019-12-31', '2024-02-29'));
    expect(days(pseudonyms.isoDay('2024-02-28'), '2024-02-28')).toBeGreaterThanOrEqual(365);
    expect(pseudonyms.date('2024.02.29')).toBe(pseudonyms.date('20240229'));
    expect(pseudonyms.dateTime('20240229101530.250000+0100')).toBe(`${pseudonyms.date('20240229')}101530.250000+0100`);
    expect([pseudonyms.date('***'), pseudonyms.date('20240230'), pseudonyms.dateTime('2024'), pseudonyms.dateTime('Jane')]).toEqual(['', '', '', '']);
  });

  test('another key or another patient gives other names and days; what the standard owns keeps its identifier', () => {
    const other = new Pseudonyms('another key', patient);
    expect([other.patientId, other.uid('1.2.3'), other.isoDay('2024-01-01')]).not.toEqual(expect.arrayContaining([pseudonyms.patientId, pseudonyms.uid('1.2.3'), pseudonyms.isoDay('2024-01-01')]));
    expect(new Pseudonyms('a secret key', { ...patient, patientIdIssuer: 'CLINIC' }).patientId).not.toBe(pseudonyms.patientId);
    expect(pseudonyms.uid('1.2.840.10008.5.1.4.1.1.4')).toBe('1.2.840.10008.5.1.4.1.1.4');
    expect(pseudonyms.uid('1.2.3')).toMatch(/^2\.25\.\d{30,39}$/);
  });
});

describeWithTools('one file in every encoding', ['dcmdump', 'dciodvfy'], () => {
  test.each([
    ['implicit', { transferSyntax: '1.2.840.10008.1.2' }],
    ['explicit', {}],
    ['big endian', { transferSyntax: '1.2.840.10008.1.2.2' }],
    ['deflated', { transferSyntax: '1.2.840.10008.1.2.1.99' }],
    ['encapsulated, three fragments', { transferSyntax: '1.2.840.10008.1.2.4.70', fragments: [pixels, pixels.subarray(0, 6), pixels.subarray(3, 21)], offsetTable: [0] }],
  ] as [string, TestImageOptions][])('%s: pixels and transfer syntax are the source’s', async (name, options) => {
    const { source, target } = await anonymised(options);
    expect(pixelBytes(target).equals(pixelBytes(source))).toBe(true);
    expect(pixelBytes(target).length).toBeGreaterThan(30);
    expect(text(parsedFile(target), '00020010')).toBe(text(parsedFile(source), '00020010'));
    const dump = runTool('dcmdump', [target]);
    expect([dump.code, dump.out]).toEqual([0, expect.not.stringMatching(/^[EW]: /m)]);
    expect(dump.out).toContain(pseudonyms.patientName);
    // dciodvfy takes deflated bytes for elements.
    if (name !== 'deflated') expect(iodErrors(target).filter((error) => !iodErrors(source).includes(error))).toEqual([]);
  });

  test('file meta information names the new object, and says nothing of the source', async () => {
    const { target } = await anonymised({});
    const dataSet = parsedFile(target);
    expect(text(dataSet, '00020003')).toBe(text(dataSet, '00080018'));
    expect(text(dataSet, '00080018')).toBe(pseudonyms.uid('2.25.1'));
    expect(text(dataSet, '00080016')).toBe('1.2.840.10008.5.1.4.1.1.4');
  });
});

describe('attributes', () => {
  const item: TestElement[] = [['00081150', 'UI', '1.2.840.10008.5.1.4.1.1.4'], ['00081155', 'UI', '1.2.3.4']];
  const elements: TestElement[] = [
    ['00080014', 'UI', '1.2.3.9'], ['00081140', 'SQ', [item]], ['00081070', 'PN', 'Operator^Olga'], ['00400275', 'SQ', [[['00401001', 'SH', 'RP1']]]],
    ['00091001', 'LO', 'private'], ['00290010', 'LO', 'SIEMENS CSA'], ['60000022', 'LO', 'Jane Featherstonehaugh'], ['60003000', 'OW', [1, 2]], ['50000005', 'US', [1]],
    ['00080070', 'LO', 'Vendor'], ['00081090', 'LO', 'Scanner of Jane'], ['00180024', 'SH', 'se2d1'], ['00204000', 'LT', 'comment'], ['00189074', 'DT', '20240229101530.25'],
    ['00181250', 'SH', 'HeadCoil'], ['00180010', 'LO', '10 ml Gadovist'], ['0040a124', 'UI', '1.2.3.4'], ['00189004', 'CS', 'RESEARCH'], ['00080201', 'SH', '+0100'],
    ['00181200', 'DA', '20230101'], ['00189005', 'SH', 'FEATHERSTONEHAUGH seq'], ['00101010', 'AS', '063Y'], ['00281052', 'DS', '0'], ['00081032', 'SQ', [[['00080100', 'SH', 'X1'], ['00080104', 'LO', 'MR at Saint Elsewhere']]]],
  ];

  test('what the table keeps stays in the bytes of the source; what it removes, moves or replaces is gone, in sequences too', async () => {
    const { target } = await anonymised({ elements });
    const dataSet = parsedFile(target);
    const has = Object.keys(dataSet.elements);
    for (const tag of ['00091001', '00290010', '60000022', '60003000', '50000005', '00204000', '00400275', '00101010', '00080201', '00181200']) expect(has).not.toContain(`x${tag}`);
    expect(['00080070', '00180024', '00181250', '00189004', '00281052', '00080030', '00200032'].map((tag) => text(dataSet, tag))).toEqual(['Vendor', 'se2d1', 'HeadCoil', 'RESEARCH', '0', '101530.25', '-100\\-90\\12.5']);
    expect(['00081090', '00189005', '00180010', '0008103e'].map((tag) => text(dataSet, tag))).toEqual(['ANONYMISED', 'ANONYMISED', 'Contrast agent', 'T1']);
    expect(text(dataSet, '00189074')).toBe(`${pseudonyms.date('20240229')}101530.25`);
    expect([text(dataSet, '00080014'), text(dataSet, '0040a124')]).toEqual([pseudonyms.uid('1.2.3.9'), pseudonyms.uid('1.2.3.4')]);
    const reference = dataSet.elements['x00081140']!.items![0]!.dataSet!;
    expect([text(reference, '00081150'), text(reference, '00081155')]).toEqual(['1.2.840.10008.5.1.4.1.1.4', pseudonyms.uid('1.2.3.4')]);
    const code = dataSet.elements['x00081032']!.items![0]!.dataSet!;
    expect([text(code, '00080100'), text(code, '00080104')]).toEqual(['X1', 'ANONYMISED']);
  });

  test.each([
    ['UTF-8', 'ISO_IR 192', Buffer.from('Müller-Öztürk^Jürgen'), Buffer.from('Kopf MÜLLER-ÖZTÜRK'), Buffer.from('gre_Jürgen2')],
    ['Greek', 'ISO_IR 126', Buffer.from([0xd0, 0xe1, 0xf0, 0xdc, 0xe4, 0xef, 0xf2]), Buffer.from([0x54, 0x31, 0x20, 0xd0, 0xe1, 0xf0, 0xdc, 0xe4, 0xef, 0xf2]), Buffer.from([0xd0, 0xe1, 0xf0, 0xdc, 0xe4, 0xef, 0xf2, 0x37])],
    ['Japanese', 'ISO 2022 IR 13\\ISO 2022 IR 87', Buffer.from('d4cfc0de5ec0dbb33d1b2442453b4564', 'hex'), Buffer.from('T1 \u00d4\u00cf\u00c0\u00de', 'latin1'), Buffer.from('1b2442453b45641b284a20', 'hex')],
  ])('a name in %s is found in other attributes of that character set', async (_, characterSet, name, station, coil) => {
    const named: TestElement[] = [['00080005', 'CS', characterSet], ['00100010', 'PN', name], ['00081090', 'LO', station], ['00181250', 'SH', coil], ['00180024', 'SH', 'se2d1']];
    const folder = temporaryFolder({ 'in.dcm': dicomImage({ pixels: [1, 2, 3, 4, 5, 6, 7, 8], elements: named }) });
    const source = { path: join(folder, 'in.dcm'), name: 'in.dcm' };
    const identifiers = new IdentifierCollection();
    identifiers.addDataSet((await readDataSet(source)).dataSet);
    await writeAnonymisedFile(await readInstance(source), join(folder, 'out.dcm'), { pseudonyms, holds: identifierSearch(identifiers.known()), studyDescription: '', seriesDescription: '' });
    expect(['00081090', '00181250', '00180024'].map((tag) => text(parsedFile(join(folder, 'out.dcm')), tag))).toEqual(['ANONYMISED', 'ANONYMISED', 'se2d1']);
  });

  test('the object says what was done to it', async () => {
    const { target } = await anonymised({});
    const dataSet = parsedFile(target);
    expect(['00120062', '00280303', '00100020', '00100030', '00100040'].map((tag) => text(dataSet, tag))).toEqual(['YES', 'MODIFIED', pseudonyms.patientId, undefined, undefined]);
    expect(dataSet.elements['x00120064']!.items!.map(({ dataSet: code }) => `${text(code!, '00080102')} ${text(code!, '00080100')}`)).toEqual(['DCM 113100', 'DCM 113105', 'DCM 113107']);
  });

  test('pixels that end too early are refused', async () => {
    const whole = dicomImage({ transferSyntax: '1.2.840.10008.1.2.4.70', fragments: [pixels], offsetTable: [0] });
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'whole.dcm'), whole);
    const instance = await readInstance({ path: join(folder, 'whole.dcm'), name: 'whole.dcm' });
    writeFileSync(join(folder, 'whole.dcm'), whole.subarray(0, whole.length - 12));
    await expect(writeAnonymisedFile(instance, join(folder, 'out.dcm'), { pseudonyms, holds, studyDescription: '', seriesDescription: '' })).rejects.toMatchObject({ code: 'dicom/truncated' });
  });
});
