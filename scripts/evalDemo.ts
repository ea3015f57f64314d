/**
 * `npm run --silent eval:demo -- --seed N --count M --json`: how true a pack's output is, on phantoms it has never seen.
 * Makes phantoms as DICOM studies, runs the app's own command line on them, and prints one JSON object. This file only
 * leads from step to step; what the figures are is in docs/evaluation.md and training/brat_train/evaluate.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const training = join(root, 'training');
const python = process.platform === 'win32' ? join(training, '.venv', 'Scripts', 'python.exe') : join(training, '.venv', 'bin', 'python');

const usage = `usage: npm run --silent eval:demo -- --seed N --count M [--json] [--pack NAME] [--provider NAME] [--keep DIR] [--processes P] [--details FILE]
  --seed       first phantom; test seeds begin at 5000000
  --count      how many phantoms
  --json       print one JSON object and nothing else
  --pack       pack of the app: id, id@version or folder
  --provider   provider of the app: auto, cuda, webgpu, dml, coreml or cpu
  --keep       folder to keep the phantoms in, for the next run of the same seed and count
  --processes  phantoms made at once
  --details    file for what the figures are made of
`;

/** Something the caller can put right. */
class UsageError extends Error {}

interface Options {
  readonly seed: number;
  readonly count: number;
  readonly json: boolean;
  /** Arguments that choose pack and provider, passed on to the app. */
  readonly model: readonly string[];
  readonly keep: string | null;
  readonly processes: number;
  readonly details: string | null;
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: { seed: text, count: text, json: { type: 'boolean' }, pack: text, provider: text, keep: text, processes: text, details: text } }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const whole = (name: string, given: string | undefined, least: number): number => {
    const value = Number(given);
    if (given === undefined || given.trim() === '' || !Number.isSafeInteger(value) || value < least) throw new UsageError(`--${name} takes a whole number from ${String(least)}`);
    return value;
  };
  return {
    seed: whole('seed', values.seed, 0),
    count: whole('count', values.count, 1),
    json: values.json ?? false,
    model: [...(values.pack === undefined ? [] : ['--pack', values.pack]), ...(values.provider === undefined ? [] : ['--provider', values.provider])],
    keep: values.keep === undefined ? null : resolve(values.keep),
    processes: whole('processes', values.processes ?? String(availableParallelism()), 1),
    details: values.details === undefined ? null : resolve(values.details),
  };
}

