/** Where in the volume a view looked: its row of the encoder's cross-attention, as a grid in patient space. */
import type { AttentionMap } from '../../shared/contract.ts';
import type { Affine } from '../../shared/geometry.ts';
import type { EncodedViews } from '../ports.ts';

/** The attention grid of a pack laid over one patient. */
export interface AttentionGeometry {
  /** Cells along superior, anterior, right (the manifest's attentionGrid). */
  readonly grid: readonly [superior: number, anterior: number, right: number];
  /** Takes a cell (i to the right, j to anterior, k to superior; whole numbers are cell centres) to LPS mm. */
  readonly gridToLps: Affine;
}

/**
 * The map of one view, scaled so that its largest value is 1. The cells are sent as the encoder gives them, right fastest,
 * which is i fastest in the contract's words; no resampling happens here.
 * @throws RangeError for a view that does not exist or a grid that is not the encoder's
 */
export function attentionMap(encoded: EncodedViews, view: number, geometry: AttentionGeometry): AttentionMap {
  const values = attentionRow(encoded, view, geometry);
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const bytes = new Uint8Array(4 * values.length);
  const target = new DataView(bytes.buffer);
  values.forEach((value, at) => { target.setFloat32(4 * at, largest > 0 ? value / largest : 0, true); });
  const [superior, anterior, right] = geometry.grid;
  return { view, dims: [right, anterior, superior], voxelToLps: [...geometry.gridToLps], values: bytes, hasDepth: superior > 1 };
}

/** Row `view` of the attention, [positions], right fastest. */
export function attentionRow(encoded: EncodedViews, view: number, { grid }: AttentionGeometry): Float32Array {
  if (!Number.isInteger(view) || view < 0 || view >= encoded.viewCount) throw new RangeError(`there is no view ${view} among ${encoded.viewCount}`);
  if (grid[0] * grid[1] * grid[2] !== encoded.positions) throw new RangeError(`a grid of ${grid.join(' x ')} for ${encoded.positions} positions`);
  return encoded.attention.subarray(view * encoded.positions, (view + 1) * encoded.positions);
}
