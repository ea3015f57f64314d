import { expect, test } from 'vitest';
import { keyOf } from './panes.ts';
import { testVolume } from './testVolume.ts';
import { Turns } from './turns.ts';
import { VolumeMemory } from './volumeMemory.ts';

const unit = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
const target = (n: number) => ({ study: `study ${n % 3}`, series: `series ${n}`, stack: 0 });
const volume = () => testVolume([10, 10, 10], unit); // 2,000 bytes

test('a hundred series stay within the budget, the last ones used are there, and what is on the screen never leaves', () => {
  const memory = new VolumeMemory(10_000);
  const first = volume();
  for (let n = 0; n < 100; n++) {
    memory.keep(target(n), n === 0 ? first : volume(), (key) => key === keyOf(target(0)));
    if (n === 50) memory.recall(target(47));
    expect(memory.bytes).toBeLessThanOrEqual(10_000);
  }
  expect(memory.recall(target(0))).toBe(first);
  expect(memory.recall(target(99))).toBeDefined();
  expect(memory.recall(target(90))).toBeUndefined();
});

test('one that is used again outlives those that are not', () => {
  const memory = new VolumeMemory(6_000);
  for (const n of [1, 2, 3]) memory.keep(target(n), volume(), () => false);
  memory.recall(target(1));
  memory.keep(target(4), volume(), () => false);
  expect([1, 2, 3, 4].map((n) => memory.recall(target(n)) !== undefined)).toEqual([true, false, true, true]);
});

test('a study that changed is forgotten, others are not', () => {
  const memory = new VolumeMemory(10_000);
  for (const n of [1, 2, 3]) memory.keep(target(n), volume(), () => false);
  memory.forget('study 1');
  expect([1, 2, 3].map((n) => memory.recall(target(n)) !== undefined)).toEqual([false, true, true]);
});

test('work is done one at a time, the most wanted first, and what was given up is left out', async () => {
  const turns = new Turns();
  const live = new AbortController();
  const gone = new AbortController();
  const done: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    running += 1;
    expect(running).toBe(1);
    await new Promise((resolve) => { setTimeout(resolve, 2); });
    running -= 1;
    done.push(name);
  };
  const all = [
    turns.take(() => 0, live.signal, work('first')),
    turns.take(() => 3, live.signal, work('late')),
    turns.take(() => 2, gone.signal, work('gone')).catch(() => undefined),
    turns.take(() => 1, live.signal, work('soon')),
  ];
  gone.abort();
  await Promise.all(all);
  expect(done).toEqual(['first', 'soon', 'late']);
});
