import { plural } from './plural.ts';

export const structuredTexts = {
  title: 'Structured findings',
  hint: 'Filled in by what the text says, then by the model. Only answers of the text and your own are signed.',
  readFirst: 'They open with the draft: look at the images first, or note a first impression.',
  change: (question: string): string => `Change: ${question}`,
  take: 'Take',
  takeOf: (answer: string): string => `Take as your own answer: ${answer}`,
  withdraw: (question: string): string => `Take your answer back: ${question}`,
  unsaid: 'The text does not say so.',
  saysOtherwise: (answer: string): string => `The text says: ${answer}`,
  strike: 'Strike out',
  strikeOf: (text: string): string => `Strike out: ${text}`,
  ask: 'Ask the language model',
  impression: 'Propose an impression',
  askHint: 'It reads the text alone. Its answers count after the text; its sentences are to be decided on like a draft.',
  proposed: (count: number): string => `${plural(count, 'sentence', 'sentences')} proposed for the impression: accept, edit or reject each.`,
  sourceHints: {
    reader: 'You gave this answer.', text: 'Read from the text by rules.', model: 'The language model’s reading of the text.',
    head: 'A head’s reading of the images. Not signed unless the text says it or you take it.', default: 'Nothing says otherwise: the answer of a normal study. Not signed unless you take it.',
  },
  questions: {
    surgery: 'Prior surgery', surgeryKind: 'Kind of surgery', enhancing: 'Enhancing lesion', size: 'Length of the largest', side: 'Side with more lesions', locations: 'Locations', count: 'Number of lesions',
    shift: 'Herniation or midline shift', hydrocephalus: 'Hydrocephalus', whiteMatter: 'White matter disease', pituitaryNormal: 'Pituitary normal', sella: 'Sellar abnormality', compression: 'Invasion, compression',
  } as Readonly<Record<string, string>>,
} as const;
