/** A volume for tests of the viewer's arithmetic. */
import { invertAffine } from '../../../shared/geometry.ts';
import type { Affine, Dims } from '../../../shared/geometry.ts';
import type { LoadedVolume, ShownVoxels } from './loadVolume.ts';
import { viewPlanes } from './planes.ts';

const window = { center: 50, width: 100 };

/** @param voxels i fastest; zeros where left out */
export function testVolume(dims: Dims, voxelToLps: Affine, voxels: ShownVoxels = new Int16Array(dims[0] * dims[1] * dims[2]), rescale = { slope: 1, intercept: 0 }): LoadedVolume {
  return {
    info: { series: 'series', stack: 0, dims: [...dims], voxelToLps: [...voxelToLps], type: 'int16', ...rescale, window, frameOfReference: '2.25.1', space: '2.25.1', inverted: false, problems: [] },
    dims, voxelToLps, lpsToVoxel: invertAffine(voxelToLps), planes: viewPlanes(voxelToLps), presets: { header: window, auto: window, soft: window, enhancement: window, full: window }, voxels, only: null,
  };
}
