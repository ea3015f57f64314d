/**
 * A few worker threads that run preprocessing tasks. Threads rather than the engine's own, because the engine answers
 * the window while a volume is prepared; started at the first task, and never what keeps a process alive when idle.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EngineError, fromErrorData } from '../../../shared/errors.ts';
import type { Task, TaskResults } from './tasks.ts';
import type { WorkerReply } from './worker.ts';

export interface WorkerPool {
  /** How many tasks run at once; ranges are best cut into as many parts. */
  readonly size: number;
  run<K extends Task['kind']>(task: Extract<Task, { kind: K }>): Promise<TaskResults[K]>;
  close(): Promise<void>;
}

interface Job {
  readonly task: Task;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** More threads than this gain nothing: reading the voxels from memory is what takes the time. */
const mostThreads = 4;

export function createWorkerPool(size = Math.min(mostThreads, Math.max(1, availableParallelism()))): WorkerPool {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();
  let closed = false;

  const fail = (worker: Worker, error: unknown): void => {
    const job = busy.get(worker);
    busy.delete(worker);
    if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    job?.reject(new EngineError('bug/unexpected', `The preprocessing worker ended: ${error instanceof Error ? error.message : String(error)}`, { subject: 'preprocessing', advice: 'Try again; if it happens again, report this as a bug' }));
    if (!closed) next();
  };

  const start = (): Worker => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'preprocess' });
    worker.on('message', (reply: WorkerReply) => {
      const job = busy.get(worker);
      busy.delete(worker);
      idle.push(worker);
      worker.unref();
      if ('error' in reply) job?.reject(fromErrorData(reply.error));
      else job?.resolve(reply.result);
      next();
    });
    worker.on('error', (error) => { fail(worker, error); });
    worker.on('exit', (code) => { fail(worker, `exit code ${code}`); });
    return worker;
  };

  const next = (): void => {
    while (waiting.length > 0 && busy.size < size) {
      const job = waiting.shift()!;
      const worker = idle.pop() ?? start();
      worker.ref();
      busy.set(worker, job);
      worker.postMessage(job.task);
    }
  };

  return {
    size,
    run<K extends Task['kind']>(task: Extract<Task, { kind: K }>): Promise<TaskResults[K]> {
      if (closed) return Promise.reject(new EngineError('bug/unexpected', 'The preprocessor was closed', { subject: 'preprocessing', advice: 'Report this as a bug' }));
      return new Promise((resolve, reject) => {
        waiting.push({ task, resolve: (result) => { resolve(result as TaskResults[K]); }, reject });
        next();
      });
    },
    async close() {
      closed = true;
      const workers = [...idle, ...busy.keys()];
      for (const job of waiting.splice(0)) job.reject(new EngineError('cancelled', 'The preprocessor was closed', { subject: 'preprocessing', advice: 'Start it again when you want it' }));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
