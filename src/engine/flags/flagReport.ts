/**
 * What to look at before signing: a pure function of the text and of what is known of the image. Technique and rejected
 * sentences are left out; what a sentence says is told by the rules of statements/, so a sentence that no rule reads is held
 * against nothing but its view.
 */
import { createHash } from 'node:crypto';
import type { ReportContent, ReportFlag } from '../../shared/contract.ts';
import { priorMentions } from '../statements/priorWording.ts';
import { readSentence, type SentenceReading } from '../statements/readSentence.ts';
import { againstHeads, againstMeasurements } from './againstImage.ts';
import { contradictions } from './contradictions.ts';
import type { Evidence, Fault, ReadSentence } from './evidence.ts';
import { missedFindings } from './missedFindings.ts';
import { wrongSides } from './wrongSide.ts';

export type Dismissal = NonNullable<ReportFlag['dismissed']>;

/**
 * @param dismissed by flag id
 * @returns flags in the order of the sentences, those of no sentence last; each fault once
 */
export function flagReport(content: Pick<ReportContent, 'sentences'>, evidence: Evidence, dismissed: ReadonlyMap<string, Dismissal> = new Map()): ReportFlag[] {
  const sentences = content.sentences
    .filter(({ section, state, text }) => section !== 'technique' && state !== 'rejected' && text.trim() !== '')
    .map((sentence): ReadSentence => ({ sentence, reading: read(sentence.text) }));
  // Heads and views mean nothing on an image of another kind than the pack was made for.
  const outside = evidence.found?.insideOfTraining?.inside === false;
  const seen: Evidence = outside ? { ...evidence, found: null, views: new Map(), supportThreshold: null } : evidence;
  const faults = [
    ...wrongSides(sentences, seen), ...contradictions(sentences), ...againstHeads(sentences, seen), ...againstMeasurements(sentences, seen),
    ...withoutSupport(sentences, seen), ...priorWording(sentences, seen), ...missedFindings(sentences, seen),
  ];
  const places = new Map(sentences.map(({ sentence }, at) => [sentence.id, at]));
  const at = (fault: Fault): number => (fault.sentence === null ? Infinity : (places.get(fault.sentence) ?? Infinity));
  const flags = new Map<string, ReportFlag>();
  for (const fault of faults.toSorted((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)))) {
    const id = flagId(fault);
    if (!flags.has(id)) flags.set(id, { id, kind: fault.kind, sentence: fault.sentence, reason: fault.reason, dismissed: dismissed.get(id) ?? null });
  }
  return [...flags.values()];
}

/** The same for the same fault of the same sentence, whatever its other words: a dismissal outlives a mended spelling. */
const flagId = ({ kind, sentence, key }: Fault): string => `${kind}-${createHash('sha256').update(`${kind}\0${sentence ?? ''}\0${key}`).digest('hex').slice(0, 16)}`;

/** Reports are read again at every edit; most of their sentences are the same. */
const readings = new Map<string, SentenceReading>();
const keptReadings = 2000;

function read(text: string): SentenceReading {
  const known = readings.get(text);
  if (known) return known;
  const reading = readSentence(text);
  if (readings.size >= keptReadings) readings.clear();
  readings.set(text, reading);
  return reading;
}

function withoutSupport(sentences: readonly ReadSentence[], { supportThreshold }: Evidence): Fault[] {
  if (supportThreshold === null) return [];
  return sentences.flatMap(({ sentence: { id, grounding } }): Fault[] => (grounding === null || grounding.supported ? [] : [{
    kind: 'unsupported', sentence: id, key: '', reason: `No view of the image supports this sentence: the nearest has a similarity of ${grounding.similarity.toFixed(2)}, below the pack's threshold of ${supportThreshold.toFixed(2)}.`,
  }]));
}

function priorWording(sentences: readonly ReadSentence[], { priorOpened }: Evidence): Fault[] {
  if (priorOpened) return [];
  return sentences.flatMap(({ sentence: { id, text } }): Fault[] => {
    const words = [...new Set(priorMentions(text).map((word) => word.toLowerCase()))];
    if (words.length === 0) return [];
    return [{ kind: 'prior-wording', sentence: id, key: words.toSorted().join(' '), reason: `${words.map((word) => `“${word}”`).join(', ')} ${words.length === 1 ? 'speaks' : 'speak'} of another time, and no earlier study was opened beside this one.` }];
  });
}
