import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { writeNpy } from '../arrays/npy.ts';
import { sqlite } from '../../native/sqlite.ts';
import { engineVersion } from '../version.ts';
import { call, listed, openEngine, silentLog } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { zipFile } from '../../testing/zipFile.ts';
import { countCases, putCase, putVectors, sentencesOfCase, vectorsOfCase, vectorsOfPack } from './cases.ts';
import type { Database } from './database.ts';
import { migrate, newestSchema, schemaVersion } from './migrate.ts';
import { openStore, type Store } from './openStore.ts';

const clock = { now: () => new Date('2026-01-05T09:00:00Z') };

function migratedTo(version: number): Database {
  const db = sqlite.open(join(temporaryFolder(), 'test.sqlite'));
  onTestFinished(() => { db.close(); });
  migrate(db, version);
  return db;
}

const planOf = (db: Database, sql: string, ...values: (string | number)[]): string => db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values).map(({ detail }) => detail).join('; ');

async function open(dataDir: string): Promise<Store> {
  return openStore({ dataDir, database: sqlite, clock, log: silentLog });
}

describe('migrations', () => {
  test('an empty file comes to the newest schema, and a second time nothing happens', () => {
    const db = migratedTo(newestSchema);
    expect(schemaVersion(db)).toBe(newestSchema);
    migrate(db);
    expect(schemaVersion(db)).toBe(newestSchema);
  });

  test.each([
    ['the vectors of a pack', 'SELECT vectors FROM view_embedding WHERE pack = ?', /^SEARCH view_embedding USING INDEX/],
    ['the series of a study', 'SELECT uid FROM series WHERE study_uid = ?', /^SEARCH series USING (?:COVERING )?INDEX series_by_study/],
    ['the study of an accession', 'SELECT uid FROM study WHERE accession = ?', /^SEARCH study USING (?:COVERING )?INDEX study_by_accession/],
    ['the row of a file', 'SELECT 1 FROM instance WHERE content_hash = ?', /^SEARCH instance USING COVERING INDEX instance_by_content/],
    ['the case of a study', 'SELECT id FROM archive_case WHERE study_uid = ?', /^SEARCH archive_case USING INDEX/],
    ['the last job of a study', "SELECT state FROM job WHERE study_uid = ? AND kind = 'analysis' ORDER BY id DESC LIMIT 1", /^SEARCH job USING INDEX job_by_study \(study_uid=\? AND kind=\?\)$/],
  ])('0001 finds %s by index, not by scanning', (_, sql, plan) => {
    expect(planOf(migratedTo(1), sql, 'x')).toMatch(plan);
  });

  test('every table is strict, so that a wrong type is refused', () => {
    const db = migratedTo(newestSchema);
    const tables = db.all<{ name: string; strict: number }>("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'");
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter(({ strict }) => strict !== 1)).toEqual([]);
    expect(() => db.run("INSERT INTO study (uid, attributes, study_date, accession, demo, added_at) VALUES ('1', '{}', '', '', 'maybe', '')")).toThrow();
  });
});

