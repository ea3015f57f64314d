/**
 * Where everything of a case index lies in memory shared by its threads: the codebook, the query at work, each thread's own
 * room, and the cases in blocks. A block is filled once and its places are used again after deletions, so nothing moves
 * and a scan reads memory in order. Offsets are in bytes.
 */
import { centroidsPerLevel, fillHalves, type Codebook } from './codebook.ts';
import { Arena } from './kernels.ts';

export const casesPerBlock = 8192;
const rowsPerBlock = 65_536;
const mostBlocks = 2048;
/** Rows of a case and of a query, at most. */
export const mostRows = 256;
/** Bins of the distances, 65,536 in 4096. */
export const bins = 4096;

/** Numbers a block has in the table of blocks. */
const blockFields = ['spans', 'mask', 'scores', 'estimates', 'ids', 'codes', 'errors', 'cases', 'rows'] as const;
type BlockField = (typeof blockFields)[number];

/** What belongs to one thread alone. */
export interface ThreadRoom {
  readonly histogram: number;
  readonly sims: number;
  readonly scratch: number;
  /** f32 [mostRows][stride], the rows of a case */
  readonly rows: number;
  /** f32 [mostRows][max(dims, 256)] */
  readonly turned: number;
  readonly lengths: number;
}

/** Offsets of what every thread reads; plain data, so that it can be sent to threads. */
export interface Layout {
  readonly stride: number;
  readonly width: number;
  readonly levels: number;
  readonly dims: number;
  /** Next block to be worked on, for `Atomics.add`. */
  readonly next: number;
  readonly centroids: number;
  readonly halves: number;
  readonly basis: number;
  readonly steps: number;
  readonly query: number;
  /** f64 [width][columns], for sums in the plain ranking's order */
  readonly orderedQuery: number;
  /** The stored rows of a case as they were read, and what they are told against. */
  readonly packed: number;
  readonly reference: number;
  readonly tables: number;
  readonly distances: number;
  readonly turnedQuery: number;
  readonly packedQuery: number;
  readonly scales: number;
  readonly offsets: number;
  readonly margins: number;
  readonly blocks: number;
  readonly threads: readonly ThreadRoom[];
}

/** The field of a block in the table of blocks. */
export const blockField = (layout: Layout, words: Uint32Array, block: number, field: BlockField): number => words[layout.blocks / 4 + block * blockFields.length + blockFields.indexOf(field)]!;

/** A place in the index: rows [first, first + rows) of a block. */
export interface Place {
  readonly slot: number;
  readonly rows: number;
  readonly ids: number;
  readonly codes: number;
  readonly errors: number;
}

export class IndexMemory {
  readonly arena: Arena;
  readonly layout: Layout;
  blockCount = 0;
  /** Places given back, by their number of rows. */
  readonly #free = new Map<number, number[]>();

  constructor(memory: WebAssembly.Memory, codebook: Codebook, threads: number) {
    const arena = new Arena(memory);
    const { stride, width, levels, dims, centroids, basis, steps } = codebook;
    const room = (): ThreadRoom => ({
      histogram: arena.take(bins * 4),
      sims: arena.take(mostRows * mostRows * 4),
      scratch: arena.take(Math.max(2 * dims, 12 * mostRows, 16 + 16 * mostRows + dims)),
      rows: arena.take(mostRows * stride * 4),
      turned: arena.take(mostRows * Math.max(dims, centroidsPerLevel) * 4),
      lengths: arena.take(mostRows * 4),
    });
    this.arena = arena;
    this.layout = {
      stride, width, levels, dims,
      next: arena.take(64),
      centroids: arena.take(centroids.byteLength),
      halves: arena.take(levels * centroidsPerLevel * 4),
      basis: arena.take(basis.byteLength),
      steps: arena.take(steps.byteLength),
      query: arena.take(mostRows * stride * 4),
      orderedQuery: arena.take(mostRows * width * 8),
      packed: arena.take(mostRows * (4 + width + Math.ceil(width / 4))),
      reference: arena.take(mostRows * width * 4),
      tables: arena.take(levels * centroidsPerLevel * mostRows * 4),
      distances: arena.take(levels * centroidsPerLevel * mostRows),
      turnedQuery: arena.take(dims * mostRows * 4),
      packedQuery: arena.take(dims * mostRows),
      scales: arena.take(mostRows * 4),
      offsets: arena.take(mostRows * 4),
      margins: arena.take(mostRows * 4),
      blocks: arena.take(mostBlocks * blockFields.length * 4),
      threads: Array.from({ length: threads }, room),
    };
    arena.floats(this.layout.centroids, centroids.length).set(centroids);
    arena.floats(this.layout.basis, basis.length).set(basis);
    arena.floats(this.layout.steps, steps.length).set(steps);
    for (let level = 0; level < levels; level++) {
      fillHalves(arena.floats(this.layout.halves + level * centroidsPerLevel * 4, centroidsPerLevel), centroids.subarray(level * centroidsPerLevel * stride), stride);
    }
  }

