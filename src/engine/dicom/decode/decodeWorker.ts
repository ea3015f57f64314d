/** A decode worker thread: answers each task with pixels or with an error as data, one at a time. */
import { parentPort } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { toErrorData } from '../../../shared/errors.ts';
import { runDecodeTask } from './decodeTask.ts';
import type { DecodeTask } from './decodeTask.ts';

parentPort?.on('message', (task: DecodeTask) => {
  runDecodeTask(task).then(
    (pixels) => parentPort?.postMessage({ pixels }, pixels.map((values) => values.buffer as unknown as Transferable)),
    (error: unknown) => parentPort?.postMessage({ error: toErrorData(error, task.name) }),
  );
});
