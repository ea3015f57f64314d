/** Start file of the thread that registers two volumes, which takes seconds. */
import { parentPort, workerData } from 'node:worker_threads';
import type { VoxelGrid } from './level.ts';
import { registerVolumes } from './registerVolumes.ts';

const { fixed, moving } = workerData as { readonly fixed: VoxelGrid; readonly moving: VoxelGrid };
parentPort?.postMessage(registerVolumes(fixed, moving));
