/** A lesion mask as a file: NIfTI-1 on the slices that were read, or their voxels as NPY. */
import { gzipSync } from 'node:zlib';
import { writeNpy } from '../engine/arrays/npy.ts';
import { writeNifti } from '../engine/findings/niftiFile.ts';
import type { LesionMask } from '../engine/findings/lesionMask.ts';
import { EngineError } from '../shared/errors.ts';

/**
 * How a mask is written, by the name wanted; told before the work that makes the mask.
 * @throws EngineError `cli/usage` for another kind of file
 */
export function maskFile(name: string): (mask: LesionMask) => Uint8Array {
  if (name.endsWith('.npy')) return ({ dims: [ni, nj, nk], voxels }) => writeNpy(voxels, [nk, nj, ni]);
  if (name.endsWith('.nii')) return writeNifti;
  if (name.endsWith('.nii.gz')) return (mask) => gzipSync(writeNifti(mask));
  throw new EngineError('cli/usage', 'A mask is written as .nii, .nii.gz or .npy', { subject: '--lesion-mask', advice: 'Choose a name that ends so' });
}
