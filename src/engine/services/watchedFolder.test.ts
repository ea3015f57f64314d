/** The watched folder with real files and the real engine: what comes is imported once, whole, and across restarts. */
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { WatchedFolderState } from '../../shared/contract.ts';
import { call, listed, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import type { Engine } from '../create.ts';

const pauses = { quietMs: 60, againMs: 90 };

async function open(dataDir: string): Promise<Engine> {
  const engine = await openEngine(dataDir, { watching: pauses });
  onTestFinished(() => engine.close());
  return engine;
}

/** The first state that is as wanted. */
async function until(engine: Engine, wanted: (state: WatchedFolderState) => boolean): Promise<WatchedFolderState> {
  for await (const state of engine.handlers['watched.watch']({}, call)) if (wanted(state)) return state;
  throw new Error('the engine closed');
}

const instances = (engine: Engine): number => engine.parts.store.db.get<{ n: number }>('SELECT count(*) AS n FROM instance')!.n;
/** How often something was imported, as the journal of jobs has it. */
const imports = (engine: Engine): number => engine.parts.store.db.get<{ n: number }>("SELECT count(*) AS n FROM job WHERE kind = 'import'")!.n;
const study = (n: number): Parameters<typeof writePhantomStudy>[1] => ({ uid: `2.25.77${n}`, accession: `W${n}`, series: ['t1c'], slices: 20, seed: n });
const filesOf = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());

test('what lies there and what comes becomes studies, once; the folder stays as it is, and the trail says that one is watched', async () => {
  const folder = temporaryFolder();
  await writePhantomStudy(join(folder, 'first'), study(1));
  writeFileSync(join(folder, 'readme.txt'), 'no image');
  const engine = await open(temporaryFolder());
  await engine.handlers['watched.set']({ folder }, call);
  await until(engine, ({ added }) => added === 20);
  await writePhantomStudy(join(folder, 'second'), study(2));
  const before = filesOf(folder);
  const state = await until(engine, ({ added, waiting }) => added === 40 && waiting === 0);
  expect(state).toMatchObject({ folder, failure: null, failed: 0 });
  expect((await listed(engine)).map(({ accession }) => accession).sort()).toEqual(['W1', 'W2']);
  expect(filesOf(folder)).toEqual(before);
  const trail = await engine.handlers['audit.page']({ before: null, limit: 50, study: null }, call);
  expect(trail.entries.map(({ kind, detail }) => [kind, detail['watchedFolder'] ?? detail['added']])).toEqual(expect.arrayContaining([['setting.changed', true], ['import', 20]]));
  await engine.handlers['watched.set']({ folder: null }, call);
  await writePhantomStudy(join(folder, 'third'), study(3));
  expect(await until(engine, ({ state: now }) => now === 'off')).toMatchObject({ folder: null });
});

test('a study that is still being written is read when all of it is there', async () => {
  const [from, folder] = [temporaryFolder(), temporaryFolder()];
  await writePhantomStudy(from, study(1));
  const files = filesOf(from);
  mkdirSync(join(folder, 'coming'));
  const engine = await open(temporaryFolder());
  await engine.handlers['watched.set']({ folder }, call);
  const last = join(folder, 'coming', 'last.dcm');
  files.slice(1).forEach((path, n) => { copyFileSync(path, join(folder, 'coming', `${n}.dcm`)); });
  const bytes = readFileSync(files[0]!);
  // Grows at each look, so that it is never quiet until it is whole.
  let written = 0;
  for (const at of [0.2, 0.4, 0.6, 0.8, 1]) {
    const end = Math.round(bytes.length * at);
    appendFileSync(last, bytes.subarray(written, end));
    written = end;
    if (at < 1) await until(engine, ({ waiting }) => waiting === files.length);
    if (at < 1) expect(instances(engine)).toBe(0);
  }
  expect(await until(engine, ({ waiting, added }) => added > 0 && waiting === 0)).toMatchObject({ added: files.length, failed: 0 });
  expect(imports(engine)).toBe(1);
});

