/** A process that is killed in the middle of its work loses nothing that was stored, leaves nothing half, and can go on. */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import type { KillableWork } from '../../testing/killableChild.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';

/** A folder that holds the tiny pack alone. */
let packFolder = '';
beforeAll(async () => {
  const { folder } = await makeTinyPack();
  packFolder = `${folder}-packs`;
  mkdirSync(packFolder);
  renameSync(folder, join(packFolder, basename(folder)));
});
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

const child = new URL('../../testing/killableChild.ts', import.meta.url);

/** Starts the work and kills it so long after it began. @returns whether it was killed before it was done */
async function killAfter(ms: number, work: Omit<KillableWork, 'packFolder'>): Promise<{ killed: boolean; ms: number }> {
  const running = fork(child, [JSON.stringify({ ...work, packFolder } satisfies KillableWork)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  let done = false;
  let started = 0;
  let workedMs = 0;
  await new Promise<void>((resolve, reject) => {
    running.on('message', (message) => {
      if (message === 'started') {
        started = performance.now();
        setTimeout(() => running.kill('SIGKILL'), ms);
      } else {
        done = true;
        workedMs = performance.now() - started;
      }
    });
    running.on('error', reject);
    running.on('exit', (code, signal) => {
      if (signal === 'SIGKILL' || code === 0) resolve();
      else reject(new Error(`the child ended with ${code}`));
    });
  });
  return { killed: !done, ms: workedMs };
}

/** How long the work takes when nobody disturbs it, in a copy of the data folder. */
async function wholeMs(work: Omit<KillableWork, 'packFolder'>): Promise<number> {
  const copy = temporaryFolder();
  cpSync(work.dataDir, copy, { recursive: true });
  return (await killAfter(60_000, { ...work, dataDir: copy })).ms;
}

/** A random moment from the round's own part of the work: the first round is sure to be a kill. */
const momentOf = (round: number, rounds: number, whole: number): number => ((round + Math.random()) / rounds) * whole;

const open = (dataDir: string): Promise<Engine> => openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });

/** Every row has its whole file, every file its row, and the database is sound. */
function expectWhole(engine: Engine, dataDir: string): number {
  const { store } = engine.parts;
  const { db } = store;
  expect(store.findDamage()).toBeNull();
  expect(db.all('PRAGMA foreign_key_check')).toEqual([]);
  expect(db.all("SELECT * FROM job WHERE state = 'running'")).toEqual([]);
  const names = readdirSync(join(dataDir, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.'));
  const rows = db.all<{ content_hash: string }>('SELECT DISTINCT content_hash FROM instance').map((row) => row.content_hash);
  expect(names.map((name) => basename(name)).sort()).toEqual(rows.map((hash) => `${hash}.dcm`).sort());
  for (const hash of rows) expect(createHash('sha256').update(readFileSync(store.files.path(hash))).digest('hex')).toBe(hash);
  return db.get<{ n: number }>('SELECT count(*) AS n FROM instance')!.n;
}

test('import: killed at random moments, it keeps whole instances only, and the next import brings the rest', async () => {
  const source = temporaryFolder();
  const { files, study } = await writePhantomStudy(source, { slices: 70 });
  const dataDir = temporaryFolder();
  const whole = await wholeMs({ dataDir, work: 'import', subject: source });
  let before = 0;
  let kills = 0;
  for (let round = 0; round < 6; round++) {
    const delay = momentOf(round, 6, whole);
    if ((await killAfter(delay, { dataDir, work: 'import', subject: source })).killed) kills++;
    const engine = await open(dataDir);
    const stored = expectWholeOrEmpty(engine, dataDir);
    await engine.close();
    expect(stored, `after a kill at ${delay} ms`).toBeGreaterThanOrEqual(before);
    before = stored;
  }
  expect(kills).toBeGreaterThan(0);
  const engine = await open(dataDir);
  const done = (await drain(engine.importPaths([source], call.signal))).at(-1);
  expect(done).toMatchObject({ kind: 'done', studies: [study], failed: 0, added: files - before, duplicates: before });
  expect(expectWhole(engine, dataDir)).toBe(files);
  await engine.close();
});

function expectWholeOrEmpty(engine: Engine, dataDir: string): number {
  mkdirSync(join(dataDir, 'instances'), { recursive: true });
  return expectWhole(engine, dataDir);
}

test('index: killed at random moments, a case has all of its vectors or none, and the next run encodes the rest', async () => {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  const cases = 12;
  for (let n = 0; n < cases; n++) await writePhantomStudy(join(source, String(n)), { uid: `2.25.9${n}`, accession: `A${n}`, series: ['t1c'], seed: n });
  const table = temporaryFolder({ 'r.csv': `accession,report\n${Array.from({ length: cases }, (_, n) => `A${n},"No mass is seen. The ventricles are normal in size."`).join('\n')}\n` });
  const first = await open(dataDir);
  await drain(first.importPaths([source], call.signal));
  await first.attachReports(join(table, 'r.csv'));
  await first.close();
  const whole = await wholeMs({ dataDir, work: 'index', subject: '' });
  let kills = 0;
  for (let round = 0; round < 4; round++) {
    if ((await killAfter(momentOf(round, 4, whole), { dataDir, work: 'index', subject: '' })).killed) kills++;
    const engine = await open(dataDir);
    expectWhole(engine, dataDir);
    const { db } = engine.parts.store;
    expect(db.all('SELECT case_id FROM view_embedding ORDER BY case_id')).toEqual(db.all('SELECT case_id FROM sentence_embedding ORDER BY case_id'));
    await engine.close();
  }
  expect(kills).toBeGreaterThan(0);
  const engine = await open(dataDir);
  const known = engine.parts.store.db.get<{ n: number }>('SELECT count(*) AS n FROM view_embedding')!.n;
  expect((await drain(engine.indexArchive(call.signal))).at(-1)).toMatchObject({ kind: 'done', encoded: cases - known, alreadyThere: known, failed: 0 });
  expect(await engine.searchText('No mass.', 50, call.signal)).toHaveLength(cases);
  await engine.close();
});

test('analysis: killed at random moments, an earlier or later draft is there whole or not at all, and reading again works', async () => {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  const { study } = await writePhantomStudy(source);
  const first = await open(dataDir);
  await drain(first.importPaths([source], call.signal));
  const events = await drain(first.handlers['study.analyse']({ study, force: true }, call));
  const sentences = events.flatMap((event) => (event.kind === 'done' ? [event.draft.sentences] : []))[0]!;
  await first.close();
  const whole = await wholeMs({ dataDir, work: 'analyse', subject: study });
  let kills = 0;
  for (let round = 0; round < 5; round++) {
    if ((await killAfter(momentOf(round, 5, whole), { dataDir, work: 'analyse', subject: study })).killed) kills++;
    const engine = await open(dataDir);
    expectWhole(engine, dataDir);
    const draft = await engine.handlers['study.draft']({ study }, call);
    if (draft) expect(draft.sentences).toEqual(sentences);
    for (const row of engine.parts.store.db.all<{ view_count: number; views: Uint8Array; projected: Uint8Array }>('SELECT * FROM study_encoding')) {
      expect([row.views.length, row.projected.length]).toEqual([4 * 4 * 12, 4 * 4 * 6]);
    }
    await engine.close();
  }
  expect(kills).toBeGreaterThan(0);
  const engine = await open(dataDir);
  const again = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
  expect(again.flatMap((event) => (event.kind === 'done' ? [event.draft.sentences] : []))).toEqual([sentences]);
  await engine.close();
});
