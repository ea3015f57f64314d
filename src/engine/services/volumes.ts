/** Volumes for the viewer: a few kept in memory by size, sent slice by slice; and one slice as a thumbnail. */
import type { Handlers, VolumeInfo } from '../../shared/contract.ts';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { FrameDecoder } from '../dicom/types.ts';
import { loadSlice, loadVolume } from '../volume/loadVolume.ts';
import { renderSlicePng } from '../volume/sliceImage.ts';
import type { Stack, Volume, VoxelArray } from '../volume/types.ts';
import type { Library } from './library.ts';
import { findStack } from './studyImages.ts';

/** Voxels kept: about five series of 176 slices of 512 x 512. */
const keptBytes = 512 * 2 ** 20;
/** Voxels an item of a stream: small enough that the first slices come at once. */
const itemBytes = 2 * 2 ** 20;
const thumbnailSize = 192;
const keptThumbnails = 500;

export class Volumes {
  readonly #library: Library;
  readonly #decoder: FrameDecoder;
  readonly #volumes = new Map<string, { readonly study: string; readonly volume: Promise<Volume>; bytes: number }>();
  readonly #thumbnails = new Map<string, { readonly study: string; readonly png: Uint8Array }>();

  constructor(library: Library, decoder: FrameDecoder) {
    this.#library = library;
    this.#decoder = decoder;
  }

