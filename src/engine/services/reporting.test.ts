/** Readers, reports in progress, signing and what follows from it, over real SQLite and a real analysis. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenReport, ReportContent, SaveOutcome } from '../../shared/contract.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { contentOf, sentence } from '../../testing/reportSentences.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';
import { digestOf } from '../report/canonicalJson.ts';

let packFolder = '';
let source = '';
/** A data folder with the study imported and read, copied for each test. */
let prepared = '';
beforeAll(async () => {
  const { folder } = await makeTinyPack();
  packFolder = `${folder}-packs`;
  mkdirSync(packFolder);
  renameSync(folder, join(packFolder, basename(folder)));
  source = mkdtempSync(join(tmpdir(), 'brat-reporting-'));
  await writePhantomStudy(source, { uid: study, series: ['t1c'] });
  prepared = mkdtempSync(join(tmpdir(), 'brat-reporting-'));
  const first = await openEngine(prepared, { packFolders: [packFolder], pack: 'tiny' });
  await drain(first.importPaths([source], call.signal));
  await drain(first.handlers['study.analyse']({ study, force: false }, call));
  await first.close();
});
afterAll(() => { for (const folder of [packFolder, source, prepared]) rmSync(folder, { recursive: true, force: true }); });

const study = '2.25.77';
const passphrase = 'correct horse battery';
let engine: Engine;
let dataDir = '';
let now = Date.UTC(2026, 0, 5, 9);

const open = (): Promise<Engine> => openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny', clock: { now: () => new Date(now) } });

beforeEach(async () => {
  now = Date.UTC(2026, 0, 5, 9);
  dataDir = temporaryFolder();
  cpSync(prepared, dataDir, { recursive: true });
  engine = await open();
});
afterEach(() => engine.close());

const enter = (): Promise<unknown> => Promise.resolve(engine.handlers['readers.add']({ name: 'Dr Ada', role: 'radiologist', passphrase }, call));
const begin = async (): Promise<OpenReport> => (await engine.handlers['report.open']({ study }, call))!;
const save = (from: OpenReport, content: ReportContent): Promise<SaveOutcome> => Promise.resolve().then(() => engine.handlers['report.save']({ study, revision: from.revision, content, base: from.content }, call));
const saved = async (from: OpenReport, content: ReportContent): Promise<OpenReport> => {
  const outcome = await save(from, content);
  expect(outcome.kind).toBe('saved');
  return outcome.report;
};
const sign = (revision: number, confirmed: string[] = [], given = passphrase) => Promise.resolve().then(() => engine.handlers['report.sign']({ study, revision, confirmed, passphrase: given }, call));
const code = (error: string) => expect.objectContaining({ code: error }) as unknown;
const state = async (): Promise<string> => (await engine.handlers['study.get']({ study }, call)).state;
const kinds = (): string[] => engine.parts.store.db.all<{ kind: string }>("SELECT kind FROM audit_event WHERE kind GLOB 'report.*' OR kind GLOB 'reader.*' ORDER BY sequence").map(({ kind }) => kind);

