/** What every vision backbone takes and gives. */
import type { Value } from './graphBuilder.ts';

export interface VisionInput {
  /** [1, channels, S, A, R], values 0..1 */
  readonly volume: Value;
  readonly size: readonly [number, number, number];
  /** Attention heads, for transformers. */
  readonly heads: number;
}

export interface VisionFeatures {
  /** [cells, width], right fastest, then anterior, then superior */
  readonly rows: Value;
  /** Cells along superior, anterior, right. */
  readonly grid: readonly [number, number, number];
  readonly width: number;
}
