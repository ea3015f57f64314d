import type { Prior } from '../../../shared/contract.ts';

/** The latest earlier study that is surely of the same patient and has pictures: a doubtful one is never hung unasked. */
export const priorToHang = (priors: readonly Prior[]): Prior | undefined =>
  priors.filter(({ relation, shown }) => relation === 'same' && shown !== null).toSorted((a, b) => b.studyDate.localeCompare(a.studyDate))[0];
