import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dicomFile, type TestElement } from '../../testing/dicomFiles.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { splitSentences } from '../draft/sentences.ts';
import { readReportSources } from './reportSources.ts';
import type { ReportItem } from './reportRecord.ts';

const call = { signal: new AbortController().signal };

async function read(files: Readonly<Record<string, string | Uint8Array>>, encoding: string | null = null): Promise<ReportItem[]> {
  let items: ReportItem[] = [];
  const folder = temporaryFolder(files);
  await readReportSources([folder], { ...call, encoding, take: (item) => { items.push(item); }, forget: (source) => { items = items.filter((item) => item.source !== source); } });
  return items;
}
const reports = (items: readonly ReportItem[]): Extract<ReportItem, { kind: 'report' }>[] => items.flatMap((item) => (item.kind === 'report' ? [item] : []));
const problems = (items: readonly ReportItem[]): string[] => items.flatMap((item) => (item.kind === 'problem' ? [item.code] : []));

const msh = (type = 'ORU^R01^ORU_R01', set = ''): string => `MSH|^~\\&|RIS|HOSP|BRAT|HOSP|20260105090000||${type}|1|P|2.5.1||||||${set}`;
const pid = 'PID|1||4711^^^HOSP^MR~99-1^^^CITY^PI||Doe^Jane^Mary||19600301|F';
/** A segment from its fields by number. */
const segment = (name: string, fields: Readonly<Record<number, string>>): string => [name, ...Array.from({ length: Math.max(...Object.keys(fields).map(Number)) }, (_, at) => fields[at + 1] ?? '')].join('|');
const obr = (accession: string, status = 'F', issued = '20260105091500'): string => segment('OBR', { 1: '1', 2: 'P1', 3: 'F1', 4: '24558-9^MR Brain^LN', 16: '12^Miller&&^Ruth', 18: accession, 22: issued, 25: status });
const obx = (text: string, kind = '59776-5^Findings^LN', type = 'FT'): string => `OBX|1|${type}|${kind}||${text}||||||F`;