describe('readers', () => {
  test('the first one reads at once; a passphrase that is not theirs is refused, and nobody writes after the lock', async () => {
    expect(await engine.handlers['session.get']({}, call)).toEqual({ reader: null, hasReaders: false, manages: true });
    await enter();
    expect(await engine.handlers['session.get']({}, call)).toMatchObject({ reader: { name: 'Dr Ada', role: 'radiologist' }, hasReaders: true });
    const report = await begin();
    await engine.handlers['session.lock']({}, call);
    await expect(save(report, contentOf())).rejects.toEqual(code('reader/not-signed-in'));
    await expect(engine.handlers['session.enter']({ name: 'dr ada', passphrase: 'wrong' }, call)).rejects.toEqual(code('reader/refused'));
    await expect(engine.handlers['session.enter']({ name: 'nobody', passphrase }, call)).rejects.toEqual(code('reader/refused'));
    expect(await engine.handlers['session.enter']({ name: 'dr ada', passphrase }, call)).toMatchObject({ reader: { name: 'Dr Ada' } });
    const stored = engine.parts.store.db.get<{ passphrase: string }>('SELECT passphrase FROM reader')!.passphrase;
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(kinds()).toEqual(['reader.added', 'report.opened', 'reader.locked', 'reader.refused', 'reader.refused', 'reader.unlocked']);
  });
  test('who does not move is locked out after the policy’s minutes, and not a moment before', async () => {
    await enter();
    await engine.handlers['report.setPolicy']({ lockAfterMinutes: 10 }, call);
    now += 9 * 60_000;
    await engine.handlers['session.touch']({}, call);
    now += 9 * 60_000;
    expect((await engine.handlers['session.get']({}, call)).reader).not.toBeNull();
    now += 2 * 60_000;
    expect((await engine.handlers['session.get']({}, call)).reader).toBeNull();
  });
  test('an administrator’s matters are an administrator’s once there is one, and only radiologists sign', async () => {
    await enter();
    await engine.handlers['readers.add']({ name: 'Root', role: 'administrator', passphrase: 'another long one' }, call);
    await expect(Promise.resolve().then(() => engine.handlers['readers.add']({ name: 'Eve', role: 'radiologist', passphrase: 'another long one' }, call))).rejects.toEqual(code('reader/not-allowed'));
    await expect(Promise.resolve().then(() => engine.handlers['report.setPolicy']({ readFirst: false }, call))).rejects.toEqual(code('reader/not-allowed'));
    await engine.handlers['session.enter']({ name: 'Root', passphrase: 'another long one' }, call);
    await engine.handlers['readers.add']({ name: 'Res', role: 'resident', passphrase: 'a third long one' }, call);
    await expect(engine.handlers['readers.add']({ name: 'RES', role: 'resident', passphrase: 'a third long one' }, call)).rejects.toEqual(code('reader/exists'));
    await engine.handlers['session.enter']({ name: 'Res', passphrase: 'a third long one' }, call);
    const report = await saved(await begin(), contentOf(sentence('a', 'Normal.')));
    await expect(sign(report.revision, [], 'a third long one')).rejects.toEqual(code('reader/not-allowed'));
  });
});

describe('a report in progress', () => {
  beforeEach(enter);

  test('is there again after the engine was started anew, revision by revision', async () => {
    let report = await begin();
    expect(await state()).toBe('drafted'); // opening is not writing
    for (const text of ['N', 'No', 'No mass.']) report = await saved(report, contentOf(sentence('a', text)));
    expect(await state()).toBe('reading');
    await engine.close();
    engine = await open();
    await engine.handlers['session.enter']({ name: 'Dr Ada', passphrase }, call);
    expect(await begin()).toMatchObject({ revision: 3, number: 1, openedAt: '2026-01-05T09:00:00.000Z', content: { sentences: [{ id: 'a', text: 'No mass.' }] } });
  });
  test('a save from a window that was overtaken stores nothing and is given both versions put together', async () => {
    const report = await saved(await begin(), contentOf(sentence('a', 'A.'), sentence('b', 'B.')));
    const other = await saved(report, contentOf(sentence('a', 'A, by the other window.'), sentence('b', 'B.')));
    const mine = await save(report, contentOf(sentence('a', 'A.'), sentence('b', 'B, by mine.')));
    expect(mine).toMatchObject({ kind: 'conflict', report: { revision: other.revision, content: other.content }, merged: contentOf(sentence('a', 'A, by the other window.'), sentence('b', 'B, by mine.')) });
    expect((await begin()).content).toEqual(other.content);
    if (mine.kind === 'conflict') expect((await saved(mine.report, mine.merged)).revision).toBe(other.revision + 1);
  });
  test('goes with its study as long as it is not signed', async () => {
    await saved(await begin(), contentOf(sentence('a', 'A.')));
    await engine.handlers['study.remove']({ study }, call);
    expect(engine.parts.store.db.all('SELECT * FROM report_in_progress')).toEqual([]);
  });
});

