/** The structured findings of a report, and what a language model makes of its text. */
import type { Handlers, ReportSentence } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { questionOf } from '../../shared/figure14.ts';
import { askQuestions, proposeImpression } from '../structured/askModel.ts';
import { mergeAnswers, sentencesAgainst, standingSentences } from '../structured/mergeAnswers.ts';
import { sentencesFor } from '../structured/proposals.ts';
import type { Analyses } from './analysis.ts';
import type { Models } from './models.ts';

type StructuringMethods = 'report.answers' | 'report.propose' | 'report.askModel' | 'report.proposeImpression';

export function structuringHandlers({ analyses, models }: { readonly analyses: Analyses; readonly models: Models }): Pick<Handlers, StructuringMethods> {
  return {
    'report.answers': async ({ study, content: { sentences, answers } }) => {
      const found = await analyses.findings(study);
      // Heads mean nothing on an image of another kind than the pack was made for.
      return mergeAnswers(sentences, answers, found?.insideOfTraining?.inside === false ? [] : (found?.findings ?? []));
    },
    'report.propose': ({ sentences, question, answers }) => {
      const known = questionOf(question);
      if (!known || answers.some((answer) => !known.options.includes(answer))) throw new EngineError('bridge/bad-params', 'There is no such question or answer', { subject: question, advice: 'Report this as a bug' });
      return { texts: sentencesFor(known.id, answers), against: sentencesAgainst(sentences, known.id, answers).map(({ id }) => id) };
    },
    'report.askModel': async ({ sentences }, { signal }) => askQuestions(await models.textModel(), textOf(standingSentences(sentences)), { signal }),
    'report.proposeImpression': async ({ sentences }, { signal }) => {
      const findings = textOf(standingSentences(sentences).filter(({ section }) => section === 'findings'));
      return { texts: await proposeImpression(await models.textModel(), findings, { signal }), pack: await models.stamp() };
    },
  };
}

/** @throws EngineError `report/no-text` */
function textOf(sentences: readonly ReportSentence[]): string {
  const text = sentences.map((sentence) => sentence.text.trim()).join(' ').trim();
  if (text === '') throw new EngineError('report/no-text', 'There is no text to read', { subject: 'report', advice: 'Write the findings first' });
  return text;
}
