/**
 * `npm test`: every suite, sorted by what it needs. Looks for Chromium and the other tools, installs what is missing
 * where it may (Debian, as root), makes the Python environment of training/, and runs everything. A suite whose needs
 * cannot be met is left out by name; with CI=true that is a failure. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
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
const tools: Readonly<Record<string, string>> = { chromium: 'chromium', dcm2niix: 'dcm2niix', dcmdump: 'dcmtk', dciodvfy: 'dicom3tools', pdftotext: 'poppler-utils' };

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
/** What failed, by suite and name: said again at the end, where a reader of a long log looks first. */
const failures: string[] = [];

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(z.object({
    name: z.string(),
    status: z.string(),
    message: z.string().default(''),
    assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() })),
  })),
});

interface PlaywrightSuite {
  specs?: z.output<typeof playwrightSpec>[] | undefined;
  suites?: PlaywrightSuite[] | undefined;
}
const playwrightSpec = z.object({
  title: z.string(),
  file: z.string(),
  line: z.int(),
  tests: z.array(z.object({
    projectName: z.string(),
    status: z.string(),
    results: z.array(z.object({ error: z.object({ message: z.string().optional() }).optional() })),
  })),
});
const playwrightSuite: z.ZodType<PlaywrightSuite> = z.lazy(() => z.object({ specs: z.array(playwrightSpec).optional(), suites: z.array(playwrightSuite).optional() }));
const playwrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  suites: z.array(playwrightSuite),
});

function readReport<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // the run ended before it could report; its exit status counts
  }
}

const terminalColours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Keeps a failure for the end: where, and the first lines of why. */
function fail(suite: string, where: string, why: string): void {
  const lines = why.replace(terminalColours, '').split('\n').map((line) => line.trim()).filter((line) => line !== '');
  failures.push([`${suite}: ${where}`, ...lines.slice(0, 6)].join('\n     '));
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
  for (const file of report?.testResults ?? []) {
    const where = relative(root, file.name);
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failed) fail(name, `${where}: ${test.fullName}`, test.failureMessages?.[0] ?? '');
    if (file.status === 'failed' && failed.length === 0) fail(name, where, file.message);
  }
  count(name, ok, report && { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests });
}

function runPlaywright(): void {
  say('e2e');
  const file = join(results, 'e2e.json');
  const ok = succeeds('playwright', ['test', '--reporter=list,json'], { stdio: 'inherit', env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file } });
  const report = readReport(file, playwrightReport);
  const stats = report?.stats;
  const visit = (suites: readonly PlaywrightSuite[]): void => {
    for (const suite of suites) {
      for (const spec of suite.specs ?? []) {
        for (const test of spec.tests.filter(({ status }) => status === 'unexpected' || status === 'flaky')) {
          fail(`e2e, ${test.projectName}`, `${spec.file}:${String(spec.line)}: ${spec.title}`, test.results[0]?.error?.message ?? '');
        }
      }
      visit(suite.suites ?? []);
    }
  };
  visit(report?.suites ?? []);
  count('e2e', ok, stats === undefined ? null : { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped });
}

function runPytest(): void {
  say('training');
  const file = join(results, 'training.xml');
  const ok = succeeds(venvPython, ['-m', 'pytest', '-q', `--junitxml=${file}`], { stdio: 'inherit', cwd: join(root, 'training') });
  const report = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const attributes = /<testsuite [^>]*>/.exec(report)?.[0];
  for (const [, test, message] of report.matchAll(/<testcase [^>]*?\bname="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g)) fail('training', test!, message!);
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
for (const failure of failures) say(`FAILED ${failure}`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed > 0 || (inCi && leftOut.length > 0) ? 1 : 0;
