/** Supervision of a real child process that ends in every way a native library can make it end. */
import { afterEach, describe, expect, test } from 'vitest';
import { contract } from '../shared/contract.ts';
import type { Contract } from '../shared/contract.ts';
import { connect } from '../transport/connect.ts';
import type { Client } from '../transport/connect.ts';
import { hostEndError, startChildHost } from './process.ts';
import type { HostEnd, HostProcess } from './process.ts';
import { superviseHost } from './supervise.ts';
import type { SupervisionOptions, Supervisor } from './supervise.ts';

const startFile = new URL('../testing/hostStandIn.ts', import.meta.url);
const quick: SupervisionOptions = { startMs: 60_000, pingEveryMs: 50, stuckMs: 1_500, backOffMs: 10, stopMs: 60_000 };

const running: Supervisor<HostProcess>[] = [];
afterEach(async () => { await Promise.all(running.splice(0).map((supervisor) => supervisor.stop())); });

function supervised(dataDir: string, options: Partial<SupervisionOptions> = {}) {
  const ends: HostEnd[] = [];
  const supervisor = superviseHost(() => startChildHost(startFile, { dataDir, packFolders: [], demoDir: null }), { ...quick, ...options });
  supervisor.onEnd((end) => ends.push(end));
  running.push(supervisor);
  const page = async (): Promise<Client<Contract>> => connect(contract, (await supervisor.running()).openPage());
  const pid = async (): Promise<number> => Number((await (await page()).call('settings.get', {})).provider);
  return { supervisor, ends, page, pid };
}

describe('a supervised host', () => {
  test.each([
    ['exits', 'exit', { kind: 'exit', code: 3 }, 'host/crashed'],
    ['crashes in native code', 'crash', { kind: 'crash', reason: 'SIGSEGV' }, 'host/crashed'],
    ['stops answering', 'hang', { kind: 'stuck', afterMs: quick.stuckMs }, 'host/stuck'],
  ])('that %s is replaced, and calls under way fail with the reason and advice', async (_name, study, end, code) => {
    const { ends, page, pid } = supervised('plain');
    const before = await pid();
    const client = await page();
    const other = await page();
    const patient = other.call('study.remove', { study: 'wait' });
    const failures = Promise.all([client.call('study.remove', { study }), patient].map((call) => call.catch((error: unknown) => error)));
    for (const failure of await failures) expect(failure).toMatchObject({ code, about: { advice: 'Repeat what you were doing; what was stored is kept' } });
    await expect.poll(() => ends).toEqual([end]);
    expect(await pid()).not.toBe(before);
    await expect(client.call('settings.get', {})).rejects.toMatchObject({ code });
  });

  test('that never answers its first ping is killed and started again', async () => {
    const { ends } = supervised('mute', { startMs: 700 });
    await expect.poll(() => ends.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    expect(ends[0]).toEqual({ kind: 'stuck', afterMs: 700 });
  });

  test('that cannot be started is tried again, each end told', async () => {
    const ends: HostEnd[] = [];
    const supervisor = superviseHost(() => startChildHost(new URL('./no-such-file.ts', import.meta.url), { dataDir: 'x', packFolders: [], demoDir: null }), quick);
    supervisor.onEnd((end) => ends.push(end));
    await expect.poll(() => ends.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    expect(ends[0]).toEqual({ kind: 'exit', code: 1 });
    const waiting = expect(supervisor.running()).rejects.toThrow('the engine was stopped');
    await supervisor.stop();
    await waiting;
  });

  test('that answers slowly but in time is left alone', async () => {
    const { ends, pid } = supervised('plain');
    const before = await pid();
    process.kill(before, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, quick.stuckMs / 3));
    process.kill(before, 'SIGCONT');
    expect(await pid()).toBe(before);
    expect(ends).toEqual([]);
  });

  test('stops when asked, and its end is not told as a failure', async () => {
    const { supervisor, ends, pid } = supervised('plain');
    const running = await pid();
    await supervisor.stop();
    expect(() => process.kill(running, 0)).toThrow('ESRCH');
    expect(ends).toEqual([]);
  });

  test('that does not stop when asked is killed', async () => {
    const { supervisor, pid } = supervised('stubborn', { stopMs: 100 });
    const running = await pid();
    await supervisor.stop();
    expect(() => process.kill(running, 0)).toThrow('ESRCH');
  });
});

test('every end of a host is told in a sentence with advice', () => {
  const ends: HostEnd[] = [{ kind: 'exit', code: 1 }, { kind: 'crash', reason: 'SIGSEGV' }, { kind: 'stuck', afterMs: 30_000 }];
  expect(ends.map((end) => hostEndError(end).message)).toEqual([
    'The engine stopped (exit code 1) and is being started again',
    'The engine crashed (SIGSEGV) and is being started again',
    'The engine did not answer for 30 s and is being started again',
  ]);
});
