/** With the network gone everything works, and with it there nothing asks for it: watched from outside by the kernel's own means. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBrat } from '../testing/bratCommand.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack } from '../testing/tinyPack.ts';

const works = (command: string, args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const hasNamespaces = works('unshare', ['-n', 'true']);
const hasLoopback = hasNamespaces && works('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']);
const hasStrace = works('strace', ['-f', 'true']);
const isBuilt = existsSync(join(import.meta.dirname, '../../dist/built'));

const describeWhere = (possible: boolean, why: string, name: string, suite: () => void): void => {
  if (possible) describe(name, suite);
  else describe.skip(`${name} (skipped: ${why})`, suite);
};

let [pack, work, source, reports] = ['', '', '', ''];
beforeAll(async () => {
  pack = (await makeTinyPack()).folder;
  work = mkdtempSync(join(tmpdir(), 'brat-offline-'));
  source = join(work, 'source');
  await writePhantomStudy(source);
  reports = join(work, 'reports.csv');
  writeFileSync(reports, 'accession,report\nACC7,"No mass is seen. The ventricles are normal in size."\n');
});
afterAll(() => { for (const folder of [pack, work]) rmSync(folder, { recursive: true, force: true }); });

/** Every kind of work the command line does, in an order in which each finds what it needs. */
const commands = (): string[][] => [
  ['doctor', '--pack', pack, '--provider', 'cpu'],
  ['series', source],
  ['preprocess', source, '--pack', pack, '--out', join(work, 'volume.npy')],
  ['embed', '--volume', join(work, 'volume.npy'), '--pack', pack, '--views', join(work, 'views.npy')],
  ['import', source, '--reports', reports],
  ['index', '--pack', pack],
  ['search', '--text', 'a mass', '--pack', pack],
  ['draft', source, '--pack', pack],
];

describeWhere(hasNamespaces, 'no network namespaces for this account', 'without any network', () => {
  test('every command does its work', async () => {
    const dataDir = temporaryFolder();
    for (const args of commands()) {
      const { code, err } = await runBrat([...args, '--json'], { dataDir, under: ['unshare', '-n'] });
      expect(code, `${args[0]}: ${err}`).toBe(0);
    }
  });

  test('the browser shell, which cannot do without loopback, says so and ends', () => {
    const { stdout } = callShell('');
    const [end] = stdout.trim().split('\n').map((line) => JSON.parse(line) as { code: number; said: string });
    expect(end).toMatchObject({ code: 1 });
    expect(end!.said).toContain('browser/no-loopback: ');
  });
});

describeWhere(hasLoopback && isBuilt, 'no network namespaces for this account, or nothing built', 'with the loopback interface alone', () => {
  test('the browser shell serves its page and the engine answers it', () => {
    const { stdout, stderr } = callShell('ip link set lo up && ');
    const [served, end] = stdout.trim().split('\n').map((line) => JSON.parse(line) as object);
    expect(served, stderr).toMatchObject({ opened: 303, page: 200 });
    expect(end).toMatchObject({ code: 0 });
  });
});

/** Starts and calls the browser shell in a network of its own. */
function callShell(first: string): { stdout: string; stderr: string } {
  const caller = join(import.meta.dirname, '../testing/browserShellCaller.ts');
  return spawnSync('unshare', ['-n', 'sh', '-c', `${first}exec "$@"`, 'sh', process.execPath, caller, temporaryFolder()], { encoding: 'utf8', timeout: 100_000 });
}

describeWhere(hasStrace, 'no strace', 'with the network there', () => {
  test('no command makes an internet socket', async () => {
    const dataDir = temporaryFolder();
    const trace = join(work, 'trace');
    for (const args of commands()) {
      const { code, err } = await runBrat([...args, '--json'], { dataDir, under: ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=socket,connect,execve'] });
      expect(code, `${args[0]}: ${err}`).toBe(0);
      const calls = readFileSync(trace, 'utf8');
      // Shows that something was watched at all.
      expect(calls).toContain('execve(');
      expect(calls.split('\n').filter((call) => /AF_INET/.test(call)), args[0]).toEqual([]);
    }
  });
});
