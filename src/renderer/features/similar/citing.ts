/** Sentences of a case with where they are from. */
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { shownDate } from '../../ui/format.ts';
import { tell, tellError } from '../notices/noticesStore.ts';

/** Puts a sentence of a case, or its whole report, with its source on the clipboard. */
export function copyCited(found: FoundCase, sentence: number | null): void {
  const text = (sentence === null ? undefined : found.sentences[sentence]) ?? found.report;
  navigator.clipboard.writeText(texts.similar.citation(text, found.case, shownDate(found.studyDate))).then(
    () => { tell(texts.similar.copied); },
    (error: unknown) => { tellError(error, found.case); },
  );
}
