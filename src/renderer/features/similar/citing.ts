/** Sentences of a case with where they are from: on the clipboard, or in the report. */
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { shownDate } from '../../ui/format.ts';
import { tell, tellError } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';

/** Puts a sentence of a case, or its whole report, with its source on the clipboard. */
export function copyCited(found: FoundCase, sentence: number | null): void {
  const text = (sentence === null ? undefined : found.sentences[sentence]) ?? found.report;
  navigator.clipboard.writeText(texts.similar.citation(text, found.case, shownDate(found.studyDate))).then(
    () => { tell(texts.similar.copied); },
    (error: unknown) => { tellError(error, found.case); },
  );
}

/** Puts a sentence of a case into the report, with the case it is from. */
export function citeInReport(found: FoundCase, sentence: number): void {
  const { phase, content, focus, insert } = useReport.getState();
  const text = found.sentences[sentence];
  if (phase !== 'writing' || text === undefined) return;
  const section = content.sentences.find(({ id }) => id === focus)?.section ?? 'findings';
  insert([{ section, text, origin: 'case', sourceCase: found.case }]);
  tell(texts.report.insert.cited(found.case));
}
