/** Exports of studies that were imported from files and signed through the engine, held against the tools of others. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { exportFormats } from '../../shared/choices.ts';
import { contract, type ExportFormat, type MadeFile, type ReportContent } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { fhirErrors } from '../../testing/fhirSchema.ts';
import { describeWithTools, iodErrors, iodOf, runTool } from '../../testing/otherTools.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { contentOf, sentence } from '../../testing/reportSentences.ts';
import { importIn, markIn, measureIn, readerIn, signIn, writeIn } from '../../testing/signedInEngine.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPackWithHeads } from '../../testing/tinyHeads.ts';
import { writeNifti } from '../findings/niftiFile.ts';
import type { Engine } from '../create.ts';
import { auditPage } from '../store/audit.ts';

const study = '2.25.7';
const content: ReportContent = {
  ...contentOf(
    sentence('t', 'T1 after contrast, 5 mm.', { section: 'technique', origin: 'template' }),
    sentence('a', 'Ring-enhancing mass in the left frontal lobe.', { origin: 'draft', original: 'Ring-enhancing mass in the left frontal lobe.' }),
    sentence('r', 'REJECTED-SENTENCE: hydrocephalus.', { state: 'rejected' }),
    sentence('i', 'High-grade glioma is likely.', { section: 'impression' }),
  ),
  answers: [{ question: 'side', answers: ['Left'], probability: 0.9, source: 'head' }],
};

let pack = '';
beforeAll(async () => { pack = await makeTinyPackWithHeads(); });
afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

/** With a bright ball on the patient's left, measured and marked, written and not signed. */
async function writtenStudy(): Promise<{ engine: Engine; source: string; series: string }> {
  const [source, dataDir] = [temporaryFolder(), temporaryFolder()];
  const { series } = await writePhantomStudy(source, { lesionRadius: 0.36, elements: [['00080090', 'PN', 'Who^Doctor'], ['00200010', 'SH', 'ST1']] });
  const engine = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
  onTestFinished(() => engine.close());
  await importIn(engine, source, study);
  await readerIn(engine);
  await measureIn(engine, study, series[0]!, 3);
  await markIn(engine, study, series[0]!, 3);
  await writeIn(engine, study, content);
  return { engine, source, series: series[0]! };
}

async function signedStudy(): Promise<Awaited<ReturnType<typeof writtenStudy>>> {
  const made = await writtenStudy();
  await signIn(made.engine, study, content);
  return made;
}

const exported = async (engine: Engine, format: ExportFormat, number: number | null = null): Promise<MadeFile[]> => {
  const files = await engine.handlers['report.export']({ study, number, format }, call);
  expect(contract['report.export'].result.parse(files)).toEqual(files);
  return files;
};
const refused = (work: () => unknown): Promise<string> => Promise.resolve().then(work).then(() => 'done', (error: unknown) => (error instanceof EngineError ? error.code : 'no EngineError'));
const words = ({ bytes }: MadeFile): string => Buffer.from(bytes).toString('utf8');
function fileOf({ name, bytes }: MadeFile): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, bytes);
  return file;
}
const trail = (engine: Engine): unknown[] => auditPage(engine.parts.store.db, { before: null, limit: 500, study }).entries.filter(({ kind }) => kind === 'exported').map(({ detail, actor }) => ({ ...(JSON.parse(detail) as object), by: actor === 'system' ? 'system' : 'a reader' })).reverse();

describe('what is not signed', () => {
  test.each(exportFormats)('is no report: %s is refused', async (format) => {
    const { engine } = await writtenStudy();
    for (const number of [null, 1]) expect(await refused(() => exported(engine, format, number))).toBe('outputs/not-signed');
    expect(await refused(() => engine.handlers['report.print']({ study, number: null, signed: true }, call))).toBe('outputs/not-signed');
    expect(trail(engine)).toEqual([]);
    expect(await refused(() => engine.handlers['report.export']({ study: '2.25.99', number: null, format }, call))).toBe('store/not-found');
  });

  test('can be copied as text, in which every line says so', async () => {
    const { engine } = await writtenStudy();
    const file = await engine.handlers['report.draftCopy']({ study, format: 'text' }, call);
    expect(file.name).toMatch(/^DRAFT-not-a-report-/);
    const lines = words(file).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/^DRAFT – NOT A REPORT/);
    expect(words(file)).toContain('High-grade glioma');
    expect(words(file)).not.toMatch(/REJECTED|Signed by/);
    expect(await engine.handlers['report.print']({ study, number: null, signed: false }, call)).toMatchObject({ mark: 'DRAFT – NOT A REPORT', title: 'DRAFT of an MR Brain Report', keyImages: [{ caption: 'Mass, T1 AX POST GAD, slice 4' }] });
    expect(trail(engine)).toMatchObject([{ format: 'draft-text', number: 1, files: 1, by: 'a reader' }, { format: 'draft-print' }]);
  });

  test('is refused where nothing is written, and after it is signed', async () => {
    const { engine } = await signedStudy();
    expect(await refused(() => engine.handlers['report.draftCopy']({ study, format: 'text' }, call))).toBe('report/not-open');
    await engine.handlers['report.addendum']({ study }, call);
    expect(await refused(() => engine.handlers['report.draftCopy']({ study, format: 'text' }, call))).toBe('report/empty');
    // An addendum in the making changes nothing about what may leave.
    expect(words((await exported(engine, 'text'))[0]!)).not.toContain('DRAFT');
    expect(await refused(() => exported(engine, 'text', 2))).toBe('outputs/not-signed');
  });

  test('nothing leaves while the window is locked', async () => {
    const { engine } = await signedStudy();
    await engine.handlers['session.lock']({}, call);
    for (const work of [() => exported(engine, 'text'), () => engine.handlers['report.draftCopy']({ study, format: 'text' }, call), () => engine.handlers['report.print']({ study, number: null, signed: true }, call)]) expect(await refused(work)).toBe('reader/not-signed-in');
  });
});

