/**
 * The chooser's vocabulary as the JSON file that training reads, so that both choose by the same words. Written by
 * scripts/seriesPhrases.ts; not used by the app itself.
 */
import { resolve } from 'node:path';
import { derivedImageTypes, reformattedImageTypes, wordsForNone } from './evidence.ts';
import * as phrases from './phrases.ts';

export const sharedPhrasesFile = resolve(import.meta.dirname, '../../../training/brat_train/data/select/series_phrases.json');

/** The file's whole text. */
export function sharedPhrases(): string {
  const lists = Object.entries<unknown>({ ...phrases, derivedImageTypes, reformattedImageTypes, wordsForNone: [...wordsForNone] })
    .filter(([, list]) => Array.isArray(list))
    .sort(([a], [b]) => (a < b ? -1 : 1)); // a bundler may order a module's exports otherwise
  return `{\n${lists.map(([name, list]) => ` ${JSON.stringify(name)}: ${JSON.stringify(list)}`).join(',\n')}\n}\n`;
}
