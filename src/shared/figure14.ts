/**
 * The structured questions of the paper's Figure 14 with their answers in its own wording. Added in the same wording is what
 * it leaves out (a left occipital craniotomy, the right temporal and left occipital lobes, the sella); hydrocephalus
 * stands in its Figure 15 only. Training says the same (brat_train.phantom.truth).
 */

export type QuestionId =
  | 'surgery' | 'surgeryKind' | 'enhancing' | 'size' | 'side' | 'locations' | 'count' | 'shift' | 'hydrocephalus' | 'whiteMatter' | 'pituitaryNormal' | 'sella' | 'compression';

export interface Question {
  readonly id: QuestionId;
  /** The paper's wording. */
  readonly text: string;
  readonly options: readonly string[];
  /** Several answers may hold at once. */
  readonly multiple: boolean;
  /** The answer of a normal study, which is that of a report that says nothing of it (Figure 14, (b)). */
  readonly normal: string;
}

const yesNo = ['Yes', 'No'] as const;
const lobes = ['frontal', 'parietal', 'temporal', 'occipital'] as const;

export const questions: readonly Question[] = [
  { id: 'surgery', text: 'Is there evidence of prior surgery?', options: yesNo, multiple: false, normal: 'No' },
  {
    id: 'surgeryKind', text: 'What kind of surgery was performed?', multiple: false, normal: 'NA',
    options: ['NA', ...lobes.flatMap((lobe) => ['left', 'right'].map((side) => `${side} ${lobe === 'temporal' ? 'temporal or pterional' : lobe} craniotomy`))],
  },
  { id: 'enhancing', text: 'Are there any enhancing lesions?', options: yesNo, multiple: false, normal: 'No' },
  { id: 'size', text: 'What is the length of the biggest mass lesion?', options: ['NA', 'Less than 1cm', '1 to 2cm', 'More than 2cm'], multiple: false, normal: 'NA' },
  { id: 'side', text: 'Which side of the brain has more enhancing lesions?', options: ['NA', 'Left', 'Right'], multiple: false, normal: 'NA' },
  {
    id: 'locations', text: 'List all the locations that contain enhancing lesions.', multiple: true, normal: 'NA',
    options: [
      'NA', ...lobes.flatMap((lobe) => ['Left', 'Right'].map((side) => `${side} ${lobe} lobe`)),
      'Left thalamus or basal ganglia', 'Right thalamus or basal ganglia', 'Cerebellum', 'brainstem', 'cervical spinal cord', 'Sella or parasellar region',
    ],
  },
  { id: 'count', text: 'How many enhancing lesions are there?', options: ['NA', 'One', 'Between 2 and 6', 'Between 7 and 15', 'More than 15'], multiple: false, normal: 'NA' },
  { id: 'shift', text: 'Is there a herniation or midline shift?', options: yesNo, multiple: false, normal: 'No' },
  { id: 'hydrocephalus', text: 'Is there hydrocephalus?', options: yesNo, multiple: false, normal: 'No' },
  { id: 'whiteMatter', text: 'Are there any signs of white matter disease (e.g., leukoaraiosis or leukoencephalopathy)?', options: yesNo, multiple: false, normal: 'No' },
  { id: 'pituitaryNormal', text: 'Is the pituitary gland normal in appearance?', options: yesNo, multiple: false, normal: 'Yes' },
  { id: 'sella', text: 'Are there abnormalities in the sella or parasellar regions?', options: yesNo, multiple: false, normal: 'No' },
  { id: 'compression', text: 'Where is there evidence of invasion into or compression of adjacent structures?', options: ['Nowhere', 'ventricles', 'brainstem', 'cranial nerves'], multiple: true, normal: 'Nowhere' },
];

export const questionOf = (id: string): Question | undefined => questions.find((question) => question.id === id);

/** Figure 14's class of a length in mm. */
export const sizeClass = (mm: number): string => (mm < 10 ? 'Less than 1cm' : mm <= 20 ? '1 to 2cm' : 'More than 2cm');

/** Figure 14's class of a number of lesions. */
export const countClass = (count: number): string => (count === 0 ? 'NA' : count === 1 ? 'One' : count <= 6 ? 'Between 2 and 6' : count <= 15 ? 'Between 7 and 15' : 'More than 15');
