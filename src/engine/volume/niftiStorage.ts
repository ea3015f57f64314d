/**
 * How dcm2niix would store a DICOM stack. The official models were trained on NIfTI files it made; where resampling
 * begins, and therefore the millimetre grid, depends on it (see types.ts).
 * Seen on every series of the test data: 2D acquisitions (and echo-planar ones) keep the slice order along row x column
 * and store rows from bottom to top; 3D acquisitions are turned so that axes grow to right, anterior, superior in turn.
 */
import type { Affine } from '../../shared/geometry.ts';
import type { SequenceAttributes } from '../dicom/types.ts';
import { anatomicalAxes } from './anatomicalAxes.ts';
import type { NiftiStorage } from './types.ts';

export const sameStorage: NiftiStorage = { axes: [0, 1, 2], direction: [1, 1, 1] };

export function dicomNiftiStorage(voxelToLps: Affine, sequence: SequenceAttributes): NiftiStorage {
  if (sequence.mrAcquisitionType !== '3D' || sequence.scanningSequence.includes('EP')) return { axes: [0, 1, 2], direction: [1, -1, 1] };
  const { voxelAxis, sign } = anatomicalAxes(voxelToLps);
  const direction: (1 | -1)[] = [1, 1, 1];
  // Left and posterior are minus right and anterior.
  voxelAxis.forEach((axis, patient) => { direction[axis] = ((patient === 2 ? 1 : -1) * sign[axis]) as 1 | -1; });
  return { axes: voxelAxis, direction: direction as unknown as NiftiStorage['direction'] };
}