describe('HL7 version 2', () => {
  test.each([['CR', '\r'], ['CRLF', '\r\n'], ['LF', '\n']])('a message whose segments end with %s gives its report', async (_, end) => {
    const [report] = reports(await read({ 'a.hl7': [msh(), pid, 'PV1|1|O|||||7^House&^Gregory', 'ORC|RE|P1|F1', obr('A1'), obx('No mass.'), obx('Normal study.', '19005-8^Impression^LN')].join(end) }));
    expect(report).toMatchObject({ accession: 'A1', studyUid: '', patients: ['4711', '99-1'], issued: '20260105091500', text: 'No mass.\n\nNormal study.', place: 'message 1, OBR 1' });
    expect(report!.people).toEqual(['Doe Jane Mary', 'House Gregory', 'Miller Ruth']);
  });

  test('escapes are undone, formatted text has its lines, and carets that were not escaped stay', async () => {
    const [report] = reports(await read({ 'a.hl7': [msh(), pid, obr('A1'), obx('A \\F\\ B \\S\\ C \\T\\ D \\R\\ E \\E\\ 5 \\X41\\\\.br\\\\H\\Mass\\N\\ of 2^3 mm\\.sp2\\End. \\Zlocal\\')].join('\r') }));
    expect(report!.text).toBe('A | B ^ C & D ~ E \\ 5 A\nMass of 2^3 mm\nEnd. \\Zlocal\\');
  });

  test('lines of text come as repeated OBX or as repetitions; withdrawn lines and codes of the study are no text', async () => {
    const lines = [msh(), pid, obr('A1'), obx('There is a mass in the', 'R^Report', 'TX'), obx('left frontal lobe.~It enhances.', 'R^Report', 'TX'), 'OBX|3|TX|R^Report||Gone.||||||W', 'OBX|4|HD|113014^DICOM Study^DCM||1.2.3.4.5||||||F', 'OBX|5|CE|I^Impression||G1^Glioma^L||||||F'];
    const [report] = reports(await read({ 'a.hl7': lines.join('\r') }));
    expect(report).toMatchObject({ studyUid: '1.2.3.4.5', text: 'There is a mass in the\nleft frontal lobe.\nIt enhances.\n\nGlioma' });
    expect(splitSentences(report!.text)).toEqual(['There is a mass in the left frontal lobe.', 'It enhances.', 'Glioma']);
  });

  test('several orders, several patients and several messages in one file are told apart; frames and batches are opened', async () => {
    const one = [msh(), pid, obr('A1'), obx('One.'), 'ORC|RE|P2|F2', obr('A2'), obx('Two.'), 'PID|1||5|', obr('A3'), obx('Three.')].join('\r');
    const two = [msh(), pid, 'ZDS|1.2.840.99.1^RAD^Application^DICOM', segment('OBR', { 1: '1', 2: 'P1', 3: 'F9', 25: 'F' }), obx('Four.')].join('\r');
    const items = await read({ 'mllp.hl7': `\v${one}\x1c\r\v${two}\r\x1c\r`, 'batch.hl7': `FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r${two}\rBTS|1\rFTS|1\r` });
    expect(problems(items)).toEqual([]);
    expect(reports(items).filter(({ source }) => source.endsWith('mllp.hl7')).map(({ accession, patients, text, studyUid, place }) => [accession, patients[0], text, studyUid, place])).toEqual([
      ['A1', '4711', 'One.', '', 'message 1, OBR 1'], ['A2', '4711', 'Two.', '', 'message 1, OBR 2'], ['A3', '5', 'Three.', '', 'message 1, OBR 3'], ['F9', '4711', 'Four.', '1.2.840.99.1', 'message 2, OBR 1'],
    ]);
    expect(reports(items).filter(({ source }) => source.endsWith('batch.hl7')).map(({ text }) => text)).toEqual(['Four.']);
  });

  test('what is not final, has no text, or is another message is named and is no report', async () => {
    const items = await read({
      'p.hl7': [msh(), pid, obr('A1', 'P'), obx('Draft.')].join('\r'), 'x.hl7': [msh(), pid, obr('A1', 'X'), obx('Gone.')].join('\r'), 'e.hl7': [msh(), pid, obr('A1'), 'OBX|1|ED|PDF||^AP^PDF^Base64^JVBE||||||F'].join('\r'),
      'adt.hl7': [msh('ADT^A08'), pid].join('\r'), 'cut.hl7': [msh(), pid, obr('A1'), `OBX|1|TX|R||First line`, 'second line without a segment', obx('x')].join('\r'), 'short.hl7': 'MSH|^~\\&', 'none.hl7': [msh(), pid].join('\r'),
    });
    expect(reports(items)).toEqual([]);
    expect(Object.fromEntries(items.flatMap((item) => (item.kind === 'problem' ? [[item.source.split('/')[1], item.code]] : [])))).toEqual({
      'p.hl7': 'reports/not-final', 'x.hl7': 'reports/not-final', 'e.hl7': 'reports/empty', 'adt.hl7': 'reports/bad-message', 'cut.hl7': 'reports/bad-message', 'short.hl7': 'reports/bad-message', 'none.hl7': 'reports/bad-message',
    });
  });

  test('text comes in the character set the message names, and is refused where it names none and is not UTF-8', async () => {
    const words = 'Läsion größer.';
    const message = (set: string): string => [msh(undefined, set), pid, obr('A1'), obx(words)].join('\r');
    expect(reports(await read({ 'a.hl7': Buffer.from(message('8859/1'), 'latin1') }))[0]!.text).toBe(words);
    expect(reports(await read({ 'a.hl7': message('UNICODE UTF-8') }))[0]!.text).toBe(words);
    expect(problems(await read({ 'a.hl7': Buffer.from(message(''), 'latin1') }))).toEqual(['reports/bad-encoding']);
    expect(reports(await read({ 'a.hl7': Buffer.from(message(''), 'latin1') }, 'windows-1252'))[0]!.text).toBe(words);
    expect(problems(await read({ 'a.hl7': message('KLINGON') }))).toEqual(['reports/bad-encoding']);
  });
});

