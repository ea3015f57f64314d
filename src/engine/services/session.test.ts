/** Readers as they are added, changed and removed, and what every open window is told, over real SQLite and argon2. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../shared/contract.ts';
import { call, openEngine } from '../../testing/engineForTests.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import type { Engine } from '../create.ts';

const passphrase = 'correct horse battery';
let engine: Engine;
let now = 0;

beforeEach(async () => {
  now = Date.UTC(2026, 0, 5, 9);
  engine = await openEngine(temporaryFolder(), { clock: { now: () => new Date(now) } });
});
afterEach(() => engine.close());

const add = (name: string, role: 'resident' | 'radiologist' | 'administrator', own = passphrase) => Promise.resolve().then(() => engine.handlers['readers.add']({ name, role, passphrase: own }, call));
const enter = (name: string, own = passphrase) => Promise.resolve().then(() => engine.handlers['session.enter']({ name, passphrase: own }, call));
const change = (id: string, wanted: { name?: string; role?: 'resident' | 'radiologist' }) => Promise.resolve().then(() => engine.handlers['readers.change']({ id, ...wanted }, call));
const remove = (id: string) => Promise.resolve().then(() => engine.handlers['readers.remove']({ id }, call));
const setPassphrase = (id: string, own: string, next: string) => Promise.resolve().then(() => engine.handlers['readers.setPassphrase']({ id, own, passphrase: next }, call));
const idOf = async (name: string): Promise<string> => (await engine.handlers['readers.list']({}, call)).find((reader) => reader.name === name)!.id;
const code = (error: string) => expect.objectContaining({ code: error }) as unknown;
const changes = (): unknown[] => engine.parts.store.db.all<{ detail: string; actor: string }>("SELECT actor, detail FROM audit_event WHERE kind = 'reader.changed' ORDER BY sequence").map(({ actor, detail }) => ({ actor, ...(JSON.parse(detail) as object) }));

describe('a radiologist without an administrator', () => {
  beforeEach(() => add('Dr Ada', 'radiologist'));

  test('renames, promotes and removes others, each on the record; the removed one never reads again and their name stays theirs', async () => {
    await add('Dr Bo', 'resident', 'another long one');
    const [ada, bo] = [await idOf('Dr Ada'), await idOf('Dr Bo')];
    await change(bo, { name: 'Dr Bo Li', role: 'radiologist' });
    expect(await enter('dr bo li', 'another long one')).toMatchObject({ reader: { id: bo, name: 'Dr Bo Li', role: 'radiologist' }, manages: true });
    await enter('Dr Ada');
    await expect(change(bo, { name: 'dr ada' })).rejects.toEqual(code('reader/exists'));
    await remove(bo);
    await expect(enter('Dr Bo Li', 'another long one')).rejects.toEqual(code('reader/refused'));
    await expect(add('Dr Bo Li', 'resident')).rejects.toEqual(code('reader/exists'));
    await expect(change(bo, { name: 'Someone' })).rejects.toEqual(code('reader/unknown'));
    expect(await engine.handlers['readers.list']({}, call)).toEqual([
      { id: ada, name: 'Dr Ada', role: 'radiologist', removed: false },
      { id: bo, name: 'Dr Bo Li', role: 'radiologist', removed: true },
    ]);
    expect(changes()).toEqual([{ actor: ada, reader: bo, what: 'name' }, { actor: ada, reader: bo, what: 'role', role: 'radiologist' }, { actor: ada, reader: bo, what: 'removed' }]);
  });
  test('renames themselves, but neither removes themselves nor gives up their role, so that somebody always manages', async () => {
    const ada = await idOf('Dr Ada');
    expect(await change(ada, { name: 'Dr Ada Lovelace' })).toMatchObject({ reader: { name: 'Dr Ada Lovelace' } });
    await expect(remove(ada)).rejects.toEqual(code('reader/not-allowed'));
    await expect(change(ada, { role: 'resident' })).rejects.toEqual(code('reader/not-allowed'));
  });
});

test('an administrator alone manages once there is one, which the session says', async () => {
  expect(await engine.handlers['session.get']({}, call)).toEqual({ reader: null, hasReaders: false, manages: true });
  await expect(add('Res', 'resident')).rejects.toEqual(code('reader/not-allowed')); // nobody would be left who manages
  expect(await add('Dr Ada', 'radiologist')).toMatchObject({ manages: true });
  expect(await add('Root', 'administrator', 'another long one')).toMatchObject({ manages: false });
  await expect(remove(await idOf('Root'))).rejects.toEqual(code('reader/not-allowed'));
  expect(await enter('Root', 'another long one')).toMatchObject({ manages: true });
  await remove(await idOf('Dr Ada'));
});

describe('passphrases', () => {
  beforeEach(async () => {
    await add('Dr Ada', 'radiologist');
    await add('Res', 'resident', 'another long one');
  });

  test('one’s own takes the old one; whoever manages resets another’s with their own', async () => {
    const [ada, res] = [await idOf('Dr Ada'), await idOf('Res')];
    await expect(setPassphrase(ada, 'wrong passphrase', 'a new long one')).rejects.toEqual(code('reader/refused'));
    await setPassphrase(ada, passphrase, 'a new long one');
    await setPassphrase(res, 'a new long one', 'given by Ada');
    await expect(enter('Dr Ada')).rejects.toEqual(code('reader/refused'));
    expect(await enter('Res', 'given by Ada')).toMatchObject({ reader: { id: res } });
    await expect(setPassphrase(ada, 'given by Ada', 'mine from now on')).rejects.toEqual(code('reader/not-allowed'));
    await setPassphrase(res, 'given by Ada', 'chosen by Res');
    expect(changes()).toEqual([{ actor: ada, reader: ada, what: 'passphrase' }, { actor: ada, reader: res, what: 'passphrase' }, { actor: res, reader: res, what: 'passphrase' }]);
  });
  test('nobody sets one while the window is locked', async () => {
    const ada = await idOf('Dr Ada');
    await engine.handlers['session.lock']({}, call);
    await expect(setPassphrase(ada, passphrase, 'a new long one')).rejects.toEqual(code('reader/not-signed-in'));
  });
});

describe('what every window is told', () => {
  const watching = () => (engine.handlers['session.watch']({}, { signal: AbortSignal.any([call.signal, stop.signal]) }) as AsyncGenerator<Session>);
  let stop = new AbortController();
  beforeEach(() => { stop = new AbortController(); });
  afterEach(() => { stop.abort(); });

  test('who reads at once, and each change in another window', async () => {
    const [one, other] = [watching(), watching()];
    for (const window of [one, other]) expect((await window.next()).value).toMatchObject({ reader: null, hasReaders: false });
    const told = Promise.all([one.next(), other.next()]);
    await add('Dr Ada', 'radiologist');
    for (const { value } of await told) expect(value).toMatchObject({ reader: { name: 'Dr Ada' }, hasReaders: true });
    const locked = Promise.all([one.next(), other.next()]);
    await engine.handlers['session.lock']({}, call);
    for (const { value } of await locked) expect(value).toMatchObject({ reader: null, hasReaders: true, manages: false });
  });
  test('the lock of a reader who did not move, once the engine notices', async () => {
    await add('Dr Ada', 'radiologist');
    const window = watching();
    expect((await window.next()).value).toMatchObject({ reader: { name: 'Dr Ada' } });
    const locked = window.next();
    now += 16 * 60_000;
    await engine.handlers['session.get']({}, call); // any request notices; without one the watch's own timer does
    expect((await locked).value).toMatchObject({ reader: null });
  });
  test('ends with the engine', async () => {
    const window = watching();
    await window.next();
    const end = window.next();
    await engine.close();
    expect((await end).done).toBe(true);
    engine = await openEngine(temporaryFolder());
  });
});

test('the audit trail is looked at and exported by name, and by nobody while the window is locked', async () => {
  expect(await engine.handlers['audit.page']({ before: null, limit: 5, study: null }, call)).toMatchObject({ total: 0 });
  await add('Dr Ada', 'radiologist');
  await engine.handlers['audit.export']({ format: 'csv' }, call);
  const { entries } = await engine.handlers['audit.page']({ before: null, limit: 1, study: null }, call);
  expect(entries).toMatchObject([{ kind: 'audit.exported', actor: await idOf('Dr Ada'), detail: { format: 'csv' } }]);
  await engine.handlers['session.lock']({}, call);
  await expect(Promise.resolve().then(() => engine.handlers['audit.page']({ before: null, limit: 5, study: null }, call))).rejects.toEqual(code('reader/not-signed-in'));
  expect(await engine.handlers['audit.verify']({}, call)).toMatchObject({ broken: null });
  await expect(Promise.resolve().then(() => engine.handlers['audit.export']({ format: 'csv' }, call))).rejects.toEqual(code('reader/not-signed-in'));
});
