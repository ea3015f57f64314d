/**
 * The intensity curation of the brat paper (section 8.1): values above the 99th percentile are cut to it, the rest is
 * rescaled to 0..800 and stored as 16-bit integers. Done on the stored grid, before any resampling, as the paper did on
 * its NIfTI files. In NumPy words, all in float64:
 *     top = np.percentile(x, 99); y = np.minimum(x, top)
 *     y = ((y - y.min()) / (y.max() - y.min()) * 800).astype(np.int16)
 * `astype` cuts the fraction off, and so does this. The percentile is NumPy's default (linear between neighbours).
 */
import { EngineError } from '../../../shared/errors.ts';
import type { VoxelArray } from '../types.ts';

export const curatedMaximum = 800;
const percentile = 0.99;

/** How a stored value becomes a curated one. */
export interface Curation {
  readonly slope: number;
  readonly intercept: number;
  /** Smallest value and the 99th percentile, in rescaled units. */
  readonly low: number;
  readonly high: number;
}

/** Stored integers are counted at this offset: index = value + 32768 holds int8, uint8, int16; uint16 is counted as it is. */
export const binCount = 65_536;
export const binOffset = (voxels: VoxelArray): number => (voxels instanceof Uint16Array ? 0 : 32_768);

/** Adds the voxels from `from` up to `to` to a histogram of {@link binCount} bins. Integer types only. */
export function countValues(voxels: VoxelArray, from: number, to: number, bins: Uint32Array): void {
  const offset = binOffset(voxels);
  for (let n = from; n < to; n++) {
    const bin = voxels[n]! + offset;
    bins[bin] = bins[bin]! + 1;
  }
}

/** Curated value of one stored value. */
export function curate(stored: number, { slope, intercept, low, high }: Curation): number {
  const value = Math.min(stored * slope + intercept, high);
  return Math.trunc(((value - low) / (high - low)) * curatedMaximum);
}

/** Curated values of every integer a type can hold, by bin. */
export function curationTable(curation: Curation, offset: number, table: Int16Array): void {
  for (let bin = 0; bin < binCount; bin++) table[bin] = Math.max(0, curate(bin - offset, curation));
}

/**
 * Curation from a histogram of stored integers.
 * @throws EngineError `volume/flat` when nothing is left between the smallest value and the percentile
 */
export function curationFromBins(bins: Uint32Array, offset: number, scale: { slope: number; intercept: number }): Curation {
  const ascending = scale.slope >= 0;
  const valueOf = (bin: number): number => (bin - offset) * scale.slope + scale.intercept;
  let count = 0;
  for (const inBin of bins) count += inBin;
  const rank = rankOf(count);
  let seen = 0;
  let low: number | null = null;
  let lower: number | null = null;
  for (let step = 0; step < binCount; step++) {
    const bin = ascending ? step : binCount - 1 - step;
    const here = bins[bin]!;
    if (here === 0) continue;
    low ??= valueOf(bin);
    seen += here;
    if (lower === null && seen > rank.index) lower = valueOf(bin);
    if (lower !== null && seen > Math.min(rank.index + 1, count - 1)) return checked({ ...scale, low, high: between(lower, valueOf(bin), rank.fraction) });
  }
  throw flat();
}

/**
 * Curation of float voxels: exact order statistics without sorting everything, by counting into bins first and
 * sorting only the bins that hold them.
 * @throws EngineError `volume/not-finite`, `volume/flat`
 */
export function curationOfFloats(voxels: Float32Array, scale: { slope: number; intercept: number }): Curation {
  let min = Infinity;
  let max = -Infinity;
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (!(Math.abs(value) < Infinity)) throw new EngineError('volume/not-finite', `Voxel ${n} of the volume is not a finite number`, { subject: 'volume', advice: 'Choose another series, or mend the file' });
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (!(max > min) || scale.slope === 0) throw flat();
  const rank = rankOf(voxels.length);
  const top = Math.min(rank.index + 1, voxels.length - 1);
  // With a negative slope the order of values is that of stored values reversed.
  const wanted = scale.slope > 0 ? [rank.index, top] : [voxels.length - 1 - rank.index, voxels.length - 1 - top];
  const [lower, upper] = orderStatistics(voxels, min, max, wanted).map((stored) => stored * scale.slope + scale.intercept) as [number, number];
  const least = (scale.slope > 0 ? min : max) * scale.slope + scale.intercept;
  return checked({ ...scale, low: least, high: between(lower, upper, rank.fraction) });
}

function orderStatistics(values: Float32Array, min: number, max: number, ranks: readonly number[]): number[] {
  const bins = new Uint32Array(binCount);
  const perUnit = (binCount - 1) / (max - min);
  for (let n = 0; n < values.length; n++) {
    const bin = Math.floor((values[n]! - min) * perUnit);
    bins[bin] = bins[bin]! + 1;
  }
  const places = ranks.map((rank) => {
    let below = 0;
    let bin = 0;
    while (below + bins[bin]! <= rank) below += bins[bin++]!;
    return { bin, rank: rank - below };
  });
  const sorted = new Map([...new Set(places.map(({ bin }) => bin))].map((bin) => [bin, membersOf(values, min, perUnit, bin, bins[bin]!).sort()]));
  return places.map(({ bin, rank }) => sorted.get(bin)![rank]!);
}

function membersOf(values: Float32Array, min: number, perUnit: number, bin: number, count: number): Float32Array {
  const members = new Float32Array(count);
  let found = 0;
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (Math.floor((value - min) * perUnit) === bin) members[found++] = value;
  }
  return members;
}

function rankOf(count: number): { index: number; fraction: number } {
  const rank = (count - 1) * percentile;
  return { index: Math.floor(rank), fraction: rank - Math.floor(rank) };
}

/** NumPy's interpolation, which counts from the nearer end. */
const between = (a: number, b: number, fraction: number): number => (fraction >= 0.5 ? b - (b - a) * (1 - fraction) : a + (b - a) * fraction);

function checked(curation: Curation): Curation {
  if (![curation.slope, curation.intercept, curation.low, curation.high].every(Number.isFinite))
    throw new EngineError('volume/not-finite', 'Rescaled values are not finite numbers', { subject: 'volume', advice: 'Choose another series, or mend the file' });
  if (!(curation.high > curation.low)) throw flat();
  return curation;
}

export const flat = (): EngineError =>
  new EngineError('volume/flat', 'Up to its 99th percentile the image has one value everywhere', { subject: 'volume', advice: 'Choose another series' });