describe('tables', () => {
  test.each<[string, string | Uint8Array]>([
    ['commas and quotes', 'accession,report\nA1,"A mass, ""ring enhancing"", of 2 cm.\nNo bleed."\nA2,Normal.\n'],
    ['semicolons and a byte order mark', '\uFEFFAccession Number;Report Text\r\nA1;"A mass, ""ring enhancing"", of 2 cm.\r\nNo bleed."\r\nA2;Normal.\r\n'],
    ['UTF-16 from a spreadsheet', Buffer.from('\uFEFFaccession\treport\nA1\t"A mass, ""ring enhancing"", of 2 cm.\nNo bleed."\nA2\tNormal.\n', 'utf16le')],
  ])('with %s', async (_, content) => {
    const found = reports(await read({ 'r.csv': content }));
    expect(found.map(({ accession, text, place }) => [accession, text.replaceAll('\r', ''), place])).toEqual([['A1', 'A mass, "ring enhancing", of 2 cm.\nNo bleed.', 'row 2'], ['A2', 'Normal.', 'row 3']]);
  });

  test('patient and study columns are read; rows with a stray separator or without text are named', async () => {
    const items = await read({ 'r.csv': 'study_uid,accession,patient_id,report\n1.2.3,A1,4711,Fine.\n,A2,,\n,A3,,No mass, no bleed.\n' });
    expect(reports(items)).toMatchObject([{ studyUid: '1.2.3', accession: 'A1', patients: ['4711'] }]);
    expect(items.flatMap((item) => (item.kind === 'problem' ? [[item.place, item.code]] : []))).toEqual([['row 3', 'reports/empty'], ['row 4', 'reports/bad-table']]);
  });

  test('an open quote, missing columns and a wrong encoding refuse the whole table, and nothing of it is used', async () => {
    expect(await read({ 'r.csv': 'accession,report\nA1,Fine.\nA2,"never closed\nA3,x\n' })).toMatchObject([{ kind: 'problem', code: 'reports/bad-table' }]);
    expect(problems(await read({ 'r.csv': 'acc,words\nA1,Fine.\n' }))).toEqual(['reports/bad-table']);
    expect(problems(await read({ 'r.csv': '' }))).toEqual(['reports/bad-table']);
    const latin = Buffer.from(`accession,report\n${'A0,Fine.\n'.repeat(40_000)}A1,Läsion.\n`, 'latin1');
    expect(await read({ 'r.csv': latin })).toMatchObject([{ kind: 'problem', code: 'reports/bad-encoding' }]);
    expect(reports(await read({ 'r.csv': latin }, 'latin1')).at(-1)).toMatchObject({ accession: 'A1', text: 'Läsion.' });
  });
});

describe('text files', () => {
  test('are named after their study; others are told', async () => {
    const items = await read({ 'A1.txt': '\uFEFFNo mass.\n', 'empty.txt': ' \n', 'notes.doc': 'x', 'b.txt': Buffer.from('größer', 'latin1') });
    expect(reports(items)).toMatchObject([{ accession: 'A1', text: 'No mass.' }]);
    expect(problems(items).sort()).toEqual(['reports/bad-encoding', 'reports/bad-message', 'reports/empty']);
  });
});

