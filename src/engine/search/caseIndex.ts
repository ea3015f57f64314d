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
import { prepareQuery, stepsPerUnit, type PreparedQuery } from './preparedQuery.ts';
import { multiplyRows } from './products.ts';
import type { RankedCase } from './rankCases.ts';
import { ScanThreads, scanThreadCount } from './scanThreads.ts';

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

/** How much further an estimate may rise above its first look than any that was seen did. Measured: 0.03 at most in 200 queries of 77,228 cases. */
const riseMargin = 0.065;

/** A case with the estimate of its similarity, or its upper bound. */
interface Candidate {
  readonly slot: number;
  readonly estimate: number;
}

/** Cases that get a second look at once. */
const secondLooks = (size: number): number => Math.max(1000, Math.ceil(size / 250));
/** So many times more get one where the first look does not tell the nearest from the next. */
const mostFurther = 8;
/** Cases aligned exactly before estimates are judged. */
const firstExact = 48;
/** Best estimates that each thread keeps at least. */
const firstLook = (limit: number): number => 2 * limit + 60;
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
  readonly #read: (key: number) => Float32Array | null;
  readonly #slots = new Map<string, number>();
  readonly #cases: (string | undefined)[] = [];
  #keys = new Float64Array(0);
  /** Searches take turns, since each writes its query into the shared memory. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param read the stored vectors, float32 [rows, width], of the key a case was put with; null when they are gone */
  constructor(codebook: Codebook, read: (key: number) => Float32Array | null, threads = scanThreadCount()) {
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
      const candidates = await this.#candidates(prepared, open, options);
      effort.approximated += candidates.length;
      return this.#alignBest(query, prepared, candidates, options, effort);
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
    let open = 0;
    for (let block = 0; block < blockCount; block++) {
      const count = this.#memory.field(block, 'cases');
      const mask = arena.bytes(this.#memory.field(block, 'mask'), casesPerBlock);
      for (let at = 0, slot = block * casesPerBlock; at < count; at++, slot++) {
        const counts = this.#cases[slot] !== undefined && (eligible === undefined || eligible(slot));
        mask[at] = counts ? 1 : 0;
        if (counts) open++;
      }
    }
    return open;
  }

  /** Slots that are looked at exactly, best estimate (or bound) first. */
  async #candidates(prepared: PreparedQuery, open: number, { limit, proven = false, signal }: SearchOptions): Promise<Candidate[]> {
    const { blockCount: blocks } = this.#memory;
    const { rows, columns } = prepared;
    const wanted = Math.max(secondLooks(open), limit * 20);
    const chooses = !proven && open > wanted;
    // Distances are needed by the second step's choice alone; where all cases get it, zeros do as well.
    if (chooses) await this.#threads.run(() => ({ kind: 'scan', blocks, rows, columns }));
    const nearest = chooses ? this.#distanceOf(wanted) : 0xffff;
    throwIfAborted(signal);
    const candidates = await this.#lookAgain(prepared, { above: -1, limit: nearest, floor: -8, bounds: proven, keep: proven ? open : firstLook(limit) });
    throwIfAborted(signal);
    const further = chooses ? Math.min(this.#reach(prepared, candidates, limit), this.#distanceOf(wanted * mostFurther)) : nearest;
    if (further > nearest) {
      candidates.push(...(await this.#lookAgain(prepared, { above: nearest, limit: further, floor: candidates.at(-1)?.estimate ?? -8, bounds: false, keep: firstLook(limit) })));
      candidates.sort((a, b) => b.estimate - a.estimate);
      throwIfAborted(signal);
    }
    return candidates;
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
   * The distance up to which a case could still be among the nearest, if its estimate rose as far above its first look as that
   * of any case did that was looked at again. Queries whose nearest stand out reach no further than they are.
   */
  #reach({ top }: PreparedQuery, candidates: readonly Candidate[], limit: number): number {
    const last = candidates[limit - 1];
    if (!last) return 0xffff;
    let rise = 0;
    for (const { slot, estimate } of candidates) {
      const block = Math.floor(slot / casesPerBlock);
      const distance = new Uint16Array(this.#memory.arena.memory.buffer, this.#memory.field(block, 'scores') + (slot % casesPerBlock) * 2, 1)[0]!;
      rise = Math.max(rise, estimate - (top - distance / stepsPerUnit));
    }
    return Math.max(0, Math.min(0xffff, Math.ceil((top - (last.estimate - rise - riseMargin)) * stepsPerUnit)));
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

  /** Exact alignment, best first, until the rest cannot reach the best ones. */
  #alignBest(query: Float32Array, { rows, columns }: PreparedQuery, candidates: readonly Candidate[], { limit, proven = false }: SearchOptions, effort: SearchEffort): RankedCase[] {
    const { width, stride } = this.codebook;
    const { arena, layout } = this.#memory;
    const room = this.#ownRoom;
    // The best scores so far, largest first, and a little more than wanted because of ties.
    const best: { slot: number; score: number; vectors: Float32Array }[] = [];
    let [count, errorSum, errorSquares] = [0, 0, 0];
    for (const { slot, estimate } of candidates) {
      const last = best.length >= limit ? best[limit - 1]!.score : -Infinity;
      if (proven) {
        if (estimate < last - tieWidth) break;
      } else if (count >= Math.max(firstExact, limit)) {
        const mean = errorSum / count;
        const deviation = Math.sqrt(Math.max(0, errorSquares / count - mean * mean));
        if (count >= mostExact + limit || estimate + mean + deviations * deviation < last) break;
      }
      const vectors = this.#cases[slot] === undefined ? null : this.#read(this.#keys[slot]!);
      // Deleted since the scan.
      if (vectors === null) continue;
      const caseRows = vectors.length / width;
      const own = arena.floats(room.rows, caseRows * stride);
      if (stride === width) own.set(vectors);
      else for (let row = 0; row < caseRows; row++) own.set(vectors.subarray(row * width, (row + 1) * width), row * stride);
      this.#kernels.products(layout.query, columns, room.rows, caseRows, stride, room.sims, columns);
      const score = this.#kernels.greedy(room.sims, caseRows, rows, columns, room.scratch);
      count++;
      errorSum += score - estimate;
      errorSquares += (score - estimate) ** 2;
      if (score < last - tieWidth) continue;
      let at = best.length;
      while (at > 0 && best[at - 1]!.score < score) at--;
      best.splice(at, 0, { slot, score, vectors });
      while (best.length > limit && best.at(-1)!.score < best[limit - 1]!.score - tieWidth) best.pop();
    }
    effort.aligned += count;
    return best
      .flatMap(({ slot, vectors }): RankedCase[] => {
        const id = this.#cases[slot];
        if (id === undefined) return [];
        const caseRows = vectors.length / width;
        const products = new Float32Array(rows * caseRows);
        multiplyRows(query, rows, vectors, caseRows, width, products);
        const { mean, pairs } = alignPairwise(products, rows, caseRows);
        return [{ case: id, similarity: mean, pairs }];
      })
      .sort((a, b) => b.similarity - a.similarity || (a.case < b.case ? -1 : 1))
      .slice(0, limit);
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelledError('search');
}
