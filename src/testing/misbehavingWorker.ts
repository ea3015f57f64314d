/** A worker thread that does what it is told, good or bad: for tests of what supervises worker threads. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (task: string) => {
  if (task === 'hang') for (;;);
  if (task === 'throw') throw new Error('told to throw');
  if (task === 'exit') process.exit(3);
  if (task === 'hoard') {
    const kept: object[] = [];
    for (;;) kept.push({ kept: kept.length });
  }
  if (task === 'silence') return;
  parentPort?.postMessage({ echo: task });
});