test('unfinished names wait for their own; a damaged file is told, not tried again, and read when it is copied anew', async () => {
  const [from, folder] = [temporaryFolder(), temporaryFolder()];
  await writePhantomStudy(from, study(1));
  const [whole, other] = filesOf(from) as [string, string];
  const engine = await open(temporaryFolder());
  copyFileSync(other, join(folder, 'slice.dcm.part'));
  writeFileSync(join(folder, 'cut.dcm'), readFileSync(whole).subarray(0, -100));
  await engine.handlers['watched.set']({ folder }, call);
  await until(engine, ({ failed, waiting }) => failed === 1 && waiting === 0);
  expect(instances(engine)).toBe(0);
  renameSync(join(folder, 'slice.dcm.part'), join(folder, 'slice.dcm'));
  await until(engine, ({ added, waiting }) => added === 1 && waiting === 0);
  expect(engine.parts.store.db.all('SELECT path FROM watched_file ORDER BY path')).toEqual([{ path: join(folder, 'cut.dcm') }, { path: join(folder, 'slice.dcm') }]);
  copyFileSync(whole, join(folder, 'cut.dcm'));
  expect(await until(engine, ({ added }) => added === 2)).toMatchObject({ failed: 1 });
});

test('after a restart the same files are not read again, and those that came meanwhile are', async () => {
  const [folder, dataDir] = [temporaryFolder(), temporaryFolder()];
  await writePhantomStudy(join(folder, 'first'), study(1));
  const first = await open(dataDir);
  await first.handlers['watched.set']({ folder }, call);
  await until(first, ({ added, waiting }) => added === 20 && waiting === 0);
  await first.close();
  await writePhantomStudy(join(folder, 'second'), study(2));
  const second = await open(dataDir);
  expect(await until(second, ({ added }) => added > 0)).toMatchObject({ folder, added: 20 });
  expect([imports(second), instances(second)]).toEqual([2, 40]);
  // The same content under a new time is read again and found to be there.
  utimesSync(filesOf(join(folder, 'first'))[0]!, 1, 1);
  await until(second, ({ waiting }) => waiting === 1);
  await until(second, ({ waiting }) => waiting === 0);
  expect([imports(second), instances(second)]).toEqual([3, 40]);
});

test('a drive that goes is told and waited for; nothing is forgotten or read again when it is back', async () => {
  const above = temporaryFolder();
  const folder = join(above, 'drive');
  await writePhantomStudy(join(folder, 'first'), study(1));
  const engine = await open(temporaryFolder());
  await engine.handlers['watched.set']({ folder }, call);
  await until(engine, ({ added, waiting }) => added === 20 && waiting === 0);
  renameSync(folder, join(above, 'gone'));
  expect((await until(engine, ({ state }) => state === 'held')).failure).toMatchObject({ code: 'import/unreachable' });
  // An empty mount point first, as systems show one.
  mkdirSync(folder);
  await until(engine, ({ state }) => state === 'watching');
  rmSync(folder, { recursive: true });
  renameSync(join(above, 'gone'), folder);
  await writePhantomStudy(join(folder, 'second'), study(2));
  await until(engine, ({ added, waiting }) => added === 40 && waiting === 0);
  expect([imports(engine), instances(engine)]).toEqual([2, 40]);
});

test('a folder that cannot be watched is refused, and the one before stays', async () => {
  const [folder, dataDir] = [temporaryFolder({ 'file.txt': '' }), temporaryFolder()];
  const engine = await open(dataDir);
  await engine.handlers['watched.set']({ folder }, call);
  for (const wrong of ['relative/folder', join(folder, 'none'), join(folder, 'file.txt'), dataDir, join(dataDir, 'instances'), join(dataDir, '..')]) {
    await expect(engine.handlers['watched.set']({ folder: wrong }, call), wrong).rejects.toMatchObject({ code: 'import/unwatchable' });
  }
  expect(await until(engine, () => true)).toMatchObject({ folder });
});
