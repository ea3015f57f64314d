/**
 * The voxels of a stack in memory. Stored values are kept as they are (with one slope and intercept) wherever all
 * slices agree on them; where a scanner rescales each slice differently (Philips) or uses 32-bit integers they become
 * float32 in the image's own units. Decoding itself belongs to the FrameDecoder.
 */
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { Affine, Dims } from '../../shared/geometry.ts';
import type { FrameDecoder, FrameHeader, InstanceHeader, StoredPixels } from '../dicom/types.ts';
import { mosaicLayout } from './mosaic.ts';
import { isLeftHanded } from './niftiStacks.ts';
import { evenSlices, type SliceBlend } from './resampleSlices.ts';
import type { SliceReference, Stack, Volume, VoxelArray } from './types.ts';
import { findWindow } from './window.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Called after slices were read, with how many of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One gigabyte of voxels: 1,024 slices of 512 x 512 in float32, far above any brain MRI and below what harms a 4 GB workstation. */
const largestBytes = 2 ** 30;
/** Files decoded at once; the decoder has its own workers and queue. */
const filesAtOnce = 4;
/** Frames asked for at once from a multi-frame file, so that cancelling is felt and memory stays low. */
const framesAtOnce = 16;

/**
 * @param stack one with geometry
 * @returns voxels with i fastest, j down the columns, k along the right-handed normal (see types.ts), and a window in
 *   rescaled units
 * @throws EngineError the stack's own `volume/...` refusal; `volume/too-large`; `volume/not-finite`; `dicom/...` from the
 *   decoder; `cancelled`
 */
export async function loadVolume(stack: Stack, decoder: FrameDecoder, options: LoadOptions = {}): Promise<Volume> {
  const { geometry } = stack;
  const subject = subjectOf(stack);
  if (geometry === null) {
    const reason = stack.problems.find((problem) => problem.severity === 'refused');
    throw new EngineError(reason?.code ?? 'volume/no-position', reason?.message ?? 'The series makes no volume', { subject, advice: 'Choose another series' });
  }
  const [ni, nj, nk] = geometry.dims;
  if (ni * nj * nk * 4 > largestBytes)
    throw new EngineError('volume/too-large', `${ni} x ${nj} x ${nk} voxels are more than can be held in memory`, { subject, advice: 'Choose a series of fewer or smaller slices' });

  const slices = await readSlices(stack, geometry.dims, decoder, options);
  const rescales = stack.slices.map(({ instance, frame }) => rescaleOf(instance, frame));
  const { slope, intercept } = rescales[0]!;
  if (!rescales.every((rescale) => Number.isFinite(rescale.slope) && Number.isFinite(rescale.intercept)))
    throw new EngineError('volume/not-finite', 'The rescale slope or intercept is not a number', { subject, advice: 'Export the series again from its source' });
  const blends = geometry.slicing === 'resampled' ? evenSlices(stack.slices.map((slice) => slice.offsetMm)) : null;
  const same = rescales.every((rescale) => rescale.slope === slope && rescale.intercept === intercept);
  const stored = same && blends === null ? commonArray(slices) : null;
  const voxels = stored?.(ni * nj * nk) ?? new Float32Array(ni * nj * nk);
  if (stored) slices.forEach((slice, k) => { voxels.set(slice, k * ni * nj); });
  else fillFloats(voxels as Float32Array, slices, rescales, blends);

  const scale = stored ? { slope, intercept } : { slope: 1, intercept: 0 };
  const { instance, frame } = stack.slices[Math.floor(nk / 2)]!;
  const header = headerOf(instance, frame);
  return {
    dims: geometry.dims,
    voxelToLps: geometry.voxelToLps,
    voxels,
    ...scale,
    frameOfReferenceUid: geometry.frameOfReferenceUid,
    inverted: instance.pixels?.photometricInterpretation === 'MONOCHROME1',
    window: findWindow(voxels, scale, header === undefined ? null : { center: header.windowCenter, width: header.windowWidth }),
    nifti: geometry.nifti,
    problems: stack.problems,
  };
}

