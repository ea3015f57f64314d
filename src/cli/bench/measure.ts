/** Medians of repeated runs, and what they are compared with: a plain piece of work measured in the same run. */
import { performance } from 'node:perf_hooks';
import { cpus } from 'node:os';
import { cancelledError } from '../../shared/errors.ts';

export interface Measured {
  readonly runs: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** What a benchmark found. `ratio` is the median over the reference's, which a slower or busier machine changes little. */
export interface BenchResult {
  readonly bench: string;
  readonly subject: string;
  readonly medianMs: number;
  readonly measured: Readonly<Record<string, Measured>>;
  readonly reference: { readonly name: string } & Measured;
  readonly ratio: number;
  readonly details: Readonly<Record<string, string | number>>;
  readonly machine: { readonly cpus: number; readonly model: string; readonly node: string };
}

export const machine = (): BenchResult['machine'] => ({ cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.versions.node });

export function summarise(times: readonly number[]): Measured {
  const sorted = [...times].sort((a, b) => a - b);
  return { runs: sorted.length, medianMs: sorted[Math.floor((sorted.length - 1) / 2)]!, minMs: sorted[0]!, maxMs: sorted.at(-1)! };
}

/** Runs the work once to warm up, then `runs` times. @throws EngineError `cancelled` between two runs */
export async function measure(runs: number, signal: AbortSignal, work: () => unknown): Promise<Measured> {
  const times: number[] = [];
  for (let run = -1; run < runs; run++) {
    if (signal.aborted) throw cancelledError('bench');
    const started = performance.now();
    await work();
    if (run >= 0) times.push(performance.now() - started);
  }
  return summarise(times);
}

/** Repeatable numbers from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
