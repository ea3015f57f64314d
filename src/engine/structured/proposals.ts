/** Sentences that say an answer, for a reader who changed one in the form. The rules of statements/ read each as what it says. */
import type { QuestionId } from '../../shared/figure14.ts';

const joined = (parts: readonly string[]): string => (parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`);

const yesNo: Partial<Record<QuestionId, readonly [yes: string, no: string]>> = {
  surgery: ['Postsurgical changes are present.', 'There is no evidence of craniotomy.'],
  enhancing: ['There is an enhancing lesion.', 'No enhancing lesion is seen.'],
  shift: ['There is midline shift.', 'There is no midline shift or herniation.'],
  hydrocephalus: ['There is hydrocephalus.', 'There is no hydrocephalus.'],
  whiteMatter: ['White matter changes are present.', 'There is no white matter disease.'],
  pituitaryNormal: ['The pituitary gland is normal in appearance.', 'There is a sellar mass.'],
  sella: ['There is a sellar mass.', 'There is no sellar or parasellar mass.'],
};

const sizes: Readonly<Record<string, string>> = { 'Less than 1cm': 'less than 1 cm', '1 to 2cm': '1 to 2 cm', 'More than 2cm': 'more than 2 cm' };
const counts: Readonly<Record<string, string>> = {
  One: 'There is a single enhancing lesion.', 'Between 2 and 6': 'There are between 2 and 6 enhancing lesions.',
  'Between 7 and 15': 'There are between 7 and 15 enhancing lesions.', 'More than 15': 'There are more than 15 enhancing lesions.',
};
const compressions: Readonly<Record<string, string>> = { ventricles: 'There is effacement of the ventricles.', brainstem: 'There is compression of the brainstem.', 'cranial nerves': 'There is compression of the cranial nerves.' };

/** @returns sentences that say this together; none where only the absence of others says it */
export function sentencesFor(question: QuestionId, answers: readonly string[]): string[] {
  const [answer = ''] = answers;
  switch (question) {
    case 'surgery':
    case 'enhancing':
    case 'shift':
    case 'hydrocephalus':
    case 'whiteMatter':
    case 'pituitaryNormal':
    case 'sella':
      return [yesNo[question]![answer === 'Yes' ? 0 : 1]];
    case 'surgeryKind':
      return answer === 'NA' ? [] : [`There is a ${answer.replace(' or pterional', '')}.`];
    case 'size':
      return sizes[answer] === undefined ? [] : [`The largest enhancing lesion measures ${sizes[answer]}.`];
    case 'side':
      return answer === 'NA' ? [] : [`The lesions are more numerous on the ${answer.toLowerCase()}.`];
    case 'count':
      return counts[answer] === undefined ? [] : [counts[answer]];
    case 'locations':
      return locationSentences(answers);
    case 'compression':
      return answer === 'Nowhere' ? ['There is no mass effect on the ventricles, brainstem or cranial nerves.'] : answers.flatMap((structure) => compressions[structure] ?? []);
  }
}

function locationSentences(answers: readonly string[]): string[] {
  const sella = answers.includes('Sella or parasellar region');
  const places = answers.filter((answer) => answer !== 'NA' && answer !== 'Sella or parasellar region').map((answer) => `the ${answer.charAt(0).toLowerCase()}${answer.slice(1)}`.replace(' or basal ganglia', ''));
  const told = places.length === 0 ? [] : places.length === 1 ? [`There is an enhancing lesion in ${places[0]!}.`] : [`There are enhancing lesions in ${joined(places)}.`];
  return [...told, ...(sella ? ['There is an enhancing sellar mass.'] : [])];
}
