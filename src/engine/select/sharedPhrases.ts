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
  const lists = Object.entries(phrases).filter((entry): entry is [string, readonly string[]] => Array.isArray(entry[1]));
  const all = { ...Object.fromEntries(lists), derivedImageTypes, reformattedImageTypes, wordsForNone: [...wordsForNone] };
  return `{\n${Object.entries(all).map(([name, list]) => ` ${JSON.stringify(name)}: ${JSON.stringify(list)}`).join(',\n')}\n}\n`;
}
