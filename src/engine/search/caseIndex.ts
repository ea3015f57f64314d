/**
 * Similar cases in an archive of any size, ranked by exact pairwise view alignment (alignment.ts) of the stored vectors.
 *
 * Three looks, each at fewer cases: (1) every case through centroids: the mean of best partners, from a few bytes a row;
 * (2) the nearest few thousand through 4-bit codes: an estimate of the alignment itself; (3) exact alignment of stored
 * vectors, best estimate first, until no estimate can reach the best ones found, by how far estimates were off so far.
 * `proven` leaves nothing to estimates: (2) gives every case an upper bound, and (3) goes on until the bounds end it.
 *
 * The first two run in threads on shared memory. Stored vectors come from the caller, so a case costs memory only for its
 * codes. Which words belong to a case is others' matter.
 */
import { cancelledError } from '../../shared/errors.ts';
import { alignPairwise } from './alignment.ts';
import { rowBytes, type Codebook } from './codebook.ts';
import { encodeRows } from './encodeRows.ts';
import { bins, casesPerBlock, IndexMemory, mostRows, type Place } from './indexMemory.ts';
import { openKernels, sharedMemory, type Kernels } from './kernels.ts';
import { fewRows, prepareQuery, type PreparedQuery } from './preparedQuery.ts';
import type { RankedCase } from './rankCases.ts';
import { ScanThreads, scanThreadCount } from './scanThreads.ts';
import type { StoredRows } from './storedRows.ts';

export interface SearchOptions {
  readonly limit: number;
  /** Which cases count; all, if left out. */
  readonly eligible?: (slot: number) => boolean;
  /** Proves that no other case belongs among the answers. */
  readonly proven?: boolean;
  readonly signal?: AbortSignal;
}

/** What a search went through, for benchmarks. */
export interface SearchEffort {
  approximated: number;
  aligned: number;
}

/** A case with the estimate of its similarity, or its upper bound. */
interface Candidate {
  readonly slot: number;
  readonly estimate: number;
}

/** Cases whose first look is refined for a query of few rows. Of 60 such queries in 77,228 cases, the right ten were among the nearest 14,000. */
const refinedLooks = (size: number): number => Math.max(16_384, Math.ceil(size / 5));
/** Cases that get a second look at once. */
const secondLooks = (size: number): number => Math.max(512, Math.ceil(size / 1000));
/** So many times more get one where the first look does not tell the nearest from the next. */
const mostFurther = 16;
/** So many standard deviations above the mean may an estimate rise over its first look. Of 200 queries in 77,228 cases 4 lost no answer. */
const riseDeviations = 4.5;
/** Cases aligned exactly before estimates are judged. */
const firstExact = 20;
/** Best estimates that each thread keeps at least. */
const bestKept = (limit: number): number => limit + 50;
/** Exact alignments at most, when nothing has to be proven. */
const mostExact = 1000;
/** How many standard deviations of its error an estimate may be short. */
const deviations = 4;
/** Scores closer than this are computed again in the order of sums that the plain ranking uses. */
const tieWidth = 2e-6;

