/** The lesion head's cells on the reader's own slices: what a file holds and another program can lay over the series. */
import { EngineError } from '../../shared/errors.ts';
import { composeAffine, ijk, invertAffine, voxelToPatient, type Affine, type Dims } from '../../shared/geometry.ts';
import { packKey, type Pack } from '../pack/pack.ts';
import type { ReadingResult } from '../services/reading.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import type { LesionCells } from './lesionHead.ts';

/** Voxels of the stack that was read, i fastest; 1 where lesion is. */
export interface LesionMask {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly voxels: Uint8Array;
}

/** @throws EngineError `pack/no-lesion-head` */
export function lesionMask({ channels, found }: Pick<ReadingResult, 'channels' | 'found'>, pack: Pack): LesionMask {
  const cells = found?.lesionCells ?? null;
  if (cells === null) throw new EngineError('pack/no-lesion-head', `Pack ${packKey(pack)} finds no lesions`, { subject: packKey(pack), advice: 'Choose a pack with a lesion head' });
  const { geometry } = channels.first;
  return onVoxels(cells, gridToLps(geometry, pack.manifest.input.size, cells.grid), geometry);
}

/** Trilinear between cell centres; the outer cells reach to their own edge, and beyond them is no lesion. */
export function onVoxels(cells: LesionCells, cellToLps: Affine, { dims, voxelToLps }: { readonly dims: Dims; readonly voxelToLps: Affine }): LesionMask {
  const [superior, anterior, right] = cells.grid;
  const counts = [right, anterior, superior] as const;
  const toCell = composeAffine(invertAffine(cellToLps), voxelToLps);
  const voxels = new Uint8Array(dims[0] * dims[1] * dims[2]);
  let at = 0;
  for (let k = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0]; i++, at++) {
        const place = voxelToPatient(toCell, ijk(i, j, k));
        if (sample(cells, counts, place) >= cells.threshold) voxels[at] = 1;
      }
    }
  }
  return { dims, voxelToLps, voxels };
}

function sample({ values }: LesionCells, counts: readonly [number, number, number], place: readonly [number, number, number]): number {
  const low: number[] = [];
  const part: number[] = [];
  for (let axis = 0; axis < 3; axis++) {
    const at = place[axis]!;
    const count = counts[axis]!;
    if (at < -0.5 || at > count - 0.5) return 0;
    const held = Math.min(count - 1, Math.max(0, at));
    low.push(Math.min(Math.floor(held), Math.max(0, count - 2)));
    part.push(held - low[axis]!);
  }
  const [i, j, k] = low as [number, number, number];
  const [ti, tj, tk] = part as [number, number, number];
  const [ni, nj, nk] = counts;
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [ci, cj, ck] = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const weight = (ci ? ti : 1 - ti) * (cj ? tj : 1 - tj) * (ck ? tk : 1 - tk);
    if (weight > 0) sum += weight * values[(Math.min(nk - 1, k + ck) * nj + Math.min(nj - 1, j + cj)) * ni + Math.min(ni - 1, i + ci)]!;
  }
  return sum;
}