const started = performance.now();
const say = (text: string): void => { process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}\n`); };

/** The program that runs now, which goes with this one. */
let running: ChildProcess | null = null;

/** Runs a program with its standard output in a file, its standard error passed on. @returns its exit code */
function run(command: string, args: readonly string[], options: { readonly out: string; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }): Promise<number> {
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'inherit'] });
  running = child;
  const file = createWriteStream(options.out);
  child.stdout.pipe(file);
  return new Promise((done, failed) => {
    child.on('error', failed);
    file.on('error', failed);
    file.on('finish', () => {
      if (child.exitCode !== null || child.signalCode !== null) done(child.exitCode ?? 1);
      else child.on('exit', (code) => { done(code ?? 1); });
    });
  });
}

/** A part of brat_train.evaluate.demo. @returns what it printed */
async function evaluate(work: string, args: readonly string[]): Promise<string> {
  const out = join(work, 'printed');
  if (await run(python, ['-m', 'brat_train.evaluate.demo', ...args], { out, cwd: training }) !== 0) throw new UsageError(`${args[0]!} failed`);
  return readFileSync(out, 'utf8');
}

const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** A command of the app on a data folder of its own. @returns false if the pack has not what it takes */
async function brat(work: string, out: string, args: readonly string[]): Promise<boolean> {
  const env = { BRAT_DATA_DIR: join(work, 'data'), BRAT_DEMO: 'none' };
  if (await run(process.execPath, [join(root, 'src', 'cli', 'main.ts'), ...args, '--json'], { out, env }) === 0) return true;
  const failed = failure.safeParse(JSON.parse(readFileSync(out, 'utf8') || '{}'));
  rmSync(out);
  if (failed.data?.error.code === 'pack/no-text-encoder') return false;
  throw new UsageError(`brat ${args[0]!} failed${failed.data ? `: ${failed.data.error.code}` : ''}`);
}

/** Figures as brat_train.evaluate.demo prints them. */
const figure = z.number().nullable();
const retrieval = z.strictObject({ r1: figure, r5: figure, r10: figure, medianRank: figure, meanRank: figure, r5f: figure, p5f: figure });
const range = z.tuple([z.number(), z.number()]);
const figures = z.strictObject({
  findingsF1: figure, sideAccuracy: figure, lobeAccuracy: figure, sizeAccuracy: figure, normalAccuracy: figure, priorMentions: z.int(),
  textToImage: retrieval, imageToText: retrieval, flagAuroc: figure, lesionDice: figure, headAuc: figure, count: z.int(),
  intervals: z.record(z.string(), z.union([range, z.record(z.string(), range)])),
});
type Figures = z.output<typeof figures>;

async function measure(options: Options, work: string): Promise<Figures> {
  const { seed, count, processes, model } = options;
  const phantoms = options.keep === null ? join(work, 'phantoms') : join(options.keep, `phantoms-${String(seed)}-${String(count)}`);
  const answers = join(work, 'answers');
  mkdirSync(answers, { recursive: true });
  say(`making ${String(count)} phantoms from seed ${String(seed)}`);
  await evaluate(work, ['phantoms', '--seed', String(seed), '--count', String(count), '--out', phantoms, '--processes', String(processes)]);
  await evaluate(work, ['questions', '--phantoms', phantoms, '--out', answers]);
  // Drafted before any report is in the archive, so that none can be copied from there.
  say('drafting');
  await brat(work, join(answers, 'drafts.json'), ['draft', join(phantoms, 'studies'), '--each', '--lesion-cells', join(answers, 'lesions'), ...model]);
  say('importing and encoding');
  await brat(work, join(work, 'imported.json'), ['import', join(phantoms, 'studies'), '--reports', join(phantoms, 'reports.csv')]);
  await brat(work, join(work, 'indexed.json'), ['index', ...model]);
  say('searching');
  const ranks = await brat(work, join(answers, 'ranked.json'), ['search', '--queries', join(answers, 'queries.jsonl'), '--by', 'sentences', '--own', '-k', '100000', ...model]);
  if (!ranks) say('the pack has no text encoder: no retrieval, no sentence support');
  if (ranks) await brat(work, join(answers, 'grounded.json'), ['ground', '--lines', join(answers, 'statements.jsonl'), ...model]);
  say('computing figures');
  const printed = await evaluate(work, ['figures', '--phantoms', phantoms, '--answers', answers, '--processes', String(processes), ...(options.details === null ? [] : ['--details', options.details])]);
  return figures.parse(JSON.parse(printed));
}

function table(found: Figures): string {
  const words = (value: number | null): string => (value === null ? '-' : Number.isInteger(value) ? String(value) : value.toFixed(3));
  const between = (interval: z.output<typeof range> | undefined): string => (interval === undefined ? '' : `  [${interval.map(words).join(', ')}]`);
  const rows = Object.entries(found).flatMap(([name, value]): string[] => {
    if (name === 'intervals') return [];
    const interval = found.intervals[name];
    if (value === null || typeof value === 'number') return [`${name.padEnd(24)} ${words(value)}${Array.isArray(interval) ? between(interval) : ''}`];
    const inner = interval !== undefined && !Array.isArray(interval) ? interval : {};
    return Object.entries(value as Record<string, number | null>).map(([key, one]) => `${`${name}.${key}`.padEnd(24)} ${words(one)}${between(inner[key])}`);
  });
  return `${rows.join('\n')}\n`;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!existsSync(python)) throw new UsageError('training/.venv is missing: see training/README.md, "Set up"');
  const work = mkdtempSync(join(tmpdir(), 'brat-eval-'));
  // Ctrl-C in a terminal reaches the program that runs too; the folder goes once that has ended.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => { running?.kill(); });
  try {
    const found = await measure(options, work);
    process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : table(found));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`eval:demo: ${error.message}\n${process.argv.length <= 2 ? usage : ''}`);
  process.exitCode = 1;
}
