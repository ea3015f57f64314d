/**
 * One slice as a greyscale PNG, for thumbnails. Turned as radiologists hang films: axial with anterior on top and the
 * patient's left on the right of the image, coronal and sagittal with the head up (coronal: left on the right;
 * sagittal: anterior on the left). Pixels keep their true proportions.
 */
import { encode } from 'fast-png';
import { axisStep, cross, invertAffine, lps, norm, patientToVoxel, spacingMm, type Affine, type Lps } from '../../shared/geometry.ts';
import { nearestPlane } from './plane.ts';
import type { Volume } from './types.ts';

export interface SliceImageOptions {
  /** The plane the stack was acquired in. */
  readonly plane: 'native';
  readonly k: number;
  /** Pixels along the longer side of the image. */
  readonly maxSize: number;
}

/** Directions to the right and down in the image, in LPS. */
const hanging: Record<ReturnType<typeof nearestPlane>, { readonly right: Lps; readonly down: Lps }> = {
  axial: { right: lps(1, 0, 0), down: lps(0, 1, 0) },
  coronal: { right: lps(1, 0, 0), down: lps(0, 0, -1) },
  sagittal: { right: lps(0, 1, 0), down: lps(0, 0, -1) },
};

/**
 * @returns bytes of an 8-bit greyscale PNG
 * @throws RangeError when `k` is no slice of the volume
 */
export function renderSlicePng(volume: Volume, { k, maxSize }: SliceImageOptions): Uint8Array {
  const [ni, nj, nk] = volume.dims;
  if (!Number.isInteger(k) || k < 0 || k >= nk) throw new RangeError(`slice ${k} of ${nk}`);
  const [di, dj] = spacingMm(volume.voxelToLps);
  const { widthAxis, heightAxis, flipX, flipY } = hangingOf(volume.voxelToLps);
  const counts = [ni, nj] as const;
  const extents = [ni * di, nj * dj] as const;
  const perMm = maxSize / Math.max(extents[0], extents[1]);
  const width = Math.max(1, Math.round(extents[widthAxis] * perMm));
  const height = Math.max(1, Math.round(extents[heightAxis] * perMm));
  const grey = greyScale(volume);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const v = sampleRange(flipY ? height - 1 - y : y, height, counts[heightAxis]);
    for (let x = 0; x < width; x++) {
      const u = sampleRange(flipX ? width - 1 - x : x, width, counts[widthAxis]);
      const [i, j] = widthAxis === 0 ? [u, v] : [v, u];
      let sum = 0;
      for (let row = j.from; row < j.to; row++) for (let column = i.from; column < i.to; column++) sum += volume.voxels[(k * nj + row) * ni + column]!;
      data[y * width + x] = grey(sum / ((i.to - i.from) * (j.to - j.from)));
    }
  }
  return encode({ width, height, data, channels: 1, depth: 8 });
}

interface Hanging {
  /** Voxel axes along the width and the height of the image, and whether they run against it. */
  readonly widthAxis: 0 | 1;
  readonly heightAxis: 0 | 1;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

function hangingOf(voxelToLps: Affine): Hanging {
  const [di, dj] = spacingMm(voxelToLps);
  const steps = [axisStep(voxelToLps, 0), axisStep(voxelToLps, 1)] as const;
  const { right, down } = hanging[nearestPlane(unit(cross(unit(steps[0]), unit(steps[1]))))];
  // The voxel axis that runs more across the image is its width; each then runs with or against the hanging.
  const alongRight = steps.map((step, axis) => component(step, right) / [di, dj][axis]!);
  const widthAxis = Math.abs(alongRight[0]!) >= Math.abs(alongRight[1]!) ? 0 : 1;
  const heightAxis = widthAxis === 0 ? 1 : 0;
  return { widthAxis, heightAxis, flipX: alongRight[widthAxis]! < 0, flipY: component(steps[heightAxis], down) < 0 };
}

/** Where a point of the patient comes to lie in the picture of its slice, from the left and the top, 0..1; null beside it. */
export function renderedAt({ dims, voxelToLps }: Pick<Volume, 'dims' | 'voxelToLps'>, point: Lps | readonly [number, number, number]): [number, number] | null {
  const { widthAxis, heightAxis, flipX, flipY } = hangingOf(voxelToLps);
  const place = patientToVoxel(invertAffine(voxelToLps), lps(point[0], point[1], point[2]));
  const [x, y] = [(place[widthAxis] + 0.5) / dims[widthAxis], (place[heightAxis] + 0.5) / dims[heightAxis]];
  return x < 0 || x > 1 || y < 0 || y > 1 ? null : [flipX ? 1 - x : x, flipY ? 1 - y : y];
}

const unit = (v: Lps): Lps => {
  const length = norm(v) || 1;
  return lps(v[0] / length, v[1] / length, v[2] / length);
};

const component = (a: Lps, b: Lps): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Voxels that make one pixel: all it covers when the image is smaller, the nearest when it is larger. */
function sampleRange(pixel: number, pixels: number, voxels: number): { from: number; to: number } {
  const from = Math.min(voxels - 1, Math.floor((pixel * voxels) / pixels));
  return { from, to: Math.max(from + 1, Math.floor(((pixel + 1) * voxels) / pixels)) };
}

/** Stored value to grey through the window's linear function (PS3.3 C.11.2.1.2.1), turned over for MONOCHROME1. */
function greyScale({ window, slope, intercept, inverted }: Volume): (stored: number) => number {
  const { center, width } = window ?? { center: 0, width: 1 };
  return (stored) => {
    const share = (stored * slope + intercept - (center - width / 2)) / width;
    const grey = Number.isFinite(share) ? Math.round(255 * Math.min(1, Math.max(0, share))) : 0;
    return inverted ? 255 - grey : grey;
  };
}