/**
 * One slice of the volume that {@link loadVolume} would make, from the one file that holds it (two where positions are
 * evened out), with the window of its own values.
 * @param k index of the slice in the stack's geometry
 * @returns a volume of one slice, at its place in the patient
 * @throws RangeError when there is no such slice; EngineError as {@link loadVolume}
 */
export async function loadSlice(stack: Stack, k: number, decoder: FrameDecoder, options: LoadOptions = {}): Promise<Volume> {
  const { geometry } = stack;
  if (geometry === null) return loadVolume(stack, decoder, options); // throws the stack's refusal
  const [ni, nj, nk] = geometry.dims;
  if (!Number.isInteger(k) || k < 0 || k >= nk) throw new RangeError(`slice ${k} of ${nk}`);
  const m = geometry.voxelToLps;
  const voxelToLps: Affine = [m[0], m[1], m[2], m[3] + k * m[2], m[4], m[5], m[6], m[7] + k * m[6], m[8], m[9], m[10], m[11] + k * m[10], 0, 0, 0, 1];
  const one = { ...geometry, dims: [ni, nj, 1] as const, voxelToLps };
  const blend = geometry.slicing === 'resampled' ? evenSlices(stack.slices.map((slice) => slice.offsetMm))[k]! : null;
  if (blend === null || blend.weight === 0) return loadVolume({ ...stack, slices: [stack.slices[blend?.lower ?? k]!], geometry: { ...one, slicing: 'direct' } }, decoder, options);
  const pair = [stack.slices[blend.lower]!, stack.slices[blend.upper]!];
  const both = await loadVolume({ ...stack, slices: pair, geometry: { ...one, dims: [ni, nj, 2], slicing: 'direct' } }, decoder, options);
  const voxels = new Float32Array(ni * nj);
  for (let n = 0; n < voxels.length; n++) {
    const [low, high] = [both.voxels[n]! * both.slope + both.intercept, both.voxels[ni * nj + n]! * both.slope + both.intercept];
    voxels[n] = low + blend.weight * (high - low);
  }
  return { ...both, dims: [ni, nj, 1], voxels, slope: 1, intercept: 0, window: findWindow(voxels, { slope: 1, intercept: 0 }, both.window) };
}

const subjectOf = (stack: Stack): string => {
  const sequence = stack.slices[0]?.instance.sequence;
  const name = sequence?.seriesDescription ?? '';
  return [name === '' ? 'series' : name, stack.label].filter(Boolean).join(', ');
};

const headerOf = (instance: InstanceHeader, frame: number): FrameHeader | undefined => instance.frames.find((header) => header.frame === frame) ?? instance.frames[0];

function rescaleOf(instance: InstanceHeader, frame: number): { slope: number; intercept: number } {
  const header = headerOf(instance, frame);
  return { slope: header?.rescaleSlope ?? 1, intercept: header?.rescaleIntercept ?? 0 };
}

/** Stored values of every slice of the stack, in its order, cut out of mosaics and turned for left-handed NIfTI. */
async function readSlices(stack: Stack, dims: Dims, decoder: FrameDecoder, { signal, onProgress }: LoadOptions): Promise<StoredPixels[]> {
  const total = stack.slices.length;
  const slices = new Array<StoredPixels>(total);
  const jobs = decodeJobs(stack.slices);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      if (signal?.aborted === true) throw cancelledError(subjectOf(stack));
      const frames = await decoder.decode(job.instance, job.frames, signal === undefined ? {} : { signal });
      for (const k of job.slices) {
        const slice = stack.slices[k]!;
        const stored = frames[job.frames.indexOf(slice.frame)];
        slices[k] = cutSlice(slice, stored, dims);
      }
      done += job.slices.length;
      onProgress?.(done, total);
    }
  };
  await Promise.all(Array.from({ length: Math.min(filesAtOnce, jobs.length) }, work));
  return slices;
}

