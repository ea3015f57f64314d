/**
 * Writes the app's vocabulary of series descriptions for the Python side: `node scripts/seriesPhrases.ts`. A unit test
 * (src/engine/select/sharedPhrases.test.ts) fails while the file is not what the lists say.
 */
import { writeFileSync } from 'node:fs';
import { sharedPhrases, sharedPhrasesFile } from '../src/engine/select/sharedPhrases.ts';

writeFileSync(sharedPhrasesFile, sharedPhrases());
