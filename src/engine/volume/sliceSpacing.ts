/**
 * Whether slice offsets make an even stack. Scanners round positions (to 0.1 mm on older GE systems), so the steps of
 * a sound stack differ a little; a missing slice makes one step a multiple of the others. What lies between is real
 * unevenness, which linear interpolation at the true positions can put right as long as it stays small.
 */
import type { Problem } from '../../shared/contract.ts';

/** Slices this near to the even grid, as a part of the spacing, are taken as they are: 0.05 mm at 5 mm. */
export const directTolerance = 0.01;
/** Deviations of this size in mm are rounding of the header and never count. */
const roundingMm = 0.005;
/** The longest step over the shortest up to which interpolation is honest. */
export const resampleRatio = 1.25;
/** From this ratio on the step is long enough to hold a slice that is not there. */
const missingRatio = 1.5;
/** Offsets nearer than this are one position. Motion-corrected repeats differ by thousandths of a millimetre. */
export const samePositionMm = 0.02;

export type SpacingVerdict =
  | { readonly slicing: 'direct' | 'resampled'; readonly stepMm: number; readonly problem: Problem | null }
  | { readonly slicing: 'refused'; readonly problem: Problem };

const mm = (value: number): string => `${Number(value.toFixed(3))} mm`;

/**
 * @param offsetsMm ascending signed distances along the normal, at least two
 * @returns how to use them, with the even step (mean of all steps); or `volume/duplicate-positions`,
 *   `volume/missing-slices`, `volume/uneven-spacing`
 */
export function judgeSpacing(offsetsMm: readonly number[]): SpacingVerdict {
  const steps = offsetsMm.slice(1).map((offset, k) => offset - offsetsMm[k]!);
  const shortest = Math.min(...steps);
  const longest = Math.max(...steps);
  const refuse = (code: Problem['code'], message: string): SpacingVerdict => ({ slicing: 'refused', problem: { code, severity: 'refused', message } });
  if (shortest < samePositionMm) {
    const copies = steps.filter((step) => step < samePositionMm).length;
    return refuse('volume/duplicate-positions', `${copies} of ${offsetsMm.length} slices lie where another slice lies, and nothing in the header tells them apart`);
  }
  const stepMm = (offsetsMm.at(-1)! - offsetsMm[0]!) / steps.length;
  const deviation = Math.max(...offsetsMm.map((offset, k) => Math.abs(offset - offsetsMm[0]! - k * stepMm)));
  if (deviation <= Math.max(roundingMm, directTolerance * stepMm)) return { slicing: 'direct', stepMm, problem: null };
  if (longest <= resampleRatio * shortest) {
    const message = `Steps between slices vary from ${mm(shortest)} to ${mm(longest)}; slices were interpolated onto an even step of ${mm(stepMm)}`;
    return { slicing: 'resampled', stepMm, problem: { code: 'volume/uneven-spacing', severity: 'note', message } };
  }
  const typical = [...steps].sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)]!;
  const gaps = steps.filter((step) => step >= missingRatio * typical);
  const lost = gaps.reduce((count, step) => count + Math.max(1, Math.round(step / typical) - 1), 0);
  const othersEven = steps.every((step) => step >= missingRatio * typical || Math.abs(step - typical) <= 0.1 * typical);
  if (gaps.length > 0 && othersEven)
    return refuse('volume/missing-slices', `Slices are missing: ${gaps.length} of ${steps.length} steps are up to ${mm(longest)} where the rest are ${mm(typical)} (about ${lost} slices)`);
  return refuse('volume/uneven-spacing', `Steps between slices vary from ${mm(shortest)} to ${mm(longest)}, too much to interpolate`);
}
