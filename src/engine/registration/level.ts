/**
 * A volume at a coarser spacing, for registration and for the extent of a head: means over blocks of voxels, which smooth as
 * they shrink. The affine of a level keeps cell centres where they are in the patient.
 */
import { axisStep, spacingMm, type Affine, type Dims } from '../../shared/geometry.ts';
import type { VoxelArray } from '../volume/types.ts';

/** Values in one volume's own units, i fastest. */
export interface Level {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly values: Float32Array;
}

export interface VoxelGrid {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly voxels: VoxelArray;
}

/**
 * Means over blocks whose edges are about `targetMm` long; an axis that is coarser already stays as it is. Voxels left over
 * at the far ends, fewer than a block, are dropped; values that are not finite count as 0.
 */
export function coarser({ dims, voxelToLps, voxels }: VoxelGrid, targetMm: number): Level {
  const factors = spacingMm(voxelToLps).map((spacing, axis) => Math.min(dims[axis]!, Math.max(1, Math.round(targetMm / spacing)))) as [number, number, number];
  const [fi, fj, fk] = factors;
  const [ni, nj] = dims;
  const out = dims.map((size, axis) => Math.max(1, Math.floor(size / factors[axis]!))) as [number, number, number];
  const values = new Float32Array(out[0] * out[1] * out[2]);
  const row = new Float64Array(out[0]);
  const part = 1 / (fi * fj * fk);
  for (let k = 0; k < out[2]; k++) {
    for (let j = 0; j < out[1]; j++) {
      row.fill(0);
      for (let dk = 0; dk < fk; dk++) {
        for (let dj = 0; dj < fj; dj++) {
          let from = ((k * fk + dk) * nj + j * fj + dj) * ni;
          for (let i = 0; i < out[0]; i++) {
            let sum = 0;
            for (let di = 0; di < fi; di++) sum += voxels[from++]!;
            row[i] = row[i]! + sum;
          }
        }
      }
      const to = (k * out[1] + j) * out[0];
      for (let i = 0; i < out[0]; i++) {
        const mean = row[i]! * part;
        values[to + i] = Number.isFinite(mean) ? mean : 0;
      }
    }
  }
  return { dims: out, voxelToLps: blockAffine(voxelToLps, factors), values };
}

/** The same level coarser still. */
export const coarserLevel = ({ dims, voxelToLps, values }: Level, targetMm: number): Level => coarser({ dims, voxelToLps, voxels: values }, targetMm);

function blockAffine(affine: Affine, factors: readonly [number, number, number]): Affine {
  const origin = [affine[3], affine[7], affine[11]];
  const columns = factors.map((factor, axis) => {
    const step = axisStep(affine, axis as 0 | 1 | 2);
    step.forEach((mm, n) => { origin[n] = origin[n]! + (mm * (factor - 1)) / 2; });
    return step.map((mm) => mm * factor);
  }) as [number[], number[], number[]];
  const [i, j, k] = columns;
  return [i[0]!, j[0]!, k[0]!, origin[0]!, i[1]!, j[1]!, k[1]!, origin[1]!, i[2]!, j[2]!, k[2]!, origin[2]!, 0, 0, 0, 1];
}
