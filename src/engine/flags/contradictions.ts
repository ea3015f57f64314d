/** Sentences that contradict each other. Each pair is told once, at the sentence that denies or comes later. */
import { claimOn, named, yesNoQuestions } from './claims.ts';
import { otherSide, quoted, type Fault, type Hemisphere, type ReadSentence } from './evidence.ts';

/** Two sizes of one lesion agree within this part of the larger one, and always within so many mm. */
const samePart = 0.2;
const sameMm = 2;

export function contradictions(sentences: readonly ReadSentence[]): Fault[] {
  return [...affirmedAndDenied(sentences), ...deniedWhereTold(sentences), ...shiftsApart(sentences), ...impressionAgainstFindings(sentences)];
}

const fault = (at: ReadSentence, key: string, other: ReadSentence, reason: string): Fault => ({ kind: 'contradiction', sentence: at.sentence.id, key: `${key} ${other.sentence.id}`, reason });

function affirmedAndDenied(sentences: readonly ReadSentence[]): Fault[] {
  return yesNoQuestions.flatMap((question) => {
    const saying = (claim: 'yes' | 'no'): ReadSentence[] => sentences.filter(({ reading }) => claimOn(reading, question) === claim);
    const affirmed = saying('yes')[0];
    if (!affirmed) return [];
    return saying('no').filter((one) => one !== affirmed).map((one) => fault(one, question, affirmed, `This sentence denies ${named[question]}, which another one tells of: ${quoted(affirmed.sentence.text)}`));
  });
}

function deniedWhereTold(sentences: readonly ReadSentence[]): Fault[] {
  return sentences.flatMap((one) => one.reading.denied.filter(({ topic }) => topic === 'lesion').flatMap(({ places, sides }) => {
    const other = sentences.find((told) => told !== one && told.reading.lesions.some(({ place, side }) =>
      places.some(({ location }) => location !== null && location === place?.location)
      || (places.every(({ name }) => name === 'elsewhere') && sides.size === 1 && side !== null && side !== 'midline' && sides.has(side))));
    return other ? [fault(one, 'denied place', other, `This sentence denies a lesion where another one tells of one: ${quoted(other.sentence.text)}`)] : [];
  }));
}

function shiftsApart(sentences: readonly ReadSentence[]): Fault[] {
  const [first, ...more] = sentences.filter(({ reading }) => reading.shift?.to != null);
  if (!first) return [];
  return more.filter(({ reading }) => reading.shift!.to !== first.reading.shift!.to).map((one) =>
    fault(one, 'shift side', first, `The midline is said to be shifted to the ${one.reading.shift!.to!} here and to the ${first.reading.shift!.to!} in ${quoted(first.sentence.text)}`));
}

/** The impression sums up the findings, so it names no other side, number or size of the same lesion. */
function impressionAgainstFindings(sentences: readonly ReadSentence[]): Fault[] {
  const findings = sentences.filter(({ sentence }) => sentence.section === 'findings');
  return sentences.filter(({ sentence }) => sentence.section === 'impression').flatMap((one) => [...otherSides(one, findings), ...otherCount(one, findings), ...otherSize(one, findings)]);
}

function otherSides(one: ReadSentence, findings: readonly ReadSentence[]): Fault[] {
  const told = findings.flatMap(({ reading }) => reading.lesions.map(({ side }) => side));
  const sides = new Set(one.reading.lesions.map(({ side }) => side).filter((side): side is Hemisphere => side === 'left' || side === 'right'));
  return [...sides].flatMap((side) => {
    const other = findings.find(({ reading }) => reading.lesions.some((lesion) => lesion.side === otherSide(side)));
    // A lesion without a side may be the one that is meant.
    if (!other || told.some((known) => known === side || known === null)) return [];
    return [fault(one, `side ${side}`, other, `The impression tells of a lesion on the ${side}; the findings know lesions on the ${otherSide(side)} alone: ${quoted(other.sentence.text)}`)];
  });
}

function otherCount(one: ReadSentence, findings: readonly ReadSentence[]): Fault[] {
  const count = one.reading.count;
  const counting = findings.filter(({ reading }) => reading.count !== null);
  const other = counting[0];
  if (!count || count.vague || counting.length !== 1 || other!.reading.count!.vague || other!.reading.count!.count === count.count) return [];
  return [fault(one, 'count', other!, `The impression counts ${count.count > 15 ? 'more than 15' : count.count} lesions, the findings another number: ${quoted(other!.sentence.text)}`)];
}

function otherSize(one: ReadSentence, findings: readonly ReadSentence[]): Fault[] {
  return one.reading.lesions.flatMap((lesion) => {
    const location = lesion.place?.location;
    if (lesion.sizeMm === null || location == null) return [];
    const known = findings.filter(({ reading }) => reading.lesions.some((other) => other.place?.location === location && other.sizeMm !== null));
    const other = known[0];
    if (known.length !== 1) return [];
    const size = other!.reading.lesions.find((mention) => mention.place?.location === location && mention.sizeMm !== null)!.sizeMm!;
    if (Math.abs(size - lesion.sizeMm) <= Math.max(sameMm, samePart * Math.max(size, lesion.sizeMm))) return [];
    return [fault(one, `size ${location}`, other!, `The impression gives ${lesion.sizeMm.toFixed(0)} mm, the findings ${size.toFixed(0)} mm: ${quoted(other!.sentence.text)}`)];
  });
}
