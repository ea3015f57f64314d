/**
 * Window and level of MR images, which have no absolute scale: presets are made of the volume's own grey values.
 * Windows are in units after rescale (slope * voxel + intercept); Cornerstone wants them on stored voxels.
 */
import type { VolumeInfo } from '../../../shared/contract.ts';

export interface GreyWindow {
  readonly center: number;
  readonly width: number;
}

export const presetNames = ['header', 'auto', 'soft', 'enhancement', 'full'] as const;
export type PresetName = (typeof presetNames)[number];
export type Presets = Readonly<Record<PresetName, GreyWindow>>;

type Rescale = Pick<VolumeInfo, 'slope' | 'intercept'>;

const between = (low: number, high: number): GreyWindow => ({ center: (low + high) / 2, width: Math.max(high - low, 1e-6) });

/** At most this many voxels are looked at; percentiles of a quarter of a million samples are steady to a tenth of a percent. */
const sampleLimit = 262_144;

/** Least and greatest value of all voxels: a sample would miss the one bright vessel that the full range is asked for. */
function extremes(voxels: ArrayLike<number>, rescale: Rescale): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let at = 0; at < voxels.length; at++) {
    const value = voxels[at]!;
    if (value < low && value !== -Infinity) low = value;
    if (value > high && value !== Infinity) high = value;
  }
  const ends = [low * rescale.slope + rescale.intercept, high * rescale.slope + rescale.intercept] as const;
  return [Math.min(...ends), Math.max(...ends)];
}

/**
 * Presets of a volume. Air is left out of the percentiles: it is most of a head scan and would set them alone.
 * @param voxels stored values
 * @param header window of the header, after rescale
 */
export function windowPresets(voxels: ArrayLike<number>, rescale: Rescale, header: GreyWindow): Presets {
  const stride = Math.max(1, Math.floor(voxels.length / sampleLimit));
  const sample: number[] = [];
  for (let at = 0; at < voxels.length; at += stride) {
    const value = voxels[at]! * rescale.slope + rescale.intercept;
    if (Number.isFinite(value)) sample.push(value);
  }
  if (sample.length === 0) return { header, auto: header, soft: header, enhancement: header, full: header };
  const sorted = Float64Array.from(sample).sort();
  const [least, most] = extremes(voxels, rescale);
  // Air and tissue part where the values pass a tenth of the robust maximum, which holds for head MR of every sequence.
  const robust = sorted[Math.floor(0.995 * (sorted.length - 1))]!;
  const airEnd = least + 0.1 * (robust - least);
  const firstTissue = sorted.findIndex((value) => value > airEnd);
  const tissue = firstTissue < 0 ? sorted : sorted.subarray(firstTissue);
  const at = (share: number): number => tissue[Math.floor(share * (tissue.length - 1))]!;
  return {
    header,
    auto: between(least + 0.3 * (at(0.02) - least), at(0.99)),
    soft: between(at(0.1), at(0.95)),
    enhancement: between(at(0.35), at(0.999)),
    full: between(least, most),
  };
}

/** A window on stored voxel values. `flipped` tells that a negative slope turned dark and bright around. */
export function storedRange(window: GreyWindow, rescale: Rescale): { readonly lower: number; readonly upper: number; readonly flipped: boolean } {
  const low = (window.center - window.width / 2 - rescale.intercept) / rescale.slope;
  const high = (window.center + window.width / 2 - rescale.intercept) / rescale.slope;
  return { lower: Math.min(low, high), upper: Math.max(low, high), flipped: rescale.slope < 0 };
}

/**
 * The window after a drag: to the right is wider, down is brighter-to-darker as in other viewers (the level rises).
 * The pace follows the window itself, so that 12-bit and float images feel alike.
 * @param dx pixels to the right; @param dy pixels down
 */
export function draggedWindow(start: GreyWindow, dx: number, dy: number, full: GreyWindow): GreyWindow {
  const pace = full.width / 800;
  const width = Math.min(full.width * 4, Math.max(full.width / 1000, start.width + dx * pace));
  return { width, center: start.center + dy * pace };
}

/** A grey value for people: whole numbers where the range is wide, decimals where it is not. */
export function shownValue(value: number, width: number): string {
  return width >= 50 ? String(Math.round(value)) : value.toPrecision(3);
}
