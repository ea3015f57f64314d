import type { Finding } from './contract.ts';

/** From which probability a head's answer counts: as measured for the pack, a half where nothing was measured. */
export const thresholdOf = ({ operatingPoint: measured }: Finding): number => measured?.threshold ?? 0.5;

/** Whether a head's answer counts. */
export const holds = (finding: Finding): boolean => finding.probability >= thresholdOf(finding);
