/** `brat export`, `brat report` and `brat reader` on a study signed in the same data folder. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBrat } from '../testing/bratCommand.ts';
import { call, drain, openEngine } from '../testing/engineForTests.ts';
import { describeWithTools, iodErrors, iodOf } from '../testing/otherTools.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { contentOf, sentence } from '../testing/reportSentences.ts';
import { importIn, readerIn, readerPassphrase, signIn, writeIn } from '../testing/signedInEngine.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPackWithHeads } from '../testing/tinyHeads.ts';

const study = '2.25.7';
const unsigned = '2.25.8';
let pack = '';
let dataDir = '';
beforeAll(async () => {
  pack = await makeTinyPackWithHeads();
  const [source, other] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'brat-export-'))) as [string, string];
  dataDir = mkdtempSync(join(tmpdir(), 'brat-export-'));
  await writePhantomStudy(source, { lesionRadius: 0.36, uid: study, series: ['t1c'] });
  await writePhantomStudy(other, { uid: unsigned, series: ['t1c'] });
  const engine = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
  await importIn(engine, source, study);
  await drain(engine.importPaths([other], call.signal));
  await readerIn(engine);
  await signIn(engine, study, contentOf(sentence('a', 'A mass in the left frontal lobe.')));
  await writeIn(engine, unsigned, contentOf(sentence('a', 'Not looked at.')));
  await engine.close();
  for (const folder of [source, other]) rmSync(folder, { recursive: true, force: true });
});
afterAll(() => { for (const folder of [pack, dataDir]) rmSync(folder, { recursive: true, force: true }); });

describeWithTools('brat export', ['dciodvfy'], () => {
  test('writes all formats of a signed report into a folder, each what its name says', async () => {
    const out = join(temporaryFolder(), 'new');
    const { code, out: printed, err } = await runBrat(['export', study, '--format', 'all', '--out', out, '--pack', pack, '--json'], { dataDir });
    expect([code, err]).toEqual([0, '']);
    const { written, left } = JSON.parse(printed) as { written: { format: string; file: string }[]; left: unknown[] };
    expect(left).toEqual([]);
    expect(written.map(({ format }) => format)).toEqual(['text', 'pdf', 'encapsulated-pdf', 'basic-sr', 'comprehensive-sr', 'seg', 'fhir', 'hl7']);
    expect(readdirSync(out)).toHaveLength(8);
    const iods = written.filter(({ file }) => file.endsWith('.dcm')).map(({ file }) => [iodOf(file), iodErrors(file)]);
    expect(iods).toEqual([['EncapsulatedPDF', []], ['BasicTextSR', []], ['ComprehensiveSR', []], ['Segmentation', []]]);
    expect(readFileSync(written[0]!.file, 'utf8')).toContain('A mass in the left frontal lobe.');
    for (const name of readdirSync(out)) expect(name).not.toMatch(/doe|jane|P1|ACC/i);
  });

  test('writes one format into the file wanted, and refuses what is not signed in every format', async () => {
    const out = join(temporaryFolder(), 'report.dcm');
    expect((await runBrat(['export', study, '--format', 'basic-sr', '--out', out], { dataDir })).code).toBe(0);
    expect(iodErrors(out)).toEqual([]);
    const folder = join(temporaryFolder(), 'none');
    for (const format of ['all', 'hl7', 'text']) {
      const end = await runBrat(['export', unsigned, '--format', format, '--out', folder], { dataDir });
      expect([end.code, end.err.split(':')[0]]).toEqual([1, 'outputs/not-signed']);
    }
    const copy = join(temporaryFolder(), 'draft.txt');
    expect((await runBrat(['export', unsigned, '--format', 'text', '--draft', '--out', copy], { dataDir })).code).toBe(0);
    for (const line of readFileSync(copy, 'utf8').trimEnd().split('\n')) expect(line).toMatch(/^DRAFT – NOT A REPORT/);
    expect((await runBrat(['export', unsigned, '--format', 'fhir', '--draft', '--out', copy], { dataDir })).code).toBe(2);
  });
});

test('brat report says what is signed and marks what is not', async () => {
  const signed = await runBrat(['report', study], { dataDir });
  expect(signed.out).toContain('A mass in the left frontal lobe.');
  expect(signed.out).not.toContain('DRAFT');
  const open = await runBrat(['report', unsigned], { dataDir });
  for (const line of open.out.trimEnd().split('\n')) expect(line).toMatch(/^DRAFT – NOT A REPORT/);
  expect(JSON.parse((await runBrat(['report', unsigned, '--json'], { dataDir })).out)).toMatchObject({ state: 'reading', signed: [], draft: { mark: 'DRAFT – NOT A REPORT' } });
  expect((await runBrat(['report', '2.25.99'], { dataDir })).err).toMatch(/^store\/not-found/);
});

test('brat reader adds readers with passphrases from standard input alone', async () => {
  const folder = temporaryFolder();
  expect((await runBrat(['reader', 'list'], { dataDir: folder })).out).toBe('No reader yet\n');
  expect((await runBrat(['reader', 'add', 'Dr A'], { dataDir: folder, input: 'short\n' })).code).toBe(2);
  expect((await runBrat(['reader', 'add', 'Dr A'], { dataDir: folder, input: `${readerPassphrase}\n` })).code).toBe(0);
  expect((await runBrat(['reader', 'add', 'Dr B'], { dataDir: folder, input: 'another long one\n' })).code).toBe(2);
  expect((await runBrat(['reader', 'add', 'Dr B', '--as', 'Dr A'], { dataDir: folder, input: 'wrong passphrase\nanother long one\n' })).err).toMatch(/^reader\/refused/);
  expect((await runBrat(['reader', 'add', 'Dr B', '--as', 'Dr A', '--role', 'resident'], { dataDir: folder, input: `${readerPassphrase}\nanother long one\n` })).code).toBe(0);
  const { readers } = JSON.parse((await runBrat(['reader', 'list', '--json'], { dataDir: folder })).out) as { readers: { name: string; role: string }[] };
  expect(readers.map(({ name, role }) => [name, role])).toEqual([['Dr A', 'radiologist'], ['Dr B', 'resident']]);
  const engine = await openEngine(folder);
  expect(await engine.handlers['session.enter']({ name: 'Dr B', passphrase: 'another long one' }, call)).toMatchObject({ reader: { name: 'Dr B' } });
  await engine.close();
});
