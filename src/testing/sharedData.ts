/** Where the real DICOM and NIfTI for tests lies, and a `describe` that says so when it is missing. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'vitest';

/** BRAT_TEST_DATA, or the `shared/data` folder beside the checkout. The files are never part of the project. */
export const sharedData = process.env['BRAT_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data');

export const hasSharedData = existsSync(sharedData);

/** A suite that needs real data; where there is none it is skipped under a name that says why. */
export function describeWithData(name: string, suite: () => void): void {
  if (hasSharedData) describe(name, suite);
  else describe.skip(`${name} (skipped: no real data, set BRAT_TEST_DATA)`, suite);
}
