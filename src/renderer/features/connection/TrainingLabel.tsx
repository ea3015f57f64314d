/** The label every output of a pack carries unless it was trained on clinical images. */
import type { ReactNode } from 'react';
import type { PackStamp } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';

export function TrainingLabel({ pack }: { readonly pack: PackStamp }): ReactNode {
  return (
    <span className={`chip ${pack.training === 'clinical' ? 'good' : 'warning'}`} title={pack.label === '' ? texts.trainingHint[pack.training] : `${pack.label}. ${texts.trainingHint[pack.training]}`}>
      {texts.training[pack.training]}
    </span>
  );
}
