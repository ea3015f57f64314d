/**
 * Which voxel axis runs along which patient axis: nibabel's `io_orientation` rule, which MONAI's `Orientation` uses.
 * Axes are taken from the best aligned to the worst, each giving its largest remaining component, so that oblique
 * stacks near 45 degrees come out as nibabel has them.
 */
import { axisStep, norm, type Affine } from '../../shared/geometry.ts';

export interface AnatomicalAxes {
  /** For patient axes R-L, A-P, S-I (indices 0, 1, 2): the voxel axis that runs along it. */
  readonly voxelAxis: readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];
  /** For each voxel axis: 1 when it grows along + of its patient axis in LPS (left, posterior, superior), else -1. */
  readonly sign: readonly [1 | -1, 1 | -1, 1 | -1];
}

/** @param voxelToLps an affine without shear (the polar decomposition nibabel makes is then the identity) */
export function anatomicalAxes(voxelToLps: Affine): AnatomicalAxes {
  const directions = ([0, 1, 2] as const).map((axis) => {
    const step = axisStep(voxelToLps, axis);
    const length = norm(step) || 1;
    return step.map((component) => component / length);
  });
  const strength = directions.map((direction) => Math.max(...direction.map((c) => c * c)));
  const byStrength = [0, 1, 2].sort((a, b) => strength[b]! - strength[a]!);
  const voxelAxis: number[] = [0, 0, 0];
  const sign: number[] = [1, 1, 1];
  const free = new Set([0, 1, 2]);
  for (const axis of byStrength) {
    const direction = directions[axis]!;
    const patient = [...free].reduce((best, candidate) => (Math.abs(direction[candidate]!) > Math.abs(direction[best]!) ? candidate : best));
    free.delete(patient);
    voxelAxis[patient] = axis;
    sign[axis] = direction[patient]! < 0 ? -1 : 1;
  }
  return { voxelAxis, sign } as unknown as AnatomicalAxes;
}
