import { cpSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { call, drain, listed, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack, tiny } from '../../testing/tinyPack.ts';
import { zipFile } from '../../testing/zipFile.ts';
import type { Engine } from '../create.ts';
import { findCase, sentencesOfCase, vectorsOfCase } from '../store/cases.ts';
import type { ArchiveImportEvent, ArchiveImportOptions, ArchiveImportSummary, LeftOut } from './archiveImport.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

const usual: ArchiveImportOptions = { studies: [], reports: [], encoding: null, removeIdentifiers: false, acceptT1: false, anyway: false, retry: false, rescan: false };
const report = 'No mass is seen. The ventricles are normal in size.';

async function engineIn(dataDir = temporaryFolder()): Promise<Engine> {
  const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });
  onTestFinished(() => engine.close());
  return engine;
}

/** Studies n = 0.. with UID 2.25.9n and accession An in folders of their own, of the patient that `dicomImage` makes. */
async function tree(count: number, options: Parameters<typeof writePhantomStudy>[1] = {}): Promise<string> {
  const folder = temporaryFolder();
  for (let n = 0; n < count; n++) await writePhantomStudy(join(folder, `s${n}`), { uid: `2.25.9${n}`, accession: `A${n}`, series: ['t1c'], seed: n, ...options });
  age(folder);
  return folder;
}
/** A folder that changed just now is not trusted to be as it was. */
const age = (folder: string, ...below: string[]): void => { for (const path of [folder, ...below.map((name) => join(folder, name))]) utimesSync(path, 1_700_000_000, 1_700_000_000); };

async function run(engine: Engine, options: Partial<ArchiveImportOptions>): Promise<{ summary: ArchiveImportSummary; left: LeftOut[]; events: ArchiveImportEvent[] }> {
  const events = await drain(engine.importArchive({ ...usual, ...options }, call.signal));
  const done = events.at(-1)!;
  if (done.kind !== 'done') throw new Error('no summary');
  return { summary: done.summary, left: events.flatMap((event) => (event.kind === 'left-out' ? [event.item] : [])), events };
}
const table = (...rows: string[]): string => join(temporaryFolder({ 'r.csv': `accession,study_uid,patient_id,report\n${rows.join('\n')}\n` }), 'r.csv');

