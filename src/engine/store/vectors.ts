/** Float32 matrices as blobs: little-endian, row-major, as they lie in memory on every machine we run on. */

export function toBlob(vectors: Float32Array): Uint8Array {
  return new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
}

/** A copy, since a blob need not lie on a boundary of four bytes. */
export function fromBlob(blob: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(blob).buffer);
}