const code = (value: string, meaning: string): readonly TestElement[] => [['00080100', 'SH', value], ['00080102', 'SH', '99'], ['00080104', 'LO', meaning]];
const item = (relation: string, type: string, name: string, ...more: TestElement[]): TestElement[] => ([['0040a010', 'CS', relation], ['0040a040', 'CS', type], ['0040a043', 'SQ', [code('1', name)]], ...more] satisfies TestElement[]).sort(([a], [b]) => (a < b ? -1 : 1));
const structured = (...content: TestElement[][]): Buffer =>
  dicomFile([
    ['00080005', 'CS', 'ISO_IR 100'], ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.88.11'], ['00080018', 'UI', '2.25.9'], ['00080023', 'DA', '20260105'], ['00080033', 'TM', '091500'], ['00080050', 'SH', 'A1'], ['00080060', 'CS', 'SR'], ['00100010', 'PN', 'Doe^Jane'], ['00100020', 'LO', '4711'],
    ['0020000d', 'UI', '1.2.3'], ['0020000e', 'UI', '1.2.3.9'], ['00200011', 'IS', '1'], ['00200013', 'IS', '1'], ['0040a040', 'CS', 'CONTAINER'], ['0040a043', 'SQ', [code('18747-6', 'MR Report')]], ['0040a050', 'CS', 'SEPARATE'], ['0040a372', 'SQ', []], ['0040a491', 'CS', 'COMPLETE'], ['0040a493', 'CS', 'UNVERIFIED'], ['0040a730', 'SQ', content],
  ]);

describe('DICOM structured reports', () => {
  test('text, measurements and codes in order, sections with their titles; context and images left out', async () => {
    const file = structured(
      item('HAS OBS CONTEXT', 'TEXT', 'Observer', ['0040a160', 'UT', 'Dr. House']),
      item('CONTAINS', 'CONTAINER', 'Findings', ['0040a730', 'SQ', [
        item('CONTAINS', 'TEXT', 'Finding', ['0040a160', 'UT', Buffer.from('A mass, größer than before.', 'latin1')]),
        item('CONTAINS', 'NUM', 'Diameter', ['0040a300', 'SQ', [[['004008ea', 'SQ', [code('mm', 'millimeter')]], ['0040a30a', 'DS', '23']]]]),
        item('CONTAINS', 'IMAGE', 'Source'),
      ]]),
      item('CONTAINS', 'CODE', 'Conclusion', ['0040a168', 'SQ', [code('G', 'Glioma')]]),
    );
    const [report] = reports(await read({ 'sr.dcm': file }));
    expect(report).toMatchObject({ studyUid: '1.2.3', accession: 'A1', patients: ['4711'], people: ['Doe, Jane'], issued: '20260105091500', text: 'Findings:\n\nA mass, größer than before.\n\nDiameter: 23 mm.\n\nConclusion: Glioma.' });
    expect(splitSentences(report!.text)).toEqual(['A mass, größer than before.', 'Diameter: 23 mm.', 'Glioma.']);
  });

  test('one without text and one that is damaged are named', async () => {
    expect(problems(await read({ 'sr.dcm': structured() }))).toEqual(['reports/empty']);
    expect(problems(await read({ 'sr.dcm': structured(item('CONTAINS', 'TEXT', 'Finding', ['0040a160', 'UT', 'x'])).subarray(0, -20) }))).toEqual(['dicom/bad-header']);
  });

  const dcmtk = spawnSync('xml2dsr', ['--version'], { stdio: 'ignore' }).status === 0;
  test.skipIf(!dcmtk)(`what DCMTK writes is read${dcmtk ? '' : ' (skipped: needs xml2dsr of dcmtk)'}`, async () => {
    const folder = temporaryFolder();
    const [from, xml, to] = [join(folder, 'a.dcm'), join(folder, 'a.xml'), join(folder, 'b.dcm')];
    writeFileSync(from, structured(item('CONTAINS', 'TEXT', 'Finding', ['0040a160', 'UT', 'No mass is seen.'])));
    expect(spawnSync('dsr2xml', [from, xml]).status).toBe(0);
    // Written again by DCMTK, in another order and with its own identifiers.
    writeFileSync(xml, readFileSync(xml, 'utf8').replace('No mass is seen.', 'A mass of 3 cm. It is new.'));
    expect(spawnSync('xml2dsr', [xml, to]).status).toBe(0);
    expect(reports(await read({ 'b.dcm': readFileSync(to) }))).toMatchObject([{ accession: 'A1', patients: ['4711'], text: 'A mass of 3 cm. It is new.' }]);
  });
});
