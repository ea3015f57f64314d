/**
 * Two volumes in one picture, to judge how they were laid on each other: in squares taken from one and the other in turn, so
 * that edges which run on across a border fit. Three planes through one place: axial, coronal, sagittal, hung as films are.
 */
import { encode } from 'fast-png';
import { ijk, invertAffine, lps, patientToVoxel, type Lps } from '../../shared/geometry.ts';
import type { Volume } from '../volume/types.ts';

/** Pixels along each side of a plane, and mm a pixel. */
const side = 220;
const pixelMm = 1.1;
const squareMm = 22;

/** Directions to the right and down, LPS. */
const planes: readonly { readonly right: Lps; readonly down: Lps }[] = [
  { right: lps(1, 0, 0), down: lps(0, 1, 0) },
  { right: lps(1, 0, 0), down: lps(0, 0, -1) },
  { right: lps(0, 1, 0), down: lps(0, 0, -1) },
];

/**
 * @param placeThere takes LPS of the first volume to LPS of the second
 * @param at the place the planes go through, LPS mm of the first
 * @returns bytes of an 8-bit greyscale PNG, three planes wide
 */
export function renderFit(here: Volume, there: Volume, placeThere: (point: Lps) => Lps, at: Lps): Uint8Array {
  const [own, other] = [sampler(here), sampler(there)];
  const data = new Uint8Array(3 * side * side);
  planes.forEach(({ right, down }, plane) => {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [x, y] = [(column - side / 2) * pixelMm, (row - side / 2) * pixelMm];
        const point = lps(...([0, 1, 2].map((n) => at[n]! + x * right[n]! + y * down[n]!) as [number, number, number]));
        const fromOwn = (Math.floor(x / squareMm) + Math.floor(y / squareMm)) % 2 === 0;
        data[row * 3 * side + plane * side + column] = fromOwn ? own(point) : other(placeThere(point));
      }
    }
  });
  return encode({ width: 3 * side, height: side, data, channels: 1, depth: 8 });
}

/** Trilinear grey values through the volume's own window; black outside. */
function sampler({ dims: [ni, nj, nk], voxelToLps, voxels, slope, intercept, window, inverted }: Volume): (point: Lps) => number {
  const toVoxel = invertAffine(voxelToLps);
  const { center, width } = window ?? { center: 0, width: 1 };
  return (point) => {
    const [i, j, k] = patientToVoxel(toVoxel, point);
    if (!(i >= -0.5 && j >= -0.5 && k >= -0.5 && i <= ni - 0.5 && j <= nj - 0.5 && k <= nk - 0.5)) return 0;
    const [i0, j0, k0] = ijk(Math.max(0, Math.floor(i)), Math.max(0, Math.floor(j)), Math.max(0, Math.floor(k)));
    const [i1, j1, k1] = [Math.min(ni - 1, i0 + 1), Math.min(nj - 1, j0 + 1), Math.min(nk - 1, k0 + 1)];
    const [u, v, w] = [Math.max(0, i - i0), Math.max(0, j - j0), Math.max(0, k - k0)];
    const line = (y: number, z: number): number => voxels[(z * nj + y) * ni + i0]! * (1 - u) + voxels[(z * nj + y) * ni + i1]! * u;
    const sheet = (z: number): number => line(j0, z) * (1 - v) + line(j1, z) * v;
    const share = ((sheet(k0) * (1 - w) + sheet(k1) * w) * slope + intercept - (center - width / 2)) / width;
    const grey = Number.isFinite(share) ? Math.round(255 * Math.min(1, Math.max(0, share))) : 0;
    return inverted ? 255 - grey : grey;
  };
}
