/** A query made ready for the scan: its products with all centroids, and itself in the basis and steps of the codes. */
import { centroidsPerLevel } from './codebook.ts';
import { mostRows, type IndexMemory } from './indexMemory.ts';
import type { Kernels } from './kernels.ts';

/** A distance of the first look is in so many parts of an 8-bit step. */
const partsOfStep = 257;
/** The first looks of queries of so few rows are refined (kernels/search.ts, refineFew). */
export const fewRows = 4;
/** Refined distances: from a little above a similarity of 1, 65,535 steps reach below -1. */
export const refinedScale = { top: 1.05, perUnit: 65_535 / 2.1 } as const;

export interface PreparedQuery {
  readonly rows: number;
  /** Rows rounded up to a multiple of 16. */
  readonly columns: number;
  /** What the first look's distances mean: similarity = top - distance / perUnit. */
  readonly top: number;
  readonly perUnit: number;
}

/**
 * Writes the query into the index's memory; one at a time.
 * @param query float32 [rows, width]
 * @throws RangeError if it has more than 256 rows
 */
export function prepareQuery(kernels: Kernels, { arena, layout }: IndexMemory, query: Float32Array): PreparedQuery {
  const { stride, width, levels, dims } = layout;
  const rows = query.length / width;
  if (rows > mostRows) throw new RangeError(`${rows} rows in a query`);
  const columns = Math.ceil(rows / 16) * 16;
  const own = arena.floats(layout.query, columns * stride).fill(0);
  for (let row = 0; row < rows; row++) own.set(query.subarray(row * width, (row + 1) * width), row * stride);
  const ordered = new Float64Array(arena.memory.buffer, layout.orderedQuery, width * columns).fill(0);
  for (let row = 0; row < rows; row++) for (let k = 0; k < width; k++) ordered[k * columns + row] = query[row * width + k]!;

  kernels.products(layout.query, columns, layout.centroids, levels * centroidsPerLevel, stride, layout.tables, columns);
  const tables = arena.floats(layout.tables, levels * centroidsPerLevel * columns);
  // Steps are as wide as this query's distances need: 255 reach to where an average row lies, so that packs whose rows lie close
  // together are told apart as well.
  let [top, range] = [0, 0];
  const tops: number[] = [];
  for (let level = 0; level < levels; level++) {
    let [most, sum] = [-Infinity, 0];
    for (let centroid = 0, at = level * centroidsPerLevel * columns; centroid < centroidsPerLevel; centroid++, at += columns) {
      for (let column = at; column < at + rows; column++) {
        const similarity = tables[column]!;
        sum += similarity;
        if (similarity > most) most = similarity;
      }
    }
    tops.push(most);
    top += most;
    range += most - sum / (centroidsPerLevel * rows);
  }
  const steps = 255 / Math.max(range, 1e-6);
  tops.forEach((most, level) => {
    const from = level * centroidsPerLevel * columns;
    kernels.distances(layout.tables + from * 4, centroidsPerLevel, rows, columns, most, steps, layout.distances + from);
  });

  kernels.products(layout.query, columns, layout.basis, dims, stride, layout.turnedQuery, columns);
  const turned = arena.floats(layout.turnedQuery, dims * columns);
  const codeSteps = arena.floats(layout.steps, dims);
  const packed = new Int8Array(arena.memory.buffer, layout.packedQuery, dims * columns);
  const [scales, offsets, margins] = [layout.scales, layout.offsets, layout.margins].map((at) => arena.floats(at, columns).fill(0)) as [Float32Array, Float32Array, Float32Array];
  packed.fill(0);
  for (let row = 0; row < rows; row++) {
    let most = 0;
    for (let k = 0; k < dims; k++) most = Math.max(most, Math.abs(turned[k * columns + row]! * codeSteps[k]!));
    const scale = most === 0 ? 1 : most / 127;
    let sum = 0;
    let off = 0;
    for (let k = 0; k < dims; k++) {
      const exact = turned[k * columns + row]! * codeSteps[k]!;
      const code = Math.round(exact / scale);
      packed[((k >> 2) * columns + row) * 4 + (k & 3)] = code;
      sum += code;
      // A code is at most 7.5 steps.
      off += Math.abs(exact - code * scale) * 7.5;
    }
    scales[row] = scale;
    offsets[row] = 7.5 * sum * scale;
    // Also for the order in which float32 sums are taken.
    margins[row] = off + 1e-5;
  }
  return rows <= fewRows ? { rows, columns, ...refinedScale } : { rows, columns, top, perUnit: steps * partsOfStep };
}
