/**
 * The window a volume is first shown with: the header's, when it meets the values that are there (PS3.3 C.11.2.1.2),
 * else from the 1st to the 99th percentile, which a few bright vessels or a bright edge do not disturb.
 */
import type { VoxelArray } from './types.ts';

export interface Window {
  readonly center: number;
  readonly width: number;
}

/** Percentiles come from about this many voxels, evenly spread: enough for a window, and quick on any size. */
const sampleSize = 200_000;

/**
 * @param header center and width from the header, in rescaled units, null where absent
 * @returns center and width in rescaled units, or null when no voxel is finite
 */
export function findWindow(voxels: VoxelArray, { slope, intercept }: { slope: number; intercept: number }, header: { center: number | null; width: number | null } | null): Window | null {
  // A step coprime with common row lengths, so that samples do not all fall in one column.
  const step = Math.max(1, Math.floor(voxels.length / sampleSize) | 1);
  const samples = new Float64Array(Math.ceil(voxels.length / step));
  let count = 0;
  for (let n = 0; n < voxels.length; n += step) {
    const value = voxels[n]! * slope + intercept;
    if (Number.isFinite(value)) samples[count++] = value;
  }
  if (count === 0) return null;
  const sorted = samples.subarray(0, count).sort();
  const [low, high] = [sorted[Math.floor(0.01 * (count - 1))]!, sorted[Math.ceil(0.99 * (count - 1))]!];
  if (header?.center != null && header.width != null && header.width >= 1) {
    const [from, to] = [header.center - header.width / 2, header.center + header.width / 2];
    if (from < sorted[count - 1]! && to > sorted[0]!) return { center: header.center, width: header.width };
  }
  return { center: (low + high) / 2, width: Math.max(high - low, Number.EPSILON * Math.max(1, Math.abs(high)), 1e-6) };
}
