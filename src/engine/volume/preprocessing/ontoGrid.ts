/**
 * A further channel brought onto the first channel's voxel grid by true positions, trilinear, zero outside. The model
 * sees channels cell by cell, so all must lie on one grid; each is curated on its own voxels before.
 */
import { composeAffine, ijk, invertAffine, voxelToPatient, type Affine, type Dims } from '../../../shared/geometry.ts';
import type { VoxelArray } from '../types.ts';
import { binOffset } from './curation.ts';

/** Grids whose corners agree to this many mm are one grid. */
const sameGridMm = 1e-3;

export interface Grid {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
}

export function sameGrid(a: Grid, b: Grid): boolean {
  if (!a.dims.every((size, axis) => size === b.dims[axis])) return false;
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ijk(n & 1 ? a.dims[0] - 1 : 0, n & 2 ? a.dims[1] - 1 : 0, n & 4 ? a.dims[2] - 1 : 0));
  return corners.every((corner) => {
    const [p, q] = [voxelToPatient(a.voxelToLps, corner), voxelToPatient(b.voxelToLps, corner)];
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) <= sameGridMm;
  });
}

/** Affine from the target's voxel indices to the source's. */
export const betweenGrids = (target: Grid, source: Grid): Affine => composeAffine(invertAffine(source.voxelToLps), target.voxelToLps);

export interface OntoGridRange {
  readonly voxels: VoxelArray;
  readonly dims: Dims;
  readonly table: Int16Array | null;
  /** Target voxel index to source voxel index. */
  readonly toSource: Affine;
  readonly targetDims: Dims;
  readonly fromSlice: number;
  readonly toSlice: number;
}

/** Fills slices `fromSlice` up to `toSlice` of `out`, float32 on the target's grid. */
export function sampleOnto({ voxels, dims: [ni, nj, nk], table, toSource: a, targetDims, fromSlice, toSlice }: OntoGridRange, out: Float32Array): void {
  const offset = binOffset(voxels);
  const at = (i: number, j: number, k: number): number => {
    if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) return 0;
    const stored = voxels[(k * nj + j) * ni + i]!;
    return table === null ? stored : table[stored + offset]!;
  };
  const [ti, tj] = targetDims;
  for (let k = fromSlice; k < toSlice; k++) {
    for (let j = 0; j < tj; j++) {
      for (let i = 0; i < ti; i++) {
        const x = a[0] * i + a[1] * j + a[2] * k + a[3];
        const y = a[4] * i + a[5] * j + a[6] * k + a[7];
        const z = a[8] * i + a[9] * j + a[10] * k + a[11];
        if (!(x > -1 && y > -1 && z > -1 && x < ni && y < nj && z < nk)) continue;
        const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
        const [fx, fy, fz] = [x - x0, y - y0, z - z0];
        const low = (1 - fy) * ((1 - fx) * at(x0, y0, z0) + fx * at(x0 + 1, y0, z0)) + fy * ((1 - fx) * at(x0, y0 + 1, z0) + fx * at(x0 + 1, y0 + 1, z0));
        const high = (1 - fy) * ((1 - fx) * at(x0, y0, z0 + 1) + fx * at(x0 + 1, y0, z0 + 1)) + fy * ((1 - fx) * at(x0, y0 + 1, z0 + 1) + fx * at(x0 + 1, y0 + 1, z0 + 1));
        out[(k * tj + j) * ti + i] = (1 - fz) * low + fz * high;
      }
    }
  }
}
