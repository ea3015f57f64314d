/**
 * Decides which execution provider may be trusted on this machine, by the pack's golden case: a GPU driver that computes
 * slightly wrong views gives plausible, wrong reports. The CPU is tried here, every other provider in a process made for
 * it and thrown away (it may crash, or hang). Results are kept, so that this costs one encoding per machine and pack.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { ProviderState } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { packFile, packKey, type Pack } from '../pack/pack.ts';
import type { OnnxRuntime, Provider, Tensor } from '../ports.ts';
import { largestDifference, readGolden, type GoldenCase } from './golden.ts';

export interface ProviderChoice {
  readonly provider: Provider;
  /** True when a provider that was wanted cannot be used, or one that exists failed its test. */
  readonly fallback: boolean;
  /** Why this provider, for people. */
  readonly message: string;
  readonly states: readonly ProviderState[];
}

export interface ChooseOptions {
  readonly wanted: Provider | 'auto';
  /** Folder for the results, one file; made if missing. */
  readonly cacheDir: string;
  /** Test again although a result is kept (`brat doctor`). */
  readonly fresh?: boolean;
  /**
   * Longest time a provider other than the CPU may take, start and two runs together. A software driver needs minutes; it
   * gets 20 s of them by default, and two minutes if it was asked for by name.
   */
  readonly limitMs?: number;
}

const outcomeSchema = z.object({
  verdict: z.enum(['passed', 'failed', 'unavailable']),
  difference: z.number().nullable(),
  ms: z.number().nullable(),
  message: z.string(),
});
type Outcome = z.output<typeof outcomeSchema>;

/**
 * Chooses the provider for a pack: the wanted one, or the first that passes and is faster than the CPU; otherwise the CPU.
 * @throws EngineError `onnx/self-test-failed` if the pack's golden case does not come out right on the CPU either
 */
export async function chooseProvider(runtime: OnnxRuntime, pack: Pack, options: ChooseOptions): Promise<ProviderChoice> {
  const { wanted, limitMs = wanted === 'auto' ? 20_000 : 120_000 } = options;
  const kept = await openCache(join(options.cacheDir, 'provider-tests.json'), options.fresh ?? false);
  let golden: Promise<GoldenCase> | undefined;
  const tested = (provider: Provider): Promise<Outcome> =>
    kept(resultKey(runtime, pack, provider, limitMs), provider, async () => test(runtime, pack, provider, await (golden ??= readGolden(pack)), limitMs));

  const cpu = await tested('cpu');
  if (cpu.verdict !== 'passed') {
    throw new EngineError('onnx/self-test-failed', `Pack ${packKey(pack)} does not repeat its golden case on the CPU: ${cpu.message}`, { subject: packKey(pack), advice: 'Install the model pack again; if it fails again, report it with the output of brat doctor' });
  }

  const possible = runtime.providers();
  const candidates = wanted === 'auto' ? possible.filter((provider) => provider !== 'cpu') : wanted === 'cpu' ? [] : [wanted];
  const outcomes = new Map<Provider, Outcome>([['cpu', cpu]]);
  let chosen: Provider = 'cpu';
  const reasons: string[] = [];
  let fallback = false;
  for (const provider of candidates) {
    const outcome = await tested(provider);
    outcomes.set(provider, outcome);
    const slower = wanted === 'auto' && (outcome.ms ?? 0) > (cpu.ms ?? Infinity);
    if (outcome.verdict === 'passed' && !slower) {
      chosen = provider;
      break;
    }
    reasons.push(outcome.verdict === 'passed' ? `${provider} is right but slower than the CPU here` : `${provider}: ${outcome.message}`);
    // That a machine has no such device is a fault only where the device was asked for.
    fallback ||= outcome.verdict === 'failed' || (outcome.verdict === 'unavailable' && wanted !== 'auto');
  }

  const states = [...new Set<Provider>([...possible, ...candidates])].map((provider): ProviderState => {
    const outcome = outcomes.get(provider);
    if (!outcome) return { provider, state: 'untested', goldenDifference: null, message: 'not tried' };
    return { provider, state: provider === chosen ? 'used' : outcome.verdict, goldenDifference: outcome.difference, message: outcome.message };
  });
  return { provider: chosen, fallback, message: [`${chosen}: ${outcomes.get(chosen)!.message}`, ...reasons].join('; '), states };
}

