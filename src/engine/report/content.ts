/** Content of a report as it grows: from a draft, sentence by sentence, to what is printed. Pure. */
import type { Draft, DraftSentence, ReportContent, ReportSentence } from '../../shared/contract.ts';
import { inSectionOrder, isMachine } from '../../shared/reportContent.ts';

/** A draft's sentence as it enters a report: proposed, with where the images support it. */
export function proposed({ text, view, similarity, slice, supported, sourceCase }: DraftSentence, id: string): ReportSentence {
  return {
    id, section: 'findings', text, origin: 'draft', state: 'proposed', original: text, sourceCase, measurement: null,
    grounding: view === null || similarity === null ? null : { view, similarity, slice, supported },
  };
}

/** Puts a draft in: what a reader decided on or wrote stays, sentences of an earlier draft that are still proposed go. */
export function withDraft(content: ReportContent, draft: Draft, newId: () => string): ReportContent {
  const kept = content.sentences.filter((sentence) => !(sentence.origin === 'draft' && sentence.state === 'proposed'));
  // A sentence that was decided on is not proposed again.
  const decided = new Set(kept.filter(isMachine).map(({ original }) => original));
  const added = draft.sentences.filter(({ text }) => !decided.has(text)).map((sentence) => proposed(sentence, newId()));
  return { ...content, sentences: inSectionOrder([...kept, ...added]) };
}

/** Sentences that stand: neither rejected nor empty. */
export const standing = ({ sentences }: ReportContent): ReportSentence[] => inSectionOrder(sentences.filter(({ state, text }) => state !== 'rejected' && text.trim() !== ''));

/** Machine sentences nobody decided on. */
export const undecided = ({ sentences }: ReportContent): ReportSentence[] => sentences.filter(({ state }) => state === 'proposed');

/** A report as text for search: findings and impression, a sentence at a time; a signed report and its addenda in their order. */
export const searchableSentences = (contents: readonly ReportContent[]): string[] =>
  contents.flatMap((content) => standing(content).filter(({ section }) => section !== 'technique').map(({ text }) => text.trim()));

/** How many machine sentences are in each state, for the trail: figures, never text. */
export function decisions({ sentences }: ReportContent): Record<'proposed' | 'accepted' | 'edited' | 'rejected', number> {
  const counted = { proposed: 0, accepted: 0, edited: 0, rejected: 0 };
  for (const sentence of sentences) if (isMachine(sentence)) counted[sentence.state] += 1;
  return counted;
}
