/** Templates and macros a new data folder begins with. Readers change them; these come back only where none are stored. */
import type { ReportMacro, ReportTemplate } from '../../shared/contract.ts';

const technique = 'MRI of the brain with T1-weighted images before and after contrast, T2-weighted and FLAIR images.';

export const defaultTemplates: readonly ReportTemplate[] = [
  {
    name: 'Normal brain',
    sections: {
      technique,
      findings: [
        'No mass is seen.', 'No abnormal enhancement is seen.', 'The ventricles and sulci are of normal size.', 'There is no midline shift.',
        'Signal of the white matter is normal.', 'The sella is unremarkable.', 'The major flow voids are preserved.',
      ].join('\n'),
      impression: 'Normal MRI of the brain.',
    },
  },
  {
    name: 'Tumour follow-up',
    sections: { technique, findings: 'Status after resection.\nThe resection cavity is unchanged in form.\nNo new enhancing lesion is seen.', impression: '' },
  },
];

export const defaultMacros: readonly ReportMacro[] = [
  { name: 'normal', text: 'No mass is seen.\nNo abnormal enhancement is seen.\nThe ventricles and sulci are of normal size.\nThere is no midline shift.' },
  { name: 'nomass', text: 'No mass is seen.' },
  { name: 'ventricles', text: 'The ventricles and sulci are of normal size.' },
  { name: 'shift', text: 'There is no midline shift.' },
];