/** Runs the golden case on one provider and says how it went; never throws for a provider's own failure. */
async function test(runtime: OnnxRuntime, pack: Pack, provider: Provider, golden: GoldenCase, limitMs: number): Promise<Outcome> {
  const { input, encoder } = pack.manifest;
  const file = packFile(pack, encoder.file);
  const inputs = { volume: { type: 'float32', dims: [1, input.channels.length, ...input.size], data: golden.volume } } as const;
  try {
    const { outputs, ms } = provider === 'cpu' ? await runHere(runtime, file, inputs) : await runtime.runApart(file, provider, inputs, limitMs);
    const projected = outputs['projected'];
    const difference = projected?.type === 'float32' ? largestDifference(projected.data, golden.projected) : Infinity;
    const lesions = provider === 'cpu' || difference > golden.tolerance ? 0 : await lesionDifference(runtime, pack, provider, inputs, limitMs);
    const passed = difference <= golden.tolerance && lesions <= lesionTolerance;
    const figure = Number.isFinite(difference) ? difference.toExponential(1) : 'not a number or another shape';
    return {
      verdict: passed ? 'passed' : 'failed',
      difference: Number.isFinite(difference) ? difference : null,
      ms,
      message: `golden difference ${figure} (limit ${golden.tolerance.toExponential(1)})${lesions > lesionTolerance ? `, the lesion head differs from the CPU's by ${lesions.toFixed(3)}` : ''}, ${(ms / 1000).toFixed(2)} s`,
    };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { verdict: error.code === 'onnx/provider-unavailable' ? 'unavailable' : 'failed', difference: null, ms: null, message: error.message };
  }
}

/** A lesion's probability may differ by this much between providers: a step of what is stored is 0.004. */
const lesionTolerance = 0.01;

/** How far the lesion head on a provider is from the CPU's on the golden case; 0 for a pack without one. */
async function lesionDifference(runtime: OnnxRuntime, pack: Pack, provider: Provider, inputs: Readonly<Record<string, Tensor>>, limitMs: number): Promise<number> {
  const { lesion } = pack.manifest;
  if (!lesion) return 0;
  const file = packFile(pack, lesion.file);
  const [here, apart] = [await runHere(runtime, file, inputs), await runtime.runApart(file, provider, inputs, limitMs)];
  const [expected, given] = [here.outputs['probability'], apart.outputs['probability']];
  return expected?.type === 'float32' && given?.type === 'float32' ? largestDifference(given.data, expected.data) : Infinity;
}

async function runHere(runtime: OnnxRuntime, file: string, inputs: Readonly<Record<string, Tensor>>) {
  const session = await runtime.open(file, 'cpu');
  try {
    const started = performance.now();
    const outputs = await session.run(inputs);
    return { outputs, ms: performance.now() - started };
  } finally {
    await session.release();
  }
}

/** Everything a result depends on; a new driver, runtime or weight file asks for a new test. */
function resultKey(runtime: OnnxRuntime, pack: Pack, provider: Provider, limitMs: number): string {
  const { encoder, lesion, golden, files } = pack.manifest;
  const parts = [packKey(pack), files[encoder.file]!.sha256, lesion ? files[lesion.file]!.sha256 : '', files[golden.volume]!.sha256, files[golden.projected]!.sha256, golden.tolerance, provider, runtime.version, runtime.devices(), provider === 'cpu' ? 0 : limitMs];
  return `${packKey(pack)} ${provider} ${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`;
}

/** Results by key in one JSON file; one that cannot be read counts as empty, since every result can be had again. */
async function openCache(file: string, fresh: boolean): Promise<(key: string, provider: Provider, make: () => Promise<Outcome>) => Promise<Outcome>> {
  const text = fresh ? '{}' : await readFile(file, 'utf8').catch(() => '{}');
  const results = parseCache(text);
  return async (key, provider, make) => {
    const known = results[key];
    if (known) return known;
    const made = await make();
    // A refusal of the CPU is never kept: it stops all work, and memory may only have been short.
    if (provider === 'cpu' && made.verdict !== 'passed') return made;
    results[key] = made;
    // Where it cannot be kept it is made again each time.
    await keepCache(file, results).catch(() => undefined);
    return made;
  };
}

async function keepCache(file: string, results: Readonly<Record<string, Outcome>>): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(results, null, 1));
  await rename(temporary, file);
}

function parseCache(text: string): Record<string, Outcome> {
  try {
    return z.record(z.string(), outcomeSchema).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
