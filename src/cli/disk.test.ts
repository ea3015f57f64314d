/** Disks that are full or may not be written: named, nothing half there, and all well once there is room again. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bratMain, runBrat } from '../testing/bratCommand.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack } from '../testing/tinyPack.ts';

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', tmpdir()], { stdio: 'ignore' }).status === 0;
const describeWithMounts = (name: string, suite: () => void): void => {
  if (canMount) describe(name, suite);
  else describe.skip(`${name} (skipped: this account may not mount)`, suite);
};

let [source, pack] = ['', ''];
const slices = 70;
beforeAll(async () => {
  pack = (await makeTinyPack()).folder;
  source = mkdtempSync(join(tmpdir(), 'brat-disk-'));
  await writePhantomStudy(source, { slices, size: 64 });
});
afterAll(() => { for (const folder of [pack, source]) rmSync(folder, { recursive: true, force: true }); });

/** Runs a script in a mount namespace of its own; `brat` runs the command, `run` runs it with a data folder of its own choice, `$DISK` and `$WORK` are empty folders, `$SOURCE` is the study. */
function onDisk(script: string): string[] {
  const functions = 'run() { "$NODE" "$MAIN" "$@" 2>&1; echo "exit $?"; }\nbrat() { run "$@" --data-dir "$DISK/data"; }';
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', `${functions}\n${script}`], { encoding: 'utf8', env: { ...process.env, BRAT_DEMO: 'none', NODE: process.execPath, MAIN: bratMain, DISK: temporaryFolder(), WORK: temporaryFolder(), SOURCE: source, PACK: pack } });
  return `${stdout}${stderr}`.trim().split('\n');
}

describeWithMounts('a full disk', () => {
  test.each(['100k', '300k', '600k', '1200k', '1800k'])('of %s ends an import by name, with whole instances only, and the next one brings the rest', (size) => {
    const said = onDisk(`
      mount -t tmpfs -o size=${size} none "$DISK"
      brat import "$SOURCE"
      mount -o remount,size=60m "$DISK"
      echo "files $(find "$DISK/data/instances" -name '*.dcm' 2>/dev/null | wc -l) parts $(find "$DISK/data" -name '*.part' | wc -l)"
      brat import "$SOURCE" --json
    `);
    expect(said[0]).toMatch(/^store\/no-space: The disk is full/);
    expect(said).toContain('exit 1');
    const [, files, parts] = /^files (\d+) parts (\d+)$/.exec(said.find((line) => line.startsWith('files ')) ?? '') ?? [];
    expect(parts).toBe('0');
    const again = JSON.parse(said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1).join('\n')) as object;
    expect(again).toMatchObject({ added: 3 * slices - Number(files), duplicates: Number(files), failed: 0 });
    expect(said.at(-1)).toBe('exit 0');
  });
});

describeWithMounts('a full disk where output is wanted', () => {
  test('is told by name, and the file that was there stays as it was', () => {
    const said = onDisk(`
      mount -t tmpfs -o size=4k none "$DISK"
      echo kept > "$DISK/volume.npy"
      "$NODE" "$MAIN" preprocess "$SOURCE" --pack "$PACK" --out "$DISK/volume.npy" --data-dir "$SOURCE/none" 2>&1; echo "exit $?"
      cat "$DISK/volume.npy"; ls "$DISK"
    `);
    expect(said[0]).toMatch(/^cli\/cannot-write: .*ENOSPC/);
    expect(said.slice(3)).toEqual(['exit 1', 'kept', 'volume.npy']);
  });
});

describeWithMounts('a data folder that may not be written', () => {
  test('is told by name, and what stores nothing works without it', () => {
    const said = onDisk(`
      mount -t tmpfs -o size=60m none "$DISK"
      brat import "$SOURCE"
      mount -o remount,ro "$DISK"
      brat import "$SOURCE"
      brat embed "$SOURCE" --pack "$PACK" --provider cpu
    `);
    expect(said.filter((line) => /^(exit|store|bug)/.test(line))).toEqual(['exit 0', expect.stringMatching(/^store\/open-failed: The data folder cannot be written/), 'exit 1', 'exit 0']);
  });
});

