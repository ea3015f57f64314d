import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sharedPhrases, sharedPhrasesFile } from './sharedPhrases.ts';

test('training chooses series by the same words as the app (else run: node scripts/seriesPhrases.ts)', () => {
  expect(readFileSync(sharedPhrasesFile, 'utf8')).toBe(sharedPhrases());
});
