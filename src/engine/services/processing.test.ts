import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { contract, type ProcessingState, type StudyState } from '../../shared/contract.ts';
import { call, drain, listed, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import type { Engine, EngineOptions } from '../create.ts';
import { Queue } from './queue.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

async function engineIn(dataDir: string, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny', processing: true, ...options });
  onTestFinished(() => engine.close());
  return engine;
}

/** A folder with so many studies, `2.25.80`, `2.25.81`... */
async function studies(count: number, series: readonly ('t1c' | 'flair')[] = ['t1c']): Promise<string> {
  const folder = temporaryFolder();
  for (let at = 0; at < count; at++) await writePhantomStudy(join(folder, String(at)), { uid: `2.25.8${at}`, accession: `A${at}`, series, seed: at });
  return folder;
}

const statesIn = async (engine: Engine): Promise<Record<string, StudyState>> => Object.fromEntries((await listed(engine)).map(({ study, state }) => [study, state]));

async function now(engine: Engine): Promise<ProcessingState> {
  for await (const state of engine.handlers['processing.watch']({}, call)) return contract['processing.watch'].item.parse(state);
  throw new Error('the queue told nothing');
}

/** Marks a study's last work as cut short, as a start after a kill would. */
function interrupt(engine: Engine, study: string, times: number): void {
  const { db } = engine.parts.store;
  for (let at = 0; at < times; at++) db.run("INSERT INTO job (kind, study_uid, state, started_at) VALUES ('analysis', ?, 'interrupted', '')", study);
}

test('the background waits until nobody is at work, and is told when somebody comes', async () => {
  const queue = new Queue();
  const order: string[] = [];
  const first = await queue.enter(call.signal);
  const background = queue.enterWhenIdle(call.signal).then((entered) => { order.push('background'); return entered; });
  const second = queue.enter(call.signal).then((leave) => { order.push('second'); leave(); });
  first();
  await second;
  const { leave, wanted } = await background;
  expect(order).toEqual(['second', 'background']);
  expect(wanted.aborted).toBe(false);
  const third = queue.enter(call.signal);
  expect(wanted.aborted).toBe(true);
  leave();
  (await third)();
});

describe('the background', () => {
  test('drafts what is imported, in the order it came, and what it made is what a reader would have made', async () => {
    const engine = await engineIn(temporaryFolder());
    const order: string[] = [];
    const watching = (async () => {
      for await (const { items } of engine.handlers['processing.watch']({}, call)) {
        const running = items.find(({ state }) => state === 'running')?.study;
        if (running !== undefined && order.at(-1) !== running) order.push(running);
      }
    })();
    await drain(engine.importPaths([await studies(3)], call.signal));
    await expect.poll(() => statesIn(engine), { timeout: 60_000 }).toEqual({ '2.25.80': 'drafted', '2.25.81': 'drafted', '2.25.82': 'drafted' });
    expect(order).toEqual(['2.25.80', '2.25.81', '2.25.82']);
    const draft = await engine.handlers['study.draft']({ study: '2.25.80' }, call);
    const again = await drain(engine.handlers['study.analyse']({ study: '2.25.80', force: true }, call));
    expect(again.flatMap((event) => (event.kind === 'done' ? [event.draft.sentences] : []))).toEqual([draft!.sentences]);
    expect(await now(engine)).toMatchObject({ on: true, waiting: 0, failed: 0, items: [], held: null });
    await engine.close();
    await watching;
  });

  test('leaves studies alone by policy, and processes one all the same when it is put into the queue', async () => {
    const engine = await engineIn(temporaryFolder());
    await engine.handlers['preferences.set']({ backgroundProcessing: false }, call);
    await drain(engine.importPaths([await studies(2)], call.signal));
    expect(await statesIn(engine)).toEqual({ '2.25.80': 'new', '2.25.81': 'new' });
    await engine.handlers['processing.enqueue']({ studies: ['2.25.81', 'unknown'] }, call);
    await expect.poll(() => statesIn(engine), { timeout: 60_000 }).toEqual({ '2.25.80': 'new', '2.25.81': 'drafted' });
  });

  test('keeps the reason of a failure with the study, and tries again on request and when the study grows', async () => {
    const engine = await engineIn(temporaryFolder());
    await drain(engine.importPaths([await studies(1, ['flair'])], call.signal));
    await expect.poll(() => statesIn(engine), { timeout: 60_000 }).toEqual({ '2.25.80': 'failed' });
    expect((await listed(engine))[0]!.failure).toMatchObject({ code: 'select/no-t1c' });
    expect(await now(engine)).toMatchObject({ failed: 1, items: [{ study: '2.25.80', state: 'failed', failure: { code: 'select/no-t1c' } }] });
    await engine.handlers['processing.enqueue']({ studies: ['2.25.80'] }, call);
    await expect.poll(async () => (await now(engine)).failed, { timeout: 60_000 }).toBe(1);
    const whole = temporaryFolder();
    await writePhantomStudy(whole, { uid: '2.25.80', series: ['flair', 't1c'], accession: 'A0' });
    await drain(engine.importPaths([whole], call.signal));
    await expect.poll(() => statesIn(engine), { timeout: 60_000 }).toEqual({ '2.25.80': 'drafted' });
    expect((await now(engine)).failed).toBe(0);
  });

  test('makes way for a reader, and goes on with the same study afterwards', async () => {
    const engine = await engineIn(temporaryFolder());
    const leave = await engine.parts.queue.enter(call.signal); // holds the background back until all is arranged
    await drain(engine.importPaths([await studies(2)], call.signal));
    await expect.poll(async () => (await now(engine)).waiting).toBe(2);
    const read = drain(engine.handlers['study.analyse']({ study: '2.25.81', force: false }, call));
    leave();
    expect((await read).at(-1)).toMatchObject({ kind: 'done' });
    expect(await engine.handlers['study.draft']({ study: '2.25.80' }, call)).toBeNull();
    await expect.poll(() => statesIn(engine), { timeout: 60_000 }).toEqual({ '2.25.80': 'drafted', '2.25.81': 'drafted' });
    expect(engine.parts.store.db.get("SELECT count(*) AS n FROM job WHERE study_uid = '2.25.81' AND state = 'done'")).toMatchObject({ n: 1 }); // what a reader had done is not done again
  });

  test('takes a study out of the queue on request, also the one under way', async () => {
    const engine = await engineIn(temporaryFolder());
    const leave = await engine.parts.queue.enter(call.signal);
    await drain(engine.importPaths([await studies(3)], call.signal));
    await expect.poll(async () => (await now(engine)).waiting).toBe(3);
    await engine.handlers['processing.cancel']({ studies: ['2.25.80'] }, call);
    expect(await statesIn(engine)).toMatchObject({ '2.25.80': 'new', '2.25.81': 'queued', '2.25.82': 'queued' });
    await engine.handlers['processing.cancel']({}, call);
    leave();
    await expect.poll(() => statesIn(engine)).toEqual({ '2.25.80': 'new', '2.25.81': 'new', '2.25.82': 'new' });
  });

  test('goes on after a restart with what waited', async () => {
    const dataDir = temporaryFolder();
    const first = await engineIn(dataDir);
    await first.parts.queue.enter(call.signal);
    await drain(first.importPaths([await studies(2)], call.signal));
    await expect.poll(async () => (await now(first)).waiting).toBe(2);
    await first.close();
    const second = await engineIn(dataDir);
    await expect.poll(() => statesIn(second), { timeout: 60_000 }).toEqual({ '2.25.80': 'drafted', '2.25.81': 'drafted' });
  });

  test('puts a study during which the process ended behind the others, sets it aside at the second time, and tries it again on request', async () => {
    const dataDir = temporaryFolder();
    const first = await engineIn(dataDir, { processing: false });
    await drain(first.importPaths([await studies(2)], call.signal));
    await first.handlers['processing.enqueue']({ studies: ['2.25.80', '2.25.81'] }, call);
    interrupt(first, '2.25.80', 1);
    await first.close();

    const second = await engineIn(dataDir, { packFolders: [], pack: '' }); // nothing can be processed: the order is seen
    expect((await now(second)).items.map(({ study }) => study)).toEqual(['2.25.81', '2.25.80']);
    await expect.poll(async () => (await now(second)).held?.code).toBe('pack/not-found');
    interrupt(second, '2.25.80', 1);
    await second.close();

    const third = await engineIn(dataDir);
    await expect.poll(() => statesIn(third), { timeout: 60_000 }).toEqual({ '2.25.80': 'failed', '2.25.81': 'drafted' });
    expect((await now(third)).items).toMatchObject([{ study: '2.25.80', failure: { code: 'processing/set-aside' } }]);
    await third.handlers['processing.enqueue']({ studies: ['2.25.80'] }, call);
    await expect.poll(() => statesIn(third), { timeout: 60_000 }).toEqual({ '2.25.80': 'drafted', '2.25.81': 'drafted' });
  });
});

test('preferences are kept, changed one by one, and never read as something else', async () => {
  const dataDir = temporaryFolder();
  const first = await engineIn(dataDir);
  expect(await first.handlers['preferences.get']({}, call)).toEqual({ theme: 'dark', textSize: 'normal', shortcuts: {}, backgroundProcessing: true, hanging: { roles: ['t1c', 't1', 't2', 'flair'], panes: 4, priorBeside: false } });
  await first.handlers['preferences.set']({ theme: 'light', shortcuts: { 'viewer.invert': ['q'] } }, call);
  await first.handlers['preferences.set']({ textSize: 'large', hanging: { roles: ['flair', 't1c'], panes: 2, priorBeside: true } }, call);
  first.parts.store.db.run("UPDATE setting SET value = json_set(value, '$.theme', 'mauve') WHERE key = 'preferences'");
  await first.close();
  const second = await engineIn(dataDir);
  expect(await second.handlers['preferences.get']({}, call)).toEqual({ theme: 'dark', textSize: 'large', shortcuts: { 'viewer.invert': ['q'] }, backgroundProcessing: true, hanging: { roles: ['flair', 't1c'], panes: 2, priorBeside: true } });
});
