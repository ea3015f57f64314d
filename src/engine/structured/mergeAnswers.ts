/**
 * The structured findings of a report: for each of Figure 14's questions the answer that holds, where it comes from, and what
 * the other sources say. A reader's answer wins; then what the text says, the language model's reading of the text, the
 * heads' reading of the image, and last the answer of a normal study.
 */
import type { Finding, QuestionAnswer, ReportSentence, StructuredAnswer } from '../../shared/contract.ts';
import { questions, type QuestionId } from '../../shared/figure14.ts';
import { readReport } from '../statements/readReport.ts';
import { headAnswers } from './headAnswers.ts';

const order: readonly StructuredAnswer['source'][] = ['reader', 'text', 'model', 'head', 'default'];

/** @param given answers of a reader and of a language model; others are made anew */
export function mergeAnswers(sentences: readonly ReportSentence[], given: readonly StructuredAnswer[], findings: readonly Finding[]): QuestionAnswer[] {
  const standing = standingSentences(sentences);
  const text = readReport(standing.map((sentence) => sentence.text));
  const heads = headAnswers(findings);
  return questions.map(({ id, options, multiple, normal }) => {
    const told = text.told.get(id);
    const allowed = given.filter((one) => one.question === id && (one.source === 'reader' || one.source === 'model') && one.answers.length > 0 && (multiple || one.answers.length === 1) && one.answers.every((answer) => options.includes(answer)));
    const known: StructuredAnswer[] = [
      ...allowed,
      ...(told ? [{ question: id, answers: [...text.answers[id]], probability: null, source: 'text' as const }] : []),
      ...heads.filter((one) => one.question === id),
      { question: id, answers: [normal], probability: null, source: 'default' },
    ];
    const evidence = known.toSorted((a, b) => order.indexOf(a.source) - order.indexOf(b.source));
    const chosen = evidence[0]!;
    const said = evidence.find(({ source }) => source === 'text');
    return { question: id, chosen, evidence, sentences: (told ?? []).map((at) => standing[at]!.id), disagrees: said !== undefined && !sameAnswers(chosen.answers, said.answers) };
  });
}

/** Sentences that count: findings and impression, without those that were rejected. */
export const standingSentences = (sentences: readonly ReportSentence[]): ReportSentence[] => sentences.filter(({ section, state }) => section !== 'technique' && state !== 'rejected');

export const sameAnswers = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((answer) => b.includes(answer));

/** Sentences that say something else on a question than `wanted`; each is read alone. */
export function sentencesAgainst(sentences: readonly ReportSentence[], question: QuestionId, wanted: readonly string[]): ReportSentence[] {
  return standingSentences(sentences).filter(({ text }) => {
    const { told, answers } = readReport([text]);
    return told.has(question) && !sameAnswers(answers[question], wanted);
  });
}
