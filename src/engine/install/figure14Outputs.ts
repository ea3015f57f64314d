/** Question and answer of each score of training's classification heads, in its order (brat_train.models.heads.FINDINGS; the paper's Figure 14). */
export const figure14Outputs: readonly (readonly [question: string, answer: string])[] = [
  ['surgery', 'Yes'],
  ['enhancing', 'Yes'],
  ['size', 'Less than 1cm'], ['size', '1 to 2cm'], ['size', 'More than 2cm'],
  ['side', 'Left'], ['side', 'Right'],
  ['locations', 'Left frontal lobe'], ['locations', 'Right frontal lobe'],
  ['locations', 'Left parietal lobe'], ['locations', 'Right parietal lobe'],
  ['locations', 'Left temporal lobe'], ['locations', 'Right temporal lobe'],
  ['locations', 'Left occipital lobe'], ['locations', 'Right occipital lobe'],
  ['locations', 'Left thalamus or basal ganglia'], ['locations', 'Right thalamus or basal ganglia'],
  ['locations', 'Cerebellum'], ['locations', 'brainstem'],
  ['count', 'One'], ['count', 'Between 2 and 6'], ['count', 'Between 7 and 15'], ['count', 'More than 15'],
  ['shift', 'Yes'],
  ['hydrocephalus', 'Yes'],
  ['whiteMatter', 'Yes'],
  ['sella', 'Yes'],
];