describe('a data folder', () => {
  test('is made with its parents, durable settings and no rights for others', async () => {
    const dataDir = join(temporaryFolder(), 'a', 'b');
    const store = await open(dataDir);
    if (process.platform !== 'win32') expect(statSync(dataDir).mode & 0o077).toBe(0);
    expect(store.db.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(store.db.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(store.db.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
    await store.close();
    expect(existsSync(join(dataDir, 'in-use'))).toBe(false);
  });

  test('serves one engine at a time, and the next one once the first has ended', async () => {
    const dataDir = temporaryFolder();
    const first = await open(dataDir);
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'store/locked', about: { advice: expect.stringContaining('--data-dir') as string } });
    await first.close();
    await (await open(dataDir)).close();
  });

  test('of a newer version is refused and left as it is', async () => {
    const dataDir = temporaryFolder();
    await (await open(dataDir)).close();
    const db = sqlite.open(join(dataDir, 'brat.sqlite'));
    db.exec(`PRAGMA user_version = ${newestSchema + 1}`);
    db.close();
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'store/newer-schema' });
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'store/newer-schema' });
  });

  test('whose database is no database is refused as damaged', async () => {
    const dataDir = temporaryFolder({ 'brat.sqlite': 'this is a letter to my aunt, and longer than a header of a database would be, so that it is read as one'.repeat(20) });
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'store/damaged' });
  });

  test('that was damaged while nobody looked is refused after an unclean end', async () => {
    const dataDir = temporaryFolder();
    const store = await open(dataDir);
    for (let n = 0; n < 500; n++) putCase(store.db, { id: `case-${n}`, study: null, report: 'x'.repeat(300), sentences: ['x'], ageYears: null, sex: '', studyDate: '', demo: false, thumbnail: null }, '');
    await store.close();
    const file = join(dataDir, 'brat.sqlite');
    const bytes = readFileSync(file);
    bytes.fill(0x55, 4096 * 10, 4096 * 20);
    writeFileSync(file, bytes);
    writeFileSync(join(dataDir, 'in-use'), '');
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'store/damaged' });
  });

  test('cleans up after a kill: half-written files, files without a row, passing files, and jobs that never ended', async () => {
    const dataDir = temporaryFolder();
    const store = await open(dataDir);
    store.db.run("INSERT INTO job (kind, state, started_at) VALUES ('index', 'running', '2026')");
    await store.close();
    const orphan = join(dataDir, 'instances', 'ab', `${'ab'.repeat(32)}.dcm`);
    mkdirSync(join(dataDir, 'instances', 'ab'), { recursive: true });
    mkdirSync(join(dataDir, 'temporary', 'upload-1'), { recursive: true });
    for (const file of [orphan, join(dataDir, 'instances', 'x.part'), join(dataDir, 'temporary', 'upload-1', 'IM1'), join(dataDir, 'in-use')]) writeFileSync(file, 'x');
    const again = await open(dataDir);
    onTestFinished(() => again.close());
    expect([orphan, join(dataDir, 'instances', 'x.part'), join(dataDir, 'temporary', 'upload-1')].filter((path) => existsSync(path))).toEqual([]);
    expect(again.db.all('SELECT state FROM job')).toEqual([{ state: 'interrupted' }]);
  });
});

describe('cases and vectors', () => {
  const newCase = (id: string) => ({ id, study: null, report: 'One. Two.', sentences: ['One.', 'Two.'], ageYears: 50, sex: 'F', studyDate: '2020-01-01', demo: false, thumbnail: null });

  test('vectors come back bit for bit, each under its own pack', () => {
    const db = migratedTo(newestSchema);
    putCase(db, newCase('a'), '');
    putVectors(db, 'views', 'demo@1.0.0', 'a', 2, Float32Array.of(0.6, 0.8, 1, 0));
    putVectors(db, 'views', 'demo@1.0.1', 'a', 2, Float32Array.of(0, 1));
    expect(vectorsOfCase(db, 'views', 'demo@1.0.0', 'a')).toEqual(Float32Array.of(0.6, 0.8, 1, 0));
    expect([...vectorsOfPack(db, 'views', 'demo@1.0.1')].map((item) => [...item.vectors])).toEqual([[0, 1]]);
    expect([...vectorsOfPack(db, 'views', 'other@1.0.0')]).toEqual([]);
  });

  test('a new report takes the vectors of the old one away, the same report leaves them', () => {
    const db = migratedTo(newestSchema);
    putCase(db, newCase('a'), '');
    putVectors(db, 'sentences', 'p@1', 'a', 1, Float32Array.of(1, 1));
    putCase(db, newCase('a'), '');
    expect(vectorsOfCase(db, 'sentences', 'p@1', 'a')).not.toBeNull();
    putCase(db, { ...newCase('a'), report: 'Three.', sentences: ['Three.'] }, '');
    expect(vectorsOfCase(db, 'sentences', 'p@1', 'a')).toBeNull();
    expect(sentencesOfCase(db, 'a')).toEqual(['Three.']);
  });

  test('a transaction that throws leaves nothing, inner ones included', () => {
    const db = migratedTo(newestSchema);
    expect(() => db.transaction(() => {
      db.transaction(() => { putCase(db, newCase('a'), ''); });
      throw new Error('no');
    })).toThrow('no');
    expect(countCases(db)).toBe(0);
  });
});

