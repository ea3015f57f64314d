/** The codes of a case's rows (codebook.ts), written to their place in an index. */
import { centroidsPerLevel } from './codebook.ts';
import type { Place, Layout, ThreadRoom } from './indexMemory.ts';
import type { Kernels } from './kernels.ts';

/** @param vectors float32 [rows, width] */
export function encodeRows(kernels: Kernels, memory: WebAssembly.Memory, layout: Layout, room: ThreadRoom, place: Omit<Place, 'slot'>, vectors: Float32Array): void {
  const { stride, width, levels, dims } = layout;
  const { rows } = place;
  const own = new Float32Array(memory.buffer, room.rows, rows * stride);
  for (let row = 0; row < rows; row++) own.set(vectors.subarray(row * width, (row + 1) * width), row * stride);
  for (let level = 0; level < levels; level++) {
    kernels.assign(room.rows, rows, layout.centroids + level * centroidsPerLevel * stride * 4, layout.halves + level * centroidsPerLevel * 4, stride, place.ids + level, levels, room.turned, 1);
  }
  const lengths = new Float32Array(memory.buffer, room.lengths, rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = row * stride; k < (row + 1) * stride; k++) sum += own[k]! * own[k]!;
    lengths[row] = sum;
  }
  // dims is a multiple of 4, so the basis takes the left side.
  kernels.products(layout.basis, dims, room.rows, rows, stride, room.turned, dims);
  kernels.quantise(room.turned, rows, dims, layout.steps, room.lengths, place.codes, place.errors);
}
