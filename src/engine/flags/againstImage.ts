/** Sentences against confident answers of the heads, and against what the reader measured. */
import type { StudyFindings } from '../../shared/contract.ts';
import { lengthsMm, roundingMm } from '../statements/measures.ts';
import { claimOn, named, yesNoQuestions, type YesNoQuestion } from './claims.ts';
import { percent, type Evidence, type Fault, type PlacedMeasurement, type ReadSentence } from './evidence.ts';

/** A head is confident of a finding from here on, and of its absence below the second number. */
export const confidentFrom = 0.9;
const confidentlyAbsent = 0.05;
/** A lesion is certain from this probability on. */
export const certainLesion = 0.7;
/** A linked length agrees within the rounding of the text and this. */
const linkedMm = 1;
const linkedPart = 0.05;
/** A length that is not linked may be of something else in part; it must differ by this much. */
const looseMm = 3;
const loosePart = 0.25;
const sideMm = 5;

/** Probability that a head gives for Yes; null where it was not asked. */
export const probabilityOf = (found: StudyFindings | null, question: YesNoQuestion): number | null => found?.findings?.find((one) => one.question === question && one.answer === 'Yes')?.probability ?? null;

export function againstHeads(sentences: readonly ReadSentence[], { found }: Evidence): Fault[] {
  if (!found) return [];
  return sentences.flatMap(({ sentence, reading }) => yesNoQuestions.flatMap((question): Fault[] => {
    const claim = claimOn(reading, question);
    const probability = probabilityOf(found, question);
    const certain = question === 'enhancing' ? (found.lesions ?? []).filter((lesion) => lesion.probability >= certainLesion) : [];
    if (claim === 'no' && certain.length > 0) {
      return [{ kind: 'contradiction', sentence: sentence.id, key: 'lesions', reason: `This sentence denies an enhancing lesion; the lesion head finds ${certain.length === 1 ? 'one' : certain.length} (largest ${certain[0]!.longestDiameterMm.toFixed(0)} mm, slice ${certain[0]!.slice + 1}).` }];
    }
    if (probability === null) return [];
    if (claim === 'no' && probability >= confidentFrom) return [{ kind: 'contradiction', sentence: sentence.id, key: `head ${question}`, reason: `This sentence denies ${named[question]}; the classification head gives ${percent(probability)} for it.` }];
    // What the lesion head sees is there, whatever the other head says.
    if (claim === 'yes' && probability <= confidentlyAbsent && !(question === 'enhancing' && (found.lesions?.length ?? 0) > 0)) {
      return [{ kind: 'contradiction', sentence: sentence.id, key: `head ${question}`, reason: `This sentence tells of ${named[question]}; the classification head gives only ${percent(probability)} for it.` }];
    }
    return [];
  }));
}

export function againstMeasurements(sentences: readonly ReadSentence[], { measurements }: Evidence): Fault[] {
  const lengths = measurements.filter(({ measurement }) => measurement.kind === 'length' && measurement.value !== null);
  return sentences.flatMap((one) => linkedFault(one, lengths) ?? looseFault(one, sentences, lengths));
}

/** Null where the sentence states no measurement. */
function linkedFault({ sentence }: ReadSentence, lengths: readonly PlacedMeasurement[]): Fault[] | null {
  const linked = lengths.find(({ measurement }) => measurement.id === sentence.measurement);
  if (!linked) return null;
  const value = linked.measurement.value!;
  const told = lengthsMm(sentence.text);
  if (told.length === 0 || told.some((mm) => Math.abs(mm - value) <= roundingMm(sentence.text) + Math.max(linkedMm, linkedPart * value))) return [];
  return [{ kind: 'contradiction', sentence: sentence.id, key: `measurement ${linked.measurement.id}`, reason: `The text gives ${told.map((mm) => mm.toFixed(0)).join(' x ')} mm; the measurement it states is ${value.toFixed(1)} mm.` }];
}

/** The only sized lesion on a side against the only length measured there. */
function looseFault({ sentence, reading }: ReadSentence, sentences: readonly ReadSentence[], lengths: readonly PlacedMeasurement[]): Fault[] {
  for (const side of ['left', 'right'] as const) {
    const sized = sentences.flatMap((one) => one.reading.lesions.filter((lesion) => lesion.side === side && lesion.sizeMm !== null));
    const own = reading.lesions.find((lesion) => lesion.side === side && lesion.sizeMm !== null);
    const there = lengths.filter(({ towardsLeftMm }) => towardsLeftMm !== null && (side === 'left' ? towardsLeftMm : -towardsLeftMm) >= sideMm);
    if (!own || sized.length !== 1 || there.length !== 1) continue;
    const { id, value } = there[0]!.measurement;
    if (Math.abs(own.sizeMm! - value!) <= Math.max(looseMm, loosePart * Math.max(own.sizeMm!, value!))) continue;
    return [{ kind: 'contradiction', sentence: sentence.id, key: `measured ${side} ${id}`, reason: `The text gives ${own.sizeMm!.toFixed(0)} mm; the one length measured on the ${side} is ${value!.toFixed(1)} mm.` }];
  }
  return [];
}
