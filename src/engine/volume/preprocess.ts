/**
 * The official brat preprocessing, `brat/1` in pack manifests: volumes to the encoder's input. Equal to the paper's
 * curation followed by MONAI's transforms within 1e-3 at every voxel (preprocess.parity.test.ts):
 *   clip at the 99th percentile, rescale to 0..800, int16 (preprocessing/curation.ts), then EnsureChannelFirst,
 *   Spacing(1 mm, bilinear), Orientation('SAR'), Resize(size, 'area') (preprocessing/resamplingPlan.ts, axisWeights.ts, resample.ts),
 *   NormalizeIntensity(nonzero, channel_wise), ScaleIntensity(0, 1) (preprocessing/normalise.ts).
 * Differences of form: spacing, orientation and resizing are composed into one sparse matrix per axis, and the work is
 * cut into ranges of slices over worker threads: 512 x 512 x 176 int16 takes 0.55 s of processor time in all (Node 24, one
 * core of the build machine, November 2026), most of it shared between the threads; float32 about twice that.
 * MONOCHROME1 is not inverted, as dcm2niix does not invert it.
 */
import { cancelledError } from '../../shared/errors.ts';
import { axisWeights, type AxisWeights } from './preprocessing/axisWeights.ts';
import { binCount, binOffset, curationFromBins, curationTable } from './preprocessing/curation.ts';
import { betweenGrids, sameGrid } from './preprocessing/ontoGrid.ts';
import { planResampling, type ResamplingPlan } from './preprocessing/resamplingPlan.ts';
import { createWorkerPool, type WorkerPool } from './preprocessing/workerPool.ts';
import type { Volume, VoxelArray } from './types.ts';

export interface Preprocessor {
  /**
   * @param channels one volume per channel of the pack, null for a sequence that was not acquired: all zeros. The first
   *   volume present sets the grid; others not on it are curated on their own voxels, then sampled on it by true
   *   positions (trilinear, zero outside).
   * @param size output voxels along superior, anterior, right
   * @returns float32 [channels, superior, anterior, right], row-major, each channel 0..1
   * @throws EngineError `volume/flat`, `volume/not-finite`, `cancelled`
   */
  run(channels: readonly (Volume | null)[], size: readonly [number, number, number], options?: { readonly signal?: AbortSignal }): Promise<Float32Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Curated voxels: by table from the stored ones, or written out where the stored ones are floats. */
interface Curated {
  readonly voxels: VoxelArray;
  readonly table: Int16Array | null;
}

export function createPreprocessor(pool: WorkerPool = createWorkerPool()): Preprocessor {
  return {
    async run(channels, size, { signal } = {}) {
      const cellCount = size[0] * size[1] * size[2];
      const out = new Float32Array(channels.length * cellCount);
      const grid = channels.find((volume) => volume !== null);
      if (!grid) throw new RangeError('no channel has a volume');
      for (const [n, volume] of channels.entries()) {
        if (volume === null) continue;
        const check = (): void => { if (signal?.aborted === true) throw cancelledError('preprocessing'); };
        check();
        let curated = await curateVolume(volume, pool);
        check();
        if (volume !== grid && !sameGrid(grid, volume)) curated = await ontoFirst(curated, volume, grid, pool);
        check();
        out.set(await resampleVolume(curated, grid, size, pool), n * cellCount);
      }
      return out;
    },
    close: () => pool.close(),
  };
}

/** Cuts 0..total into as many ranges as there are threads. */
function ranges(total: number, parts: number): { from: number; to: number }[] {
  const count = Math.max(1, Math.min(parts, total));
  return Array.from({ length: count }, (_, n) => ({ from: Math.floor((n * total) / count), to: Math.floor(((n + 1) * total) / count) }));
}

async function curateVolume({ voxels: stored, slope, intercept }: Volume, pool: WorkerPool): Promise<Curated> {
  const voxels = shared(stored);
  const parts = ranges(voxels.length, pool.size);
  if (voxels instanceof Float32Array) {
    const curation = await pool.run({ kind: 'curationOfFloats', voxels, slope, intercept });
    const out = new Int16Array(new SharedArrayBuffer(voxels.length * 2));
    await Promise.all(parts.map(({ from, to }) => pool.run({ kind: 'curateFloats', voxels, curation, from, to, out })));
    return { voxels: out, table: null };
  }
  const [bins, ...others] = await Promise.all(parts.map(({ from, to }) => pool.run({ kind: 'count', voxels, from, to })));
  for (const other of others) for (let bin = 0; bin < binCount; bin++) bins![bin] = bins![bin]! + other[bin]!;
  const table = new Int16Array(new SharedArrayBuffer(binCount * 2));
  curationTable(curationFromBins(bins!, binOffset(voxels), { slope, intercept }), binOffset(voxels), table);
  return { voxels, table };
}

async function ontoFirst({ voxels, table }: Curated, volume: Volume, grid: Volume, pool: WorkerPool): Promise<Curated> {
  const [ni, nj, nk] = grid.dims;
  const out = new Float32Array(new SharedArrayBuffer(ni * nj * nk * 4));
  const toSource = betweenGrids(grid, volume);
  await Promise.all(
    ranges(nk, pool.size).map(({ from, to }) =>
      pool.run({ kind: 'ontoGrid', range: { voxels, dims: volume.dims, table, toSource, targetDims: grid.dims, fromSlice: from, toSlice: to }, out }),
    ),
  );
  return { voxels: out, table: null };
}

async function resampleVolume({ voxels, table }: Curated, grid: Volume, size: readonly [number, number, number], pool: WorkerPool): Promise<Float32Array> {
  const plan = planResampling(grid.dims, grid.voxelToLps, grid.nifti);
  const axes = inVoxelOrder(plan, size);
  const cells = size[0] * size[1] * size[2];
  const sums = await Promise.all(
    ranges(grid.dims[2], pool.size).map(async ({ from, to }) => {
      const sum = new Float32Array(new SharedArrayBuffer(cells * 4));
      await pool.run({ kind: 'addSlices', range: { voxels, dims: grid.dims, table, axes, fromSlice: from, toSlice: to }, sum });
      return sum;
    }),
  );
  return pool.run({ kind: 'finish', finish: { sums, source: { voxels, dims: grid.dims, table, plan, size } } });
}

function inVoxelOrder(plan: ResamplingPlan, size: readonly number[]): readonly [AxisWeights, AxisWeights, AxisWeights] {
  const axes: AxisWeights[] = [];
  plan.axes.forEach((axis, n) => { axes[axis.voxelAxis] = axisWeights(axis, size[n]!, plan.untouched); });
  return axes as unknown as readonly [AxisWeights, AxisWeights, AxisWeights];
}

/** The same voxels in memory that threads can share; one copy, unless they lie there already. */
function shared(voxels: VoxelArray): VoxelArray {
  if (voxels.buffer instanceof SharedArrayBuffer) return voxels;
  const type = voxels.constructor as new (buffer: SharedArrayBuffer) => VoxelArray;
  const copy = new type(new SharedArrayBuffer(voxels.byteLength));
  copy.set(voxels);
  return copy;
}
