/** Which slice of the reader's own stack a sentence should jump to, from the attention map of its view. */
import { axisStep, dot, ijk, invertAffine, norm, patientToVoxel, voxelToPatient, type Affine, type Dims } from '../../shared/geometry.ts';
import type { AttentionGeometry } from './attentionMap.ts';

/** Part of the attention that counts: the strongest cells that together hold this much of it. The rest is haze. */
const keptShare = 0.25;

/**
 * The slice nearest to the centre of mass of the strongest part of a map.
 * @param map [positions] of the attention grid, right fastest, values >= 0
 * @param stack the stack on screen: its voxel counts and voxel-to-LPS matrix (k from slice to slice)
 * @returns k, 0 to slices - 1; null if the map has no resolution along the stack's slices, or is empty
 */
export function sliceOf(map: Float32Array, geometry: AttentionGeometry, stack: { readonly dims: Dims; readonly voxelToLps: Affine }): number | null {
  if (!resolvesSlices(geometry, stack.voxelToLps)) return null;
  const [, anterior, right] = geometry.grid;
  const order = Array.from(map.keys()).sort((a, b) => map[b]! - map[a]!);
  const wanted = keptShare * map.reduce((sum, value) => sum + value, 0);
  if (!(wanted > 0)) return null;

  const toStack = invertAffine(stack.voxelToLps);
  let weight = 0;
  let sum = 0;
  for (const cell of order) {
    const index = ijk(cell % right, Math.floor(cell / right) % anterior, Math.floor(cell / (right * anterior)));
    const [, , k] = patientToVoxel(toStack, voxelToPatient(geometry.gridToLps, index));
    sum += map[cell]! * k;
    weight += map[cell]!;
    if (weight >= wanted) break;
  }
  return Math.min(stack.dims[2] - 1, Math.max(0, Math.round(sum / weight)));
}

/** Whether the grid axis that runs most nearly along the stack has more than one cell. */
function resolvesSlices({ grid, gridToLps }: AttentionGeometry, voxelToLps: Affine): boolean {
  const along = axisStep(voxelToLps, 2);
  const cells = [grid[2], grid[1], grid[0]];
  const leaning = ([0, 1, 2] as const).map((axis) => {
    const step = axisStep(gridToLps, axis);
    return Math.abs(dot(step, along)) / norm(step);
  });
  return cells[leaning.indexOf(Math.max(...leaning))]! > 1;
}
