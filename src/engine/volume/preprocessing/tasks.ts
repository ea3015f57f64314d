/**
 * What the preprocessing workers can do, as plain data in and out, so that the same functions run in a worker and, in
 * tests, in place. Voxels and sums lie in shared memory: nothing large is copied between threads.
 */
import type { VoxelArray } from '../types.ts';
import { binCount, countValues, curate, curationOfFloats, type Curation } from './curation.ts';
import { normalise } from './normalise.ts';
import { sampleOnto, type OntoGridRange } from './ontoGrid.ts';
import { addSlices, type ResampleRange } from './resample.ts';
import { exactCell, traceLimit, type TraceSource } from './traceCells.ts';

export type Task =
  | { readonly kind: 'count'; readonly voxels: VoxelArray; readonly from: number; readonly to: number }
  | { readonly kind: 'curationOfFloats'; readonly voxels: Float32Array; readonly slope: number; readonly intercept: number }
  | { readonly kind: 'curateFloats'; readonly voxels: Float32Array; readonly curation: Curation; readonly from: number; readonly to: number; readonly out: Int16Array }
  | { readonly kind: 'ontoGrid'; readonly range: OntoGridRange; readonly out: Float32Array }
  | { readonly kind: 'addSlices'; readonly range: ResampleRange; readonly sum: Float32Array }
  | { readonly kind: 'finish'; readonly finish: Finish };

/** Sums over ranges of slices, float32 [k, j, i cells], to one normalised channel [S, A, R]. */
export interface Finish {
  readonly sums: readonly Float32Array[];
  readonly source: TraceSource;
}

export interface TaskResults {
  count: Uint32Array<ArrayBuffer>;
  curationOfFloats: Curation;
  curateFloats: null;
  ontoGrid: null;
  addSlices: null;
  finish: Float32Array<ArrayBuffer>;
}

export function runTask(task: Task): TaskResults[Task['kind']] {
  switch (task.kind) {
    case 'count': {
      const bins = new Uint32Array(binCount);
      countValues(task.voxels, task.from, task.to, bins);
      return bins;
    }
    case 'curationOfFloats':
      return curationOfFloats(task.voxels, task);
    case 'curateFloats':
      for (let n = task.from; n < task.to; n++) task.out[n] = curate(task.voxels[n]!, task.curation);
      return null;
    case 'ontoGrid':
      sampleOnto(task.range, task.out);
      return null;
    case 'addSlices':
      addSlices(task.range, task.sum);
      return null;
    case 'finish':
      return finish(task.finish);
  }
}

function finish({ sums, source }: Finish): Float32Array<ArrayBuffer> {
  const { size, plan } = source;
  const [superior, anterior, right] = size;
  const voxelAxes = plan.axes.map(({ voxelAxis }) => voxelAxis);
  const cells = [0, 0, 0];
  voxelAxes.forEach((axis, n) => { cells[axis] = size[n]!; });
  const strides = [1, cells[0]!, cells[0]! * cells[1]!];
  const [s, a, r] = voxelAxes.map((axis) => strides[axis]!) as [number, number, number];
  const exact = exactCell(source);
  const out = new Float32Array(superior * anterior * right);
  let n = 0;
  for (let z = 0; z < superior; z++) {
    for (let y = 0; y < anterior; y++) {
      for (let x = 0; x < right; x++) {
        let total = 0;
        for (const sum of sums) total += sum[z * s + y * a + x * r]!;
        out[n++] = total < traceLimit && total !== 0 ? exact(z, y, x) : total;
      }
    }
  }
  normalise(out);
  return out;
}