interface DecodeJob {
  readonly instance: InstanceHeader;
  readonly frames: number[];
  /** Indices of the stack's slices these frames fill. */
  readonly slices: number[];
}

function decodeJobs(slices: readonly SliceReference[]): DecodeJob[] {
  const open = new Map<InstanceHeader, DecodeJob>();
  const jobs: DecodeJob[] = [];
  slices.forEach(({ instance, frame }, k) => {
    let job = open.get(instance);
    if (job === undefined || (job.frames.length >= framesAtOnce && !job.frames.includes(frame))) {
      job = { instance, frames: [], slices: [] };
      open.set(instance, job);
      jobs.push(job);
    }
    if (!job.frames.includes(frame)) job.frames.push(frame);
    job.slices.push(k);
  });
  return jobs;
}

function cutSlice({ instance, frame, tile }: SliceReference, stored: StoredPixels | undefined, [ni, nj]: Dims): StoredPixels {
  const expected = tile === undefined ? ni * nj : (instance.pixels?.rows ?? 0) * (instance.pixels?.columns ?? 0);
  if (stored?.length !== expected)
    throw new EngineError('dicom/decode-failed', `Frame ${frame + 1} decoded to ${stored?.length ?? 0} values instead of ${expected}`, { subject: instance.source.name, advice: 'Export the file again from its source' });
  if (tile !== undefined) return cutTile(instance, stored, tile);
  return instance.nifti !== null && isLeftHanded(instance.nifti.voxelToLps) ? withReversedRows(stored, ni, nj) : stored;
}

function cutTile(instance: InstanceHeader, stored: StoredPixels, tile: number): StoredPixels {
  const { columns } = instance.pixels!;
  const layout = mosaicLayout(instance.mosaic!, instance.pixels!)!;
  const top = Math.floor(tile / layout.tilesAcross) * layout.tileRows;
  const left = (tile % layout.tilesAcross) * layout.tileColumns;
  const cut = stored.slice(0, layout.tileRows * layout.tileColumns);
  for (let row = 0; row < layout.tileRows; row++) {
    const start = (top + row) * columns + left;
    cut.set(stored.subarray(start, start + layout.tileColumns), row * layout.tileColumns);
  }
  return cut;
}

function withReversedRows(stored: StoredPixels, ni: number, nj: number): StoredPixels {
  const turned = stored.slice();
  for (let row = 0; row < nj; row++) turned.set(stored.subarray(row * ni, (row + 1) * ni), (nj - 1 - row) * ni);
  return turned;
}

/** Makes the array all slices fit in unchanged, or null when there is none. */
function commonArray(slices: readonly StoredPixels[]): ((length: number) => VoxelArray) | null {
  const constructors = new Set(slices.map((slice) => slice.constructor));
  const types = [Int8Array, Uint8Array, Int16Array, Uint16Array, Float32Array] as const;
  const type = types.find((candidate) => constructors.size === 1 && constructors.has(candidate));
  return type === undefined ? null : (length) => new type(length);
}

function fillFloats(voxels: Float32Array, slices: readonly StoredPixels[], rescales: readonly { slope: number; intercept: number }[], blends: readonly SliceBlend[] | null): void {
  const size = slices[0]?.length ?? 0;
  slices.forEach((_, k) => {
    const { lower, upper, weight } = blends?.[k] ?? { lower: k, upper: k, weight: 0 };
    const a = slices[lower]!;
    const b = slices[upper]!;
    const rescaleA = rescales[lower]!;
    const rescaleB = rescales[upper]!;
    const start = k * size;
    for (let n = 0; n < size; n++) {
      const low = a[n]! * rescaleA.slope + rescaleA.intercept;
      voxels[start + n] = weight === 0 ? low : low + weight * (b[n]! * rescaleB.slope + rescaleB.intercept - low);
    }
  });
}
