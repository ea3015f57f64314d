/** Structured findings: Figure 14's questions beside the text, kept consistent with it both ways. */
import * as z from 'zod';
import { reportContent, structuredAnswer } from './report.ts';
import { method } from './schema.ts';
import { packStamp, uid } from './words.ts';

export const questionAnswer = z.object({
  question: z.string(),
  /** The answer that holds: the first of `evidence`. */
  chosen: structuredAnswer,
  /** What every source says, the one that counts most first. */
  evidence: z.array(structuredAnswer),
  /** Ids of sentences that speak of it. */
  sentences: z.array(z.string()),
  /** The text says something else than the answer that holds. */
  disagrees: z.boolean(),
});

export const structuredMethods = {
  /** Answers to all questions, by the sentences and the answers of a reader or a language model in `content`, and by the heads. */
  'report.answers': method({ params: z.object({ study: uid, content: reportContent.pick({ sentences: true, answers: true }) }), result: z.array(questionAnswer) }),
  /** For a changed answer: sentences that say it, and ids of those that say otherwise and must change. */
  'report.propose': method({
    params: z.object({ sentences: reportContent.shape.sentences, question: z.string(), answers: z.array(z.string()).min(1) }),
    result: z.object({ texts: z.array(z.string()), against: z.array(z.string()) }),
  }),
  /**
   * The language model's answers, by the text alone, as answers of the source `model`; its reading counts after that of the rules.
   * @throws `pack/no-language-model`, `report/no-text`, `models/no-memory`, `llm/run-failed`
   */
  'report.askModel': method({ params: z.object({ sentences: reportContent.shape.sentences }), result: z.array(structuredAnswer) }),
  /** Sentences that the language model proposes for the impression, by the findings alone: machine text until a reader takes it. @throws as report.askModel */
  'report.proposeImpression': method({ params: z.object({ sentences: reportContent.shape.sentences }), result: z.object({ texts: z.array(z.string()), pack: packStamp }) }),
} as const;

export type QuestionAnswer = z.output<typeof questionAnswer>;
