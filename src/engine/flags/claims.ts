/** What a sentence says of the questions that are answered by yes or no. */
import type { QuestionId } from '../../shared/figure14.ts';
import type { SentenceReading } from '../statements/readSentence.ts';

export type YesNoQuestion = Extract<QuestionId, 'surgery' | 'enhancing' | 'shift' | 'hydrocephalus' | 'whiteMatter' | 'sella'>;

export const yesNoQuestions: readonly YesNoQuestion[] = ['enhancing', 'shift', 'hydrocephalus', 'whiteMatter', 'sella', 'surgery'];

/** As they stand in a reason. */
export const named: Readonly<Record<YesNoQuestion, string>> = {
  surgery: 'prior surgery', enhancing: 'an enhancing lesion', shift: 'a midline shift or herniation', hydrocephalus: 'hydrocephalus', whiteMatter: 'white matter disease', sella: 'an abnormality of the sella',
};

const topics = { surgery: 'surgery', enhancing: 'lesion', shift: 'shift', hydrocephalus: 'hydrocephalus', whiteMatter: 'whiteMatter', sella: 'sella' } as const;

/** Only what is denied everywhere; "no lesion in the left frontal lobe" leaves the question open. */
export function claimOn(reading: SentenceReading, question: YesNoQuestion): 'yes' | 'no' | null {
  if (affirms(reading, question)) return 'yes';
  // Surgery makes no study abnormal in itself.
  if (reading.normal === 'study' && question !== 'surgery') return 'no';
  if (reading.normal === 'brain' && question === 'enhancing') return 'no';
  return reading.denied.some(({ topic, places, sides }) => topic === topics[question] && (question !== 'enhancing' || (places.length === 0 && sides.size === 0))) ? 'no' : null;
}

function affirms(reading: SentenceReading, question: YesNoQuestion): boolean {
  switch (question) {
    case 'surgery':
      return reading.surgery;
    case 'enhancing':
      return reading.count !== null || reading.lesions.some(({ enhancing }) => enhancing);
    case 'shift':
      return reading.shift !== null;
    case 'hydrocephalus':
      return reading.hydrocephalus;
    case 'whiteMatter':
      return reading.whiteMatter !== null;
    case 'sella':
      return reading.lesions.some(({ kind }) => kind === 'sellar');
  }
}