describeWithTools('a signed study', ['dsrdump', 'dcmdump', 'dcm2pdf', 'dciodvfy', 'pdftotext', 'pdfimages'], () => {
  test('as structured reports: valid, of the patient and study of the images, the measurement in its pixels', async () => {
    const { engine } = await signedStudy();
    const [basic, full] = [fileOf((await exported(engine, 'basic-sr'))[0]!), fileOf((await exported(engine, 'comprehensive-sr'))[0]!)];
    expect([iodOf(basic), iodErrors(basic), iodOf(full), iodErrors(full)]).toEqual(['BasicTextSR', [], 'ComprehensiveSR', []]);
    for (const file of [basic, full]) {
      const dump = runTool('dcmdump', [file]).out;
      for (const value of ['[Doe^Jane]', '[P1]', '[19600301]', '[2.25.7]', '[ACC7]', '[20240229]', '[Who^Doctor]', '[ST1]', '[MR BRAIN]']) expect(dump).toContain(value);
      const tree = runTool('dsrdump', ['+Pl', file]).out;
      for (const text of ['Ring-enhancing mass', 'High-grade glioma', 'Dr. Ada Lovelace', 'VERIFIED']) expect(tree).toContain(text);
      expect(tree).not.toContain('REJECTED');
    }
    // Column 3 to 13 in row 7 of the fourth slice from below, whose middle is half a pixel from its corner.
    expect(runTool('dsrdump', ['+Pl', '+Pc', full]).out).toMatch(/NUM:\(410668003,SCT,"Length"\)="75" \(mm,UCUM,"millimeter"\)>\s+<inferred from SCOORD:=\(POLYLINE,3\.5\/7\.5,13\.5\/7\.5\)>/);
    expect(runTool('dcmdump', [full]).out).toContain('[2.25.7.1.4]');
  });

  test('as a segmentation: valid, on the images that were read, and named after the pack', async () => {
    const { engine } = await signedStudy();
    const [made, ...others] = await exported(engine, 'seg');
    expect(others).toEqual([]);
    const file = fileOf(made!);
    expect([iodOf(file), iodErrors(file)]).toEqual(['Segmentation', []]);
    const dump = runTool('dcmdump', ['+L', file]).out;
    expect(dump).toContain('[tiny@0.1.0]');
    expect(dump).toContain('[2.25.4]');
    const [lesion] = (await engine.handlers['study.findings']({ study }, call))!.lesions!;
    expect(dump).toContain(`[${lesion!.instance}]`);
    expect(dump).toMatch(/\(0028,0010\) US 24/);
  });

  test('as a PDF by itself and inside a DICOM object, with its key image', async () => {
    const { engine } = await signedStudy();
    const pdf = fileOf((await exported(engine, 'pdf'))[0]!);
    const text = runTool('pdftotext', ['-layout', pdf, '-']).out;
    for (const part of ['Doe, Jane', 'Ring-enhancing mass', 'Mass, T1 AX POST GAD, slice 4', 'Signed by Dr. Ada Lovelace']) expect(text).toContain(part);
    expect(text).not.toMatch(/DRAFT|REJECTED/);
    expect(runTool('pdfimages', ['-list', pdf]).out.split('\n').filter((line) => line.includes('image'))).toHaveLength(1);
    const object = fileOf((await exported(engine, 'encapsulated-pdf'))[0]!);
    expect([iodOf(object), iodErrors(object)]).toEqual(['EncapsulatedPDF', []]);
    const out = join(temporaryFolder(), 'out.pdf');
    expect(runTool('dcm2pdf', [object, out]).code).toBe(0);
    expect(readFileSync(out).equals(readFileSync(pdf))).toBe(true);
  });

  test('as a draft on paper says so on each page', async () => {
    const { engine } = await writtenStudy();
    const long = contentOf(...Array.from({ length: 150 }, (_, n) => sentence(`s${n}`, `Sentence number ${n} of a long report about a brain.`)));
    await writeIn(engine, study, long);
    const pages = runTool('pdftotext', ['-layout', fileOf(await engine.handlers['report.draftCopy']({ study, format: 'pdf' }, call)), '-']).out.split('\f').slice(0, -1);
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(page).toContain('DRAFT – NOT A REPORT');
  });

  test('as FHIR holds to the schema of R4, with the measurement as an observation', async () => {
    const { engine } = await signedStudy();
    const bundle = JSON.parse(words((await exported(engine, 'fhir'))[0]!)) as { entry: { resource: { resourceType: string; valueQuantity?: { value: number } } }[] };
    expect(fhirErrors()(bundle)).toEqual([]);
    expect(bundle.entry.flatMap(({ resource }) => resource.valueQuantity?.value ?? [])).toEqual([75]);
  });

  test('says what was signed, whatever was measured or marked since', async () => {
    const { engine, series } = await signedStudy();
    const before = new Map<ExportFormat, MadeFile[]>();
    for (const format of exportFormats) before.set(format, await exported(engine, format));
    await measureIn(engine, study, series, 3, { value: 12 });
    await measureIn(engine, study, series, 5, { id: 'm2', value: 33 });
    for (const format of exportFormats) expect(await exported(engine, format)).toEqual(before.get(format));
    await engine.handlers['keyImages.remove']({ study, id: 'k1' }, call);
    expect((await engine.handlers['report.print']({ study, number: null, signed: true }, call)).keyImages).toEqual([]);
  });

  test('with an addendum: one document for people, one object a report for systems', async () => {
    const { engine, series } = await signedStudy();
    await measureIn(engine, study, series, 5, { id: 'm2', value: 33 });
    await engine.handlers['report.addendum']({ study }, call);
    await signIn(engine, study, contentOf(sentence('x', 'There is a second lesion in the cerebellum.')));
    const [text, ...rest] = await exported(engine, 'text');
    expect(rest).toEqual([]);
    expect(words(text!)).toMatch(/High-grade glioma is likely\.[^]*ADDENDUM 1: FINDINGS\nThere is a second lesion[^]*\nSigned by [^]*\nAddendum 1 signed by /);
    expect(words((await exported(engine, 'text', 1))[0]!)).not.toContain('second lesion');
    const reports = await exported(engine, 'comprehensive-sr');
    expect(reports.map(({ name }) => name.replace(/^.*?-addendum/, 'addendum'))).toEqual([expect.not.stringContaining('addendum'), 'addendum-1-comprehensive-sr.dcm']);
    const [first, second] = reports.map((made) => runTool('dsrdump', ['+Pl', fileOf(made)]).out);
    // The measurement of the report is not told again by its addendum.
    expect([first!.includes('"75"'), first!.includes('"33"'), second!.includes('"75"'), second!.includes('"33"')]).toEqual([true, false, false, true]);
    for (const format of ['basic-sr', 'fhir', 'hl7'] as const) expect(await exported(engine, format)).toHaveLength(2);
    for (const format of ['pdf', 'encapsulated-pdf', 'seg'] as const) expect(await exported(engine, format)).toHaveLength(1);
    const pdf = fileOf((await exported(engine, 'encapsulated-pdf'))[0]!);
    expect(iodErrors(pdf)).toEqual([]);
  });
});