  field(block: number, field: BlockField): number {
    return blockField(this.layout, new Uint32Array(this.arena.memory.buffer), block, field);
  }

  #setField(block: number, field: BlockField, value: number): void {
    new Uint32Array(this.arena.memory.buffer)[this.layout.blocks / 4 + block * blockFields.length + blockFields.indexOf(field)] = value;
  }

  /** A place for a case of so many rows; searched only after {@link show}. @throws RangeError when 4 GB are used up */
  take(rows: number): Place {
    const reused = this.#free.get(rows)?.pop();
    if (reused !== undefined) return this.place(reused, rows);
    let block = this.blockCount - 1;
    if (block < 0 || this.field(block, 'cases') >= casesPerBlock || this.field(block, 'rows') + rows > rowsPerBlock) block = this.#addBlock();
    const cases = this.field(block, 'cases');
    const first = this.field(block, 'rows');
    this.arena.words(this.field(block, 'spans') + cases * 8, 2).set([first, 0]);
    this.#setField(block, 'rows', first + rows);
    this.#setField(block, 'cases', cases + 1);
    return this.place(block * casesPerBlock + cases, rows);
  }

  place(slot: number, rows: number): Place {
    const [block, at] = [Math.floor(slot / casesPerBlock), slot % casesPerBlock];
    const first = this.arena.words(this.field(block, 'spans') + at * 8, 2)[0]!;
    const { levels, dims } = this.layout;
    return { slot, rows, ids: this.field(block, 'ids') + first * levels, codes: this.field(block, 'codes') + first * (dims / 2), errors: this.field(block, 'errors') + first };
  }

  /** Lets searches see a place, once its codes are written. */
  show({ slot, rows }: Place): void {
    const [block, at] = [Math.floor(slot / casesPerBlock), slot % casesPerBlock];
    this.arena.words(this.field(block, 'spans') + at * 8, 2)[1] = rows;
  }

  /** Takes a place out of every search, wipes its codes and keeps it for another case of as many rows. */
  release(slot: number): void {
    const [block, at] = [Math.floor(slot / casesPerBlock), slot % casesPerBlock];
    const span = this.arena.words(this.field(block, 'spans') + at * 8, 2);
    const rows = span[1]!;
    if (rows === 0) return;
    span[1] = 0;
    const { ids, codes, errors } = this.place(slot, rows);
    const { levels, dims } = this.layout;
    this.arena.bytes(ids, rows * levels).fill(0);
    this.arena.bytes(codes, (rows * dims) / 2).fill(0);
    this.arena.bytes(errors, rows).fill(0);
    const free = this.#free.get(rows);
    if (free) free.push(slot);
    else this.#free.set(rows, [slot]);
  }

  #addBlock(): number {
    const block = this.blockCount;
    if (block >= mostBlocks) throw new RangeError('the index is full');
    const { levels, dims } = this.layout;
    const sizes = { spans: casesPerBlock * 8, mask: casesPerBlock, scores: casesPerBlock * 2, estimates: casesPerBlock * 4, ids: rowsPerBlock * levels, codes: (rowsPerBlock * dims) / 2, errors: rowsPerBlock };
    for (const [field, bytes] of Object.entries(sizes)) this.#setField(block, field as BlockField, this.arena.take(bytes));
    this.blockCount += 1;
    return block;
  }
}