export class CaseIndex {
  readonly codebook: Codebook;
  readonly #memory: IndexMemory;
  readonly #kernels: Kernels;
  readonly #threads: ScanThreads;
  readonly #read: (key: number) => StoredRows | null;
  /** What packed rows are told against, as it lies in the memory. */
  #reference: Float32Array | null = null;
  readonly #slots = new Map<string, number>();
  readonly #cases: (string | undefined)[] = [];
  #keys = new Float64Array(0);
  /** So many blocks are marked whole, as the last search without a filter left them. */
  #openBlocks = 0;
  /** Searches take turns, since each writes its query into the shared memory. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param read the stored vectors of the key a case was put with; null when they are gone */
  constructor(codebook: Codebook, read: (key: number) => StoredRows | null, threads = scanThreadCount()) {
    this.codebook = codebook;
    this.#read = read;
    // The last room is this thread's own.
    this.#memory = new IndexMemory(sharedMemory(), codebook, threads + 1);
    this.#kernels = openKernels(this.#memory.arena.memory);
    const { layout } = this.#memory;
    this.#threads = new ScanThreads(this.#memory.arena.memory, { ...layout, threads: layout.threads.slice(0, threads) });
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Places, taken or not: slots lie below it. */
  get slotCount(): number {
    return this.#cases.length;
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  caseAt(slot: number): string | undefined {
    return this.#cases[slot];
  }

  keyAt(slot: number): number {
    return this.#keys[slot]!;
  }

  /** Bytes of codes that a case of so many rows holds in memory. */
  bytesOf(rows: number): number {
    return rows * rowBytes(this.codebook) + 15;
  }

  /**
   * Adds a case or replaces its vectors; the next search sees it.
   * @param key what {@link read} finds the stored vectors by
   * @returns its slot
   * @throws RangeError for rows of another width, or too many
   */
  put(id: string, key: number, vectors: Float32Array): number {
    const place = this.#take(id, key, vectors);
    encodeRows(this.#kernels, this.#memory.arena.memory, this.#memory.layout, this.#ownRoom, place, vectors);
    this.#memory.show(place);
    return place.slot;
  }

  /** Adds many cases, with all threads. */
  async putMany(items: readonly { readonly id: string; readonly key: number; readonly vectors: Float32Array }[]): Promise<void> {
    await this.#inTurn(async () => {
      const places = items.map((item) => this.#take(item.id, item.key, item.vectors));
      await this.#threads.run((thread) => {
        const mine = items.map((_, index) => index).filter((index) => index % this.#threads.count === thread);
        return { kind: 'encode', places: mine.map((index) => places[index]!), vectors: mine.map((index) => items[index]!.vectors) };
      });
      for (const place of places) this.#memory.show(place);
    });
  }

  /** Puts a case whose codes were kept. @param codes what {@link codesOf} gave */
  putCodes(id: string, key: number, rows: number, codes: Uint8Array): void {
    const place = this.#takeRows(id, key, rows);
    const { levels, dims } = this.codebook;
    const { arena } = this.#memory;
    const [idBytes, codeBytes] = [rows * levels, (rows * dims) / 2];
    arena.bytes(place.ids, idBytes).set(codes.subarray(0, idBytes));
    arena.bytes(place.codes, codeBytes).set(codes.subarray(idBytes, idBytes + codeBytes));
    arena.bytes(place.errors, rows).set(codes.subarray(idBytes + codeBytes));
    this.#memory.show(place);
  }

  /** The codes of a case, to be kept. */
  codesOf(slot: number, rows: number): Uint8Array {
    const { levels, dims } = this.codebook;
    const { arena } = this.#memory;
    const place = this.#memory.place(slot, rows);
    const [idBytes, codeBytes] = [rows * levels, (rows * dims) / 2];
    const out = new Uint8Array(idBytes + codeBytes + rows);
    out.set(arena.bytes(place.ids, idBytes));
    out.set(arena.bytes(place.codes, codeBytes), idBytes);
    out.set(arena.bytes(place.errors, rows), idBytes + codeBytes);
    return out;
  }

  /** Takes a case out and wipes its codes. @returns its slot, or undefined if it was not there */
  delete(id: string): number | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined) return undefined;
    this.#slots.delete(id);
    this.#cases[slot] = undefined;
    this.#keys[slot] = 0;
    this.#memory.release(slot);
    return slot;
  }

  /**
   * @param query float32 [rows, width], rows of length 1
   * @returns at most `limit` cases, most similar first; of equal ones the lower id first
   * @throws RangeError if the query does not fill rows of the index's width; EngineError `cancelled`
   */
  async search(query: Float32Array, options: SearchOptions, effort: SearchEffort = { approximated: 0, aligned: 0 }): Promise<RankedCase[]> {
    const { width } = this.codebook;
    if (query.length === 0 || query.length % width !== 0) throw new RangeError(`${query.length} numbers do not fill rows of width ${width}`);
    return this.#inTurn(async () => {
      if (this.size === 0) return [];
      const prepared = prepareQuery(this.#kernels, this.#memory, query);
      const open = this.#mark(options.eligible);
      const aligned = new Aligned(options.limit, options.proven === true);
      await this.#rank(prepared, open, options, aligned);
      effort.approximated += aligned.candidates;
      effort.aligned += aligned.count;
      return this.#answer(prepared, aligned, options.limit);
    });
  }

  async close(): Promise<void> {
    await this.#threads.close();
  }

  get #ownRoom(): IndexMemory['layout']['threads'][number] {
    return this.#memory.layout.threads.at(-1)!;
  }

  #take(id: string, key: number, vectors: Float32Array): Place {
    const { width } = this.codebook;
    if (vectors.length === 0 || vectors.length % width !== 0) throw new RangeError(`${vectors.length} numbers do not fill rows of width ${width}`);
    return this.#takeRows(id, key, vectors.length / width);
  }

  #takeRows(id: string, key: number, rows: number): Place {
    if (rows > mostRows) throw new RangeError(`a case of ${rows} rows`);
    this.delete(id);
    const place = this.#memory.take(rows);
    while (this.#cases.length <= place.slot) this.#cases.push(undefined);
    if (this.#keys.length <= place.slot) {
      const keys = new Float64Array(Math.ceil((place.slot + 1) * 1.5) + 1024);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#slots.set(id, place.slot);
    this.#cases[place.slot] = id;
    this.#keys[place.slot] = key;
    return place;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = before.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Marks the cases that count. @returns how many */
  #mark(eligible: ((slot: number) => boolean) | undefined): number {
    const { arena, blockCount } = this.#memory;
    if (eligible === undefined) {
      // Places that no case has are passed over anyway.
      for (; this.#openBlocks < blockCount; this.#openBlocks++) arena.bytes(this.#memory.field(this.#openBlocks, 'mask'), casesPerBlock).fill(1);
      return this.size;
    }
    this.#openBlocks = 0;
    let open = 0;
    for (let block = 0; block < blockCount; block++) {
      const count = this.#memory.field(block, 'cases');
      const mask = arena.bytes(this.#memory.field(block, 'mask'), casesPerBlock);
      for (let at = 0, slot = block * casesPerBlock; at < count; at++, slot++) {
        const counts = this.#cases[slot] !== undefined && eligible(slot);
        mask[at] = counts ? 1 : 0;
        if (counts) open++;
      }
    }
    return open;
  }

  /** The three looks. What is aligned is in `aligned`. */
  async #rank(prepared: PreparedQuery, open: number, { limit, proven = false, signal }: SearchOptions, aligned: Aligned): Promise<void> {
    const { blockCount: blocks } = this.#memory;
    const { rows, columns } = prepared;
    const wanted = Math.max(secondLooks(open), limit * 20);
    const chooses = !proven && open > wanted;
    // Distances are needed by the second step's choice alone; where all cases get it, zeros do as well.
    if (chooses) {
      await this.#threads.run(() => ({ kind: 'scan', blocks, rows, columns }));
      const refined = Math.max(refinedLooks(open), wanted);
      const limitOfRefined = open > refined ? this.#distanceOf(refined) : 0xffff;
      if (rows <= fewRows) await this.#threads.run(() => ({ kind: 'refine', blocks, rows, columns, limit: limitOfRefined }));
    }
    const nearest = chooses ? this.#distanceOf(wanted) : 0xffff;
    throwIfAborted(signal);
    // All estimates of the nearest are worked out: how far they rise above the first look is learnt from them.
    const candidates = await this.#lookAgain(prepared, { above: -1, limit: nearest, floor: -8, bounds: proven, keep: chooses || proven ? open : bestKept(limit) });
    throwIfAborted(signal);
    const further = chooses ? Math.min(this.#reach(prepared, candidates, limit), this.#distanceOf(wanted * mostFurther)) : nearest;
    this.#align(prepared, candidates, aligned);
    if (further <= nearest) return;
    const more = await this.#lookAgain(prepared, { above: nearest, limit: further, floor: aligned.leastEstimate, bounds: false, keep: bestKept(limit) });
    throwIfAborted(signal);
    this.#align(prepared, more, aligned);
  }

  /** Second look at the cases in a range of distances. @returns those it may be worth to look at exactly, best first */
  async #lookAgain({ rows, columns }: PreparedQuery, range: { readonly above: number; readonly limit: number; readonly floor: number; readonly bounds: boolean; readonly keep: number }): Promise<Candidate[]> {
    const { blockCount: blocks, arena } = this.#memory;
    const found = await this.#threads.run(() => ({ kind: 'approximate', blocks, rows, columns, ...range }));
    const candidates: Candidate[] = [];
    for (const slots of found) {
      for (const slot of slots) {
        const block = Math.floor(slot / casesPerBlock);
        const estimate = arena.floats(this.#memory.field(block, 'estimates') + (slot % casesPerBlock) * 4, 1)[0]!;
        if (estimate > -9) candidates.push({ slot, estimate });
      }
    }
    return candidates.sort((a, b) => b.estimate - a.estimate);
  }

  /**
   * The distance up to which a case could still be among the nearest, as far as estimates rose above their first looks. Queries whose
   * nearest stand out reach no further than they are.
   */
  #reach({ top, perUnit }: PreparedQuery, candidates: readonly Candidate[], limit: number): number {
    const last = candidates[limit - 1];
    if (!last) return 0xffff;
    let [sum, squares] = [0, 0];
    for (const { slot, estimate } of candidates) {
      const block = Math.floor(slot / casesPerBlock);
      const distance = new Uint16Array(this.#memory.arena.memory.buffer, this.#memory.field(block, 'scores') + (slot % casesPerBlock) * 2, 1)[0]!;
      const rise = estimate - (top - distance / perUnit);
      sum += rise;
      squares += rise * rise;
    }
    const mean = sum / candidates.length;
    const rise = mean + riseDeviations * Math.sqrt(Math.max(0, squares / candidates.length - mean * mean));
    return Math.max(0, Math.min(0xffff, Math.ceil((top - (last.estimate - rise)) * perUnit)));
  }

  /** The distance within which so many cases lie, to the width of a bin. */
  #distanceOf(wanted: number): number {
    const { arena, layout } = this.#memory;
    const histograms = layout.threads.slice(0, this.#threads.count).map((room) => arena.words(room.histogram, bins));
    let count = 0;
    for (let bin = 0; bin < bins; bin++) {
      for (const histogram of histograms) count += histogram[bin]!;
      if (count >= wanted) return bin * 16 + 15;
    }
    return 0xffff;
  }

  /** Exact alignment, best estimate first, until the rest cannot reach the best ones. */
  #align({ rows, columns }: PreparedQuery, candidates: readonly Candidate[], aligned: Aligned): void {
    const { stride } = this.codebook;
    const { arena, layout } = this.#memory;
    const room = this.#ownRoom;
    aligned.candidates += candidates.length;
    for (const { slot, estimate } of candidates) {
      if (aligned.isOutOfReach(estimate)) break;
      const stored = this.#cases[slot] === undefined ? null : this.#read(this.#keys[slot]!);
      // Deleted since the scan.
      if (stored === null) continue;
      this.#place(stored);
      this.#kernels.products(layout.query, columns, room.rows, stored.rows, stride, room.sims, columns);
      const score = this.#kernels.greedy(room.sims, stored.rows, rows, columns, room.scratch);
      aligned.add(slot, estimate, score, stored.rows, () => arena.floats(room.rows, stored.rows * stride).slice());
    }
  }

  /** The best, computed again in the plain ranking's order of sums. */
  #answer({ rows, columns }: PreparedQuery, { best }: Aligned, limit: number): RankedCase[] {
    const { width, stride } = this.codebook;
    const { arena, layout } = this.#memory;
    const room = this.#ownRoom;
    return best
      .flatMap(({ slot, rows: caseRows, vectors }): RankedCase[] => {
        const id = this.#cases[slot];
        if (id === undefined) return [];
        arena.floats(room.rows, vectors.length).set(vectors);
        this.#kernels.productsInOrder(layout.orderedQuery, columns, room.rows, caseRows, width, stride, room.sims);
        const sums = arena.floats(room.sims, caseRows * columns);
        const products = new Float32Array(rows * caseRows);
        for (let row = 0, at = 0; row < rows; row++) for (let column = 0; column < caseRows; column++, at++) products[at] = sums[column * columns + row]!;
        const { mean, pairs } = alignPairwise(products, rows, caseRows);
        return [{ case: id, similarity: mean, pairs }];
      })
      .sort((a, b) => b.similarity - a.similarity || (a.case < b.case ? -1 : 1))
      .slice(0, limit);
  }

  /** Puts stored rows into this thread's own room. */
  #place({ rows, packed, vectors }: StoredRows): void {
    const { width, stride } = this.codebook;
    const { arena, layout } = this.#memory;
    const to = this.#ownRoom.rows;
    if (packed !== null && width % 16 === 0) {
      const { bytes, reference } = packed;
      if (this.#reference !== reference) {
        arena.floats(layout.reference, reference.length).set(reference);
        this.#reference = reference;
      }
      arena.bytes(layout.packed, bytes.length).set(bytes);
      this.#kernels.unpack(layout.packed, rows, width, layout.reference, reference.length === width ? 0 : width * 4, to);
      return;
    }
    const whole = vectors();
    if (stride === width) arena.floats(to, whole.length).set(whole);
    else for (let row = 0; row < rows; row++) arena.floats(to + row * stride * 4, width).set(whole.subarray(row * width, (row + 1) * width));
  }
}

