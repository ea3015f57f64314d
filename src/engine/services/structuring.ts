/** The structured findings of a report. */
import type { Handlers } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { questionOf } from '../../shared/figure14.ts';
import { mergeAnswers, sentencesAgainst } from '../structured/mergeAnswers.ts';
import { sentencesFor } from '../structured/proposals.ts';
import type { Analyses } from './analysis.ts';

export function structuringHandlers({ analyses }: { readonly analyses: Analyses }): Pick<Handlers, 'report.answers' | 'report.propose'> {
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
  };
}
