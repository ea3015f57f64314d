/** The vectors of a case as a store hands them to an index. */
export interface StoredRows {
  readonly rows: number;
  /** float32 [rows, width] */
  readonly vectors: () => Float32Array;
  /** Ten bits a number (store/packedVectors.ts), which an index may unpack by itself; null where they are not packed. */
  readonly packed: { readonly bytes: Uint8Array; /** float32 [1 or rows, width] */ readonly reference: Float32Array } | null;
}
