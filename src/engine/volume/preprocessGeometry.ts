/**
 * Where the cells of preprocessed input lie in the patient, so that attention maps go back to the reader's slices.
 * The exact counterpart of preprocessing/axisWeights.ts: same plan, cell centres instead of weights.
 */
import { axisStep, type Affine, type Dims } from '../../shared/geometry.ts';
import { planResampling } from './preprocessing/resamplingPlan.ts';
import type { NiftiStorage } from './types.ts';

export interface PreparedVolume {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly nifti?: NiftiStorage;
}

/**
 * Places a coarse grid, such as an encoder's attention grid, that covers the whole preprocessed volume.
 * @param _size the encoder's input size along superior, anterior, right; coarse grids cover the same extent whatever it is
 * @param grid cells along superior, anterior, right. A grid of 1 along an axis has its centre in the middle.
 * @returns affine from cell index to LPS mm, integer indices being cell centres, in the memory order of the grid:
 *   i along right (fastest), j along anterior, k along superior (slowest)
 */
export function gridToLps(volume: PreparedVolume, _size: readonly [number, number, number], grid: readonly [number, number, number]): Affine {
  const { axes: plans } = planResampling(volume.dims, volume.voxelToLps, volume.nifti);
  const origin = [volume.voxelToLps[3], volume.voxelToLps[7], volume.voxelToLps[11]];
  const columns = plans.map((plan, n) => {
    const step = axisStep(volume.voxelToLps, plan.voxelAxis);
    const cells = grid[n]!;
    // Voxel index along this axis as first + cell * perCell.
    const samplesPerCell = plan.samples / cells;
    const centre = samplesPerCell / 2 - 0.5;
    const perSample = plan.scale;
    const [start, direction] = plan.reversed ? [plan.samples - 1 - centre, -1] : [centre, 1];
    const stored = { first: plan.shift + start * perSample, perCell: direction * samplesPerCell * perSample };
    const voxel = plan.fromLast ? { first: plan.voxels - 1 - stored.first, perCell: -stored.perCell } : stored;
    step.forEach((mm, axis) => { origin[axis] = origin[axis]! + mm * voxel.first; });
    return step.map((mm) => mm * voxel.perCell);
  });
  const [s, a, r] = columns as [number[], number[], number[]];
  return [r[0]!, a[0]!, s[0]!, origin[0]!, r[1]!, a[1]!, s[1]!, origin[1]!, r[2]!, a[2]!, s[2]!, origin[2]!, 0, 0, 0, 1];
}

/**
 * Cell centres of the encoder's input.
 * @param size output voxels along superior, anterior, right
 * @returns affine from (s, a, r) to LPS mm: the index order of the tensor [S, A, R], unlike {@link gridToLps}
 */
export function preprocessedToLps(volume: PreparedVolume, size: readonly [number, number, number]): Affine {
  const [r0, a0, s0, x, r1, a1, s1, y, r2, a2, s2, z] = gridToLps(volume, size, size);
  return [s0, a0, r0, x, s1, a1, r1, y, s2, a2, r2, z, 0, 0, 0, 1];
}
