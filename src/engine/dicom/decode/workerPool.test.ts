import { describe, expect, onTestFinished, test } from 'vitest';
import { createWorkerPool } from './workerPool.ts';
import type { WorkerPool } from './workerPool.ts';

function pool(size: number): WorkerPool {
  const made = createWorkerPool(new URL('../../../testing/misbehavingWorker.ts', import.meta.url), { size, heapMb: 64, isDoubtful: (answer) => (answer as { echo: string }).echo === 'doubtful' });
  onTestFinished(async () => { await made.close(); });
  return made;
}

const patient = { timeoutMs: 30_000 };

describe('a worker that fails costs its own task and no other', () => {
  test.each([['hang', 'timeout', 300], ['silence', 'timeout', 300], ['throw', 'crashed', 30_000], ['exit', 'crashed', 30_000], ['hoard', 'crashed', 30_000]])('%s', async (task, reason, timeoutMs) => {
    const workers = pool(1);
    const failing = workers.run(task, { timeoutMs });
    const waiting = workers.run('after', patient);
    await expect(failing).rejects.toMatchObject({ reason });
    expect(await waiting).toEqual({ echo: 'after' });
    expect(await workers.run('later', patient)).toEqual({ echo: 'later' });
  });
});

test('a hundred tasks, some of them bad, all settle', async () => {
  const workers = pool(3);
  const tasks = Array.from({ length: 100 }, (_, i) => (i % 25 === 7 ? 'exit' : i % 25 === 13 ? 'throw' : `${i}`));
  const results = await Promise.allSettled(tasks.map(async (task) => workers.run(task, patient)));
  expect(results.map((result) => result.status)).toEqual(tasks.map((task) => (task === 'exit' || task === 'throw' ? 'rejected' : 'fulfilled')));
});

test('after a doubtful answer the worker is replaced, and goes on answering', async () => {
  const workers = pool(1);
  expect(await workers.run('doubtful', patient)).toEqual({ echo: 'doubtful' });
  expect(await workers.run('next', patient)).toEqual({ echo: 'next' });
});

test('a cancelled task is given up at once, waiting or running', async () => {
  const workers = pool(1);
  const stop = new AbortController();
  const running = workers.run('silence', { timeoutMs: 500, signal: stop.signal });
  const waiting = workers.run('never', { ...patient, signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(await workers.run('next', patient)).toEqual({ echo: 'next' });
});

test('closing settles everything and refuses what comes later', async () => {
  const workers = pool(1);
  const running = workers.run('hang', patient);
  const waiting = workers.run('waiting', patient);
  const outcomes = Promise.allSettled([running, waiting]);
  await workers.close();
  expect((await outcomes).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { reason: string }).reason : ''))).toEqual(['closed', 'closed']);
  await expect(workers.run('late', patient)).rejects.toMatchObject({ reason: 'closed' });
});

test('a task that cannot be sent fails by itself', async () => {
  const workers = pool(1);
  await expect(workers.run(() => undefined, patient)).rejects.toMatchObject({ reason: 'crashed' });
  expect(await workers.run('next', patient)).toEqual({ echo: 'next' });
});
