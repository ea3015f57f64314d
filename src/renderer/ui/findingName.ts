/** Answers to the structured questions in a few words, for chips and menus. */
import type { CaseFinding } from '../../shared/contract.ts';

const names: Readonly<Record<string, (answer: string) => string>> = {
  surgery: (answer) => (answer === 'Yes' ? 'prior surgery' : 'no surgery'),
  surgeryKind: (answer) => answer,
  enhancing: (answer) => (answer === 'Yes' ? 'enhancing lesion' : 'no enhancing lesion'),
  size: (answer) => ({ 'Less than 1cm': 'below 1 cm', '1 to 2cm': '1 to 2 cm', 'More than 2cm': 'above 2 cm' })[answer] ?? answer,
  side: (answer) => `mostly ${answer.toLowerCase()}`,
  locations: (answer) => answer.charAt(0).toLowerCase() + answer.slice(1),
  count: (answer) => `${answer.toLowerCase()} ${answer === 'One' ? 'lesion' : 'lesions'}`,
  shift: (answer) => (answer === 'Yes' ? 'midline shift' : 'no midline shift'),
  hydrocephalus: (answer) => (answer === 'Yes' ? 'hydrocephalus' : 'no hydrocephalus'),
  whiteMatter: (answer) => (answer === 'Yes' ? 'white matter disease' : 'no white matter disease'),
  pituitaryNormal: (answer) => (answer === 'Yes' ? 'normal pituitary' : 'abnormal pituitary'),
  sella: (answer) => (answer === 'Yes' ? 'sellar abnormality' : 'normal sella'),
  compression: (answer) => `compresses ${answer}`,
};

export const findingName = ({ question, answer }: CaseFinding): string => names[question]?.(answer) ?? `${question}: ${answer}`;
