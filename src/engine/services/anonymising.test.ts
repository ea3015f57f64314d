/** A study with its signed report out of a real store: nothing that identifies is in any byte, and it is still the same study. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dicomFile, dicomImage, type TestElement } from '../../testing/dicomFiles.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { filesBelow, foundIn, parsedFile, pixelBytes, text } from '../../testing/identifierBytes.ts';
import { writePhantomStudy, type PhantomOptions } from '../../testing/phantomStudy.ts';
import { sentenceForTests, signedReportForTests } from '../../testing/signedStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import type { Engine } from '../create.ts';
import { digestOf } from '../report/canonicalJson.ts';
import { putSigned } from '../store/reports.ts';
import { anonymiseStudy, type AnonymisedExport, type LeftOut } from './anonymising.ts';

const uid = '1.3.12.2.1107.5.2.77';
const elements: TestElement[] = [
  ['00080014', 'UI', `${uid}.999`], ['00080020', 'DA', '20240229'], ['00080021', 'DA', '20240229'], ['00080022', 'DA', '20240301'],
  ['00080080', 'LO', 'Saint Elsewhere'], ['00080081', 'ST', 'Infirmary Road 12, Sheffield'], ['00080090', 'PN', 'Referrer^Rosalind'], ['00081010', 'SH', 'SCANNER-WEST'],
  ['00081030', 'LO', 'MR for Featherstonehaugh'], ['00081048', 'PN', 'Recordkeeper^Ralph'], ['00081050', 'PN', 'Performer^Percival'], ['00081070', 'PN', 'Operator^Olga'],
  ['00081140', 'SQ', [[['00081150', 'UI', '1.2.840.10008.5.1.4.1.1.4'], ['00081155', 'UI', `${uid}.1.1`]]]],
  ['00100010', 'PN', 'Featherstonehaugh^Wilhelmina^Q'], ['00100020', 'LO', 'HOSP-4711-X'], ['00100021', 'LO', 'TRUSTNORTH'], ['00100030', 'DA', '19600307'], ['00101000', 'LO', 'OLD-1234'], ['00101001', 'PN', 'Maidenname^Wilhelmina'],
  ['00101010', 'AS', '063Y'], ['00101040', 'LO', 'Privet Drive 4'], ['00102154', 'SH', '0114-5550199'], ['00104000', 'LT', 'Mother of Tarquin'], ['001021b0', 'LT', 'seizures since marathon'],
  ['00181000', 'LO', 'SN-778899'], ['00181030', 'LO', 'Protocol of Dr Percival'], ['00200010', 'SH', 'STUDY-0815'], ['00204000', 'LT', 'call Wilhelmina'], ['00200052', 'UI', `${uid}.5`],
  ['00321032', 'PN', 'Requester^Reginald'], ['00321060', 'LO', 'asked by Reginald'], ['00380010', 'LO', 'ADM-55'], ['00400244', 'DA', '20240229'], ['00400254', 'LO', 'step for Wilhelmina'],
  ['00400275', 'SQ', [[['00400009', 'SH', 'SPS-321'], ['00401001', 'SH', 'RP-654']]]], ['04000561', 'SQ', [[['04000564', 'LO', 'PACSNAME']]]],
  ['00090010', 'LO', 'WILHELMINA CREATOR'], ['00091001', 'LO', 'private Wilhelmina'], ['60000010', 'US', [1]], ['60003000', 'OW', [1]],
];
const secrets = [
  uid, '20240229', '20240301', '19600307', '2024-02-29', '1960-03-07', 'Elsewhere', 'Infirmary', 'Sheffield', 'Referrer', 'Rosalind', 'SCANNER-WEST', 'Featherstonehaugh', 'Wilhelmina', 'Recordkeeper', 'Ralph', 'Performer', 'Percival', 'Operator', 'Olga',
  'HOSP-4711-X', 'TRUSTNORTH', 'OLD-1234', 'Maidenname', '063Y', 'Privet', '5550199', 'Tarquin', 'marathon', 'SN-778899', 'STUDY-0815', 'Requester', 'Reginald', 'ADM-55', 'SPS-321', 'RP-654', 'PACSNAME', 'ACC-2024-77', 'Lovelace', 'Ada ', 'private',
];

async function engineWith(...studies: PhantomOptions[]): Promise<{ engine: Engine; source: string }> {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  for (const [at, options] of studies.entries()) await writePhantomStudy(join(source, String(at)), { slices: 4, accession: 'ACC-2024-77', ...options });
  const engine = await openEngine(dataDir);
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  return { engine, source };
}

const anonymise = (engine: Engine, study = uid, options: { folder?: string; withScreens?: boolean; signal?: AbortSignal; onProgress?: () => void } = {}): Promise<AnonymisedExport> =>
  anonymiseStudy(engine.parts, { study, folder: options.folder ?? join(temporaryFolder(), 'out'), withScreens: options.withScreens ?? false }, options.signal ?? call.signal, options.onProgress);
const images = (made: AnonymisedExport): string[] => filesBelow(made.folder).filter((file) => file.endsWith('.dcm'));

function sign(engine: Engine): void {
  const report = signedReportForTests({
    study: uid,
    content: {
      sentences: [
        sentenceForTests('s1', 'findings', 'Mrs Featherstonehaugh has a ring-enhancing mass of 24 mm, larger than on 12.01.2024; see ACC-2024-77.'),
        sentenceForTests('s2', 'findings', 'REJECTED of Wilhelmina.', { state: 'rejected' }),
        sentenceForTests('s3', 'impression', 'High-grade glioma is likely; told Percival Performer at Saint Elsewhere.', { origin: 'reader', original: null }),
      ],
      answers: [{ question: 'side', answers: ['Left'], probability: 0.9, source: 'head' }],
      firstImpression: 'Wilhelmina again',
    },
  });
  const { digest, ...rest } = report;
  expect(digest).not.toBe('');
  putSigned(engine.parts.store.db, { ...rest, digest: digestOf(rest) });
}

describe('anonymised export', () => {
  test('no byte of any file names the patient, the people, the places, the dates or the objects of the source', async () => {
    const { engine } = await engineWith({ uid, elements });
    sign(engine);
    const made = await anonymise(engine);
    expect(made).toMatchObject({ images: 12, series: 3, reports: 1, leftOut: [] });
    expect(foundIn(made.folder, secrets)).toEqual([]);
    expect(readdirSync(made.folder).sort()).toEqual(['images', 'report-1.json', 'report-1.txt']);
  });

  test('the search finds what the source says, so that finding nothing means something', async () => {
    const { source } = await engineWith({ uid, elements });
    const renamed = temporaryFolder({ 'a.dcm': readFileSync(join(source, '0', 't1c', 'IM0000')) });
    const words = foundIn(renamed, secrets).map((hit) => hit.replace(/ in a\.dcm$/, ''));
    const notInImages = ['2024-02-29', '1960-03-07', 'lovelace', 'ada '];
    expect(secrets.map((word) => word.toLowerCase()).filter((word) => !notInImages.includes(word)).filter((word) => !words.includes(word))).toEqual([]);
  });

  test('imported again it is the same study: series with their roles, geometry and pixels', async () => {
    const { engine, source } = await engineWith({ uid, elements });
    const made = await anonymise(engine);
    const second = await openEngine(temporaryFolder());
    onTestFinished(() => second.close());
    await drain(second.importPaths([made.folder], call.signal));
    const [before, after] = await Promise.all([engine.parts.library.images(uid), second.parts.library.images(made.studyUid)]);
    const shape = ({ candidates, ranked }: typeof before) => candidates.map(({ series, stacks }) => ({
      role: ranked.find(({ seriesUid }) => seriesUid === series.seriesUid)!.role,
      number: series.instances[0]!.sequence.seriesNumber,
      stacks: stacks.map(({ geometry }) => ({ dims: geometry?.dims, voxelToLps: geometry?.voxelToLps })),
    })).sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
    expect(shape(after)).toEqual(shape(before));
    expect(shape(after).map(({ role }) => role)).toEqual(['t1c', 't1', 'flair']);
    const sorted = (files: readonly string[]): string[] => files.map((file) => pixelBytes(file).toString('base64')).sort();
    expect(sorted(images(made))).toEqual(sorted(filesBelow(source)));
  });

  test('two studies of one patient keep their distance and their patient; references lead to the new objects', async () => {
    const later: TestElement[] = [...elements.filter(([tag]) => tag !== '00080020'), ['00080020', 'DA', '20240610']];
    const { engine } = await engineWith({ uid, elements }, { uid: `${uid}.2000`, elements: later });
    const [first, second] = [await anonymise(engine), await anonymise(engine, `${uid}.2000`)];
    expect(second.patientId).toBe(first.patientId);
    const dayOf = (made: AnonymisedExport): number => Date.parse(text(parsedFile(images(made)[0]!), '00080020')!.replace(/(....)(..)(..)/, '$1-$2-$3')) / 86_400_000;
    expect(dayOf(second) - dayOf(first)).toBe(102);
    const objects = new Set(images(first).map((file) => text(parsedFile(file), '00080018')));
    expect(objects.size).toBe(12);
    expect(objects).toContain(text(parsedFile(images(first)[5]!).elements['x00081140']!.items![0]!.dataSet!, '00081155'));
    const again = await anonymise(engine);
    expect(images(again).map((file) => readFileSync(file).toString('base64'))).toEqual(images(first).map((file) => readFileSync(file).toString('base64')));
    const elsewhere = await engineWith({ uid, elements });
    expect((await anonymise(elsewhere.engine)).patientId).not.toBe(first.patientId);
  });

  test('the report keeps its findings, says which study it is of, and has moved its day', async () => {
    const { engine } = await engineWith({ uid, elements });
    sign(engine);
    const made = await anonymise(engine);
    const report = JSON.parse(readFileSync(join(made.folder, 'report-1.json'), 'utf8')) as Record<string, unknown>;
    expect(report).toMatchObject({ patientId: made.patientId, studyUid: made.studyUid, answers: [{ question: 'side', answers: ['Left'] }] });
    const written = readFileSync(join(made.folder, 'report-1.txt'), 'utf8');
    expect(written).toContain('ring-enhancing mass of 24 mm');
    expect(written).toContain('High-grade glioma is likely');
    expect(written).not.toContain('REJECTED');
    const studyDay = text(parsedFile(images(made)[0]!), '00080020')!;
    expect(report['studyDate']).toBe(`${studyDay.slice(0, 4)}-${studyDay.slice(4, 6)}-${studyDay.slice(6)}`);
    expect((Date.parse(report['signedOn'] as string) - Date.parse(report['studyDate'] as string)) / 86_400_000).toBe(676);
  });

  test('the audit trail tells what was exported in counts alone', async () => {
    const { engine } = await engineWith({ uid, elements });
    await anonymise(engine);
    const entry = engine.parts.store.db.all<{ detail: string }>("SELECT detail FROM audit_event WHERE kind = 'anonymised'");
    expect(entry.map(({ detail }) => JSON.parse(detail) as unknown)).toEqual([{ study: expect.stringMatching(/^[0-9a-f]{16}$/) as string, images: 12, series: 3, reports: 0, leftOut: 0, screens: false }]);
  });
});

describe('what may show text', () => {
  const usual: TestElement[] = [...elements, ['0020000d', 'UI', uid], ['0020000e', 'UI', `${uid}.50`], ['00200011', 'IS', '50']];
  const object = (sop: string, changed: TestElement[]): Buffer => dicomImage({ rows: 2, columns: 2, pixels: [1, 2, 3, 4], sopInstanceUid: `${uid}.50.${sop}`, elements: [...usual, ...changed] });
  const reportObject = dicomFile([
    ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.88.11'], ['00080018', 'UI', `${uid}.51.1`], ['00080060', 'CS', 'SR'], ['00100010', 'PN', 'Featherstonehaugh^Wilhelmina'], ['00100020', 'LO', 'HOSP-4711-X'],
    ['0020000d', 'UI', uid], ['0020000e', 'UI', `${uid}.51`], ['0040a160', 'UT', 'Wilhelmina'],
  ]);

  async function engineWithScreens(): Promise<Engine> {
    const { engine } = await engineWith({ uid, elements, series: ['t1c'] });
    await drain(engine.importPaths([temporaryFolder({
      'burned.dcm': object('1', [['00280301', 'CS', 'YES']]), 'capture.dcm': object('2', [['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.7']]), 'converted.dcm': object('3', [['00080064', 'CS', 'WSD']]),
      'screen.dcm': object('4', [['00080008', 'CS', 'DERIVED\\SECONDARY\\SCREEN SAVE']]), 'plain.dcm': object('5', [['00280301', 'CS', 'NO']]), 'report.dcm': reportObject,
    })], call.signal));
    return engine;
  }
  const told = (leftOut: readonly LeftOut[]): unknown[] => leftOut.map(({ seriesNumber, reason, objects }) => [seriesNumber, reason, objects]).sort();

  test('is left out and named with its reason', async () => {
    const engine = await engineWithScreens();
    const made = await anonymise(engine);
    expect(made.images).toBe(5);
    expect(told(made.leftOut)).toEqual([[50, 'burned-in', 1], [50, 'screen', 3], [null, 'no-pixels', 1]].sort());
    expect(foundIn(made.folder, secrets)).toEqual([]);
  });

  test('is written when asked for, all but what has no pixels', async () => {
    const made = await anonymise(await engineWithScreens(), uid, { withScreens: true });
    expect(made.images).toBe(9);
    expect(told(made.leftOut)).toEqual([[null, 'no-pixels', 1]]);
  });

  test('alone makes no export', async () => {
    const engine = await openEngine(temporaryFolder());
    onTestFinished(() => engine.close());
    await drain(engine.importPaths([temporaryFolder({ 'burned.dcm': object('1', [['00280301', 'CS', 'YES']]) })], call.signal));
    const folder = join(temporaryFolder(), 'out');
    await expect(anonymise(engine, uid, { folder })).rejects.toMatchObject({ code: 'outputs/nothing-to-write' });
    expect(existsSync(folder)).toBe(false);
  });
});

describe('whole or not at all', () => {
  test('a folder that holds something is refused and left as it was; an empty one is taken', async () => {
    const { engine } = await engineWith({ uid, elements, series: ['t1c'] });
    const full = temporaryFolder({ 'note.txt': 'mine' });
    await expect(anonymise(engine, uid, { folder: full })).rejects.toMatchObject({ code: 'outputs/folder-not-empty' });
    expect(readdirSync(full)).toEqual(['note.txt']);
    await expect(anonymise(engine, uid, { folder: join(full, 'note.txt') })).rejects.toMatchObject({ code: 'outputs/cannot-write' });
    await expect(anonymise(engine, uid, { folder: join(full, 'note.txt', 'below') })).rejects.toMatchObject({ code: 'outputs/cannot-write' });
    const emptyFolder = join(full, 'empty');
    mkdirSync(emptyFolder);
    expect((await anonymise(engine, uid, { folder: emptyFolder })).images).toBe(4);
  });

  test('stopped on the way, or with a damaged stored file, it leaves nothing behind', async () => {
    const { engine } = await engineWith({ uid, elements, series: ['t1c'] });
    const parent = temporaryFolder();
    const stop = new AbortController();
    await expect(anonymise(engine, uid, { folder: join(parent, 'out'), signal: stop.signal, onProgress: () => { stop.abort(); } })).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(parent)).toEqual([]);
    const stored = (await engine.parts.library.images(uid)).candidates[0]!.series.instances[2]!.source.path;
    writeFileSync(stored, readFileSync(stored).subarray(0, -40));
    await expect(anonymise(engine, uid, { folder: join(parent, 'out') })).rejects.toMatchObject({ code: 'dicom/truncated' });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('a study that is not there is said to be not there', async () => {
    const { engine } = await engineWith({ uid, series: ['t1c'] });
    await expect(anonymise(engine, '1.2.3')).rejects.toMatchObject({ code: 'store/not-found' });
  });
});
