/**
 * Writes THIRD_PARTY.md: every package this project names, with its licence as the package itself states it, and the
 * data that ships. `node scripts/thirdParty.ts --check` fails when the page is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

interface PackageJson {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const readPackage = (folder: string): PackageJson => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;

function table(names: readonly string[]): string {
  const rows = names.map((name) => {
    const { license } = readPackage(join(root, 'node_modules', name));
    if (license === undefined) throw new Error(`${name} states no licence`);
    return `| ${name} | ${license} |`;
  });
  return ['| package | licence |', '|---|---|', ...rows].join('\n');
}

function page(): string {
  const { dependencies = {}, devDependencies = {} } = readPackage(root);
  const notes = readFileSync(join(root, 'docs', 'third-party-notes.md'), 'utf8');
  return [
    '# Third-party software and data',
    '',
    'brat desktop is licensed under Apache-2.0 (LICENSE). It stands on the packages below; each keeps its own licence.',
    'This page is written by `node scripts/thirdParty.ts`.',
    '',
    '## Run-time packages',
    '',
    table(Object.keys(dependencies).sort()),
    '',
    '## Packages built into the window, or used to build and test',
    '',
    table(Object.keys(devDependencies).sort()),
    '',
    notes.trimEnd(),
    '',
  ].join('\n');
}

const target = join(root, 'THIRD_PARTY.md');
const wanted = page();
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== wanted) {
    process.stderr.write('THIRD_PARTY.md is out of date: run `node scripts/thirdParty.ts`\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, wanted);
}