describe('the draft', () => {
  beforeEach(enter);

  const take = (report: OpenReport, seen = 0) => Promise.resolve().then(() => engine.handlers['report.takeDraft']({ study, revision: report.revision, looked: { seen, of: 8 } }, call));

  test('opens for who scrolled the whole series, or noted an impression, or where the policy does not ask', async () => {
    const report = await begin();
    await expect(take(report, 7)).rejects.toEqual(code('report/read-first'));
    const taken = await take(report, 8);
    const draft = (await engine.handlers['study.draft']({ study }, call))!;
    expect(taken.report.content.sentences.map(({ text, state: decided, origin }) => [text, decided, origin])).toEqual(draft.sentences.map(({ text }) => [text, 'proposed', 'draft']));
    expect(taken.report.pack).toMatchObject({ id: 'tiny' });
    expect((await take(taken.report)).kind).toBe('saved'); // seen once, it may be seen again
  });
  test('a noted impression opens it, and stays in the report', async () => {
    const report = await saved(await begin(), { ...contentOf(), firstImpression: 'Left frontal mass.' });
    expect((await take(report)).report.content.firstImpression).toBe('Left frontal mass.');
  });
  test('cannot be signed with a sentence that nobody decided on, nor with a flag that was not answered', async () => {
    const { report } = await take(await begin(), 8);
    await expect(sign(report.revision)).rejects.toEqual(code('report/undecided'));
    expect((await engine.handlers['report.check']({ study }, call)).undecided).toEqual(report.content.sentences.map(({ id }) => id));
    const accepted: ReportContent = { ...report.content, sentences: report.content.sentences.map((each) => ({ ...each, state: 'accepted' })) };
    const decided = await saved(report, { ...accepted, sentences: [...accepted.sentences, sentence('prior', 'Unchanged compared to the prior examination.')] });
    const { flags } = await engine.handlers['report.check']({ study }, call);
    expect(flags.length).toBeGreaterThan(0);
    await expect(sign(decided.revision, flags.slice(1).map(({ id }) => id))).rejects.toEqual(code('report/unconfirmed'));
    const signed = await sign(decided.revision, flags.map(({ id }) => id));
    expect(signed.draft?.sentences.map(({ text }) => text)).toEqual(accepted.sentences.map(({ original }) => original));
    expect(signed.pack).toMatchObject({ id: 'tiny' });
    expect(signed.flags.map(({ kind }) => kind)).toContain('prior-wording');
  });
  test('signed, its case is found by its words and by its images at once', async () => {
    const { report } = await take(await begin(), 8);
    const own = await saved(report, contentOf(sentence('own', 'A ring-enhancing mass in the left frontal lobe.')));
    const { flags } = await engine.handlers['report.check']({ study }, call);
    await sign(own.revision, flags.map(({ id }) => id));
    const found = await engine.searchText('ring-enhancing mass', 5, call.signal);
    expect(found.map((item) => [item.case, item.report])).toEqual([[study, 'A ring-enhancing mass in the left frontal lobe.']]);
    expect(engine.parts.store.db.get('SELECT count(*) AS n FROM sentence_embedding WHERE case_id = ?', study)).toEqual({ n: 1 });
  });
});

