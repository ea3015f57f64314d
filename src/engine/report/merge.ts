/**
 * Two windows wrote on one report: their versions put together against what both began with. Nothing is lost: where both
 * changed one sentence, both versions are kept and one of them is a sentence of its own.
 */
import type { ReportContent, ReportSentence, StructuredAnswer } from '../../shared/contract.ts';
import { inSectionOrder } from '../../shared/reportContent.ts';
import { canonicalJson } from './canonicalJson.ts';

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/**
 * @param base what both versions began with
 * @param stored what the other window saved
 * @param mine what this one wanted to save
 */
export function mergeContent(base: ReportContent, stored: ReportContent, mine: ReportContent, newId: () => string): ReportContent {
  return {
    sentences: mergeSentences(base.sentences, stored.sentences, mine.sentences, newId),
    answers: mergeAnswers(base.answers, stored.answers, mine.answers),
    firstImpression: mergeText(base.firstImpression, stored.firstImpression, mine.firstImpression),
  };
}

function mergeSentences(base: readonly ReportSentence[], stored: readonly ReportSentence[], mine: readonly ReportSentence[], newId: () => string): ReportSentence[] {
  const before = byId(base);
  const own = byId(mine);
  const merged: ReportSentence[] = [];
  for (const theirs of stored) {
    const [was, ours] = [before.get(theirs.id), own.get(theirs.id)];
    if (!ours) {
      // Removed here: gone, unless the other window changed it since.
      if (!was || !same(was, theirs)) merged.push(theirs);
    } else if (same(ours, theirs) || same(ours, was)) merged.push(theirs);
    else if (was && same(theirs, was)) merged.push(ours);
    else if (ours.text === theirs.text) merged.push(ours);
    else merged.push(theirs, { ...ours, id: newId() });
  }
  const known = new Set(stored.map(({ id }) => id));
  mine.forEach((ours, at) => {
    if (known.has(ours.id)) return;
    const was = before.get(ours.id);
    // Removed in the other window, and not touched here.
    if (was && same(was, ours)) return;
    const after = mine.slice(0, at).reverse().map(({ id }) => merged.findIndex((sentence) => sentence.id === id)).find((place) => place >= 0);
    merged.splice(after === undefined ? 0 : after + 1, 0, ours);
  });
  return inSectionOrder(merged);
}

const byId = (sentences: readonly ReportSentence[]): Map<string, ReportSentence> => new Map(sentences.map((sentence) => [sentence.id, sentence]));

/** By question; the later save decides where both answered. */
function mergeAnswers(base: readonly StructuredAnswer[], stored: readonly StructuredAnswer[], mine: readonly StructuredAnswer[]): StructuredAnswer[] {
  const find = (answers: readonly StructuredAnswer[], question: string): StructuredAnswer | undefined => answers.find((answer) => answer.question === question);
  const questions = [...new Set([...stored, ...mine].map(({ question }) => question))];
  return questions.flatMap((question) => {
    const [was, theirs, ours] = [find(base, question), find(stored, question), find(mine, question)];
    return (same(ours, was) ? theirs : ours) ?? [];
  });
}

function mergeText(base: string, stored: string, mine: string): string {
  if (mine === base || mine === stored) return stored;
  if (stored === base) return mine;
  return `${stored}\n${mine}`.slice(0, 4000);
}
