/**
 * A head-sized phantom made by code, in any orientation: a dim ellipsoid and one bright block at the patient's left,
 * front and top. Where the block appears on the screen tells whether left is left.
 */
import { ijk, voxelToPatient } from '../../shared/geometry.ts';
import type { Affine, Dims } from '../../shared/geometry.ts';

export interface PhantomVolume {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
  readonly voxels: Int16Array<ArrayBuffer>;
}

/** Half sizes of the head, mm, along left, back and top. */
const head = [70, 90, 75] as const;
/** The block: centre and half size, mm from the middle of the head. */
export const block = { centre: [35, -45, 35], half: 14 } as const;

export const grey = { head: 300, block: 1000 } as const;

/**
 * @param directions unit LPS directions of i, j and k; they need not be right-handed
 * @param spacing mm along i, j and k
 */
export function phantomVolume(directions: readonly (readonly [number, number, number])[], spacing: readonly [number, number, number], dims: Dims): PhantomVolume {
  const columns = directions.map((direction, axis) => direction.map((value) => value * spacing[axis]!));
  const at = (row: number, axis: number): number => columns[axis]![row]!;
  const middle = [0, 1, 2].map((row) => [0, 1, 2].reduce((sum, axis) => sum + (at(row, axis) * (dims[axis]! - 1)) / 2, 0));
  const voxelToLps: Affine = [
    at(0, 0), at(0, 1), at(0, 2), -middle[0]!,
    at(1, 0), at(1, 1), at(1, 2), -middle[1]!,
    at(2, 0), at(2, 1), at(2, 2), -middle[2]!,
    0, 0, 0, 1,
  ];
  const voxels = new Int16Array(dims[0] * dims[1] * dims[2]);
  for (let k = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0]; i++) {
        const point = voxelToPatient(voxelToLps, ijk(i, j, k));
        const inHead = point.reduce((sum, value, axis) => sum + (value / head[axis]!) ** 2, 0) < 1;
        const inBlock = point.every((value, axis) => Math.abs(value - block.centre[axis]!) <= block.half);
        voxels[(k * dims[1] + j) * dims[0] + i] = inBlock ? grey.block : inHead ? grey.head : 0;
      }
    }
  }
  return { dims, voxelToLps, voxels };
}

const turned = (degrees: number): readonly [number, number] => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];

/** Stacks as scanners make them, and two that they should not. */
export const phantomStacks = (): Readonly<Record<string, PhantomVolume>> => {
  const [c, s] = turned(25);
  return {
    axial: phantomVolume([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [2, 2, 5], [100, 110, 36]),
    sagittal: phantomVolume([[0, 1, 0], [0, 0, -1], [-1, 0, 0]], [2, 2, 4], [110, 96, 42]),
    coronal: phantomVolume([[1, 0, 0], [0, 0, -1], [0, 1, 0]], [2, 2, 4], [96, 96, 54]),
    oblique: phantomVolume([[c, s, 0], [-s, c, 0], [0, 0, 1]], [2, 2, 4], [110, 110, 46]),
    'left-handed': phantomVolume([[1, 0, 0], [0, -1, 0], [0, 0, 1]], [2, 2, 4], [96, 110, 46]),
    'upside-down': phantomVolume([[-1, 0, 0], [0, 1, 0], [0, 0, -1]], [2, 2, 4], [96, 110, 46]),
  };
};

