/**
 * Draws a coarse attention grid over a picture. The grid is sampled where each pixel of the picture lies in the
 * patient, so an overlay is right for any plane, obliqueness and zoom. Trilinear between cell centres, and the outer
 * cells reach to their own edge. Fusing it as a Cornerstone volume was left out: its volumes end at the outermost
 * cell centres, and a grid of one cell in depth would vanish.
 */
import { invertAffine, voxelToPatient, ijk, lps } from '../../../shared/geometry.ts';
import type { Affine, Dims, Lps } from '../../../shared/geometry.ts';
import type { AttentionMap } from '../../../shared/contract.ts';

export interface AttentionGrid {
  readonly view: number;
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly lpsToVoxel: Affine;
  /** i fastest, 0..1. */
  readonly values: Float32Array;
  readonly hasDepth: boolean;
}

/** @throws RangeError when the values do not fill the grid or its affine is singular */
export function attentionGrid(map: AttentionMap): AttentionGrid {
  const [ni, nj, nk] = map.dims;
  const bytes = map.values.slice();
  const values = new Float32Array(bytes.buffer, 0, Math.floor(bytes.byteLength / 4));
  if (values.length !== ni * nj * nk) throw new RangeError(`an attention map of ${ni} x ${nj} x ${nk} cells holds ${values.length} values`);
  const voxelToLps = map.voxelToLps as unknown as Affine;
  return { view: map.view, dims: map.dims, voxelToLps, lpsToVoxel: invertAffine(voxelToLps), values, hasDepth: map.hasDepth };
}

/** What a canvas shows: the patient position of its first pixel's centre, and the steps of one pixel right and down, mm. */
export interface PictureFrame {
  readonly origin: Lps;
  readonly stepRight: Lps;
  readonly stepDown: Lps;
  readonly width: number;
  readonly height: number;
}

/**
 * Grid values under each pixel of a picture.
 * @returns float32 [height, width], 0..1; -1 outside the grid
 */
export function sampleGrid(grid: AttentionGrid, frame: PictureFrame): Float32Array {
  const [ni, nj, nk] = grid.dims;
  const out = new Float32Array(frame.width * frame.height);
  const m = grid.lpsToVoxel;
  const start = voxelToPatient(m, frame.origin as unknown as ReturnType<typeof ijk>);
  const step = (d: Lps): Lps => lps(m[0] * d[0] + m[1] * d[1] + m[2] * d[2], m[4] * d[0] + m[5] * d[1] + m[6] * d[2], m[8] * d[0] + m[9] * d[1] + m[10] * d[2]);
  const right = step(frame.stepRight);
  const down = step(frame.stepDown);
  const edge = (n: number, at: number): boolean => at < -0.5 || at > n - 0.5;
  const held = (n: number, at: number): number => Math.min(n - 1, Math.max(0, at));
  for (let row = 0; row < frame.height; row++) {
    for (let column = 0; column < frame.width; column++) {
      const ci = start[0] + row * down[0] + column * right[0];
      const cj = start[1] + row * down[1] + column * right[1];
      const ck = start[2] + row * down[2] + column * right[2];
      if (edge(ni, ci) || edge(nj, cj) || edge(nk, ck)) {
        out[row * frame.width + column] = -1;
        continue;
      }
      const fi = held(ni, ci), fj = held(nj, cj), fk = held(nk, ck);
      const i0 = Math.floor(fi), j0 = Math.floor(fj), k0 = Math.floor(fk);
      const i1 = Math.min(ni - 1, i0 + 1), j1 = Math.min(nj - 1, j0 + 1), k1 = Math.min(nk - 1, k0 + 1);
      const ti = fi - i0, tj = fj - j0, tk = fk - k0;
      const v = grid.values;
      const line = (j: number, k: number): number => v[(k * nj + j) * ni + i0]! * (1 - ti) + v[(k * nj + j) * ni + i1]! * ti;
      const sheet = (k: number): number => line(j0, k) * (1 - tj) + line(j1, k) * tj;
      out[row * frame.width + column] = sheet(k0) * (1 - tk) + sheet(k1) * tk;
    }
  }
  return out;
}

/** Part of the attention that counts for its centre, as in the engine's choice of the slice (engine/ground/slice.ts). */
const countedShare = 0.25;
/** A map whose middle value is at least this part of its largest one is told to be even. */
const evenMedian = 0.5;

/**
 * Centre of mass of the strongest cells that together hold a quarter of the attention, LPS mm: one bright cell stays where
 * it is, and a map that is nearly even points to the middle rather than to whichever corner happens to lead. Without
 * depth it lies in the middle of the depth axis, so that no slice is implied.
 * @returns null for a map without attention
 */
export function centreOfAttention({ dims: [ni, nj], values, voxelToLps }: AttentionGrid): Lps | null {
  const wanted = countedShare * values.reduce((sum, value) => sum + value, 0);
  if (!(wanted > 0)) return null;
  let held = 0;
  const least = values.toSorted().findLast((value) => (held += value) >= wanted) ?? 0;
  let [weight, i, j, k] = [0, 0, 0, 0];
  values.forEach((value, at) => {
    if (value < least) return; // cells as strong as the last one that counts do count
    weight += value;
    i += value * (at % ni);
    j += value * (Math.floor(at / ni) % nj);
    k += value * Math.floor(at / (ni * nj));
  });
  return voxelToPatient(voxelToLps, ijk(i / weight, j / weight, k / weight));
}

/** Whether a map is too even to point anywhere. */
export function isNearlyEven({ values }: AttentionGrid): boolean {
  return values.toSorted()[Math.floor(values.length / 2)]! >= evenMedian * Math.max(...values);
}