describe('filling the archive', () => {
  test('studies stay where they are and become cases that searches find, with report, sentences, picture and facts', async () => {
    const engine = await engineIn();
    const { summary, left } = await run(engine, { studies: [await tree(3)], reports: [table(...[0, 1, 2].map((n) => `A${n},,,"${report}"`))] });
    expect(summary).toMatchObject({ encoded: 3, matched: 3, reports: 3, studies: 3, files: 24, alreadyThere: 0, leftOut: {}, pack: 'tiny@0.1.0' });
    expect(left).toEqual([]);
    const { db } = engine.parts.store;
    expect(findCase(db, '2.25.91')).toEqual({ id: '2.25.91', study: null, report, ageYears: 63, sex: 'F', studyDate: '2024-02-29', demo: false });
    expect(sentencesOfCase(db, '2.25.91')).toEqual(['No mass is seen.', 'The ventricles are normal in size.']);
    expect(vectorsOfCase(db, 'views', 'tiny@0.1.0', '2.25.91')).toHaveLength(tiny.views * tiny.width);
    expect((await engine.handlers['case.thumbnail']({ case: '2.25.91' }, call)).png!.slice(1, 4)).toEqual(new Uint8Array(Buffer.from('PNG')));
    expect(await listed(engine)).toEqual([]);
    expect((await engine.searchText('No mass is seen.', 10, call.signal)).map((item) => item.case).sort()).toEqual(['2.25.90', '2.25.91', '2.25.92']);
  });

  test('views are those that importing and indexing the same study gives', async () => {
    const source = await tree(1);
    const [engine, other] = [await engineIn(), await engineIn()];
    await run(engine, { studies: [source], reports: [table(`A0,,,"${report}"`)] });
    await drain(other.importPaths([source], call.signal));
    await other.attachReports(table(`A0,,,"${report}"`));
    await drain(other.indexArchive(call.signal));
    for (const kind of ['views', 'sentences'] as const) expect(vectorsOfCase(engine.parts.store.db, kind, 'tiny@0.1.0', '2.25.90')).toEqual(vectorsOfCase(other.parts.store.db, kind, 'tiny@0.1.0', '2.25.90'));
  });

  test('an archived case is not found to be like itself when its study is read later', async () => {
    const source = await tree(2);
    const engine = await engineIn();
    await run(engine, { studies: [source], reports: [table(`A0,,,"${report}"`, `A1,,,"${report}"`)] });
    await drain(engine.importPaths([join(source, 's0')], call.signal));
    await drain(engine.handlers['study.analyse']({ study: '2.25.90', force: false, anyway: true }, call));
    expect((await engine.handlers['case.similar']({ study: '2.25.90', by: 'views', limit: 10 }, call)).map((item) => item.case)).toEqual(['2.25.91']);
  });

  test('a second run reads no unchanged folder, encodes nothing again, and takes up new studies and changed reports', async () => {
    const source = await tree(2);
    const engine = await engineIn();
    const reports = table(`A0,,,"${report}"`, `A1,,,"${report}"`);
    // The folders of the files are new; those above were aged.
    age(source, 's0', 's0/t1c', 's1', 's1/t1c');
    await run(engine, { studies: [source], reports: [reports] });
    const again = await run(engine, { studies: [source], reports: [reports] });
    expect(again.summary).toMatchObject({ files: 0, encoded: 0, alreadyThere: 2, leftOut: {} });
    await writePhantomStudy(join(source, 's2'), { uid: '2.25.92', accession: 'A2', series: ['t1c'] });
    writeFileSync(reports, readFileSync(reports, 'utf8').replace(`A1,,,"${report}"`, 'A1,,,A mass is seen.\nA2,,,Edema is seen.'));
    const more = await run(engine, { studies: [source], reports: [reports] });
    expect(more.summary).toMatchObject({ files: 8, encoded: 2, alreadyThere: 1 });
    expect(findCase(engine.parts.store.db, '2.25.91')!.report).toBe('A mass is seen.');
    expect(vectorsOfCase(engine.parts.store.db, 'sentences', 'tiny@0.1.0', '2.25.91')).toHaveLength(tiny.width);
  });

  test('zips, nested folders, a list in several folders and one study spread over two of them are read', async () => {
    const folder = temporaryFolder();
    await writePhantomStudy(join(folder, 'a'), { uid: '2.25.90', accession: 'A0', series: ['t1c'] });
    await writePhantomStudy(join(folder, 'b/c'), { uid: '2.25.91', accession: 'A1', series: ['t1c', 'flair'] });
    renameSync(join(folder, 'b/c/t1c'), join(folder, 'a/part'));
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`IM${n}`, readFileSync(join(folder, 'a/t1c', `IM000${n}`))]));
    writeFileSync(join(folder, 'study.zip'), zipFile(Object.entries(files).map(([name, content]) => ({ name, content }))));
    rmSync(join(folder, 'a/t1c'), { recursive: true });
    const engine = await engineIn();
    const { summary, left } = await run(engine, { studies: [join(folder, 'study.zip'), join(folder, 'a'), join(folder, 'b')], reports: [table(`A0,,,"${report}"`, `A1,,,"${report}"`)] });
    expect({ left, summary }).toMatchObject({ left: [], summary: { encoded: 2, studies: 2 } });
  });

  test('a study without contrast, a damaged file, files that went away and a report without words are named, and the rest is made', async () => {
    const source = await tree(4);
    rmSync(join(source, 's1'), { recursive: true });
    await writePhantomStudy(join(source, 's1'), { uid: '2.25.91', accession: 'A1', series: ['t1'] });
    const cut = join(source, 's2/t1c/IM0003');
    writeFileSync(cut, readFileSync(cut).subarray(0, -100));
    const engine = await engineIn();
    const reports = table(...[0, 1, 2].map((n) => `A${n},,,"${report}"`), 'A3,,,---');
    const first = await run(engine, { studies: [source], reports: [reports] });
    expect(first.summary).toMatchObject({ encoded: 1 });
    expect(Object.keys(first.summary.leftOut).sort()).toEqual(['dicom/truncated', 'reports/empty', 'select/no-image-series', 'select/t1-instead']);
    expect(first.left.find((item) => item.code === 'select/t1-instead')).toMatchObject({ what: 'study', study: '2.25.91', accession: 'A1', place: 'row 3' });
    const later = await run(engine, { reports: [reports], acceptT1: true });
    expect(later.summary).toMatchObject({ encoded: 1, alreadyThere: 1 });
    rmSync(join(source, 's0'), { recursive: true });
    writeFileSync(reports, readFileSync(reports, 'utf8').replace(`A0,,,"${report}"`, 'A0,,,A mass is seen.'));
    const gone = await run(engine, { reports: [reports] });
    expect(gone.left.find((item) => item.study === '2.25.90')).toMatchObject({ code: 'import/not-found' });
    // What was made of it before stays.
    expect(findCase(engine.parts.store.db, '2.25.90')!.report).toBe(report);
  });

  test('stopped half-way it keeps whole cases, and the next run makes the others', async () => {
    const source = await tree(5);
    const dataDir = temporaryFolder();
    const reports = table(...[0, 1, 2, 3, 4].map((n) => `A${n},,,"${report}"`));
    const engine = await engineIn(dataDir);
    const stop = new AbortController();
    await expect((async () => { for await (const event of engine.importArchive({ ...usual, studies: [source], reports: [reports] }, stop.signal)) if (event.kind === 'case' && event.done === 2) stop.abort(); })()).rejects.toMatchObject({ code: 'cancelled' });
    await engine.close();
    const again = await engineIn(dataDir);
    const { summary } = await run(again, { studies: [source], reports: [reports] });
    expect(summary).toMatchObject({ encoded: 3, alreadyThere: 2 });
  });

  test('without identifiers on request: in the report that is stored, searched and shown, and also for cases made before', async () => {
    const engine = await engineIn();
    const source = await tree(1, { accession: 'ACC-0' });
    const reports = table('ACC-0,,,"Jane Doe (MRN 88123), study ACC-0: no mass is seen. Compared with 12.03.2024."');
    await run(engine, { studies: [source], reports: [reports] });
    const { summary } = await run(engine, { studies: [source], reports: [reports], removeIdentifiers: true });
    expect(summary).toMatchObject({ encoded: 1, identifiersRemoved: 4 });
    const { db } = engine.parts.store;
    expect(findCase(db, '2.25.90')!.report).toBe('[name] ([number]), study [number]: no mass is seen. Compared with [date].');
    expect(db.all("SELECT rowid FROM case_text WHERE case_text MATCH 'Doe'")).toEqual([]);
  });
});

