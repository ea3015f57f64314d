/**
 * The folder says where code may run and what it may know. This test reads every import under src/ and holds it to
 * the picture in docs/architecture.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const src = import.meta.dirname;

const mayImport: Record<string, readonly string[]> = {
  shared: [],
  transport: ['shared'],
  engine: ['shared'],
  native: ['shared', 'engine'],
  host: ['shared', 'transport', 'engine', 'native'],
  cli: ['shared', 'engine', 'native', 'shell'],
  shell: ['shared', 'transport', 'host'],
  main: ['shared', 'transport', 'shell', 'host'],
  preload: ['shared', 'transport'],
  browser: ['shared', 'transport', 'shell', 'host'],
  renderer: ['shared', 'transport'],
  testing: ['shared', 'transport', 'engine', 'native', 'host'],
};

/** Packages only one layer may name, so that a runtime can be exchanged in one place. */
const ownerOf: Record<string, readonly string[]> = {
  'onnxruntime-node': ['native'],
  'node-llama-cpp': ['native'],
  'better-sqlite3': ['native'],
  electron: ['main', 'preload'],
  react: ['renderer'],
  '@cornerstonejs/core': ['renderer'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly specifier: string;
}

const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file);

function allImports(): Import[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file) && file.includes(sep));
  return files.flatMap((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(src, file), 'utf8'), true, true);
    return importedFiles.map(({ fileName }) => ({ file, from: file.split(sep)[0]!, specifier: fileName }));
  });
}

const imports = allImports();
const shipped = imports.filter(({ file, from }) => !isTest(file) && from !== 'testing');

describe('layers', () => {
  test('every folder under src has its place in the picture', () => {
    expect([...new Set(imports.map(({ from }) => from))].filter((layer) => !(layer in mayImport))).toEqual([]);
  });

  test('each folder imports only what lies below it', () => {
    const faults = shipped
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ file, from, specifier }) => ({ file, from, to: relative(src, resolve(src, dirname(file), specifier)).split(sep)[0]! }))
      .filter(({ from, to }) => to !== from && !(mayImport[from] ?? []).includes(to))
      .map(({ file, to }) => `${file} imports ${to}/`);
    expect(faults).toEqual([]);
  });

  test('a runtime is named in its own layer alone', () => {
    const faults = shipped
      .filter(({ specifier, from }) => ownerOf[specifier] !== undefined && !ownerOf[specifier].includes(from))
      .map(({ file, specifier }) => `${file} names ${specifier}`);
    expect(faults).toEqual([]);
  });

  test('the architecture page names every folder', () => {
    const page = readFileSync(resolve(src, '../docs/architecture.md'), 'utf8');
    expect(Object.keys(mayImport).filter((layer) => !page.includes(`\`src/${layer}/\``))).toEqual([]);
  });
});
