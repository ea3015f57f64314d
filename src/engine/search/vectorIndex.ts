/**
 * The vectors of an archive in memory: for each case a matrix of unit rows, packed into large blocks so that a scan reads
 * memory in order and tens of thousands of small arrays do not burden the garbage collector. One index holds one kind of
 * vector of one pack; whoever fills it sees to that.
 */

/** Vectors a block has room for at least, in numbers: 4 MB. */
const blockLength = 1 << 20;

export interface IndexedCase {
  readonly case: string;
  /** Study it came from, null for cases without images here. */
  readonly study: string | null;
  /** float32 [rows, width], a view into a block */
  readonly vectors: Float32Array;
  readonly rows: number;
}

export class VectorIndex {
  readonly width: number;
  readonly #cases = new Map<string, IndexedCase>();
  #block = new Float32Array(0);
  #used = 0;

  constructor(width: number) {
    if (!Number.isInteger(width) || width < 1) throw new RangeError(`an index of width ${width}`);
    this.width = width;
  }

  get size(): number {
    return this.#cases.size;
  }

  cases(): IterableIterator<IndexedCase> {
    return this.#cases.values();
  }

  get(id: string): IndexedCase | undefined {
    return this.#cases.get(id);
  }

  /**
   * Adds a case, or replaces its vectors.
   * @param vectors float32 [rows, width], copied
   * @throws RangeError if they do not fill rows of this index's width
   */
  put(id: string, study: string | null, vectors: Float32Array): void {
    if (vectors.length === 0 || vectors.length % this.width !== 0) throw new RangeError(`${vectors.length} numbers do not fill rows of width ${this.width}`);
    if (this.#used + vectors.length > this.#block.length) {
      this.#block = new Float32Array(Math.max(blockLength, vectors.length));
      this.#used = 0;
    }
    const own = this.#block.subarray(this.#used, this.#used + vectors.length);
    own.set(vectors);
    this.#used += vectors.length;
    this.#cases.set(id, { case: id, study, vectors: own, rows: vectors.length / this.width });
  }

  delete(id: string): void {
    this.#cases.delete(id);
  }
}