/** Codes and exits alone, in the order they came. */
const outcomes = (said: readonly string[]): string[] => said.flatMap((line) => /^(?:exit \d+|(?:store|cli|bug)\/[a-z-]+)/.exec(line) ?? []);

describeWithMounts('a backup', () => {
  test('onto a full disk is told by name and goes on once there is room; a restore onto one leaves no database behind', () => {
    const said = onDisk(`
      run import "$SOURCE" --data-dir "$WORK/data"
      mount -t tmpfs -o size=1m none "$DISK"
      run backup "$DISK/copy" --data-dir "$WORK/data"
      mount -o remount,size=60m "$DISK"
      run backup "$DISK/copy" --data-dir "$WORK/data"
      mkdir "$WORK/small"
      mount -t tmpfs -o size=1m none "$WORK/small"
      run restore "$DISK/copy" --data-dir "$WORK/small/data"
      echo "left: $(find "$WORK/small" -name '*.sqlite*')"
      mount -o remount,size=60m "$WORK/small"
      run restore "$DISK/copy" --data-dir "$WORK/small/data"
      run import "$SOURCE" --data-dir "$WORK/small/data" --json
    `);
    expect(outcomes(said)).toEqual(['exit 0', 'store/no-space', 'exit 1', 'exit 0', 'store/no-space', 'exit 1', 'exit 0', 'exit 0']);
    expect(said.filter((line) => line.startsWith('left:'))).toEqual(['left: ']);
    expect(said.join('\n')).toContain(`"duplicates": ${3 * slices}`);
  });

  test('onto a medium that may not be written is told by name, and restored from such a one', () => {
    const said = onDisk(`
      run import "$SOURCE" --data-dir "$WORK/data"
      mount -t tmpfs -o size=60m none "$DISK"
      run backup "$DISK/copy" --data-dir "$WORK/data"
      mount -o remount,ro "$DISK"
      run backup "$DISK/copy" --data-dir "$WORK/data"
      run restore "$DISK/copy" --data-dir "$WORK/again"
      run import "$SOURCE" --data-dir "$WORK/again" --json
    `);
    expect(outcomes(said)).toEqual(['exit 0', 'exit 0', 'store/open-failed', 'exit 1', 'exit 0', 'exit 0']);
    expect(said.join('\n')).toContain(`"duplicates": ${3 * slices}`);
  });
});

describeWithMounts('filling an archive', () => {
  test('on a full disk or one that may not be written is told by name, and done once there is room', () => {
    const said = onDisk(`
      printf 'accession,report\\nACC7,"No mass is seen."\\n' > "$WORK/reports.csv"
      fill() { brat archive import "$SOURCE" --reports "$WORK/reports.csv" --pack "$PACK" --provider cpu "$@"; }
      mount -t tmpfs -o size=400k none "$DISK"
      fill
      mount -o remount,size=4g "$DISK"
      fill --json
      mount -o remount,ro "$DISK"
      fill
    `);
    expect(outcomes(said)).toEqual(['store/no-space', 'exit 1', 'exit 0', 'store/open-failed', 'exit 1']);
    expect(said.join('\n')).toMatch(/"encoded": 1/);
  });
});

test.each([
  ['preprocess', '--out'],
  ['embed', '--views'],
  ['draft', '--out'],
])('%s refuses an unwritable %s before it works', async (command, option) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'taken'));
  for (const file of [join(folder, 'none', 'x.npy'), join(folder, 'taken')]) {
    const { code, err, out } = await runBrat([command, '/no/such/study', option, file, '--pack', pack], { dataDir: join(folder, 'data') });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^cli\/cannot-write: .+\n {2}subject: .+\n {2}advice: .+\n$/);
  }
  expect(existsSync(join(folder, 'none'))).toBe(false);
});
