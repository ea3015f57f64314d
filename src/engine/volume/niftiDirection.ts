/**
 * How dcm2niix would store a DICOM stack. The official models were trained on NIfTI files it made; resampling begins
 * at such a file's first voxel, so the millimetre grid depends on which corner that is (see types.ts).
 * Seen on every series of the test data: 2D acquisitions keep the slice order along row x column and store rows from
 * bottom to top; 3D acquisitions are turned so that all axes grow to right, anterior and superior.
 */
import type { Affine } from '../../shared/geometry.ts';
import { anatomicalAxes } from './anatomicalAxes.ts';
import type { NiftiDirection } from './types.ts';

/** @param mrAcquisitionType MRAcquisitionType (0018,0023): `2D`, `3D` or empty */
export function dicomNiftiDirection(voxelToLps: Affine, mrAcquisitionType: string): NiftiDirection {
  if (mrAcquisitionType !== '3D') return [1, -1, 1];
  const { voxelAxis, sign } = anatomicalAxes(voxelToLps);
  const direction: (1 | -1)[] = [1, 1, 1];
  // Left and posterior are minus right and anterior.
  voxelAxis.forEach((axis, patient) => { direction[axis] = ((patient === 2 ? 1 : -1) * sign[axis]) as 1 | -1; });
  return direction as unknown as NiftiDirection;
}
