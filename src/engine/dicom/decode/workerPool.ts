/**
 * A few worker threads that answer one task each at a time. A worker that throws, exits, runs out of memory or takes
 * too long is ended and replaced; its task fails and no other. Every task settles.
 */
import { Worker } from 'node:worker_threads';

/** Why a task got no answer: told apart so that the caller can name it. */
export class WorkerFailure extends Error {
  readonly reason: 'timeout' | 'crashed' | 'closed';
  constructor(reason: WorkerFailure['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface WorkerPool {
  /**
   * @param timeoutMs counted from when a worker takes the task, not while it waits
   * @param signal rejects at once with its reason; a task already with a worker runs on and its answer is dropped
   * @returns the worker's answer
   * @throws WorkerFailure
   */
  run(task: unknown, options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<unknown>;
  /** Ends all workers; waiting and running tasks fail with `closed`. */
  close(): Promise<void>;
}

interface Waiting {
  readonly task: unknown;
  readonly timeoutMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly isCancelled: () => boolean;
}

/**
 * @param options.heapMb JavaScript heap of each worker. A worker that grows beyond it is ended, but V8 gives up on the
 *   whole process when the heap fills with large arrays at once, so callers keep what a task may hold bounded themselves
 * @param options.isDoubtful true for answers after which the worker must not be used again
 */
export function createWorkerPool(file: URL, options: { readonly size: number; readonly heapMb: number; readonly isDoubtful: (answer: unknown) => boolean }): WorkerPool {
  const idle: Worker[] = [];
  const live = new Set<Worker>();
  const queue: Waiting[] = [];
  let running = 0;
  let closed = false;

  const start = (): Worker => {
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: options.heapMb }, stdout: true, stderr: true });
    live.add(worker);
    worker.once('exit', () => live.delete(worker));
    return worker;
  };

  const next = (): void => {
    while (!closed && running < options.size) {
      const waiting = queue.shift();
      if (waiting === undefined) return;
      if (!waiting.isCancelled()) void dispatch(waiting);
    }
  };

  const dispatch = async (waiting: Waiting): Promise<void> => {
    running += 1;
    const worker = idle.pop() ?? start();
    worker.ref();
    const outcome = await oneAnswer(worker, waiting);
    running -= 1;
    if (outcome.reusable && !closed) {
      worker.unref();
      idle.push(worker);
    } else {
      void worker.terminate();
    }
    next();
  };

  const oneAnswer = async (worker: Worker, waiting: Waiting): Promise<{ reusable: boolean }> =>
    new Promise((done) => {
      const settle = (reusable: boolean, finish: () => void): void => {
        clearTimeout(timer);
        worker.removeAllListeners('message').removeAllListeners('error').removeAllListeners('messageerror');
        worker.off('exit', onExit);
        // An ended worker may still report; nobody waits for it any more.
        worker.on('error', () => undefined);
        finish();
        done({ reusable });
      };
      const fail = (reason: WorkerFailure['reason'], message: string): void => {
        settle(false, () => { waiting.reject(new WorkerFailure(reason, message)); });
      };
      const onExit = (): void => { fail(closed ? 'closed' : 'crashed', 'the worker ended'); };
      const timer = setTimeout(() => { fail('timeout', `no answer within ${waiting.timeoutMs} ms`); }, waiting.timeoutMs);
      worker.once('message', (answer: unknown) => { settle(!options.isDoubtful(answer), () => { waiting.resolve(answer); }); });
      worker.once('error', (error) => { fail('crashed', error instanceof Error ? error.message : String(error)); });
      worker.once('messageerror', (error) => { fail('crashed', error.message); });
      worker.once('exit', onExit);
      try {
        worker.postMessage(waiting.task);
      } catch (error) {
        fail('crashed', error instanceof Error ? error.message : String(error));
      }
    });

  return {
    async run(task, { timeoutMs, signal }) {
      if (closed) throw new WorkerFailure('closed', 'the pool is closed');
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const onAbort = (): void => { reject(signal?.reason instanceof Error ? signal.reason : new DOMException('Aborted', 'AbortError')); };
        signal?.addEventListener('abort', onAbort, { once: true });
        const finish = <T extends unknown[]>(settle: (...values: T) => void) => (...values: T): void => {
          signal?.removeEventListener('abort', onAbort);
          settle(...values);
        };
        queue.push({ task, timeoutMs, resolve: finish(resolve), reject: finish(reject), isCancelled: () => signal?.aborted === true });
        next();
      });
    },
    async close() {
      closed = true;
      for (const waiting of queue.splice(0)) waiting.reject(new WorkerFailure('closed', 'the pool was closed'));
      await Promise.all([...live].map(async (worker) => worker.terminate()));
    },
  };
}
