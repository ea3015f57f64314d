/** A series as geometry: the volumes ("stacks") it holds, and a volume with its voxels. */
import type { Affine, Dims, Plane } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import type { InstanceHeader } from '../dicom/types.ts';

/** All instances of one series, in no particular order. */
export interface Series {
  readonly seriesUid: string;
  readonly studyUid: string;
  readonly instances: readonly InstanceHeader[];
}

/** One frame of one instance, as a slice of a stack. */
export interface SliceReference {
  readonly instance: InstanceHeader;
  readonly frame: number;
  /** Signed distance along the stack's normal, mm. */
  readonly offsetMm: number;
  /** Mosaics only: which tile of the frame, counted row by row from the top left. */
  readonly tile?: number;
}

/** A set of slices that make one regular volume, or a reason why they cannot. */
export interface Stack {
  readonly index: number;
  /** What tells this stack from its siblings, for people: `echo 2`, `time 3`, `b 1000`, or empty. */
  readonly label: string;
  /** Sorted so that k grows along the right-handed normal row x column. */
  readonly slices: readonly SliceReference[];
  /** Null when refused; `problems` says why. */
  readonly geometry: StackGeometry | null;
  readonly problems: readonly Problem[];
}

export interface StackGeometry {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly plane: Plane;
  readonly frameOfReferenceUid: string;
  /**
   * How output slices come from stored ones: `direct` one to one; `resampled` linear interpolation onto an even grid,
   * because the true positions are uneven within what may be interpolated.
   */
  readonly slicing: 'direct' | 'resampled';
  readonly nifti: NiftiStorage;
}

/**
 * How the NIfTI file of this image is stored: the file itself, or the one dcm2niix writes from DICOM. MONAI's
 * resampling begins at that file's first voxel and leans on the order of its axes, so the models' preprocessing needs it
 * to land on the same millimetre grid; nothing else does.
 */
export interface NiftiStorage {
  /** Our voxel axis (0 i, 1 j, 2 k) for each axis of the file. */
  readonly axes: readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];
  /** For each of our voxel axes: 1 where the file runs along it the same way, -1 where it runs against. */
  readonly direction: readonly [1 | -1, 1 | -1, 1 | -1];
}

export type VoxelArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Voxels in memory, i fastest. A value in the image's own units is `slope * voxel + intercept`. */
export interface Volume {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly voxels: VoxelArray;
  readonly slope: number;
  readonly intercept: number;
  readonly frameOfReferenceUid: string;
  readonly inverted: boolean;
  readonly window: { readonly center: number; readonly width: number } | null;
  /** Absent means the same axes in the same order and direction. */
  readonly nifti?: NiftiStorage;
  readonly problems: readonly Problem[];
}
