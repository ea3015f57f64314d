/**
 * The words of space used everywhere. Patient space is DICOM's LPS in millimetres: x grows to the patient's Left,
 * y to Posterior, z to Superior (PS3.3 C.7.6.2.1.1). Voxel indices are (i, j, k): i along a row (fastest in memory),
 * j down the columns, k from slice to slice. Pure types and small pure functions; no I/O.
 */

/** A point or direction in patient space, mm or unit length. Branded so that it cannot be mixed with {@link Ijk}. */
export type Lps = readonly [number, number, number] & { readonly space: 'lps-mm' };

/** A voxel index, possibly fractional. Integer values are voxel centres. */
export type Ijk = readonly [number, number, number] & { readonly space: 'voxel' };

/** Number of voxels along i, j and k. */
export type Dims = readonly [number, number, number];

/** Row-major 4 x 4 matrix taking homogeneous voxel indices (i, j, k, 1) to LPS mm; the last row is 0 0 0 1. */
export type Affine = readonly [
  number, number, number, number,
  number, number, number, number,
  number, number, number, number,
  number, number, number, number,
];

export const lps = (x: number, y: number, z: number): Lps => [x, y, z] as unknown as Lps;
export const ijk = (i: number, j: number, k: number): Ijk => [i, j, k] as unknown as Ijk;

type Triple = readonly [number, number, number];

export const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const norm = (a: Triple): number => Math.hypot(a[0], a[1], a[2]);

/** Right-handed cross product of two patient-space directions. */
export const cross = (a: Lps, b: Lps): Lps =>
  lps(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);

/** Applies a voxel-to-LPS affine to a voxel index. */
export function voxelToPatient(affine: Affine, index: Ijk): Lps {
  const [i, j, k] = index;
  return lps(
    affine[0] * i + affine[1] * j + affine[2] * k + affine[3],
    affine[4] * i + affine[5] * j + affine[6] * k + affine[7],
    affine[8] * i + affine[9] * j + affine[10] * k + affine[11],
  );
}

/** Column `axis` (0 i, 1 j, 2 k) of an affine: the step in mm that one voxel along this axis makes in patient space. */
export const axisStep = (affine: Affine, axis: 0 | 1 | 2): Lps => lps(affine[axis], affine[(4 + axis) as 4 | 5 | 6], affine[(8 + axis) as 8 | 9 | 10]);

/** Voxel spacing in mm along i, j and k. */
export const spacingMm = (affine: Affine): Dims => [norm(axisStep(affine, 0)), norm(axisStep(affine, 1)), norm(axisStep(affine, 2))];

/**
 * Inverse of a voxel-to-LPS affine: LPS mm to voxel index.
 * @throws RangeError if the affine is singular (callers refuse such geometry before they get here).
 */
export function invertAffine(affine: Affine): Affine {
  const [a, b, c, x, d, e, f, y, g, h, m, z] = affine;
  const determinant = a * (e * m - f * h) - b * (d * m - f * g) + c * (d * h - e * g);
  if (!(Math.abs(determinant) > 1e-12)) throw new RangeError('the affine is singular');
  const r = [
    (e * m - f * h) / determinant, (c * h - b * m) / determinant, (b * f - c * e) / determinant,
    (f * g - d * m) / determinant, (a * m - c * g) / determinant, (c * d - a * f) / determinant,
    (d * h - e * g) / determinant, (b * g - a * h) / determinant, (a * e - b * d) / determinant,
  ] as const;
  return [
    r[0], r[1], r[2], -(r[0] * x + r[1] * y + r[2] * z),
    r[3], r[4], r[5], -(r[3] * x + r[4] * y + r[5] * z),
    r[6], r[7], r[8], -(r[6] * x + r[7] * y + r[8] * z),
    0, 0, 0, 1,
  ];
}

/** Applies an LPS-to-voxel affine (from {@link invertAffine}) to a point in patient space. */
export function patientToVoxel(inverse: Affine, point: Lps): Ijk {
  const [x, y, z] = voxelToPatient(inverse, point as unknown as Ijk);
  return ijk(x, y, z);
}

/** Product of two affines: apply `inner` first, then `outer`. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const out: number[] = [];
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += (outer[4 * row + k] ?? 0) * (inner[4 * k + column] ?? 0);
      out.push(sum);
    }
  }
  return out as unknown as Affine;
}

/** Acquisition plane by the largest component of the slice normal; `oblique` when it is more than 20 degrees off. */
export type Plane = 'axial' | 'coronal' | 'sagittal' | 'oblique';