describe('a signed report', () => {
  beforeEach(enter);

  test('keeps its text, who signed, when, and a digest that anyone can make again', async () => {
    const report = await saved(await begin(), contentOf(sentence('a', 'No mass.'), sentence('i', 'Normal.', { section: 'impression' })));
    now += 125_000;
    const signed = await sign(report.revision);
    expect(signed).toMatchObject({ study, number: 1, signedBy: { name: 'Dr Ada', role: 'radiologist' }, openedAt: '2026-01-05T09:00:00.000Z', signedAt: '2026-01-05T09:02:05.000Z', pack: null, draft: null, content: report.content });
    const { digest, ...rest } = signed;
    expect(digest).toBe(digestOf(rest));
    expect(await engine.handlers['report.signed']({ study }, call)).toEqual([signed]);
    expect(await state()).toBe('signed');
    expect(await engine.handlers['report.open']({ study }, call)).toBeNull();
    expect(kinds()).toEqual(['reader.added', 'report.opened', 'report.edited', 'report.signed']);
  });
  test('a wrong passphrase or an older revision signs nothing', async () => {
    const first = await saved(await begin(), contentOf(sentence('a', 'No mass.')));
    await expect(sign(first.revision, [], 'wrong passphrase')).rejects.toEqual(code('reader/refused'));
    await saved(first, contentOf(sentence('a', 'A mass.')));
    await expect(sign(first.revision)).rejects.toEqual(code('report/conflict'));
    expect(await engine.handlers['report.signed']({ study }, call)).toEqual([]);
  });
  test('a text that changes while the passphrase is checked is not signed', async () => {
    const report = await saved(await begin(), contentOf(sentence('a', 'No mass.')));
    const signing = sign(report.revision);
    await Promise.resolve(); // it has begun, and waits for argon2
    await saved(report, contentOf(sentence('a', 'A mass.')));
    await expect(signing).rejects.toEqual(code('report/conflict'));
    expect(await engine.handlers['report.signed']({ study }, call)).toEqual([]);
  });
  test('an empty report cannot be signed', async () => {
    const report = await saved(await begin(), contentOf(sentence('a', '  '), sentence('b', 'Rejected.', { origin: 'draft', state: 'rejected' })));
    await expect(sign(report.revision)).rejects.toEqual(code('report/empty'));
  });
  test('SQL itself refuses to change, remove or replace it, and a change behind SQL’s back is noticed', async () => {
    const report = await saved(await begin(), contentOf(sentence('a', 'No mass.')));
    const { id } = await sign(report.revision);
    const { db } = engine.parts.store;
    expect(() => db.run("UPDATE signed_report SET document = '{}'")).toThrow(/never changed/);
    expect(() => db.run('DELETE FROM signed_report')).toThrow(/never removed/);
    expect(() => db.run("INSERT OR REPLACE INTO signed_report (id, study_uid, number, signed_at, document, digest) VALUES (?, ?, 1, '', '{}', '')", id, study)).toThrow(/never replaced/);
    await engine.handlers['study.remove']({ study }, call);
    expect(db.get('SELECT count(*) AS n FROM signed_report')).toEqual({ n: 1 });
    await drain(engine.importPaths([source], call.signal));
    expect(await engine.handlers['report.signed']({ study }, call)).toHaveLength(1);
    db.run('DROP TRIGGER signed_report_kept');
    db.run("UPDATE signed_report SET document = replace(document, 'No mass', 'A mass')");
    await expect(Promise.resolve().then(() => engine.handlers['report.signed']({ study }, call))).rejects.toEqual(code('store/damaged'));
  });
  test('is corrected by addenda alone, which join the case’s text', async () => {
    await expect(Promise.resolve().then(() => engine.handlers['report.addendum']({ study }, call))).rejects.toEqual(code('report/not-signed'));
    const report = await saved(await begin(), contentOf(sentence('a', 'No mass.')));
    const first = await sign(report.revision);
    const addendum = await engine.handlers['report.addendum']({ study }, call);
    expect(addendum).toMatchObject({ number: 2, revision: 0, content: { sentences: [] } });
    const written = await saved(addendum, contentOf(sentence('b', 'There is a small meningioma.')));
    const second = await sign(written.revision);
    expect(await engine.handlers['report.signed']({ study }, call)).toEqual([first, second]);
    expect(engine.parts.store.db.get('SELECT report FROM archive_case WHERE id = ?', study)).toEqual({ report: 'No mass. There is a small meningioma.' });
  });
});
