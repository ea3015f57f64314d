/** Start file of a preprocessing worker thread: runs tasks one after the other and posts what they return. */
import { parentPort } from 'node:worker_threads';
import { toErrorData, type ErrorData } from '../../../shared/errors.ts';
import { runTask, type Task, type TaskResults } from './tasks.ts';

export type WorkerReply = { readonly result: TaskResults[Task['kind']] } | { readonly error: ErrorData };

parentPort?.on('message', (task: Task) => {
  let reply: WorkerReply;
  try {
    reply = { result: runTask(task) };
  } catch (error) {
    reply = { error: toErrorData(error, 'volume') };
  }
  const transfer = 'result' in reply && ArrayBuffer.isView(reply.result) ? [reply.result.buffer] : [];
  parentPort?.postMessage(reply, transfer);
});
