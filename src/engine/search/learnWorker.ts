/** Start file of the thread that learns a codebook, which takes seconds. */
import { parentPort, workerData } from 'node:worker_threads';
import { learnCodebook } from './codebook.ts';

const { rows, width } = workerData as { readonly rows: Float32Array; readonly width: number };
parentPort?.postMessage(learnCodebook(rows, width));
