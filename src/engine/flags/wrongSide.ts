/**
 * The side a sentence names against the side in the image. A measurement that the sentence states counts most, then the
 * lesions of the lesion head, and only where there are none the place that the sentence's view looked at.
 */
import type { Lesion } from '../../shared/contract.ts';
import { sidesIn } from '../statements/places.ts';
import type { LesionMention } from '../statements/readSentence.ts';
import { otherSide, type Evidence, type Fault, type Hemisphere, type ReadSentence } from './evidence.ts';

/** Nearer to the middle plane than this, a measurement tells no side. mm */
const measurementMm = 5;
/** A view tells a side when the centre of what it looked at lies this far off the middle, with this part of it on that side. */
const viewMm = 10;
const viewShare = 0.8;
/** A size in the text fits a lesion within this factor, and clearly does not beyond the second one. */
const sizeFits = 1.5;
const sizeDiffers = 2;
/** A smaller lesion moves no midline. mm */
const shiftingMm = 15;
/** What a lesion head for enhancing lesions does not look for. */
const notEnhancing = /\bnon-?enhanc|\bh(?:a)?emorrhag|\binfarct|\bcyst(?:s|ic lesion)?\b|\blacun|\bencephalomalac|\bgliosis\b/i;

export function wrongSides(sentences: readonly ReadSentence[], evidence: Evidence): Fault[] {
  return sentences.flatMap((one) => [...sideFault(one, evidence), ...shiftFault(one, evidence)]);
}

/** The one side that a sentence puts its findings on; null for none, both or the midline. */
export function claimedSide({ sentence, reading }: ReadSentence): Hemisphere | null {
  const named = reading.lesions.map(({ side }) => side);
  if (named.length > 0) return named.every((side) => side === named[0]) && isHemisphere(named[0] ?? null) ? (named[0] as Hemisphere) : null;
  if (!reading.surgery) return null;
  const sides = [...sidesIn(sentence.text.toLowerCase())];
  return sides.length === 1 ? sides[0]! : null;
}

const isHemisphere = (side: LesionMention['side']): side is Hemisphere => side === 'left' || side === 'right';

function sideFault(one: ReadSentence, evidence: Evidence): Fault[] {
  const { sentence, reading } = one;
  const fault = (side: Hemisphere, source: string, reason: string): Fault[] => [{ kind: 'wrong-side', sentence: sentence.id, key: `${side} ${source}`, reason }];

  const measured = sentence.measurement === null ? undefined : evidence.measurements.find(({ measurement }) => measurement.id === sentence.measurement);
  if (measured?.towardsLeftMm != null && Math.abs(measured.towardsLeftMm) >= measurementMm) {
    const sides = [...sidesIn(sentence.text.toLowerCase())];
    const drawn: Hemisphere = measured.towardsLeftMm > 0 ? 'left' : 'right';
    if (sides.length === 1 && sides[0] !== drawn) return fault(sides[0]!, 'measurement', `The text says ${sides[0]!}; the measurement it states was drawn on the patient's ${drawn}, ${distance(measured.towardsLeftMm)} from the midline.`);
    return [];
  }

  const lesions = evidence.found?.lesions ?? [];
  if (reading.lesions.length > 0 && lesions.length > 0 && !notEnhancing.test(sentence.text)) {
    for (const side of new Set(reading.lesions.map((mention) => mention.side).filter(isHemisphere))) {
      const reason = againstLesions(side, reading.lesions.filter((mention) => mention.side === side), lesions);
      if (reason !== null) return fault(side, 'lesions', reason);
    }
    return [];
  }

  const side = claimedSide(one);
  const { grounding } = sentence;
  const looked = grounding?.supported === true ? evidence.views.get(grounding.view) : undefined;
  if (side === null || looked === undefined || Math.abs(looked.towardsLeftMm) < viewMm || looked.share < viewShare) return [];
  const seen: Hemisphere = looked.towardsLeftMm > 0 ? 'left' : 'right';
  if (seen === side) return [];
  return fault(side, 'view', `The text says ${side}; the view that carries this sentence looked at the patient's ${seen}, ${distance(looked.towardsLeftMm)} from the midline.`);
}

function againstLesions(side: Hemisphere, mentions: readonly LesionMention[], lesions: readonly Lesion[]): string | null {
  const there = lesions.filter((lesion) => lesion.side === side || lesion.side === 'midline');
  const opposite = lesions.filter((lesion) => lesion.side === otherSide(side));
  if (opposite.length === 0) return null;
  if (there.length === 0) return `The text says ${side}; the lesion head finds ${lesions.length === 1 ? 'its one lesion' : `all ${lesions.length} lesions`} on the ${otherSide(side)} (largest ${largest(opposite)}).`;
  for (const { sizeMm } of mentions) {
    if (sizeMm === null) continue;
    const fits = (lesion: Lesion, factor: number): boolean => Math.max(lesion.longestDiameterMm / sizeMm, sizeMm / lesion.longestDiameterMm) <= factor;
    const better = opposite.find((lesion) => fits(lesion, sizeFits));
    if (better && !there.some((lesion) => fits(lesion, sizeDiffers))) {
      return `The text tells of ${sizeMm.toFixed(0)} mm on the ${side}, where the largest lesion of the lesion head has ${largest(there)}; one of ${better.longestDiameterMm.toFixed(0)} mm lies on the ${otherSide(side)}.`;
    }
  }
  return null;
}

/** The midline is pushed away from what pushes it. */
function shiftFault({ sentence, reading }: ReadSentence, { found }: Evidence): Fault[] {
  const to = reading.shift?.to ?? null;
  if (to === null) return [];
  const pushing = (found?.lesions ?? []).filter((lesion) => lesion.longestDiameterMm >= shiftingMm);
  if (pushing.length === 0 || !pushing.every((lesion) => lesion.side === to)) return [];
  return [{
    kind: 'wrong-side', sentence: sentence.id, key: `shift ${to} lesions`,
    reason: `The midline is said to be shifted to the ${to}, which is the side where the lesion head finds ${pushing.length === 1 ? 'the only large lesion' : 'all large lesions'} (${largest(pushing)}).`,
  }];
}

const largest = (lesions: readonly Lesion[]): string => {
  const lesion = lesions.reduce((most, one) => (one.longestDiameterMm > most.longestDiameterMm ? one : most));
  return `${lesion.longestDiameterMm.toFixed(0)} mm, slice ${lesion.slice + 1}`;
};

const distance = (towardsLeftMm: number): string => `${Math.abs(towardsLeftMm).toFixed(0)} mm`;
