/**
 * An archive whose process is killed at random moments of importing, adding, removing, packing and indexing: the database is sound,
 * no case is lost or half, nothing that was removed is back, and searches find what a rebuilt index and brute force find.
 * BRAT_KILL_ROUNDS=200 runs it as often.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killPack, vectorsOf, type ArchiveKillWork, type Told } from '../../testing/archiveKillChild.ts';
import { openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import { workAndDie } from '../../testing/workAndDie.ts';
import type { Engine } from '../create.ts';
import { rankCases } from '../search/rankCases.ts';
import { VectorIndex } from '../search/vectorIndex.ts';
import { putCase, putVectors, vectorsOfPack } from '../store/cases.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

const rounds = Number(process.env['BRAT_KILL_ROUNDS'] ?? 5);
const child = new URL('../../testing/archiveKillChild.ts', import.meta.url);
const open = (dataDir: string): Promise<Engine> => openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });

async function found(engine: Engine, query: Float32Array): Promise<string[]> {
  const { archive, models } = engine.parts;
  const stamp = await models.stamp();
  await archive.similar({ by: 'views', vectors: query, width: 6, pack: stamp, limit: 1, study: null });
  await archive.whenReady();
  return (await archive.similar({ by: 'views', vectors: query, width: 6, pack: stamp, limit: 10, study: null, proven: true })).map((item) => item.case);
}

async function bruteForce(engine: Engine, query: Float32Array): Promise<string[]> {
  const plain = new VectorIndex(6);
  for (const item of vectorsOfPack(engine.parts.store.db, 'views', killPack)) plain.put(item.case, item.study, item.vectors);
  return (await rankCases(query, plain, { limit: 10 })).map((item) => item.case);
}

test(`an archive killed ${rounds} times loses no case, keeps no half one, and is searched as if it were made anew`, async () => {
  const [dataDir, studies] = [temporaryFolder(), temporaryFolder()];
  const count = 6;
  for (let n = 0; n < count; n++) await writePhantomStudy(join(studies, `s${n}`), { uid: `2.25.9${n}`, accession: `A${n}`, series: ['t1c'], seed: n });
  const reports = join(temporaryFolder({ 'r.csv': `accession,report\n${Array.from({ length: count }, (_, n) => `A${n},"No mass is seen in study ${n}."`).join('\n')}\n` }), 'r.csv');
  const expected = new Set<string>();
  const first = await open(dataDir);
  first.parts.store.db.transaction(() => {
    for (let n = 0; n < 700; n++) {
      const id = `made-${n}`;
      expected.add(id);
      putCase(first.parts.store.db, { id, study: null, report: `Case ${id}. A lesion.`, sentences: [`Case ${id}.`, 'A lesion.'], ageYears: null, sex: '', studyDate: '', demo: false, thumbnail: null }, '2026');
      putVectors(first.parts.store.db, 'views', killPack, id, 6, vectorsOf(n));
      putVectors(first.parts.store.db, 'sentences', killPack, id, 6, vectorsOf(n).subarray(0, 12));
    }
  });
  await first.close();
  let changes = 0;
  let imported = 0;
  for (let round = 0; round < rounds; round++) {
    const told = await workAndDie<Told>(child, { dataDir, packFolder, studies, reports, seed: round } satisfies ArchiveKillWork, 20 + Math.random() * 2500);
    const open_ = new Map<string, 'add' | 'remove'>();
    for (const message of told) {
      if (message === 'ready') continue;
      if ('begins' in message) {
        open_.set(message.id, message.begins);
      } else {
        changes++;
        open_.delete(message.id);
        if (message.did === 'add') expected.add(message.id);
        else expected.delete(message.id);
      }
    }
    const engine = await open(dataDir);
    const { db } = engine.parts.store;
    expect(engine.parts.store.findDamage()).toBeNull();
    expect(db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(db.all('PRAGMA foreign_key_check')).toEqual([]);
    db.run("INSERT INTO case_text (case_text) VALUES ('integrity-check')");
    const cases = db.all<{ id: string }>('SELECT id FROM archive_case ORDER BY id').map(({ id }) => id);
    const made = new Set(cases.filter((id) => id.startsWith('made-')));
    // The one change that was under way may have been committed without being told.
    for (const id of expected) if (!open_.has(id)) expect(made.has(id), `round ${round}: ${id} is lost`).toBe(true);
    for (const id of made) if (!open_.has(id)) expect(expected.has(id), `round ${round}: ${id} is back`).toBe(true);
    for (const id of open_.keys()) if (made.has(id)) expected.add(id); else expected.delete(id);
    // Whole cases: each with its vectors of both kinds and its sentences, and done studies are cases.
    for (const kind of ['view', 'sentence']) expect(db.all<{ case_id: string }>(`SELECT case_id FROM ${kind}_embedding ORDER BY case_id`).map((row) => row.case_id)).toEqual(cases);
    expect(db.all('SELECT id FROM archive_case c WHERE NOT EXISTS (SELECT 1 FROM sentence WHERE case_id = c.id)')).toEqual([]);
    const done = db.all<{ uid: string }>("SELECT uid FROM archive_study WHERE state = 'done' ORDER BY uid").map(({ uid }) => uid);
    expect(cases.filter((id) => id.startsWith('2.25.'))).toEqual(done);
    expect(done.length).toBeGreaterThanOrEqual(imported);
    imported = done.length;
    for (const n of [1, 2]) expect(await found(engine, vectorsOf(round * 2 + n + 5000))).toEqual(await bruteForce(engine, vectorsOf(round * 2 + n + 5000)));
    await engine.close();
  }
  const last = await open(dataDir);
  const asked = Array.from({ length: 5 }, (_, n) => vectorsOf(n + 9000));
  const before = [];
  for (const query of asked) before.push(await found(last, query));
  await last.close();
  rmSync(join(dataDir, 'index'), { recursive: true, force: true });
  const again = await open(dataDir);
  for (const [n, query] of asked.entries()) expect(await found(again, query)).toEqual(before[n]);
  await again.close();
  expect(changes).toBeGreaterThan(rounds);
  process.stdout.write(`killed ${rounds} times, ${changes} changes, ${imported} of ${count} studies imported\n`);
}, Math.max(120_000, rounds * 60_000));
