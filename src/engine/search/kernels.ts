/** The WebAssembly arithmetic of a search (kernels/search.ts), on memory that several threads share. */
import { kernelsWasm } from './kernels.wasm.ts';

/** What each function does is told in kernels/search.ts. Pointers are byte offsets into the memory. */
export interface Kernels {
  products(left: number, leftRows: number, right: number, rightRows: number, stride: number, out: number, outStride: number): void;
  distances(similarity: number, rows: number, real: number, columns: number, top: number, steps: number, out: number): void;
  scan(ids: number, spans: number, mask: number, count: number, tables: number, levels: number, columns: number, real: number, out: number, histogram: number): void;
  refineFew(ids: number, spans: number, mask: number, count: number, limit: number, tables: number, levels: number, real: number, margin: number, codes: number, dims: number, query: number, scales: number, offsets: number, similarities: number, top: number, perUnit: number, scratch: number, room: number, out: number, histogram: number): void;
  gather(scores: number, spans: number, mask: number, count: number, limit: number, firstSlot: number, out: number, room: number): number;
  approximate(codes: number, ids: number, errors: number, rows: number, levels: number, dims: number, query: number, scales: number, offsets: number, tables: number, columns: number, real: number, margins: number, floor: number, sims: number, scratch: number): number;
  largestMean(sims: number, rows: number, real: number, columns: number): number;
  greedy(sims: number, rows: number, real: number, columns: number, scratch: number): number;
  assign(vectors: number, rows: number, centroids: number, halves: number, stride: number, ids: number, idStep: number, sims: number, subtract: number): void;
  unpack(packed: number, rows: number, width: number, reference: number, referenceStep: number, out: number): void;
  productsInOrder(turned: number, columns: number, right: number, rightRows: number, width: number, rightStride: number, out: number): void;
  quantise(turned: number, rows: number, dims: number, steps: number, lengths: number, codes: number, errors: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** Memory of at most 4 GB, of which only what is used takes room. */
export const sharedMemory = (pages = 1): WebAssembly.Memory => new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });

/** @throws WebAssembly.CompileError where the processor's vector instructions cannot be used from WebAssembly */
export function openKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelsWasm, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

/** Hands out parts of a memory one after another, on boundaries of 64 bytes; what was handed out stays. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #end: number;

  constructor(memory: WebAssembly.Memory, from = 1024) {
    this.memory = memory;
    this.#end = from;
  }

  /** Byte offset of a new part, of zeros where the memory is new. @throws RangeError beyond 4 GB */
  take(bytes: number): number {
    const start = Math.ceil(this.#end / 64) * 64;
    this.#end = start + bytes;
    const missing = Math.ceil((this.#end - this.memory.buffer.byteLength) / 65_536);
    if (missing > 0) this.memory.grow(missing);
    return start;
  }

  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }
}
