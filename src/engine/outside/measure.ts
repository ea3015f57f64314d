/**
 * Measurements `brat-outside/1` of one prepared volume: the same numbers as training/brat_train/outside/measure.py, which
 * says what they are for (outside.parity.test.ts holds the two together). Almost everything is counted in whole numbers.
 */
import { EngineError } from '../../shared/errors.ts';
import { darkened } from './darkened.ts';

type Size = readonly [superior: number, anterior: number, right: number];

/** Groups of measurements in their order, and how many each has. */
export const groups = [['place', 2048], ['bright', 2048], ['dark', 512], ['levels', 15], ['edges', 8]] as const;
export const measurementCount = groups.reduce((sum, [, count]) => sum + count, 0);

const reducedSize: Size = [32, 64, 64];
const coarse: Size = [8, 16, 16];
const coarser: Size = [8, 8, 8];
/** Part of the 98th percentile from which a cell counts as the object, not as background. */
const objectLevel = 0.2;
const objectPercentile = 0.98;
const levelStep = 16;

/** @throws EngineError `pack/bad-shape` if the volume cannot be cut into the blocks */
export function measure(volume: Uint8Array, size: Size): Float64Array {
  const reduced = reduce(darkened(volume), size);
  const ranks = ranked(reduced);
  return Float64Array.from([
    ...overBlocks(ranks, coarse, 0, (sum, value) => sum + value).map((sum) => sum / (4 * 4 * 4)),
    ...overBlocks(reduced, coarse, 0, Math.max).map((value) => value / 255),
    ...overBlocks(ranks, coarser, Infinity, Math.min),
    ...levels(reduced),
    ...edges(reduced, ranks),
  ]);
}

/** Whole-number means of the blocks that make [32, 64, 64]. */
function reduce(volume: Uint8Array, size: Size): Uint8Array {
  const block = size.map((count, axis) => count / reducedSize[axis]!) as [number, number, number];
  if (!block.every(Number.isInteger)) throw new EngineError('pack/bad-shape', `A volume of ${size.join(' x ')} cannot be measured in blocks of ${reducedSize.join(' x ')}`, { subject: 'madeFor', advice: 'Install the model pack again' });
  const [, na] = size;
  const [, ra, rr] = reducedSize;
  const sums = new Uint32Array(32 * ra * rr);
  for (let s = 0, at = 0; s < size[0]; s++) {
    for (let a = 0; a < na; a++) {
      const row = (Math.floor(s / block[0]) * ra + Math.floor(a / block[1])) * rr;
      for (let cell = row; cell < row + rr; cell++) {
        let sum = 0;
        for (const end = at + block[2]; at < end; at++) sum += volume[at]!;
        sums[cell] = sums[cell]! + sum;
      }
    }
  }
  return Uint8Array.from(sums, (sum) => Math.floor(sum / (block[0] * block[1] * block[2])));
}

/** Each cell's rank among the object's cells, 0..1; the background 0. */
function ranked(reduced: Uint8Array): Float64Array {
  const counts = countsOf(reduced);
  let seen = 0;
  const top = counts.findIndex((count) => (seen += count) >= objectPercentile * reduced.length);
  const level = Math.floor(objectLevel * top);
  const table = new Float64Array(256);
  let below = 0;
  for (let value = level + 1; value < 256; value++) {
    table[value] = below + counts[value]! / 2;
    below += counts[value]!;
  }
  const ranks = new Float64Array(reduced.length);
  for (let at = 0; at < ranks.length; at++) if (reduced[at]! > level) ranks[at] = table[reduced[at]!]! / below;
  return ranks;
}

function countsOf(reduced: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of reduced) counts[value]! += 1;
  return counts;
}

/** Folds the cells of each block of the reduced volume. */
function overBlocks(cells: ArrayLike<number>, grid: Size, start: number, fold: (all: number, value: number) => number): number[] {
  const [ns, na, nr] = reducedSize;
  const out = new Array<number>(grid[0] * grid[1] * grid[2]).fill(start);
  const [bs, ba, br] = [ns / grid[0], na / grid[1], nr / grid[2]];
  for (let s = 0; s < ns; s++) {
    for (let a = 0; a < na; a++) {
      const row = (Math.floor(s / bs) * grid[1] + Math.floor(a / ba)) * grid[2];
      for (let r = 0, cell = (s * na + a) * nr; r < nr; r++, cell++) {
        const at = row + Math.floor(r / br);
        out[at] = fold(out[at]!, cells[cell]!);
      }
    }
  }
  return out;
}

/** Share of the cells darker than each of 15 levels. */
function levels(reduced: Uint8Array): number[] {
  const counts = countsOf(reduced);
  let seen = 0;
  const below = Array.from(counts, (count) => (seen += count));
  return Array.from({ length: 15 }, (_, n) => below[levelStep * (n + 1) - 1]! / reduced.length);
}

/** Roughness along each axis and of second order, likeness of neighbour slices, likeness of both sides. */
function edges(reduced: Uint8Array, ranks: Float64Array): number[] {
  const spread = Math.max(deviation(reduced), 1e-6);
  const axes = [0, 1, 2] as const;
  const rough = [...axes.map((axis) => roughness(reduced, axis, 1)), ...axes.map((axis) => roughness(reduced, axis, 2))];
  const slice = reducedSize[1] * reducedSize[2];
  let alike = 0;
  for (let s = 0; s + 1 < reducedSize[0]; s++) alike += likeness(ranks.subarray(s * slice, (s + 1) * slice), ranks.subarray((s + 1) * slice, (s + 2) * slice));
  return [...rough.map((value) => Math.log(value / spread + 1e-3)), alike / (reducedSize[0] - 1), likeness(ranks, mirrored(ranks))];
}

function deviation(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    sum += values[at]!;
    squares += values[at]! ** 2;
  }
  const mean = sum / values.length;
  return Math.sqrt(Math.max(0, squares / values.length - mean * mean));
}

/** Mean absolute difference of neighbours along an axis, or of their differences. */
function roughness(cells: Uint8Array, axis: 0 | 1 | 2, order: 1 | 2): number {
  const stride = [reducedSize[1] * reducedSize[2], reducedSize[2], 1][axis]!;
  const along = reducedSize[axis];
  let [sum, count] = [0, 0];
  for (let at = 0; at < cells.length; at++) {
    if (Math.floor(at / stride) % along >= along - order) continue;
    sum += Math.abs(order === 1 ? cells[at + stride]! - cells[at]! : cells[at + 2 * stride]! - 2 * cells[at + stride]! + cells[at]!);
    count++;
  }
  return sum / count;
}

function mirrored(ranks: Float64Array): Float64Array {
  const width = reducedSize[2];
  return ranks.map((_, at) => ranks[at - (at % width) + (width - 1 - (at % width))]!);
}

/** Correlation, 0 where one of the two is constant. */
function likeness(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => {
    let sum = 0;
    for (let at = 0; at < values.length; at++) sum += values[at]!;
    return sum / values.length;
  };
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at]! - ma, b[at]! - mb];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  const both = Math.sqrt(aa * bb);
  return both > 1e-9 ? ab / both : 0;
}
