/** The threads that scan a case index: started when first needed, never what keeps a process alive while idle. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../shared/errors.ts';
import type { Codebook } from './codebook.ts';
import type { Layout } from './indexMemory.ts';
import type { ScanReply, ScanTask, ScanWorkerData } from './scanWorker.ts';

/** More than four wait for memory. */
export const scanThreadCount = (): number => Math.min(4, Math.max(1, availableParallelism()));

const ended = (why: string): EngineError => new EngineError('bug/unexpected', `A search thread ended: ${why}`, { subject: 'search', advice: 'Search again; if it happens again, report this as a bug' });

interface Waiting {
  resolve(slots: Uint32Array): void;
  reject(error: Error): void;
}

export class ScanThreads {
  readonly #memory: WebAssembly.Memory;
  readonly #layout: Layout;
  readonly #workers: (Worker | undefined)[];
  readonly #waiting = new Map<Worker, Waiting>();
  #closed = false;

  constructor(memory: WebAssembly.Memory, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#workers = layout.threads.map(() => undefined);
  }

  get count(): number {
    return this.#workers.length;
  }

  /** Gives each thread its task. @returns what each found @throws EngineError `bug/unexpected` if one ended */
  async run(taskOf: (thread: number) => ScanTask): Promise<Uint32Array[]> {
    Atomics.store(new Int32Array(this.#memory.buffer, this.#layout.next, 1), 0, 0);
    return Promise.all(this.#workers.map((_, thread) => this.#ask(thread, taskOf(thread))));
  }

  async #ask(thread: number, task: ScanTask): Promise<Uint32Array> {
    if (this.#closed) throw ended('the index was closed');
    const worker = this.#workers[thread] ?? this.#start(thread);
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(worker, { resolve, reject });
      worker.postMessage(task);
    });
  }

  #start(thread: number): Worker {
    const workerData: ScanWorkerData = { memory: this.#memory, layout: this.#layout, thread };
    // Half of a thread's own heap stays unused; the index lies in shared memory.
    const worker = new Worker(new URL('./scanWorker.ts', import.meta.url), { name: 'search', workerData });
    this.#workers[thread] = worker;
    const settle = (act: (waiting: Waiting) => void): void => {
      const waiting = this.#waiting.get(worker);
      this.#waiting.delete(worker);
      worker.unref();
      if (waiting) act(waiting);
    };
    const fail = (why: string): void => {
      if (this.#workers[thread] === worker) this.#workers[thread] = undefined;
      settle((waiting) => { waiting.reject(ended(why)); });
    };
    worker.on('message', (reply: ScanReply) => { settle((waiting) => { if ('slots' in reply) waiting.resolve(reply.slots); else waiting.reject(ended(reply.error)); }); });
    worker.on('error', (error) => { fail(error instanceof Error ? error.message : String(error)); });
    worker.on('exit', (code) => { fail(`exit code ${code}`); });
    return worker;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map(async (worker) => worker?.terminate()));
  }
}

/** Learns a codebook in a thread of its own. @param rows float32 [count, width] */
export async function learnInThread(rows: Float32Array, width: number): Promise<Codebook> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./learnWorker.ts', import.meta.url), { name: 'learn', workerData: { rows, width } });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => { reject(ended(`exit code ${code}`)); });
  });
}
