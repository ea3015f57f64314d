import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sqlite } from '../../native/sqlite.ts';
import { call, drain, listed, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { backUp, restore, verifyBackup } from './backup.ts';
import { putCase } from './cases.ts';

const now = new Date('2026-01-05');
const { signal } = call;

/** A data folder with a study and a case, and a backup of it that was made while it was open. */
async function backedUp(): Promise<{ dataDir: string; backup: string; files: number }> {
  const dataDir = temporaryFolder();
  const engine = await openEngine(dataDir);
  const source = temporaryFolder();
  const { files } = await writePhantomStudy(source, { slices: 6 });
  await drain(engine.importPaths([source], signal));
  putCase(engine.parts.store.db, { id: 'a', study: null, report: 'No mass.', sentences: ['No mass.'], ageYears: null, sex: '', studyDate: '', demo: false, thumbnail: null }, '');
  const backup = join(temporaryFolder(), 'backup');
  expect(await backUp(dataDir, backup, sqlite, now, signal)).toMatchObject({ studies: 1, cases: 1 });
  await engine.close();
  return { dataDir, backup, files };
}

describe('a backup made while brat works', () => {
  test('is restored whole, with its studies, files and words', async () => {
    const { backup, files } = await backedUp();
    const dataDir = join(temporaryFolder(), 'new');
    await restore(backup, dataDir, sqlite, signal);
    const engine = await openEngine(dataDir);
    expect(await listed(engine)).toHaveLength(1);
    expect(engine.parts.store.db.all('SELECT rowid FROM case_text WHERE case_text MATCH ?', 'mass')).toHaveLength(1);
    expect(readdirSync(join(dataDir, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm'))).toHaveLength(files);
    await engine.close();
  });

  test('a second one into the same folder holds what came since', async () => {
    const { dataDir, backup } = await backedUp();
    const engine = await openEngine(dataDir);
    putCase(engine.parts.store.db, { id: 'b', study: null, report: 'x', sentences: ['x'], ageYears: null, sex: '', studyDate: '', demo: false, thumbnail: null }, '');
    expect(await backUp(dataDir, backup, sqlite, now, signal)).toMatchObject({ cases: 2 });
    await engine.close();
    expect(readdirSync(backup).filter((name) => name.endsWith('.sqlite'))).toHaveLength(1);
    expect(await verifyBackup(backup, signal)).toMatchObject({ cases: 2 });
  });

  test.each([
    ['a file of a study', (backup: string) => join(backup, 'instances', readdirSync(join(backup, 'instances'), { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.dcm'))!)],
    ['the database', (backup: string) => join(backup, readdirSync(backup).find((name) => name.endsWith('.sqlite'))!)],
  ])('in which one byte of %s has changed is refused, and nothing is made of it', async (_, pick) => {
    const { backup } = await backedUp();
    const file = pick(backup);
    const bytes = readFileSync(file);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(file, bytes);
    const dataDir = join(temporaryFolder(), 'new');
    await expect(restore(backup, dataDir, sqlite, signal)).rejects.toMatchObject({ code: 'store/damaged' });
    expect(existsSync(dataDir)).toBe(false);
  });

  test('is not restored over a data folder, and a folder without one is told by name', async () => {
    const { dataDir, backup } = await backedUp();
    await expect(restore(backup, dataDir, sqlite, signal)).rejects.toMatchObject({ code: 'store/open-failed' });
    await expect(restore(temporaryFolder(), join(temporaryFolder(), 'x'), sqlite, signal)).rejects.toMatchObject({ code: 'store/open-failed', message: 'The folder holds no backup' });
  });
});
