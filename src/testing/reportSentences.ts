/** Sentences and content of reports for tests. */
import type { ReportContent, ReportSentence } from '../shared/contract.ts';

export const sentence = (id: string, text: string, more: Partial<ReportSentence> = {}): ReportSentence => ({
  id, text, section: 'findings', origin: 'reader', state: 'accepted', original: null, sourceCase: null, measurement: null, grounding: null, ...more,
});

export const contentOf = (...sentences: ReportSentence[]): ReportContent => ({ sentences, answers: [], firstImpression: '' });
