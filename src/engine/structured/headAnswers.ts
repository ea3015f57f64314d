/** What classification heads say, as answers to Figure 14's questions. */
import type { Finding, StructuredAnswer } from '../../shared/contract.ts';
import { holds } from '../../shared/threshold.ts';
import { questions, type Question } from '../../shared/figure14.ts';

/** Questions that mean nothing where there is no lesion. */
const ofLesions: ReadonlySet<string> = new Set(['size', 'side', 'locations', 'count']);

/** One answer for each question that the heads were asked; a question they were not asked is left out. */
export function headAnswers(findings: readonly Finding[]): StructuredAnswer[] {
  const lesion = findings.find(({ question, answer }) => question === 'enhancing' && answer === 'Yes') ?? null;
  return questions.flatMap((question): StructuredAnswer[] => {
    const given = findings.filter((finding) => finding.question === question.id && question.options.includes(finding.answer));
    if (given.length === 0) return [];
    if (ofLesions.has(question.id) && lesion !== null && !holds(lesion)) return [{ question: question.id, answers: [question.normal], probability: 1 - lesion.probability, source: 'head' }];
    return [{ question: question.id, ...choose(question, given), source: 'head' }];
  });
}

/** The probability is that of the answer as a whole: of several places the least sure one's, of none the surest one's missing part. */
function choose(question: Question, given: readonly Finding[]): { readonly answers: string[]; readonly probability: number } {
  const sorted = given.toSorted((a, b) => b.probability - a.probability);
  const held = sorted.filter(holds).slice(0, question.multiple ? undefined : 1);
  if (held.length > 0) return { answers: question.options.filter((option) => held.some(({ answer }) => answer === option)), probability: held.at(-1)!.probability };
  return { answers: [question.normal], probability: 1 - sorted[0]!.probability };
}
