/**
 * The three axis matrices applied to a range of slices: i, then j, within a slice, then added into the output along k.
 * One pass over the voxels in the order they lie in memory; nothing of the 1 mm grid is ever stored.
 */
import type { VoxelArray } from '../types.ts';
import { binOffset } from './curation.ts';
import type { AxisWeights } from './axisWeights.ts';

export interface ResampleRange {
  readonly voxels: VoxelArray;
  readonly dims: readonly [number, number, number];
  /** Curated value by stored value plus offset for integers; null for voxels that are curated already. */
  readonly table: Int16Array | null;
  readonly axes: readonly [AxisWeights, AxisWeights, AxisWeights];
  readonly fromSlice: number;
  readonly toSlice: number;
}

/** Adds slices `fromSlice` up to `toSlice` to `sum`, float32 [k cells, j cells, i cells]. */
export function addSlices(range: ResampleRange, sum: Float32Array): void {
  const { voxels, dims: [ni, nj], table, axes: [alongI, alongJ, alongK] } = range;
  const rowValues = new Float64Array(ni);
  const columns = new Float32Array(nj * alongI.size);
  const plane = new Float32Array(alongJ.size * alongI.size);
  for (let k = range.fromSlice; k < range.toSlice; k++) {
    const cells = cellsUsing(alongK, k);
    if (cells.length === 0) continue;
    for (let j = 0; j < nj; j++) {
      readRow(voxels, (k * nj + j) * ni, table, rowValues);
      gather(rowValues, alongI, columns, j * alongI.size);
    }
    combineRows(columns, alongJ, alongI.size, plane);
    for (const { cell, weight } of cells) {
      const start = cell * plane.length;
      for (let n = 0; n < plane.length; n++) sum[start + n] = sum[start + n]! + weight * plane[n]!;
    }
  }
}

function cellsUsing({ size, first, count, start, weights }: AxisWeights, voxel: number): { cell: number; weight: number }[] {
  const cells: { cell: number; weight: number }[] = [];
  for (let cell = 0; cell < size; cell++) {
    const n = voxel - first[cell]!;
    const weight = n >= 0 && n < count[cell]! ? weights[start[cell]! + n]! : 0;
    if (weight !== 0) cells.push({ cell, weight });
  }
  return cells;
}

function readRow(voxels: VoxelArray, start: number, table: Int16Array | null, row: Float64Array): void {
  const length = row.length;
  if (table === null) {
    for (let i = 0; i < length; i++) row[i] = voxels[start + i]!;
    return;
  }
  const offset = binOffset(voxels);
  for (let i = 0; i < length; i++) row[i] = table[voxels[start + i]! + offset]!;
}

function gather(row: Float64Array, { size, first, count, start, weights }: AxisWeights, out: Float32Array, outStart: number): void {
  for (let cell = 0; cell < size; cell++) {
    const from = first[cell]!;
    const weight = start[cell]!;
    const taps = count[cell]!;
    let sum = 0;
    for (let n = 0; n < taps; n++) sum += weights[weight + n]! * row[from + n]!;
    out[outStart + cell] = sum;
  }
}

function combineRows(columns: Float32Array, { size, first, count, start, weights }: AxisWeights, width: number, plane: Float32Array): void {
  plane.fill(0);
  for (let cell = 0; cell < size; cell++) {
    const out = cell * width;
    for (let n = 0; n < count[cell]!; n++) {
      const weight = weights[start[cell]! + n]!;
      const row = (first[cell]! + n) * width;
      if (weight === 0) continue;
      for (let i = 0; i < width; i++) plane[out + i] = plane[out + i]! + weight * columns[row + i]!;
    }
  }
}
