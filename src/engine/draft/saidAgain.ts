/** Notices a sentence that tells of lesions already told of, in other words: a small model that goes round in circles does so. */
import { readSentence, type LesionMention, type SentenceReading } from '../statements/readSentence.ts';

/** Words by which a lesion of the same place and size is meant as one more. */
const oneMore = /\b(?:another|additional|further|other|second|third|also|both|each)\b/i;

/** By place, side and size; null where one of them is not told, since two lesions may then be meant. */
const keyOf = ({ place, side, sizeMm }: LesionMention): string | null => (place === null || side === null || sizeMm === null ? null : `${place.name} ${side} ${sizeMm}`);

const tellsOfLesionsAlone = ({ lesions, count, more, surgery, craniotomy, shift, hydrocephalus, whiteMatter, compression, normal, denied }: SentenceReading): boolean =>
  lesions.length > 0 && count === null && more === null && !surgery && craniotomy === null && shift === null && !hydrocephalus && whiteMatter === null && compression.length === 0 && normal === null && denied.length === 0;

export class SaidAgain {
  readonly #told = new Set<string>();

  /** Takes a sentence in the order of the draft. @returns whether all it says was said before */
  says(sentence: string): boolean {
    const reading = readSentence(sentence);
    const keys = reading.lesions.map(keyOf);
    const again = tellsOfLesionsAlone(reading) && !oneMore.test(sentence) && keys.every((key) => key !== null && this.#told.has(key));
    for (const key of keys) if (key !== null) this.#told.add(key);
    return again;
  }
}
