/**
 * How much one volume tells of another under a rigid motion: mutual information of a joint histogram over points in the
 * fixed volume's head (Mattes et al., IEEE TMI 2003, with linear windows; Studholme et al., Pattern Recognition 1999, for the
 * overlap). Points lie anywhere between voxels: on voxel centres, interpolation itself would make some motions look better.
 */
import { ijk, composeAffine, invertAffine, voxelToPatient, type Affine } from '../../shared/geometry.ts';
import { headMask } from './headExtent.ts';
import type { Level } from './level.ts';

const bins = 32;
/** Part of the values at the bright end that share the last bin. */
const brightShare = 0.005;

/** Points of the fixed volume with their bins. */
export interface FixedSamples {
  /** x, y, z in LPS mm, one after another. */
  readonly points: Float64Array;
  readonly bins: Uint8Array;
}

/** What a level's values are divided into bins by. */
interface Scale {
  readonly from: number;
  readonly perBin: number;
}

export interface MovingLevel {
  readonly level: Level;
  readonly lpsToVoxel: Affine;
  readonly scale: Scale;
}

function scaleOf({ values }: Level): Scale {
  const sorted = values.toSorted();
  const from = sorted[Math.floor(0.01 * (sorted.length - 1))]!;
  const to = sorted[Math.floor((1 - brightShare) * (sorted.length - 1))]!;
  return { from, perBin: Math.max(1e-12, (to - from) / (bins - 1)) };
}

/** Repeatable numbers from 0 to 1 (a linear congruence: nothing here needs better). */
export function repeatable(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * Points spread over the head of a level and one cell of a coarse level around it.
 * @param coarse a coarser level of the same volume, whose cells say where the head is
 */
export function sampleHead(level: Level, coarse: Level, count: number, seed: number): FixedSamples {
  const cells = dilated(headMask(coarse), coarse.dims);
  const random = repeatable(seed);
  const toLevel = composeAffine(invertAffine(level.voxelToLps), coarse.voxelToLps);
  const scale = scaleOf(level);
  const points = new Float64Array(3 * count);
  const fixedBins = new Uint8Array(count);
  const [ni, nj] = coarse.dims;
  let kept = 0;
  for (let n = 0; n < count && cells.length > 0; n++) {
    const cell = cells[Math.floor(random() * cells.length)]!;
    const place = ijk((cell % ni) + random() - 0.5, (Math.floor(cell / ni) % nj) + random() - 0.5, Math.floor(cell / (ni * nj)) + random() - 0.5);
    const [i, j, k] = voxelToPatient(toLevel, place);
    const value = interpolate(level, i, j, k);
    if (Number.isNaN(value)) continue;
    const [x, y, z] = voxelToPatient(coarse.voxelToLps, place);
    points[3 * kept] = x;
    points[3 * kept + 1] = y;
    points[3 * kept + 2] = z;
    fixedBins[kept++] = Math.round(Math.min(bins - 1, Math.max(0, (value - scale.from) / scale.perBin)));
  }
  return { points: points.slice(0, 3 * kept), bins: fixedBins.slice(0, kept) };
}

/** Numbers of the cells of a mask and their neighbours. */
function dilated(mask: Uint8Array, [ni, nj, nk]: Level['dims']): Uint32Array {
  const out: number[] = [];
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++) {
        let near = false;
        for (let dk = Math.max(0, k - 1); dk <= Math.min(nk - 1, k + 1) && !near; dk++) {
          for (let dj = Math.max(0, j - 1); dj <= Math.min(nj - 1, j + 1) && !near; dj++) {
            for (let di = Math.max(0, i - 1); di <= Math.min(ni - 1, i + 1) && !near; di++) near = mask[(dk * nj + dj) * ni + di] === 1;
          }
        }
        if (near) out.push((k * nj + j) * ni + i);
      }
    }
  }
  return Uint32Array.from(out);
}

export const movingLevel = (level: Level): MovingLevel => ({ level, lpsToVoxel: invertAffine(level.voxelToLps), scale: scaleOf(level) });

export interface Likeness {
  /** Entropy correlation coefficient 2 I(a, b) / (H(a) + H(b)) over the overlap, 0..1. */
  readonly value: number;
  /** Part of the points that fall within the moving volume. */
  readonly overlap: number;
}

