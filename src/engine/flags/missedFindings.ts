/** What the heads are sure of and no sentence speaks of. A sentence that denies it is a contradiction instead. */
import type { Lesion } from '../../shared/contract.ts';
import { certainLesion, confidentFrom, probabilityOf } from './againstImage.ts';
import { claimOn, named, yesNoQuestions } from './claims.ts';
import { percent, type Evidence, type Fault, type ReadSentence } from './evidence.ts';

export function missedFindings(sentences: readonly ReadSentence[], { found }: Evidence): Fault[] {
  // Nothing is missed in a report that is not begun.
  if (!found || sentences.length === 0) return [];
  const lesions = (found.lesions ?? []).filter((lesion) => lesion.probability >= certainLesion);
  const answered = yesNoQuestions.flatMap((question): Fault[] => {
    const probability = probabilityOf(found, question) ?? 0;
    const lesionsSay = question === 'enhancing' && lesions.length > 0;
    if (lesionsSay || probability < confidentFrom || sentences.some(({ reading }) => claimOn(reading, question) !== null)) return [];
    return [{ kind: 'missed-finding', sentence: null, key: `head ${question}`, reason: `The classification head gives ${percent(probability)} for ${named[question]}; no sentence speaks of it.` }];
  });
  return [...answered, ...missedLesions(sentences, lesions)];
}

function missedLesions(sentences: readonly ReadSentence[], lesions: readonly Lesion[]): Fault[] {
  if (lesions.length === 0 || sentences.some(({ reading }) => claimOn(reading, 'enhancing') === 'no')) return [];
  const mentions = sentences.flatMap(({ reading }) => reading.lesions);
  const counts = sentences.flatMap(({ reading }) => reading.count ?? []);
  // Lesions that are told without a side, or only counted, may be any of them.
  const anywhere = mentions.some(({ side }) => side === null) || (counts.length > 0 && mentions.every(({ listed }) => !listed));
  const sides = (['left', 'right'] as const).flatMap((side): Fault[] => {
    const there = lesions.filter((lesion) => lesion.side === side);
    if (there.length === 0 || anywhere || mentions.some((mention) => mention.side === side)) return [];
    return [{ kind: 'missed-finding', sentence: null, key: `lesions ${side}`, reason: `The lesion head finds ${there.length === 1 ? 'a lesion' : `${there.length} lesions`} on the ${side} (${told(there)}); no sentence tells of one there.` }];
  });
  if (sides.length > 0) return sides;
  if (mentions.length === 0 && counts.length === 0) return [{ kind: 'missed-finding', sentence: null, key: 'lesions', reason: `The lesion head finds ${lesions.length === 1 ? 'a lesion' : `${lesions.length} lesions`} in the midline (${told(lesions)}); no sentence tells of one.` }];
  const single = mentions.filter(({ listed, largest }) => !listed && !largest).length;
  const certain = lesions.filter((lesion) => lesion.probability >= confidentFrom).length;
  if (counts.length > 0 || anywhere || certain <= single) return [];
  return [{ kind: 'missed-finding', sentence: null, key: 'lesion count', reason: `The lesion head finds ${certain} lesions; the text tells of ${single}.` }];
}

const told = (lesions: readonly Lesion[]): string => lesions.slice(0, 3).map(({ longestDiameterMm, slice }) => `${longestDiameterMm.toFixed(0)} mm, slice ${slice + 1}`).join('; ');
