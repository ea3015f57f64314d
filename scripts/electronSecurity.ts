/**
 * Runs Electronegativity, the linter for Electron's security checklist, over the built shell. It reads the files that
 * would run, so bundling cannot hide anything. Every finding fails but those listed here, each with what was looked at.
 * `node scripts/electronSecurity.ts [FOLDER]`: the folder to read, by default what the build made of our shell.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');

/** Findings that ask for a review rather than name a fault, with the review's outcome. */
const reviewed: Readonly<Record<string, string>> = {
  CUSTOM_ARGUMENTS_JS_CHECK: 'the switches in guards.ts only take abilities away',
  PRELOAD_JS_CHECK: 'the preload exposes two functions and forwards a port; src/main/main.test.ts holds it to that',
  CSP_GLOBAL_CHECK: 'the policy is sent as a header by pageProtocol.ts, where this linter does not look; tests hold it word for word',
};

const finding = z.looseObject({ id: z.string(), file: z.string(), location: z.looseObject({ line: z.int() }), description: z.string() });
const outcome = z.looseObject({ errors: z.array(z.unknown()), issues: z.array(finding) });
export type Finding = z.output<typeof finding>;

type Linter = (options: Record<string, unknown>) => Promise<unknown>;

/** @throws Error when the linter could not read a file: silence must not pass for a clean result */
export async function electronFindings(folders: readonly string[]): Promise<Finding[]> {
  const work = mkdtempSync(join(tmpdir(), 'brat-electron-lint-'));
  try {
    for (const folder of folders) cpSync(folder, join(work, basename(folder)), { recursive: true });
    cpSync(join(root, 'package.json'), join(work, 'package.json'));
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')));
    // Its command line needs another version of `commander` than ours, so it is called as a module.
    const run = createRequire(import.meta.url)('@doyensec/electronegativity') as Linter;
    const { errors, issues } = outcome.parse(await run({ input: work, output: '', isSarif: false, customScan: [], excludeFromScan: [], parserPlugins: [], isRelative: true, electronVersionOverride: version }));
    if (errors.length > 0) throw new Error(`electronegativity could not read ${errors.length} files: ${JSON.stringify(errors[0])}`);
    return issues.filter(({ id }) => !(id in reviewed));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const given = process.argv.slice(2).map((folder) => resolve(folder));
  const found = await electronFindings(given.length > 0 ? given : ['main', 'preload'].map((layer) => join(root, 'dist', layer)));
  for (const { id, file, location, description } of found) process.stdout.write(`${id} ${file}:${location.line} ${description}\n`);
  process.stdout.write(`electron security: ${found.length} findings\n`);
  // Ends here: the linter still tries to fetch a list of Electron's releases, which it does not need.
  process.exit(found.length > 0 ? 1 : 0);
}