describe('matching', () => {
  /** Studies by hand: [uid, accession, patient]. */
  async function archiveOf(...studies: [string, string, string][]): Promise<{ engine: Engine; source: string }> {
    const source = temporaryFolder();
    for (const [uid, accession, patient] of studies) {
      await writePhantomStudy(join(source, uid), { uid, accession, series: ['t1c'] });
      if (patient !== 'P1') for (let k = 0; k < 8; k++) {
        const file = join(source, uid, 't1c', `IM000${k}`);
        // Same length, so that no element moves.
        writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replace('LO\u0002\u0000P1', `LO\u0002\u0000${patient}`), 'latin1'));
      }
    }
    return { engine: await engineIn(), source };
  }
  const why = ({ left }: { left: LeftOut[] }): string[] => left.filter((item) => item.what === 'report').map((item) => `${item.place} ${item.code}`);

  test('an accession number of two patients is refused by name, also when a study UID would decide between them', async () => {
    const { engine, source } = await archiveOf(['2.25.1', 'A1', 'P1'], ['2.25.2', 'A1', 'P2'], ['2.25.3', 'A3', 'P3']);
    const result = await run(engine, { studies: [source], reports: [table(`A1,,,"${report}"`, `A3,,,"${report}"`)] });
    expect(why(result)).toEqual(['row 2 reports/two-patients']);
    expect(result.left.find((item) => item.code === 'reports/two-patients')!.reason).toContain('A1');
    expect(result.summary.encoded).toBe(1);
  });

  test('two studies of one accession need the study UID; a UID that contradicts the accession, an unknown one and another patient are refused', async () => {
    const { engine, source } = await archiveOf(['2.25.1', 'A1', 'P1'], ['2.25.2', 'A1', 'P1'], ['2.25.3', 'A3', 'P3'], ['2.25.4', 'A4', 'P1']);
    const result = await run(engine, { studies: [source], reports: [table(`A1,,,"${report}"`, `A1,2.25.2,P1,"${report}"`, `A1,2.25.3,,"${report}"`, `A9,,,"${report}"`, `A3,,P1,"${report}"`, `,2.25.9,,"${report}"`, `,,,"${report}"`)] });
    expect(why(result)).toEqual(['row 2 reports/ambiguous', 'row 4 reports/contradictory', 'row 5 reports/no-study', 'row 6 reports/other-patient', 'row 7 reports/no-study', 'row 8 reports/no-study']);
    expect(result.left.filter((item) => item.what === 'study').map((item) => `${item.study} ${item.code}`)).toEqual(['2.25.1 cases/no-report', '2.25.3 cases/no-report', '2.25.4 cases/no-report']);
    expect(result.summary.encoded).toBe(1);
  });

  test('two different reports of one study are refused; the same one twice and a later version of a message are not', async () => {
    const { engine, source } = await archiveOf(['2.25.1', 'A1', 'P1'], ['2.25.2', 'A2', 'P1'], ['2.25.3', 'A3', 'P1']);
    const version = (issued: string, text: string): string => ['MSH|^~\\&|RIS|H|B|H|20260105||ORU^R01|1|P|2.5', 'PID|||P1', `OBR|1|||||||||||||||||A3||||${issued}|||F`, `OBX|1|TX|R||${text}||||||F`].join('\r');
    const messages = temporaryFolder({ '1.hl7': version('20260105', 'Old text.'), '2.hl7': version('20260107', 'New text.'), '3.hl7': version('20260106', 'Middle text.') });
    const result = await run(engine, { studies: [source], reports: [table('A1,,,One.', 'A1,,,Two.', 'A2,,,Same.', 'A2,,,Same.'), messages] });
    expect(why(result)).toEqual(['row 2 reports/ambiguous', 'row 3 reports/ambiguous']);
    expect(findCase(engine.parts.store.db, '2.25.3')!.report).toBe('New text.');
    expect(result.summary.encoded).toBe(2);
  });

  test('a study whose files name two patients is left out whatever its report says', async () => {
    const { engine, source } = await archiveOf(['2.25.1', 'A1', 'P1']);
    cpSync(join(source, '2.25.1'), join(source, 'copy'), { recursive: true });
    for (let k = 0; k < 8; k++) {
      const file = join(source, 'copy/t1c', `IM000${k}`);
      writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replace('LO\u0002\u0000P1', 'LO\u0002\u0000P9'), 'latin1'));
    }
    const result = await run(engine, { studies: [source], reports: [table(`A1,2.25.1,,"${report}"`)] });
    expect(result.left.map((item) => item.code)).toEqual(['cases/mixed-study']);
    expect(result.summary.encoded).toBe(0);
  });
});
