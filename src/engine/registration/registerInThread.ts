/** Registers two volumes in a thread of its own, so that the engine goes on answering; ended when the caller leaves. */
import { Worker } from 'node:worker_threads';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { VoxelGrid } from './level.ts';
import type { RegistrationResult } from './registerVolumes.ts';

/** @throws EngineError `cancelled`, `bug/unexpected` if the thread ended */
export async function registerInThread(fixed: VoxelGrid, moving: VoxelGrid, signal: AbortSignal): Promise<RegistrationResult> {
  if (signal.aborted) throw cancelledError('registration');
  const grid = ({ dims, voxelToLps, voxels }: VoxelGrid): VoxelGrid => ({ dims, voxelToLps, voxels });
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'register', workerData: { fixed: grid(fixed), moving: grid(moving) } });
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      void worker.terminate();
      reject(cancelledError('registration'));
    };
    const fail = (why: string): void => { reject(new EngineError('bug/unexpected', `The registration ended: ${why}`, { subject: 'registration', advice: 'Open the study beside again; if it happens again, report this as a bug' })); };
    signal.addEventListener('abort', leave, { once: true });
    worker.once('message', resolve);
    worker.once('error', (error) => { fail(error instanceof Error ? error.message : String(error)); });
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', leave);
      fail(`exit code ${code}`);
    });
  });
}
