/**
 * MONAI's `NormalizeIntensity(nonzero, channel_wise)` then `ScaleIntensity` on one channel: voxels that are not exactly
 * zero are shifted by their mean and divided by their standard deviation (of the population, as torch.std with
 * unbiased=False; 1 if it is 0), exact zeros stay zero; then all is scaled so that the smallest is 0 and the largest 1.
 */
import { flat } from './curation.ts';

/**
 * @param values one channel, changed in place
 * @throws EngineError `volume/flat` when all values come out equal
 */
export function normalise(values: Float32Array): void {
  let count = 0;
  let total = 0;
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (value !== 0) {
      count += 1;
      total += value;
    }
  }
  if (count === 0) throw flat();
  const mean = total / count;
  let squares = 0;
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (value !== 0) squares += (value - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count) || 1;
  let min = Infinity;
  let max = -Infinity;
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    const normal = value === 0 ? 0 : (value - mean) / deviation;
    values[n] = normal;
    if (normal < min) min = normal;
    if (normal > max) max = normal;
  }
  if (!(max > min)) throw flat();
  for (let n = 0; n < values.length; n++) values[n] = (values[n]! - min) / (max - min);
}
