/**
 * `npm start`: builds when sources are newer than dist/, then opens the app: in Electron where its binary is, else in
 * an installed browser, saying why. Arguments are passed on to the shell (`npm start -- --data-dir=…`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const electron = join(root, 'node_modules', 'electron');

/** How long Electron's own installer may try to fetch the binary. */
const fetchMs = 60_000;

/** What goes into dist/: a change in any of these calls for a build. */
const sources = ['src', 'scripts/build.ts', 'vite.config.ts', 'package-lock.json'];

function newestMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function isBuilt(): boolean {
  const built = statSync(join(root, 'dist', 'built'), { throwIfNoEntry: false });
  return built !== undefined && sources.every((source) => newestMs(join(root, source)) <= built.mtimeMs);
}

function electronBinary(): string | null {
  const pathFile = join(electron, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const binary = join(electron, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(binary) ? binary : null;
}

/** The binary, fetched once by Electron's own installer if need be; or why there is none. */
function findElectron(): { binary: string } | { missing: string } {
  if (process.env['BRAT_SHELL'] === 'browser') return { missing: 'BRAT_SHELL asks for the browser' };
  const there = electronBinary();
  if (there !== null) return { binary: there };
  const installer = join(electron, 'install.js');
  if (!existsSync(installer)) return { missing: 'the electron package is not installed' };
  process.stderr.write(`Electron's binary is not here yet; trying to fetch it, for ${fetchMs / 1000} s at most\n`);
  const { status, stderr } = spawnSync(process.execPath, [installer], { timeout: fetchMs, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  const fetched = electronBinary();
  if (fetched !== null) return { binary: fetched };
  const why = status === null ? `fetching it took longer than ${fetchMs / 1000} s` : (/^.*\b(?:Error|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN).*$/m.exec(stderr)?.[0].trim() ?? 'fetching it failed');
  return { missing: `Electron's binary is not here (${why})` };
}

if (!isBuilt()) {
  process.stderr.write('Building …\n');
  const { buildAll } = await import('./build.ts');
  await buildAll();
}
const passed = process.argv.slice(2);
const found = findElectron();
// Chromium refuses to start as root with its sandbox on.
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const shell =
  'binary' in found
    ? spawn(found.binary, [...asRoot, root, ...passed], { stdio: 'inherit' })
    : spawn(process.execPath, [join(root, 'dist/browser/main.js'), '--because', `${found.missing}: opening in an installed browser instead.`, ...passed], { stdio: 'inherit' });
// Ctrl+C reaches the shell as well, which ends in its own time; this process only waits for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { shell.kill(signal); });
shell.once('exit', (code) => { process.exitCode = code ?? 1; });
