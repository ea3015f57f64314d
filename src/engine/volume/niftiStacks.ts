/**
 * NIfTI files as stacks: the file has one affine for all its volumes. Files whose axes are left-handed (the usual
 * L-A-S of dcm2niix) are read with rows from the other end, which makes them lie like a DICOM image: right-handed, and
 * for axial stacks with anterior on top.
 */
import { axisStep, cross, dot, lps, norm, type Affine } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { planeOf } from './plane.ts';
import { sidewaysTolerance } from './sliceStack.ts';
import type { Stack } from './types.ts';

/** True when rows must be read from the last to the first for right-handed axes. */
export function isLeftHanded(voxelToLps: Affine): boolean {
  return dot(cross(axisStep(voxelToLps, 0), axisStep(voxelToLps, 1)), axisStep(voxelToLps, 2)) < 0;
}

/** @returns stacks without their index; refused with `volume/bad-spacing` or `volume/sheared` where the affine allows no grid */
export function niftiStacks(instance: InstanceHeader): Omit<Stack, 'index'>[] {
  const { nifti } = instance;
  if (nifti === null) return [];
  const { dims, voxelToLps, volumes } = nifti;
  const [ni, nj, nk] = dims;
  const flipped = isLeftHanded(voxelToLps);
  const rightHanded = flipped ? withReversedRows(voxelToLps, nj) : voxelToLps;
  const problem = judgeAffine(voxelToLps, dims);
  const step = axisStep(rightHanded, 2);
  const length = norm(step);
  const normal = lps(step[0] / length, step[1] / length, step[2] / length);
  const start = dot(lps(rightHanded[3], rightHanded[7], rightHanded[11]), normal);
  const geometry: Stack['geometry'] =
    problem?.severity === 'refused'
      ? null
      : { dims: [ni, nj, nk], voxelToLps: rightHanded, plane: planeOf(normal), frameOfReferenceUid: instance.frameOfReferenceUid, slicing: 'direct', nifti: { axes: [0, 1, 2], direction: [1, flipped ? -1 : 1, 1] } };
  return Array.from({ length: volumes }, (_, volume) => ({
    label: volumes > 1 ? `volume ${volume + 1}` : '',
    slices: Array.from({ length: nk }, (__, k) => ({ instance, frame: volume * nk + k, offsetMm: start + k * length })),
    geometry,
    problems: problem === null ? [] : [problem],
  }));
}

/** The same voxels counted from the last row: j' = nj - 1 - j. */
function withReversedRows(a: Affine, nj: number): Affine {
  const last = nj - 1;
  return [a[0], -a[1], a[2], a[3] + last * a[1], a[4], -a[5], a[6], a[7] + last * a[5], a[8], -a[9], a[10], a[11] + last * a[9], 0, 0, 0, 1];
}

function judgeAffine(affine: Affine, dims: readonly [number, number, number]): Problem | null {
  const steps = [axisStep(affine, 0), axisStep(affine, 1), axisStep(affine, 2)] as const;
  const lengths = steps.map(norm);
  if (!affine.every(Number.isFinite) || !lengths.every((length) => length > 1e-6)) return { code: 'volume/bad-spacing', severity: 'refused', message: 'The affine of the file gives no size to its voxels' };
  // How far the far end of one axis strays along another, in voxels of that other.
  const strays = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b !== a).map((b) => (Math.abs(dot(steps[a]!, steps[b]!)) / lengths[b]! ** 2) * (dims[a]! - 1)));
  if (Math.max(...strays) > 2 * sidewaysTolerance) return { code: 'volume/sheared', severity: 'refused', message: 'The axes of the file are not at right angles' };
  if (dims[2] === 1) return { code: 'volume/too-few-slices', severity: 'warning', message: 'One slice is not a volume: it can be looked at, the models cannot use it' };
  return null;
}
