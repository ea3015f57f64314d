/** What became of each sentence of a draft: found again in the signed content by the words it was generated with. */
import type { ReportSentence, SignedReport } from '../../shared/contract.ts';
import { isMachine } from '../../shared/reportContent.ts';
import { proposed } from '../report/content.ts';

export interface DraftedSentence {
  /** As it was generated; its id is that of the signed content's sentence, where there is one. */
  readonly generated: ReportSentence;
  /** `kept`: signed word for word. `rejected`: rejected, emptied or taken out. */
  readonly outcome: 'kept' | 'edited' | 'rejected';
  /** As it was signed; null where it was taken out. */
  readonly signed: ReportSentence | null;
}

/** The draft a reader met: its sentences as generated, then those of an earlier draft that had been decided on before it was made anew. */
export function draftedSentences({ draft, content }: Pick<SignedReport, 'draft' | 'content'>): DraftedSentence[] {
  if (draft === null) return [];
  const left = content.sentences.filter(isMachine);
  const now = draft.sentences.map((sentence, at): DraftedSentence => {
    const found = left.findIndex(({ original }) => original === sentence.text);
    const signed = found < 0 ? null : left.splice(found, 1)[0]!;
    return { generated: proposed(sentence, signed?.id ?? `draft-${at}`), outcome: outcomeOf(sentence.text, signed), signed };
  });
  const earlier = left.filter(({ origin, original }) => origin === 'draft' && original !== null).map((signed): DraftedSentence => {
    const outcome = outcomeOf(signed.original!, signed);
    // Words that were changed were grounded again: how the first ones were is not on the record.
    const grounding = outcome === 'edited' ? null : signed.grounding;
    return { generated: { ...signed, section: 'findings', text: signed.original!, state: 'proposed', grounding }, outcome, signed };
  });
  return [...now, ...earlier];
}

/** By the words, since a sentence that was edited and put back is as it was. */
function outcomeOf(original: string, signed: ReportSentence | null): DraftedSentence['outcome'] {
  if (signed === null || signed.state === 'rejected' || signed.text.trim() === '') return 'rejected';
  return signed.text.trim() === original.trim() ? 'kept' : 'edited';
}
