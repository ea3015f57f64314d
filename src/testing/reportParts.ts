/** Parts of reports for tests: sentences, findings of heads, lesions, measurements. */
import type { Lesion, Measurement, ReportSentence, StudyFindings } from '../shared/contract.ts';

export const sentenceOf = (id: string, text: string, more: Partial<ReportSentence> = {}): ReportSentence => ({
  id, text, section: 'findings', origin: 'reader', state: 'accepted', original: null, sourceCase: null, measurement: null, grounding: null, ...more,
});

/** Sentences s1, s2, ... of the findings. */
export const findingsOf = (...texts: readonly string[]): ReportSentence[] => texts.map((text, at) => sentenceOf(`s${at + 1}`, text));

export const lesionOf = (side: Lesion['side'], longestDiameterMm: number, more: Partial<Lesion> = {}): Lesion => ({
  index: 0, volumeMl: 1, longestDiameterMm, centreLps: [side === 'left' ? 40 : side === 'right' ? -40 : 0, 0, 0], side, slice: 11, instance: '1.2.3', probability: 0.95, ...more,
});

/** @param probabilities of the answer Yes, by question */
export const foundOf = (probabilities: Readonly<Record<string, number>> | null, lesions: readonly Lesion[] | null, more: Partial<StudyFindings> = {}): StudyFindings => ({
  study: '1.2', series: '1.2.1', stack: 0, lesions: lesions && [...lesions],
  findings: probabilities && Object.entries(probabilities).map(([question, probability]) => ({ question, answer: 'Yes', probability })),
  insideOfTraining: null, pack: { id: 'tiny', version: '0.1.0', training: 'untrained', label: 'Tiny 0.1.0' }, provider: 'cpu', createdAt: '2026-01-05T09:00:00.000Z', ...more,
});

export const lengthOf = (id: string, value: number, more: Partial<Measurement> = {}): Measurement => ({
  id, study: '1.2', series: '1.2.1', stack: 0, frameOfReference: '1.9', instance: null, slice: null, kind: 'length', pointsLps: [[0, 0, 0], [value, 0, 0]], value, unit: 'mm', statistics: null, label: '',
  createdAt: '2026-01-05T09:00:00.000Z', ...more,
});
