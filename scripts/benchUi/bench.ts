/** What a measurement of the window is: something to store first, then what is done in the page. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import type { PhantomOptions } from '../../src/testing/phantomStudy.ts';

export interface BenchOptions {
  /** Studies to open one after another. */
  readonly studies: number;
}

export interface UiBench {
  readonly prepare: (dataDir: string, options: BenchOptions) => Promise<void>;
  /** @returns figures by name, their unit at its end; a ratio is what was measured over what it may be */
  readonly run: (page: Page, options: BenchOptions) => Promise<Readonly<Record<string, number>>>;
}

/** A measurement that starts the app itself. */
export interface StartBench extends Pick<UiBench, 'prepare'> {
  readonly runAlone: (dataDir: string) => Promise<Readonly<Record<string, number>>>;
}

/** Writes phantoms and imports them by the command line, before the window opens. */
export async function importPhantoms(dataDir: string, phantoms: readonly PhantomOptions[]): Promise<void> {
  const from = mkdtempSync(join(tmpdir(), 'brat-bench-study-'));
  try {
    for (const [at, options] of phantoms.entries()) await writePhantomStudy(join(from, String(at)), options);
    execFileSync(process.execPath, [join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js'), 'import', from, '--data-dir', dataDir], { stdio: 'pipe' });
  } finally {
    rmSync(from, { recursive: true, force: true });
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
