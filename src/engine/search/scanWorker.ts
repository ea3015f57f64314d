/** Start file of a search thread: goes through blocks of the shared index as it is told, beside the other threads. */
import { parentPort, workerData } from 'node:worker_threads';
import { encodeRows } from './encodeRows.ts';
import { blockField, bins, casesPerBlock, mostRows, type Layout, type Place } from './indexMemory.ts';
import { openKernels } from './kernels.ts';
import { refinedScale } from './preparedQuery.ts';

export interface ScanWorkerData {
  readonly memory: WebAssembly.Memory;
  readonly layout: Layout;
  readonly thread: number;
}

export type ScanTask =
  | { readonly kind: 'scan'; readonly blocks: number; readonly rows: number; readonly columns: number }
  /** Refines the distances of a query of few rows up to `limit`. */
  | { readonly kind: 'refine'; readonly blocks: number; readonly rows: number; readonly columns: number; readonly limit: number }
  /** Looks again at cases whose distance is above `above` and at most `limit`; all of them, for upper bounds. Estimates below `floor` are of no use. */
  | { readonly kind: 'approximate'; readonly blocks: number; readonly rows: number; readonly columns: number; readonly above: number; readonly limit: number; readonly floor: number; readonly bounds: boolean; readonly keep: number }
  | { readonly kind: 'encode'; readonly places: readonly Place[]; readonly vectors: readonly Float32Array[] };

export type ScanReply = { readonly slots: Uint32Array } | { readonly error: string };

/** Steps of the first look (255 reach to an average row) within which a row may be the nearest one although another comes nearer through centroids. */
const partnerMargin = 3;

/** The lowest of the largest so many numbers seen: what a number must reach to be among them. */
class Largest {
  readonly #keep: number;
  #kept: number[] = [];
  floor: number;

  constructor(keep: number, floor: number) {
    this.#keep = keep;
    this.floor = floor;
  }

  add(value: number): void {
    if (value <= this.floor) return;
    this.#kept.push(value);
    // Sorted now and then; until then the floor is a little low, which costs time only.
    if (this.#kept.length < 2 * this.#keep) return;
    this.#kept = this.#kept.sort((a, b) => b - a).slice(0, this.#keep);
    this.floor = Math.max(this.floor, this.#kept.at(-1)!);
  }
}

const port = parentPort;
if (port) {
  const { memory, layout, thread } = workerData as ScanWorkerData;
  const kernels = openKernels(memory);
  const room = layout.threads[thread]!;
  port.on('message', (task: ScanTask) => {
    let reply: ScanReply;
    try {
      // Shows this thread what the memory has grown by since.
      memory.grow(0);
      reply = { slots: work(task) };
    } catch (error) {
      reply = { error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply);
  });

  const nextBlock = (blocks: number): number | null => {
    const block = Atomics.add(new Int32Array(memory.buffer, layout.next, 1), 0, 1);
    return block < blocks ? block : null;
  };

  const work = (task: ScanTask): Uint32Array => {
    if (task.kind === 'encode') {
      task.places.forEach((place, index) => { encodeRows(kernels, memory, layout, room, place, task.vectors[index]!); });
      return new Uint32Array(0);
    }
    const { blocks, rows, columns } = task;
    const words = new Uint32Array(memory.buffer);
    if (task.kind === 'scan') {
      new Uint32Array(memory.buffer, room.histogram, bins).fill(0);
      for (let block = nextBlock(blocks); block !== null; block = nextBlock(blocks)) {
        const at = (field: Parameters<typeof blockField>[3]): number => blockField(layout, words, block, field);
        kernels.scan(at('ids'), at('spans'), at('mask'), at('cases'), layout.distances, layout.levels, columns, rows, at('scores'), room.histogram);
      }
      return new Uint32Array(0);
    }
    if (task.kind === 'refine') {
      new Uint32Array(memory.buffer, room.histogram, bins).fill(0);
      for (let block = nextBlock(blocks); block !== null; block = nextBlock(blocks)) {
        const at = (field: Parameters<typeof blockField>[3]): number => blockField(layout, words, block, field);
        kernels.refineFew(
          at('ids'), at('spans'), at('mask'), at('cases'), task.limit, layout.distances, layout.levels, rows, partnerMargin, at('codes'), layout.dims, layout.packedQuery, layout.scales, layout.offsets, layout.tables,
          refinedScale.top, refinedScale.perUnit, room.scratch, mostRows, at('scores'), room.histogram,
        );
      }
      return new Uint32Array(0);
    }
    const found: Uint32Array[] = [];
    const best = new Largest(task.keep, task.floor);
    const list = room.turned;
    for (let block = nextBlock(blocks); block !== null; block = nextBlock(blocks)) {
      const at = (field: Parameters<typeof blockField>[3]): number => blockField(layout, words, block, field);
      const [spans, ids, codes, errors, estimates] = [at('spans'), at('ids'), at('codes'), at('errors'), at('estimates')];
      const count = kernels.gather(at('scores'), spans, at('mask'), at('cases'), task.limit, block * casesPerBlock, list, casesPerBlock);
      const near = new Uint16Array(memory.buffer, at('scores'), casesPerBlock);
      const slots = new Uint32Array(memory.buffer, list, count).filter((slot) => near[slot % casesPerBlock]! > task.above);
      const values = new Float32Array(memory.buffer, estimates, casesPerBlock);
      for (const slot of slots) {
        const inBlock = slot % casesPerBlock;
        const first = words[spans / 4 + inBlock * 2]!;
        const caseRows = words[spans / 4 + inBlock * 2 + 1]!;
        const estimate = kernels.approximate(
          codes + (first * layout.dims) / 2, ids + first * layout.levels, errors + first, caseRows, layout.levels, layout.dims,
          layout.packedQuery, layout.scales, layout.offsets, layout.tables, columns, rows, task.bounds ? layout.margins : 0, best.floor, room.sims, room.scratch,
        );
        values[inBlock] = estimate;
        best.add(estimate);
      }
      found.push(slots);
    }
    const all = new Uint32Array(found.reduce((sum, part) => sum + part.length, 0));
    found.reduce((offset, part) => (all.set(part, offset), offset + part.length), 0);
    return all;
  };
}
