/** Processes that are killed while they work. */
import { fork } from 'node:child_process';

/**
 * Starts a program with its work as JSON, lets it go on for a while after it said `ready`, and kills it.
 * @returns what it said, in order @throws if it ended by itself
 */
export async function workAndDie<Told>(program: URL, work: unknown, ms: number): Promise<(Told | 'ready')[]> {
  const told: (Told | 'ready')[] = [];
  const running = fork(program, [JSON.stringify(work)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    running.on('message', (message: Told | 'ready') => {
      told.push(message);
      if (message === 'ready') setTimeout(() => running.kill('SIGKILL'), ms);
    });
    running.on('error', reject);
    running.on('close', (_, signal) => { if (signal === 'SIGKILL') resolve(); else reject(new Error('the child ended by itself')); });
  });
  return told;
}
