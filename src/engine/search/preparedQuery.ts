/** A query made ready for the scan: its products with all centroids, and itself in the basis and steps of the codes. */
import { centroidsPerLevel } from './codebook.ts';
import { mostRows, type IndexMemory } from './indexMemory.ts';
import type { Kernels } from './kernels.ts';

/** 16-bit steps in a similarity of 1. */
export const stepsPerUnit = 30_000;

export interface PreparedQuery {
  readonly rows: number;
  /** Rows rounded up to a multiple of 16. */
  readonly columns: number;
  /** Largest sum of centroids that any row could reach: similarity = top - distance / stepsPerUnit. */
  readonly top: number;
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

  kernels.products(layout.query, columns, layout.centroids, levels * centroidsPerLevel, stride, layout.tables, columns);
  const tables = arena.floats(layout.tables, levels * centroidsPerLevel * columns);
  let top = 0;
  for (let level = 0; level < levels; level++) {
    let most = -Infinity;
    for (let at = level * centroidsPerLevel * columns, end = at + centroidsPerLevel * columns; at < end; at++) if (at % columns < rows && tables[at]! > most) most = tables[at]!;
    kernels.distances(layout.tables + level * centroidsPerLevel * columns * 4, centroidsPerLevel, rows, columns, most, stepsPerUnit, layout.distances + level * centroidsPerLevel * columns * 2);
    top += most;
  }

  kernels.products(layout.query, columns, layout.basis, dims, stride, layout.turnedQuery, columns);
  const turned = arena.floats(layout.turnedQuery, dims * columns);
  const steps = arena.floats(layout.steps, dims);
  const packed = new Int8Array(arena.memory.buffer, layout.packedQuery, dims * columns);
  const [scales, offsets, margins] = [layout.scales, layout.offsets, layout.margins].map((at) => arena.floats(at, columns).fill(0)) as [Float32Array, Float32Array, Float32Array];
  packed.fill(0);
  for (let row = 0; row < rows; row++) {
    let most = 0;
    for (let k = 0; k < dims; k++) most = Math.max(most, Math.abs(turned[k * columns + row]! * steps[k]!));
    const scale = most === 0 ? 1 : most / 127;
    let sum = 0;
    let off = 0;
    for (let k = 0; k < dims; k++) {
      const exact = turned[k * columns + row]! * steps[k]!;
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
  return { rows, columns, top };
}
