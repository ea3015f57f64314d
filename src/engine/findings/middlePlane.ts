/**
 * The middle plane of a head in a prepared volume: a plane fitted to the middles of its outline, row by row. Patients lie
 * tilted and off centre, so that the middle of the picture tells the wrong side of what lies near the midline.
 */
import { axisStep, dot, invertAffine, lps, patientToVoxel, voxelToPatient, ijk, norm, type Affine, type Lps } from '../../shared/geometry.ts';
import { darkened } from '../outside/darkened.ts';

/** As it is stored: LPS, a normal of length 1 that points to the patient's left, and its distance from the origin along that. */
export interface PlaneNumbers {
  readonly normal: readonly [number, number, number];
  readonly offsetMm: number;
}

export interface MiddlePlane extends PlaneNumbers {
  /** Distance of a point from the plane, mm; positive on the patient's left. */
  towardsLeftMm(point: Lps): number;
}

export const planeOf = ({ normal, offsetMm }: PlaneNumbers): MiddlePlane => ({ normal, offsetMm, towardsLeftMm: (point) => dot(normal, point) - offsetMm });

type Size = readonly [superior: number, anterior: number, right: number];

/** Rows of the outline: blocks of this many voxels along anterior and right. */
const block = { anterior: 8, right: 4 };
/** Part of the 98th percentile of the blocks from which one counts as head. */
const headLevel = 0.2;
/** Rows narrower than this part of the widest one are left out: the vertex, the chin. */
const leastWidth = 0.5;
/** Part of the rows that each fit keeps: ears, a mass or a cut-off picture spoil the others. */
const keptShare = 0.6;
const fits = 5;

/**
 * @param volume one channel, uint8 [S, A, R], 0..1 times 255
 * @param size its voxels along superior, anterior, right
 * @param voxelToLps takes a voxel (i to the right, j to anterior, k to superior) to LPS mm: gridToLps of the same size
 * @returns the fitted plane, or the one through the middle of the picture where there is no outline to fit
 */
export function middlePlane(volume: Uint8Array, size: Size, voxelToLps: Affine): MiddlePlane {
  const [a, b, c] = fitMiddle(outlineRows(volume, size)) ?? [size[2] / 2 - 0.5, 0, 0];
  const toVoxel = invertAffine(voxelToLps);
  // i = a + b k + c j: the gradient of i - a - b k - c j in patient space gives the distance in mm.
  const gradient = gradientOf(toVoxel, [1, -c, -b]);
  const length = norm(gradient);
  // The grid grows to the right; a step to the left must count positive.
  const left = dot(axisStep(voxelToLps, 0), gradient) > 0 ? -1 : 1;
  const [i, j, k] = patientToVoxel(toVoxel, lps(0, 0, 0));
  return planeOf({ normal: [(left * gradient[0]) / length, (left * gradient[1]) / length, (left * gradient[2]) / length], offsetMm: (-left * (i - a - b * k - c * j)) / length });
}

const gradientOf = (inverse: Affine, [i, j, k]: readonly [number, number, number]): Lps => {
  const at = (column: 0 | 1 | 2): number => inverse[column] * i + inverse[(4 + column) as 4] * j + inverse[(8 + column) as 8] * k;
  return voxelToPatient([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], ijk(at(0), at(1), at(2)));
};

interface OutlineRow {
  readonly superior: number;
  readonly anterior: number;
  /** Middle between the first and the last block of head, and the distance between them, in voxels along right. */
  readonly middle: number;
  readonly width: number;
}

function outlineRows(volume: Uint8Array, [ns, na, nr]: Size): OutlineRow[] {
  const dark = darkened(volume);
  const rows = Math.floor(na / block.anterior);
  const columns = Math.floor(nr / block.right);
  const means = new Float32Array(ns * rows * columns);
  for (let s = 0; s < ns; s++) {
    for (let a = 0; a < rows * block.anterior; a++) {
      for (let r = 0; r < columns * block.right; r++) {
        const at = (s * rows + Math.floor(a / block.anterior)) * columns + Math.floor(r / block.right);
        means[at] = means[at]! + dark[(s * na + a) * nr + r]!;
      }
    }
  }
  const level = headLevel * means.toSorted()[Math.floor(0.98 * (means.length - 1))]!;
  const out: OutlineRow[] = [];
  for (let s = 0; s < ns; s++) {
    for (let a = 0; a < rows; a++) {
      const row = means.subarray((s * rows + a) * columns, (s * rows + a + 1) * columns);
      const first = row.findIndex((value) => value > level);
      const last = row.findLastIndex((value) => value > level);
      const head = row.reduce((count, value) => count + (value > level ? 1 : 0), 0);
      if (head < columns / 4) continue;
      out.push({ superior: s, anterior: (a + 0.5) * block.anterior - 0.5, middle: ((first + last + 1) / 2) * block.right - 0.5, width: last - first + 1 });
    }
  }
  const widest = out.reduce((most, { width }) => Math.max(most, width), 0);
  return out.filter(({ width }) => width >= leastWidth * widest);
}

/** Least squares of middle = a + b superior + c anterior, trimmed. */
function fitMiddle(rows: readonly OutlineRow[]): readonly [number, number, number] | null {
  let kept = rows;
  let plane: readonly [number, number, number] | null = null;
  for (let fit = 0; fit < fits; fit++) {
    plane = leastSquares(kept);
    if (plane === null) return null;
    const [a, b, c] = plane;
    const misfit = ({ superior, anterior, middle }: OutlineRow): number => Math.abs(a + b * superior + c * anterior - middle);
    const limit = rows.map(misfit).sort((x, y) => x - y)[Math.floor(keptShare * (rows.length - 1))]!;
    kept = rows.filter((row) => misfit(row) <= limit);
  }
  return plane;
}

function leastSquares(rows: readonly OutlineRow[]): readonly [number, number, number] | null {
  const count = rows.length;
  if (count < 20) return null;
  const mean = (of: (row: OutlineRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0) / count;
  const [s0, a0, m0] = [mean((row) => row.superior), mean((row) => row.anterior), mean((row) => row.middle)];
  let [ss, sa, aa, sm, am] = [0, 0, 0, 0, 0];
  for (const { superior, anterior, middle } of rows) {
    const [s, a, m] = [superior - s0, anterior - a0, middle - m0];
    ss += s * s;
    sa += s * a;
    aa += a * a;
    sm += s * m;
    am += a * m;
  }
  const determinant = ss * aa - sa * sa;
  if (!(determinant > 1e-6)) return null;
  const b = (sm * aa - am * sa) / determinant;
  const c = (am * ss - sm * sa) / determinant;
  return [m0 - b * s0 - c * a0, b, c];
}
