/**
 * Brings one volume from the engine into memory: one slice at once, to look at, then all voxels. It knows nothing of
 * Cornerstone, which gets the finished arrays from stage.ts.
 */
import type { VolumeInfo } from '../../../shared/contract.ts';
import { EngineError } from '../../../shared/errors.ts';
import { invertAffine } from '../../../shared/geometry.ts';
import type { Affine, Dims, Ijk } from '../../../shared/geometry.ts';
import { bridge } from '../../bridge.ts';
import { viewPlanes } from './planes.ts';
import type { PlaneName, ViewPlane } from './planes.ts';
import { windowPresets } from './windowing.ts';
import type { Presets } from './windowing.ts';

/** Element types that Cornerstone can put into a texture. */
export type ShownVoxels = Uint8Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

export interface LoadedVolume {
  readonly info: VolumeInfo;
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly lpsToVoxel: Affine;
  readonly planes: Readonly<Record<PlaneName, ViewPlane>>;
  readonly presets: Presets;
  /** All voxels, i fastest, or those of the slice `only`. */
  readonly voxels: ShownVoxels;
  /** The one slice (k) that is here while the others are on their way; null when all are. */
  readonly only: number | null;
}

const bytesPerVoxel = { int8: 1, uint8: 1, int16: 2, uint16: 2, float32: 4 } as const;

function typedVoxels(type: VolumeInfo['type'], buffer: ArrayBuffer): ShownVoxels {
  switch (type) {
    case 'uint8': return new Uint8Array(buffer);
    case 'int8': return Int16Array.from(new Int8Array(buffer)); // no texture format of 8 signed bits
    case 'int16': return new Int16Array(buffer);
    case 'uint16': return new Uint16Array(buffer);
    case 'float32': return new Float32Array(buffer);
  }
}

const faulty = (info: VolumeInfo, message: string): EngineError =>
  new EngineError('bug/unexpected', message, { subject: `volume ${info.stack + 1}`, advice: 'Open the series again; if it happens again, report this as a bug' });

function described(info: VolumeInfo, voxels: ShownVoxels, only: number | null): LoadedVolume {
  const voxelToLps = info.voxelToLps as unknown as Affine;
  return { info, dims: info.dims, voxelToLps, lpsToVoxel: invertAffine(voxelToLps), planes: viewPlanes(voxelToLps), presets: windowPresets(voxels, info, info.window), voxels, only };
}

/**
 * One slice, as soon as it can be had.
 * @param slice null for the middle one
 * @throws EngineError what the engine refuses; `bug/unexpected` when the slice is not of its size
 */
export async function loadSlice(series: string, stack: number, slice: number | null): Promise<LoadedVolume> {
  const { info, slice: only, data } = await bridge().call('volume.slice', { series, stack, slice });
  if (data.byteLength !== info.dims[0] * info.dims[1] * bytesPerVoxel[info.type]) throw faulty(info, `slice ${only} arrived with ${data.byteLength} bytes`);
  return described(info, typedVoxels(info.type, data.slice().buffer), only);
}

/** Value of the image at a voxel, after rescale; null where no voxel is here (yet). */
export function valueAt({ dims, voxels, info, only }: LoadedVolume, [i, j, k]: Ijk): number | null {
  if (only !== null && k !== only) return null;
  const value = voxels[((only === null ? k : 0) * dims[1] + j) * dims[0] + i];
  return value === undefined ? null : value * info.slope + info.intercept;
}

/**
 * @param onShare share of the voxels that have arrived, 0..1
 * @throws EngineError what the engine refuses; `bug/unexpected` when slices are missing or too many; `cancelled`
 */
export async function loadVolume(series: string, stack: number, signal: AbortSignal, onShare: (share: number) => void): Promise<LoadedVolume> {
  const info = await bridge().call('volume.open', { series, stack });
  signal.throwIfAborted();
  const [ni, nj, nk] = info.dims;
  const sliceBytes = ni * nj * bytesPerVoxel[info.type];
  const bytes = new Uint8Array(sliceBytes * nk);
  let slices = 0;
  for await (const part of bridge().stream('volume.voxels', { series, stack }, signal)) {
    if (part.firstSlice !== slices || part.data.byteLength !== part.sliceCount * sliceBytes || slices + part.sliceCount > nk) {
      throw faulty(info, `slices ${part.firstSlice} to ${part.firstSlice + part.sliceCount - 1} arrived where slice ${slices} of ${nk} was due`);
    }
    bytes.set(part.data, slices * sliceBytes);
    slices += part.sliceCount;
    onShare(slices / nk);
  }
  signal.throwIfAborted();
  if (slices !== nk) throw faulty(info, `${slices} of ${nk} slices arrived`);
  return described(info, typedVoxels(info.type, bytes.buffer), null);
}
