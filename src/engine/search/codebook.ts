/**
 * How the rows of an archive are told in a few bytes: a sum of centroids, one of 256 at each level (additive quantisation),
 * and 4-bit codes of what is left over in the directions where most of it lies. Learnt from a sample of the archive's own
 * rows; a codebook never changes, a better one makes a new index. Codes only choose candidates: the ranking itself is
 * computed from the stored vectors.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { Arena, openKernels, sharedMemory } from './kernels.ts';

export const centroidsPerLevel = 256;
/** Numbers of a residual that get a 4-bit code at most: half as many bytes a row. */
const mostCoded = 160;
/** Width of a step, in standard deviations: the best 16 even steps for a normal distribution. */
const stepDeviations = 0.335;
const rounds = 6;

export interface Codebook {
  readonly width: number;
  /** Width rounded up to a multiple of 4: how rows lie in memory. */
  readonly stride: number;
  readonly levels: number;
  /** Numbers with a 4-bit code, a multiple of 32. */
  readonly dims: number;
  /** f32 [levels][256][stride] */
  readonly centroids: Float32Array;
  /** f32 [dims][stride], orthonormal rows (zero beyond the width) */
  readonly basis: Float32Array;
  /** f32 [dims] */
  readonly steps: Float32Array;
  /** Rows it was learnt from. */
  readonly learntFrom: number;
}

/** Bytes of a row in memory: an id a level, the codes, and how far they are off. */
export const rowBytes = ({ levels, dims }: Codebook): number => levels + dims / 2 + 1;

/** Repeatable whole numbers below a bound (xorshift). */
function chooser(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/**
 * Learns a codebook.
 * @param rows float32 [count, width]; some ten thousand are enough
 * @throws RangeError if there is no row
 */
export function learnCodebook(rows: Float32Array, width: number, levels = 3): Codebook {
  const count = rows.length / width;
  if (count < 1 || !Number.isInteger(count)) throw new RangeError(`${rows.length} numbers do not fill rows of width ${width}`);
  const stride = Math.ceil(width / 4) * 4;
  const arena = new Arena(sharedMemory());
  const kernels = openKernels(arena.memory);
  const pick = chooser(77);
  const padded = Math.ceil(count / 4) * 4;
  const at = { left: arena.take(padded * stride * 4), centroids: arena.take(levels * centroidsPerLevel * stride * 4), halves: arena.take(centroidsPerLevel * 4), ids: arena.take(padded), sims: arena.take(256 * 1024) };
  const left = arena.floats(at.left, padded * stride);
  for (let row = 0; row < count; row++) left.set(rows.subarray(row * width, (row + 1) * width), row * stride);
  const centroids = arena.floats(at.centroids, levels * centroidsPerLevel * stride);
  const ids = arena.bytes(at.ids, padded);

  const assignAll = (level: number, subtract: boolean): void => {
    fillHalves(arena.floats(at.halves, centroidsPerLevel), centroids.subarray(level * centroidsPerLevel * stride), stride);
    const own = at.centroids + level * centroidsPerLevel * stride * 4;
    for (let row = 0; row < count; row += 256) kernels.assign(at.left + row * stride * 4, Math.min(256, count - row), own, at.halves, stride, at.ids + row, 1, at.sims, subtract ? 1 : 0);
  };

  for (let level = 0; level < levels; level++) {
    const own = centroids.subarray(level * centroidsPerLevel * stride, (level + 1) * centroidsPerLevel * stride);
    const reseed = (centroid: number): void => { const row = pick(count); own.set(left.subarray(row * stride, (row + 1) * stride), centroid * stride); };
    for (let centroid = 0; centroid < centroidsPerLevel; centroid++) reseed(centroid);
    for (let round = 0; round < rounds; round++) {
      assignAll(level, false);
      moveToMeans(own, left, ids, count, stride, reseed);
    }
    assignAll(level, true);
  }

  const dims = Math.ceil(Math.min(width, mostCoded) / 32) * 32;
  const { basis, deviations } = mainDirections(left, count, width, stride, dims);
  return { width, stride, levels, dims, centroids: new Float32Array(centroids), basis, steps: deviations.map((deviation) => deviation * stepDeviations), learntFrom: count };
}

/** Half the squared length of each centroid. */
export function fillHalves(halves: Float32Array, centroids: Float32Array, stride: number): void {
  for (let centroid = 0; centroid < centroidsPerLevel; centroid++) {
    let sum = 0;
    for (let k = 0; k < stride; k++) sum += centroids[centroid * stride + k]! ** 2;
    halves[centroid] = sum / 2;
  }
}

function moveToMeans(centroids: Float32Array, rows: Float32Array, ids: Uint8Array, count: number, stride: number, reseed: (centroid: number) => void): void {
  const sums = new Float64Array(centroidsPerLevel * stride);
  const members = new Uint32Array(centroidsPerLevel);
  for (let row = 0; row < count; row++) {
    const centroid = ids[row]!;
    members[centroid]! += 1;
    for (let k = 0, from = row * stride, to = centroid * stride; k < stride; k++) sums[to + k]! += rows[from + k]!;
  }
  for (let centroid = 0; centroid < centroidsPerLevel; centroid++) {
    if (members[centroid] === 0) reseed(centroid);
    else for (let k = 0; k < stride; k++) centroids[centroid * stride + k] = sums[centroid * stride + k]! / members[centroid]!;
  }
}

/** The orthonormal directions in which rows (about zero) vary most, and their standard deviations. */
function mainDirections(rows: Float32Array, count: number, width: number, stride: number, dims: number): { basis: Float32Array; deviations: Float32Array } {
  // Some thousand rows tell a covariance of a few hundred numbers well enough.
  const step = Math.max(1, Math.floor(count / 6000));
  const covariance = new Float64Array(width * width);
  let used = 0;
  for (let row = 0; row < count; row += step, used++) {
    const line = rows.subarray(row * stride, row * stride + width);
    for (let a = 0; a < width; a++) {
      const value = line[a]!;
      for (let b = a, to = a * width + a; b < width; b++, to++) covariance[to]! += value * line[b]!;
    }
  }
  const matrix = Matrix.zeros(width, width);
  for (let a = 0; a < width; a++) {
    for (let b = a; b < width; b++) {
      const value = covariance[a * width + b]! / used;
      matrix.set(a, b, value);
      matrix.set(b, a, value);
    }
  }
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = values.map((_, index) => index).sort((a, b) => values[b]! - values[a]!).slice(0, dims);
  const basis = new Float32Array(dims * stride);
  const deviations = new Float32Array(dims);
  order.forEach((column, index) => {
    for (let k = 0; k < width; k++) basis[index * stride + k] = vectors.get(k, column);
    deviations[index] = Math.sqrt(Math.max(0, values[column]!));
  });
  return { basis, deviations };
}
