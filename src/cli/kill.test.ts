/** The real command killed at any moment of its process, start and end included: what was stored is whole, and the same command finishes the work. BRAT_KILL_ROUNDS=200 kills as often. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEngine } from '../testing/engineForTests.ts';
import { runBrat } from '../testing/bratCommand.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack } from '../testing/tinyPack.ts';

let pack = '';
beforeAll(async () => { pack = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

const rounds = Number(process.env['BRAT_KILL_ROUNDS'] ?? 4);
const patienceMs = Math.max(120_000, rounds * 30_000);

/** Runs the command to its end once, then kills it at random moments of that time in a data folder `prepare` fills. @returns how often it was killed */
async function killAtRandom(args: readonly string[], prepare: (dataDir: string) => Promise<void>, check: (dataDir: string) => Promise<void>): Promise<{ dataDir: string; kills: number }> {
  const timed = temporaryFolder();
  await prepare(timed);
  const started = performance.now();
  expect(await runBrat(args, { dataDir: timed })).toMatchObject({ code: 0 });
  const wholeMs = performance.now() - started;
  const dataDir = temporaryFolder();
  await prepare(dataDir);
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    // One from each part of its life, in turn.
    const killAfterMs = ((round + Math.random()) / rounds) * wholeMs;
    if ((await runBrat(args, { dataDir, killAfterMs })).signal === 'SIGKILL') kills++;
    await check(dataDir);
  }
  return { dataDir, kills };
}

/** The database is sound, and every stored file has its row and no half has been left. */
async function expectWhole(dataDir: string): Promise<void> {
  const engine = await openEngine(dataDir);
  const { store } = engine.parts;
  expect(store.findDamage()).toBeNull();
  expect(store.db.all('PRAGMA foreign_key_check')).toEqual([]);
  mkdirSync(join(dataDir, 'instances'), { recursive: true });
  const files = readdirSync(join(dataDir, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.')).map((name) => name.slice(-68));
  expect(files.sort()).toEqual(store.db.all<{ content_hash: string }>('SELECT DISTINCT content_hash FROM instance ORDER BY content_hash').map((row) => `${row.content_hash}.dcm`));
  expect(store.db.all('SELECT case_id FROM view_embedding ORDER BY case_id')).toEqual(store.db.all('SELECT case_id FROM sentence_embedding ORDER BY case_id'));
  await engine.close();
}

test('brat import', async () => {
  const source = temporaryFolder();
  const { files } = await writePhantomStudy(source, { slices: 60 });
  const { dataDir, kills } = await killAtRandom(['import', source], () => Promise.resolve(), expectWhole);
  expect(kills).toBeGreaterThan(0);
  const { code, out } = await runBrat(['import', source, '--json'], { dataDir });
  expect(code).toBe(0);
  const { added, duplicates, failed } = JSON.parse(out) as { added: number; duplicates: number; failed: number };
  expect([added + duplicates, failed]).toEqual([files, 0]);
}, patienceMs);

test('brat index', async () => {
  const source = temporaryFolder();
  const cases = 6;
  for (let n = 0; n < cases; n++) await writePhantomStudy(join(source, String(n)), { uid: `2.25.9${n}`, accession: `A${n}`, series: ['t1c'], seed: n });
  const reports = join(source, 'reports.csv');
  writeFileSync(reports, `accession,report\n${Array.from({ length: cases }, (_, n) => `A${n},"No mass is seen."`).join('\n')}\n`);
  const fill = async (dataDir: string): Promise<void> => { expect(await runBrat(['import', source, '--reports', reports], { dataDir })).toMatchObject({ code: 0 }); };
  const { dataDir, kills } = await killAtRandom(['index', '--pack', pack, '--provider', 'cpu'], fill, expectWhole);
  expect(kills).toBeGreaterThan(0);
  const { out } = await runBrat(['index', '--pack', pack, '--provider', 'cpu', '--json'], { dataDir });
  const { encoded, alreadyThere, failed } = JSON.parse(out) as { encoded: number; alreadyThere: number; failed: number };
  expect([encoded + alreadyThere, failed]).toEqual([cases, 0]);
  const found = await runBrat(['search', '--text', 'no mass', '--pack', pack, '--json'], { dataDir });
  expect((JSON.parse(found.out) as { cases: unknown[] }).cases).toHaveLength(cases);
}, patienceMs);

test('brat draft: the written report is whole or not there, and the same draft comes again', async () => {
  const source = temporaryFolder();
  await writePhantomStudy(source);
  const out = join(source, 'draft.txt');
  const args = ['draft', source, '--pack', pack, '--provider', 'cpu', '--out', out];
  const texts = new Set<string>();
  const read = (): void => { if (existsSync(out)) texts.add(readFileSync(out, 'utf8')); };
  const { dataDir, kills } = await killAtRandom(args, () => { rmSync(out, { force: true }); return Promise.resolve(); }, async (folder) => {
    read();
    await expectWhole(folder);
  });
  expect(kills).toBeGreaterThan(0);
  expect(await runBrat(args, { dataDir })).toMatchObject({ code: 0 });
  read();
  expect([...texts]).toHaveLength(1);
}, patienceMs);