test('each export stands in the trail with who made it', async () => {
  const { engine } = await signedStudy();
  for (const format of exportFormats) await exported(engine, format);
  await engine.handlers['report.print']({ study, number: null, signed: true }, call);
  expect(trail(engine)).toMatchObject([...exportFormats, 'print'].map((format) => ({ format, number: 0, files: 1, by: 'a reader' })));
});

test('a report whose study was removed is for people alone, and says that the images are gone', async () => {
  const { engine } = await signedStudy();
  await engine.handlers['study.remove']({ study }, call);
  expect(words((await exported(engine, 'text'))[0]!)).toMatch(/Study: +2\.25\.7 \(the images were removed from this computer\)[^]*High-grade glioma/);
  expect((await exported(engine, 'pdf'))[0]!.bytes.length).toBeGreaterThan(1000);
  for (const format of exportFormats.slice(2)) expect(await refused(() => exported(engine, format))).toBe('store/not-found');
});

test('a study that is no DICOM study has no identity another system knows', async () => {
  const [source, dataDir] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(source, 't1c.nii'), writeNifti({ dims: [16, 16, 6], voxels: Uint8Array.from({ length: 16 * 16 * 6 }, (_, n) => n % 200), voxelToLps: [8, 0, 0, -60, 0, 8, 0, -60, 0, 0, 8, -20, 0, 0, 0, 1] }));
  const engine = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
  onTestFinished(() => engine.close());
  const events = await drain(engine.importPaths([source], call.signal));
  const done = events.find((event) => event.kind === 'done');
  const nifti = done!.studies[0]!;
  await readerIn(engine);
  await signIn(engine, nifti, contentOf(sentence('a', 'No mass.')));
  const files = await engine.handlers['report.export']({ study: nifti, number: null, format: 'text' }, call);
  expect(words(files[0]!)).toContain('No mass.');
  for (const format of exportFormats.slice(2)) expect(await refused(() => engine.handlers['report.export']({ study: nifti, number: null, format }, call))).toBe('outputs/not-dicom');
});
