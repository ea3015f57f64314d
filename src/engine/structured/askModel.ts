/**
 * A language model's reading of a report: answers to Figure 14's questions, and an impression of the findings. It sees the
 * text alone. Its answers are always among the options, which does not make them right: they count after what the rules read,
 * and an impression is proposed, never put in.
 */
import type { StructuredAnswer } from '../../shared/contract.ts';
import { questions, type Question } from '../../shared/figure14.ts';
import { splitSentences } from '../draft/sentences.ts';
import type { JsonForm, TextModel } from '../ports.ts';

interface AskOptions {
  readonly signal: AbortSignal;
  /** Told after each question. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Sentences of an impression, and letters of each. */
const impression = { sentences: 5, letters: 240 } as const;

const role = 'You are a highly experienced radiologist.';

const questionPrompt = (report: string, { text, options, multiple, normal }: Question): string =>
  `${role} Answer the question about the brain MRI report. Choose ${multiple ? 'all options that apply' : 'one option'}. If the report does not say, choose "${normal}".\n\nReport: ${report}\n\nQuestion: ${text}\nOptions: ${options.join('; ')}\nAnswer in JSON: `;

/** @throws EngineError `llm/run-failed` for a report that does not fit the model, `cancelled` */
export async function askQuestions(model: TextModel, report: string, { signal, onProgress }: AskOptions): Promise<StructuredAnswer[]> {
  const answers: StructuredAnswer[] = [];
  for (const [at, question] of questions.entries()) {
    const option: JsonForm = { enum: question.options };
    const form: JsonForm = { type: 'object', properties: { answer: question.multiple ? { type: 'array', items: option, minItems: 1, maxItems: question.options.length } : option } };
    const { answer } = (await model.answer(questionPrompt(report, question), form, { signal, seed: 0 })) as { readonly answer: string | readonly string[] };
    answers.push({ question: question.id, answers: plain(question, [answer].flat()), probability: null, source: 'model' });
    onProgress?.(at + 1, questions.length);
  }
  return answers;
}

/** Each option once, in the order of the options; the normal answer only alone. */
function plain({ options, normal }: Question, given: readonly string[]): string[] {
  const held = options.filter((option) => option !== normal && given.includes(option));
  return held.length > 0 ? held : [normal];
}

/** Sentences for the impression. @throws as {@link askQuestions} */
export async function proposeImpression(model: TextModel, findings: string, { signal }: Pick<AskOptions, 'signal'>): Promise<string[]> {
  const prompt = `${role} Sum up the findings of the brain MRI report in a short impression, most important first. Say nothing that the findings do not say.\n\nFindings: ${findings}\n\nImpression in JSON: `;
  const form: JsonForm = { type: 'object', properties: { impression: { type: 'array', items: { type: 'string', minLength: 1, maxLength: impression.letters }, minItems: 1, maxItems: impression.sentences } } };
  const { impression: told } = (await model.answer(prompt, form, { signal, seed: 0 })) as { readonly impression: readonly string[] };
  return [...new Set(told.flatMap(splitSentences))];
}