describe('the demonstration archive', () => {
  const rows = Float32Array.of(1, 0, 0, 1, 0.6, 0.8, 0, 1);
  const archive = {
    format: 'brat-demo-archive/1', pack: { id: 'demo', version: '0.1.0' }, views: 'views.npy', sentenceVectors: 'sentences.npy',
    cases: [
      { id: 'demo-1', age: 61, sex: 'F', studyDate: '2021-03-04', sentences: ['There is a mass.'], findings: { mass: true } },
      { id: 'demo-2', age: null, sex: '', studyDate: '', sentences: ['No mass.', 'No edema.'] },
    ],
  };
  const files = (change: Partial<typeof archive> = {}, views = rows): Record<string, string | Uint8Array> => ({
    'archive.json': JSON.stringify({ ...archive, ...change }),
    'views.npy': writeNpy(views, [2, 2, 2]),
    'sentences.npy': writeNpy(rows.slice(0, 6), [3, 2]),
  });
  async function installed(demoDir: string | null, dataDir = temporaryFolder()) {
    const warnings: string[] = [];
    const engine = await openEngine(dataDir, { demoDir, log: { ...silentLog, warn: (_, fields) => warnings.push(String(fields?.['message'])) } });
    onTestFinished(() => engine.close());
    return { engine, warnings, db: engine.parts.store.db };
  }

  test('is installed once, with vectors under its own pack and each sentence beside its case', async () => {
    const dataDir = temporaryFolder();
    const demo = temporaryFolder(files());
    const first = await installed(demo, dataDir);
    expect(first.warnings).toEqual([]);
    expect(countCases(first.db)).toBe(2);
    expect(vectorsOfCase(first.db, 'views', 'demo@0.1.0', 'demo-2')).toEqual(Float32Array.from([0.6, 0.8, 0, 1]));
    expect(vectorsOfCase(first.db, 'sentences', 'demo@0.1.0', 'demo-2')).toEqual(Float32Array.from([0, 1, 0.6, 0.8]));
    first.db.run("DELETE FROM archive_case WHERE id = 'demo-1'");
    await first.engine.close();
    expect(countCases((await installed(demo, dataDir)).db)).toBe(1);
  });

  test('brings its studies after the start, marked as such, once, also when the first start was cut short', async () => {
    const demo = temporaryFolder();
    const study = temporaryFolder();
    await writePhantomStudy(study, { series: ['t1c'] });
    mkdirSync(join(demo, 'studies'));
    const images = readdirSync(join(study, 't1c')).map((name) => ({ name, content: readFileSync(join(study, 't1c', name)) }));
    writeFileSync(join(demo, 'studies', 'one.zip'), zipFile(images));
    const dataDir = temporaryFolder();
    await (await installed(demo, dataDir)).engine.close();
    const { engine, db } = await installed(demo, dataDir);
    await vi.waitFor(() => { expect(db.all("SELECT value FROM setting WHERE key = 'demo.studies'")).toHaveLength(1); }, { timeout: 20_000 });
    const studies = await listed(engine);
    expect(studies.map((item) => [item.demo, item.instanceCount])).toEqual([[true, 8]]);
    await engine.handlers['study.remove']({ study: studies[0]!.study }, call);
    await engine.close();
    expect((await listed((await installed(demo, dataDir)).engine))).toEqual([]);
  });

  test('is not missed where there is none', async () => {
    expect(countCases((await installed(null)).db)).toBe(0);
    expect(countCases((await installed(join(temporaryFolder(), 'nowhere'))).db)).toBe(0);
  });

  test.each([
    ['rows that are not of length 1', files({}, Float32Array.of(1, 0, 0, 1, 0.6, 0.7, 0, 1)), 'views.npy: row 2 has length'],
    ['a number of cases that is not that of the views', files({ cases: archive.cases.slice(0, 1) }), 'expected [1, views, width]'],
    ['two cases of one id', files({ cases: [archive.cases[0]!, { ...archive.cases[1]!, id: 'demo-1' }] }), 'two cases have the same id'],
    ['a name outside its folder', files({ views: '../views.npy' }), 'archive.json'],
    ['another format', files({ format: 'brat-demo-archive/2' }), 'archive.json'],
  ])('with %s is left out whole, by name, and the engine starts', async (_, content, told) => {
    const { warnings, db } = await installed(temporaryFolder(content));
    expect(countCases(db)).toBe(0);
    expect(warnings.join()).toContain(told);
  });
});

test('the version told is that of the package', () => {
  expect((JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version).toBe(engineVersion);
});
