/**
 * `npm test`: every suite, sorted by what it needs. Looks for Chromium and the other tools, installs what is missing
 * where it may (Debian, as root), makes the Python environment of training/, and runs everything. A suite whose needs
 * cannot be met is left out by name; with CI=true that is a failure. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const results = join(root, 'test-results', 'summary');
const inCi = process.env['CI'] === 'true';

const say = (text: string): void => { process.stdout.write(`\n== ${text}\n`); };

function succeeds(command: string, args: readonly string[], options: SpawnSyncOptions = { stdio: 'inherit' }): boolean {
  return spawnSync(command, args, { cwd: root, ...options }).status === 0;
}

const has = (tool: string): boolean => succeeds('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });

// ---- what the suites need ----------------------------------------------------------------------------------------

/** Debian packages by the tool they bring. */
const tools: Readonly<Record<string, string>> = { chromium: 'chromium', dcm2niix: 'dcm2niix', dcmdump: 'dcmtk' };

/** Installs missing tools where that is allowed. @returns the tools that are still missing */
function ensureTools(): string[] {
  const missing = Object.keys(tools).filter((tool) => !has(tool));
  if (missing.length > 0 && process.getuid?.() === 0 && has('apt-get')) {
    const packages = missing.map((tool) => tools[tool]!);
    say(`installing ${packages.join(', ')}`);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    succeeds('apt-get', ['update', '-q'], { stdio: 'inherit', env: environment });
    succeeds('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], { stdio: 'inherit', env: environment });
  }
  return missing.filter((tool) => !has(tool));
}

const venvPython = join(root, 'training', '.venv', 'bin', 'python');

/** Makes training/.venv if it is not there. @returns whether the Python tests can run */
function ensurePython(): boolean {
  if (!existsSync(venvPython)) {
    say('making training/.venv');
    const folder = join(root, 'training');
    const extras = '.[export,images,test]';
    // The CPU build of PyTorch is a tenth of the other's size; where its index cannot be reached, the usual one serves.
    const made = has('uv')
      ? succeeds('uv', ['venv', '--quiet', '.venv'], { stdio: 'inherit', cwd: folder })
        && succeeds('uv', ['pip', 'install', '--quiet', '--python', venvPython, '-e', extras], { stdio: 'inherit', cwd: folder })
      : succeeds('python3', ['-m', 'venv', '.venv'], { stdio: 'inherit', cwd: folder })
        && succeeds(venvPython, ['-m', 'pip', 'install', '--quiet', '-e', extras], { stdio: 'inherit', cwd: folder });
    if (!made) rmSync(join(folder, '.venv'), { recursive: true, force: true });
  }
  return existsSync(venvPython) && succeeds(venvPython, ['-c', 'import torch, monai, pytest'], { stdio: 'ignore' });
}

// ---- running and counting ----------------------------------------------------------------------------------------

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const leftOut: string[] = [];

const vitestReport = z.object({ numPassedTests: z.int(), numFailedTests: z.int(), numPendingTests: z.int() });
const playwrightReport = z.object({ stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }) });

function readReport<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // the run ended before it could report; its exit status counts
  }
}

/** Adds a suite's count; a suite that failed without naming a failed test counts as one. */
function count(name: string, ok: boolean, counted: Count | null): void {
  const { passed, failed, skipped } = counted ?? { passed: ok ? 1 : 0, failed: 0, skipped: 0 };
  total.passed += passed;
  total.failed += !ok && failed === 0 ? 1 : failed;
  total.skipped += skipped;
  if (!ok) say(`${name} FAILED`);
}

function runCommand(name: string, command: string, args: readonly string[]): void {
  say(name);
  count(name, succeeds(command, args), null);
}

function runVitest(name: string): void {
  say(name);
  const file = join(results, `${name}.json`);
  const ok = succeeds('vitest', ['run', '--project', name, '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  const report = readReport(file, vitestReport);
  count(name, ok, report && { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests });
}

function runPlaywright(): void {
  say('e2e');
  const file = join(results, 'e2e.json');
  const ok = succeeds('playwright', ['test', '--reporter=list,json'], { stdio: 'inherit', env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file } });
  const stats = readReport(file, playwrightReport)?.stats;
  count('e2e', ok, stats === undefined ? null : { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped });
}

function runPytest(): void {
  say('training');
  const file = join(results, 'training.xml');
  const ok = succeeds(venvPython, ['-m', 'pytest', '-q', `--junitxml=${file}`], { stdio: 'inherit', cwd: join(root, 'training') });
  const attributes = existsSync(file) ? /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] : undefined;
  const number = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(attributes ?? '')?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  count('training', ok, attributes === undefined ? null : { passed: number('tests') - failed - number('skipped'), failed, skipped: number('skipped') });
}

function leaveOut(suite: string, why: string): void {
  leftOut.push(`${suite}: ${why}`);
}

// ---- all suites --------------------------------------------------------------------------------------------------

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const missing = ensureTools();

runCommand('check', 'npm', ['run', '--silent', 'check']);
runCommand('build', process.execPath, [join(root, 'scripts', 'build.ts')]);
runCommand('electron security', process.execPath, [join(root, 'scripts', 'electronSecurity.ts')]);
runVitest('unit');
runVitest('pack');
if (!existsSync(process.env['BRAT_TEST_DATA'] ?? join(root, '..', 'shared', 'data'))) say('without real data (BRAT_TEST_DATA) its tests show as skipped');
runVitest('data');
if (missing.length > 0) leaveOut('parts of unit and data that compare with other tools', `${missing.join(', ')} missing`);
if (missing.includes('chromium') && process.env['BRAT_BROWSER'] === undefined) leaveOut('e2e', 'no Chromium (apt-get install chromium, or set BRAT_BROWSER)');
else runPlaywright();
if (ensurePython()) {
  runVitest('parity');
  runPytest();
} else leaveOut('parity and training', 'training/.venv could not be made');

if (total.skipped > 0) say(`${total.skipped} tests were skipped, each under a name that says why`);
for (const suite of leftOut) say(`left out: ${suite}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 || (inCi && leftOut.length > 0) ? 1 : 0;