/** What was aligned exactly so far: the best of it, and how far estimates were off. */
class Aligned {
  readonly #limit: number;
  readonly #proven: boolean;
  #errorSum = 0;
  #errorSquares = 0;
  count = 0;
  /** Cases that were estimated well enough to be kept. */
  candidates = 0;
  /** Largest score first, and a little more than wanted because of ties; `vectors` are rows as the index lays them. */
  readonly best: { readonly slot: number; readonly score: number; readonly rows: number; readonly vectors: Float32Array }[] = [];

  constructor(limit: number, proven: boolean) {
    this.#limit = limit;
    this.#proven = proven;
  }

  /** An estimate (or bound) below cannot be that of an answer. */
  get leastEstimate(): number {
    const last = this.best[this.#limit - 1]?.score;
    if (last === undefined) return -8;
    if (this.#proven) return last - tieWidth;
    if (this.count < Math.max(firstExact, this.#limit)) return -8;
    const mean = this.#errorSum / this.count;
    return last - mean - deviations * Math.sqrt(Math.max(0, this.#errorSquares / this.count - mean * mean));
  }

  isOutOfReach(estimate: number): boolean {
    return estimate < this.leastEstimate || (!this.#proven && this.count >= mostExact + this.#limit);
  }

  add(slot: number, estimate: number, score: number, rows: number, vectors: () => Float32Array): void {
    this.count++;
    this.#errorSum += score - estimate;
    this.#errorSquares += (score - estimate) ** 2;
    const { best } = this;
    if (best.length >= this.#limit && score < best[this.#limit - 1]!.score - tieWidth) return;
    let at = best.length;
    while (at > 0 && best[at - 1]!.score < score) at--;
    best.splice(at, 0, { slot, score, rows, vectors: vectors() });
    while (best.length > this.#limit && best.at(-1)!.score < best[this.#limit - 1]!.score - tieWidth) best.pop();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelledError('search');
}