const joint = new Float64Array(bins * bins);
const ofFixed = new Float64Array(bins);
const ofMoving = new Float64Array(bins);

/** @param motion takes LPS of the fixed volume to LPS of the moving one */
export function likeness({ points, bins: fixedBins }: FixedSamples, { level, lpsToVoxel, scale }: MovingLevel, motion: Affine): Likeness {
  const m = composeAffine(lpsToVoxel, motion);
  const { values, dims: [ni, nj, nk] } = level;
  const plane = ni * nj;
  joint.fill(0);
  ofMoving.fill(0);
  ofFixed.fill(0);
  const last = bins - 1;
  let inside = 0;
  for (let n = 0, at = 0; n < fixedBins.length; n++, at += 3) {
    const x = points[at]!, y = points[at + 1]!, z = points[at + 2]!;
    const i = m[0] * x + m[1] * y + m[2] * z + m[3];
    const j = m[4] * x + m[5] * y + m[6] * z + m[7];
    const k = m[8] * x + m[9] * y + m[10] * z + m[11];
    if (!(i >= 0 && j >= 0 && k >= 0 && i <= ni - 1 && j <= nj - 1 && k <= nk - 1)) continue;
    const i0 = Math.min(ni - 2, Math.floor(i)), j0 = Math.min(nj - 2, Math.floor(j)), k0 = Math.min(nk - 2, Math.floor(k));
    const u = i - i0, v = j - j0, w = k - k0;
    const from = k0 * plane + j0 * ni + i0;
    const low = (values[from]! * (1 - u) + values[from + 1]! * u) * (1 - v) + (values[from + ni]! * (1 - u) + values[from + ni + 1]! * u) * v;
    const up = from + plane;
    const high = (values[up]! * (1 - u) + values[up + 1]! * u) * (1 - v) + (values[up + ni]! * (1 - u) + values[up + ni + 1]! * u) * v;
    const place = Math.min(last, Math.max(0, (low * (1 - w) + high * w - scale.from) / scale.perBin));
    const bin = Math.min(last - 1, Math.floor(place));
    const part = place - bin;
    const row = fixedBins[n]!;
    joint[row * bins + bin] = joint[row * bins + bin]! + 1 - part;
    joint[row * bins + bin + 1] = joint[row * bins + bin + 1]! + part;
    inside++;
  }
  const overlap = fixedBins.length === 0 ? 0 : inside / fixedBins.length;
  return { value: inside < 200 ? 0 : correlation(inside), overlap };
}

function correlation(total: number): number {
  let together = 0;
  for (let row = 0; row < bins; row++) {
    for (let column = 0; column < bins; column++) {
      const count = joint[row * bins + column]!;
      if (count <= 0) continue;
      ofFixed[row] = ofFixed[row]! + count;
      ofMoving[column] = ofMoving[column]! + count;
      together -= count * Math.log(count);
    }
  }
  const entropy = (counts: Float64Array): number => counts.reduce((sum, count) => (count > 0 ? sum - count * Math.log(count) : sum), 0) / total + Math.log(total);
  const [a, b, ab] = [entropy(ofFixed), entropy(ofMoving), together / total + Math.log(total)];
  return a + b > 1e-9 ? Math.max(0, (2 * (a + b - ab)) / (a + b)) : 0;
}

/** Trilinear value, NaN outside of the cell centres. Levels of a single slice have no depth to interpolate in. */
function interpolate({ values, dims: [ni, nj, nk] }: Level, i: number, j: number, k: number): number {
  if (!(i >= 0 && j >= 0 && k >= 0 && i <= ni - 1 && j <= nj - 1 && k <= nk - 1)) return Number.NaN;
  const i0 = Math.max(0, Math.min(ni - 2, Math.floor(i))), j0 = Math.max(0, Math.min(nj - 2, Math.floor(j))), k0 = Math.max(0, Math.min(nk - 2, Math.floor(k)));
  const at = (di: number, dj: number, dk: number): number => values[(k0 + dk) * ni * nj + (j0 + dj) * ni + i0 + di]!;
  const [u, v, w] = [i - i0, j - j0, k - k0];
  const sheet = (dk: number): number => (at(0, 0, dk) * (1 - u) + at(1, 0, dk) * u) * (1 - v) + (at(0, 1, dk) * (1 - u) + at(1, 1, dk) * u) * v;
  return sheet(0) * (1 - w) + sheet(1) * w;
}