  /**
   * A volume with its voxels. Two callers share one load, which goes on when one of them leaves.
   * @throws EngineError `select/unknown-series`, what loading throws, `cancelled`
   */
  async open(series: string, stack: number, signal?: AbortSignal): Promise<Volume> {
    const key = `${stack}:${series}`;
    let entry = this.#volumes.get(key);
    if (entry) {
      this.#volumes.delete(key);
    } else {
      const study = this.#library.studyOfSeries(series);
      const volume = this.#library.images(study).then((images) => loadVolume(findStack(images, series, stack), this.#decoder));
      entry = { study, volume, bytes: 0 };
    }
    this.#volumes.set(key, entry);
    try {
      const volume = await entry.volume;
      entry.bytes = volume.voxels.byteLength;
      this.#dropOldest(key);
      if (signal?.aborted === true) throw cancelledError('volume');
      return volume;
    } catch (error) {
      if (this.#volumes.get(key) === entry && entry.bytes === 0) this.#volumes.delete(key);
      throw error;
    }
  }

  /**
   * One slice of a volume, from memory when the volume is there, else from the file that holds it.
   * @param k null for the middle slice
   * @throws EngineError `select/unknown-series`, `bridge/bad-params` when there is no such slice, what loading throws
   */
  async slice(series: string, stack: number, k: number | null): Promise<{ readonly k: number; readonly slice: Volume; readonly whole: Stack }> {
    const whole = await this.stack(series, stack);
    const [ni, nj, nk] = whole.geometry?.dims ?? [0, 0, 1];
    const at = k ?? Math.floor(nk / 2);
    if (at >= nk) throw new EngineError('bridge/bad-params', `There is no slice ${at + 1} of ${nk}`, { subject: 'slice', advice: 'Open the series again' });
    const held = this.#volumes.get(`${stack}:${series}`);
    if (held === undefined || held.bytes === 0) return { k: at, slice: await loadSlice(whole, at, this.#decoder), whole };
    const volume = await held.volume;
    return { k: at, slice: { ...volume, dims: [ni, nj, 1], voxels: volume.voxels.slice(at * ni * nj, (at + 1) * ni * nj) }, whole };
  }

  /** @throws EngineError `select/unknown-series` */
  async stack(series: string, stack: number): Promise<Stack> {
    return findStack(await this.#library.images(this.#library.studyOfSeries(series)), series, stack);
  }

  /** PNG of the middle slice of the stack a series is read by. @throws EngineError `select/unknown-series`, what loading throws */
  async thumbnail(series: string): Promise<Uint8Array> {
    const known = this.#thumbnails.get(series);
    if (known) return known.png;
    const study = this.#library.studyOfSeries(series);
    const images = await this.#library.images(study);
    const at = images.ranked.findIndex((entry) => entry.seriesUid === series);
    const stack = images.candidates[at]?.stacks[images.ranked[at]!.stack ?? 0];
    if (!stack) throw new EngineError('dicom/no-pixels', 'The series holds no images', { subject: 'series', advice: 'Choose an image series' });
    const png = await sliceThumbnail(stack, this.#decoder);
    this.#thumbnails.set(series, { study, png });
    if (this.#thumbnails.size > keptThumbnails) this.#thumbnails.delete(this.#thumbnails.keys().next().value!);
    return png;
  }

  /** Drops what is kept of a study. */
  forget(study: string): void {
    for (const kept of [this.#volumes, this.#thumbnails]) for (const [key, entry] of kept) if (entry.study === study) kept.delete(key);
  }

  #dropOldest(except: string): void {
    let total = 0;
    for (const entry of this.#volumes.values()) total += entry.bytes;
    for (const [key, entry] of this.#volumes) {
      if (total <= keptBytes) return;
      if (key === except || entry.bytes === 0) continue;
      this.#volumes.delete(key);
      total -= entry.bytes;
    }
  }
}

/** The middle slice alone, so that a thumbnail costs one file. */
export async function sliceThumbnail(stack: Stack, decoder: FrameDecoder): Promise<Uint8Array> {
  const { geometry } = stack;
  const middle = Math.floor(stack.slices.length / 2);
  const slices = stack.slices.slice(middle, middle + 1);
  const single: Stack = geometry === null ? stack : { ...stack, slices, geometry: { ...geometry, dims: [geometry.dims[0], geometry.dims[1], 1], slicing: 'direct' } };
  return renderSlicePng(await loadVolume(single, decoder), { plane: 'native', k: 0, maxSize: thumbnailSize });
}

function elementType(voxels: VoxelArray): VolumeInfo['type'] {
  if (voxels instanceof Int8Array) return 'int8';
  if (voxels instanceof Uint8Array) return 'uint8';
  if (voxels instanceof Int16Array) return 'int16';
  if (voxels instanceof Uint16Array) return 'uint16';
  return 'float32';
}

/** What the window is told of a volume, or of one slice of it. @param whole the stack it was made of */
function infoOf(series: string, whole: Stack, volume: Volume): VolumeInfo {
  const study = whole.slices[0]?.instance.kind === 'nifti' ? `nifti ${whole.slices[0].instance.studyUid}` : null;
  const { dims, voxelToLps } = whole.geometry ?? volume;
  return {
    series,
    stack: whole.index,
    dims: [...dims],
    voxelToLps: [...voxelToLps],
    type: elementType(volume.voxels),
    slope: volume.slope,
    intercept: volume.intercept,
    // A volume without a finite voxel has no window; it then shows as black.
    window: volume.window && volume.window.width > 0 ? { center: volume.window.center, width: volume.window.width } : { center: volume.window?.center ?? 0.5, width: 1 },
    frameOfReference: volume.frameOfReferenceUid,
    space: study ?? volume.frameOfReferenceUid,
    inverted: volume.inverted,
    problems: [...volume.problems],
  };
}

export function volumeHandlers(volumes: Volumes): Pick<Handlers, 'volume.open' | 'volume.slice' | 'volume.voxels' | 'series.thumbnail'> {
  return {
    'volume.open': async ({ series, stack }, { signal }) => infoOf(series, await volumes.stack(series, stack), await volumes.open(series, stack, signal)),
    'volume.slice': async ({ series, stack, slice: wanted }) => {
      const { k, slice, whole } = await volumes.slice(series, stack, wanted);
      const { buffer, byteOffset, byteLength } = slice.voxels;
      return { info: infoOf(series, whole, slice), slice: k, data: new Uint8Array(buffer, byteOffset, byteLength).slice() };
    },
    async *'volume.voxels'({ series, stack }, { signal }) {
      const { voxels, dims } = await volumes.open(series, stack, signal);
      const sliceBytes = voxels.byteLength / dims[2];
      const slicesAnItem = Math.max(1, Math.floor(itemBytes / sliceBytes));
      for (let firstSlice = 0; firstSlice < dims[2]; firstSlice += slicesAnItem) {
        if (signal.aborted) throw cancelledError('volume');
        const sliceCount = Math.min(slicesAnItem, dims[2] - firstSlice);
        // A copy, since a pipe may take the memory of what it sends away.
        yield { firstSlice, sliceCount, data: new Uint8Array(voxels.buffer, voxels.byteOffset + firstSlice * sliceBytes, sliceCount * sliceBytes).slice() };
      }
    },
    'series.thumbnail': async ({ series }) => ({ png: new Uint8Array(await volumes.thumbnail(series)) }),
  };
}
