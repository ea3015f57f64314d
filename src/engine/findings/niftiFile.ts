/** Writes NIfTI-1 files of whole-number labels. Format: nifti1.h; its world is RAS, ours LPS. */
import { axisStep, spacingMm, type Affine, type Dims } from '../../shared/geometry.ts';

const headerBytes = 348;
const voxelOffset = 352;
const uint8Code = 2;
/** nifti1.h: coordinates of the scanner. */
const scannerAnatomical = 1;
const millimetres = 2;

/**
 * @param image voxels with i fastest, and their voxel-to-LPS affine; written with the sform, which holds any affine
 * @throws RangeError when the voxels do not fill the dims
 */
export function writeNifti({ dims, voxelToLps, voxels }: { readonly dims: Dims; readonly voxelToLps: Affine; readonly voxels: Uint8Array }): Uint8Array {
  if (voxels.length !== dims[0] * dims[1] * dims[2]) throw new RangeError(`${voxels.length} voxels do not fill ${dims.join(' x ')}`);
  const file = new Uint8Array(voxelOffset + voxels.length);
  const header = new DataView(file.buffer);
  header.setInt32(0, headerBytes, true);
  [3, ...dims, 1, 1, 1, 1].forEach((size, at) => { header.setInt16(40 + 2 * at, size, true); });
  header.setInt16(70, uint8Code, true);
  header.setInt16(72, 8, true);
  [1, ...spacingMm(voxelToLps), 1, 1, 1, 1].forEach((size, at) => { header.setFloat32(76 + 4 * at, size, true); });
  header.setFloat32(108, voxelOffset, true);
  header.setFloat32(112, 1, true);
  header.setUint8(123, millimetres);
  header.setInt16(254, scannerAnatomical, true);
  for (let row = 0; row < 3; row++) {
    const towards = row < 2 ? -1 : 1;
    const values = [...([0, 1, 2] as const).map((axis) => axisStep(voxelToLps, axis)[row]!), voxelToLps[(4 * row + 3) as 3]];
    values.forEach((value, column) => { header.setFloat32(280 + 16 * row + 4 * column, towards * value, true); });
  }
  file.set(new TextEncoder().encode('n+1\0'), 344);
  file.set(voxels, voxelOffset);
  return file;
}
