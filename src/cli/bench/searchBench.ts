/**
 * `brat bench search`: similar cases in a synthetic archive (syntheticArchive.ts) of any size, through the store and the
 * index as the app uses them. Answers are held to brute force over the vectors as they were before they were stored.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { alignPairwise, similarityMatrix } from '../../engine/search/alignment.ts';
import { rankCases } from '../../engine/search/rankCases.ts';
import { VectorIndex } from '../../engine/search/vectorIndex.ts';
import type { SearchIndex } from '../../engine/services/searchIndex.ts';
import { casesWithWords, putCase, putVectors } from '../../engine/store/cases.ts';
import { EngineError, cancelledError } from '../../shared/errors.ts';
import { machine, measure, summarise, type BenchResult } from './measure.ts';
import { benchPack, caseId, factsOf, openBenchIndex, openBenchStore, type FillReply, type FillTask, type TruthReply, type TruthTask } from './searchChild.ts';
import { compareSearch, type ComparedSide } from './searchCompare.ts';
import { syntheticArchive } from './syntheticArchive.ts';

export interface SearchBenchOptions {
  readonly cases: number;
  /** Queries timed. */
  readonly queries: number;
  /** How many of them are held to brute force, which takes minutes for many. */
  readonly truth: number;
  /** Also the other sides (searchCompare.ts). */
  readonly compare: boolean;
  /** Keeps the archive and the right answers there, and uses what an earlier run left; null keeps nothing. */
  readonly keep: string | null;
}

/** Everything in milliseconds; memory and disk in bytes a case. */
export interface SearchBenchResult extends BenchResult {
  readonly cases: number;
  readonly queries: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Part of the queries whose ten cases are those of brute force; and that have them in the same order. */
  readonly agreementTop10: number | null;
  readonly agreementOrder: number | null;
  readonly recallAt10: number | null;
  readonly truthQueries: number;
  readonly bytesPerCase: number;
  /** Stored vectors, as pages of the database. */
  readonly diskBytesPerCase: number;
  /** The kept index beside it, which can be made again. */
  readonly indexBytesPerCase: number;
  readonly rssMb: number;
  /** One query over float32 vectors in one thread of plain JavaScript; of 1,000 cases, scaled up. */
  readonly bruteForceP50Ms: number;
  readonly provenP50Ms: number;
  readonly provenAgreement: number | null;
  readonly textP50Ms: number;
  readonly textP95Ms: number;
  readonly filteredP50Ms: number;
  readonly filteredP95Ms: number;
  /** Part of some text queries, and of some with each filter, whose ten cases are those of a proven search. */
  readonly textAgreement: number;
  readonly filteredAgreement: number;
  readonly addP95Ms: number;
  readonly openMs: number;
  readonly fillMs: number;
  readonly indexMs: number;
  readonly alignedPerQuery: number;
  /** Processor time of a query, all threads together: what the clock would say of one core with nothing else to do. */
  readonly processorP50Ms: number;
  readonly processorP95Ms: number;
  /** Part of the queries whose ten cases are right but for cases within this much of the tenth similarity: rounding of stored vectors. */
  readonly agreementWithinRounding: number | null;
  readonly compared: readonly ComparedSide[];
}

/** Two cases are told apart by stored vectors if their similarities differ by more: four standard deviations of what rounding does to a difference. */
const roundingWidth = 6e-5;
/** Text and filtered queries that are held to a proven search, which looks at every case. */
const provenEach = (cases: number): number => (cases > 200_000 ? 6 : 24);
const views = 32;
const width = 256;

async function inChild<T>(task: FillTask | TruthTask, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./searchChild.ts', import.meta.url)), ['bench-search', JSON.stringify(task)], { signal, killSignal: 'SIGKILL' });
    child.once('message', (reply) => { resolve(reply as T); });
    child.once('error', (error) => { reject(signal.aborted ? cancelledError('bench') : error); });
    child.once('exit', (code) => { reject(new EngineError('bug/unexpected', `A process of the benchmark ended with ${code ?? 'a signal'}`, { subject: 'bench', advice: 'Try fewer cases' })); });
  });
}

/** What a step gave, or what it gave when the archive that is kept was made. */
async function remembered<T>(kept: string | null, name: string, step: () => Promise<T>): Promise<T> {
  if (kept === null) return step();
  const path = join(kept, name);
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as T;
  mkdirSync(kept, { recursive: true });
  const found = await step();
  await writeFile(path, JSON.stringify(found));
  return found;
}

const quantile = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;

async function timed(count: number, signal: AbortSignal, work: (n: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    if (signal.aborted) throw cancelledError('bench');
    const started = performance.now();
    await work(n);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

export async function benchSearch({ cases, queries, truth, compare, keep }: SearchBenchOptions, folder: string, signal: AbortSignal): Promise<SearchBenchResult> {
  const kept = keep === null ? null : join(keep, `search-${cases}`);
  const dataDir = join(kept ?? folder, 'archive');
  const { fillMs, indexMs } = await remembered(kept, 'filled.json', () => inChild<FillReply>({ kind: 'fill', dataDir, cases }, signal));
  const archive = syntheticArchive(views, width);
  const store = await openBenchStore(dataDir);
  try {
    const openStarted = performance.now();
    const index = openBenchIndex(store);
    await index.whenReady();
    const openMs = performance.now() - openStarted;
    const asked = Array.from({ length: queries }, (_, n) => archive.query(n, cases));
    for (const query of asked.slice(0, 10)) await index.search(query, { limit: 10 });
    const effort = { approximated: 0, aligned: 0 };
    const found: string[][] = [];
    const processor: number[] = [];
    const times = await timed(queries, signal, async (n) => {
      const used = process.cpuUsage();
      found[n] = (await index.search(asked[n]!, { limit: 10, signal }, effort)).map((item) => item.case);
      const { user, system } = process.cpuUsage(used);
      processor.push((user + system) / 1000);
    });
    processor.sort((a, b) => a - b);
    const rssMb = process.memoryUsage().rss / 2 ** 20;

    const sentences = Array.from({ length: 60 }, (_, n) => sentencesLike(archive.query(n + 1000, cases), 1 + (n % 4)));
    const ids = (items: readonly { readonly case: string }[]): string[] => items.map((item) => item.case);
    const ofText: string[][] = [];
    const text = await timed(sentences.length, signal, async (n) => { ofText[n] = ids(await index.search(sentences[n]!, { limit: 10, signal })); });
    const filters = [
      (): ((facts: { readonly studyDate: string; readonly sex: string }) => boolean) => (facts) => facts.studyDate >= '2018-01-01' && facts.studyDate <= '2020-12-31' && facts.sex === 'F',
      (): ((facts: { readonly number: number }) => boolean) => {
        const withWords = new Set(casesWithWords(store.db, '"ring" AND "enhancing"'));
        return (facts) => withWords.has(facts.number);
      },
      (): ((facts: { readonly patient: string }) => boolean) => (facts) => facts.patient !== 'p17',
    ];
    const ofFilters: string[][] = [];
    const filtered = await timed(60, signal, async (n) => { ofFilters[n] = ids(await index.search(asked[n % queries]!, { limit: 10, signal, eligible: filters[n % filters.length]!() })); });
    const textRight: string[][] = [];
    const filteredRight: string[][] = [];
    for (let n = 0; n < provenEach(cases); n++) {
      textRight.push(ids(await index.search(sentences[n]!, { limit: 10, proven: true, signal })));
      filteredRight.push(ids(await index.search(asked[n % queries]!, { limit: 10, proven: true, signal, eligible: filters[n % filters.length]!() })));
    }
    const added = await timed(60, signal, (n) => addCase(index, store, archive.case(cases + n), cases + n));
    for (let n = cases; n < cases + 60; n++) removeCase(index, store, n);
    const proven: string[][] = [];
    const provenTimes = await timed(Math.min(queries, 5), signal, async (n) => { proven[n] = (await index.search(asked[n]!, { limit: 10, proven: true, signal })).map((item) => item.case); });

    const plain = new VectorIndex(width);
    const plainCases = Math.min(cases, 1000);
    for (let n = 0; n < plainCases; n++) plain.put(caseId(n), null, archive.case(n));
    const brute = await measure(3, signal, () => rankCases(asked[0]!, plain, { limit: 10 }));
    const some = [...plain.cases()].slice(0, 50);
    const loops = await measure(3, signal, () => { for (const item of some) alignPairwise(similarityMatrix(asked[0]!, item.vectors, width), views, views); });
    const reference = { runs: loops.runs, medianMs: loops.medianMs / some.length, minMs: loops.minMs / some.length, maxMs: loops.maxMs / some.length };

    const bytesPerCase = index.state.bytesOf(views);
    // A small archive is searched without an index.
    const indexBytes = statSync(join(store.indexFolder, 'bench.codes'), { throwIfNoEntry: false })?.size ?? 0;
    const pages = store.db.get<{ bytes: number }>("SELECT sum(pgsize) AS bytes FROM dbstat WHERE name = 'view_embedding'")!.bytes;
    const held = Math.min(truth, queries);
    const truthful = await remembered(kept, `truth-${held}.json`, () => truths(held, cases, signal));
    const right = truthful.map((items) => items.map((item) => item.case));
    await index.close();
    const compared = compare ? await compareSearch(folder, cases, queries, Math.max(1, Math.min(truth, queries)), signal) : [];
    // What was found in place of a right case is as near as that, but for the rounding of stored vectors.
    const withinRounding = (mine: readonly string[], n: number): boolean => {
      const tenth = truthful[n]!.at(-1)!.similarity;
      return mine.every((id) => right[n]!.includes(id) || Math.abs(alignPairwise(similarityMatrix(asked[n]!, archive.case(Number(id.slice(5))), width), views, views).mean - tenth) < roundingWidth);
    };
    const rate = (answers: readonly string[][], of: number, score: (mine: readonly string[], theirs: readonly string[]) => number): number | null =>
      right.length === 0 ? null : answers.slice(0, of).reduce((sum, mine, n) => sum + score(mine, right[n]!), 0) / Math.min(of, answers.length);
    const same = (mine: readonly string[], theirs: readonly string[]): number => (mine.join() === theirs.join() ? 1 : 0);
    const sameSet = (mine: readonly string[], theirs: readonly string[]): number => same(mine.toSorted(), theirs.toSorted());
    const p50Ms = quantile(times, 0.5);
    return {
      bench: 'search', subject: `${cases} cases of ${views} x ${width}`, medianMs: p50Ms, measured: { search: summarise(times) },
      reference: { name: 'plain loops over one case', ...reference }, ratio: p50Ms / reference.medianMs, details: { threads: Math.min(4, availableParallelism()) }, machine: machine(),
      cases, queries, p50Ms, p95Ms: quantile(times, 0.95),
      agreementTop10: rate(found, right.length, sameSet),
      agreementOrder: rate(found, right.length, same),
      recallAt10: rate(found, right.length, (mine, theirs) => mine.filter((id) => theirs.includes(id)).length / theirs.length),
      truthQueries: right.length,
      bytesPerCase, diskBytesPerCase: pages / cases, indexBytesPerCase: indexBytes / cases, rssMb,
      bruteForceP50Ms: (brute.medianMs * cases) / plainCases,
      provenP50Ms: quantile(provenTimes, 0.5), provenAgreement: rate(proven, Math.min(proven.length, right.length), sameSet),
      textP50Ms: quantile(text, 0.5), textP95Ms: quantile(text, 0.95), filteredP50Ms: quantile(filtered, 0.5), filteredP95Ms: quantile(filtered, 0.95),
      processorP50Ms: quantile(processor, 0.5), processorP95Ms: quantile(processor, 0.95),
      agreementWithinRounding: right.length === 0 ? null : right.filter((_, n) => withinRounding(found[n]!, n)).length / right.length,
      textAgreement: agreement(ofText, textRight), filteredAgreement: agreement(ofFilters, filteredRight),
      compared, addP95Ms: quantile(added, 0.95), openMs, fillMs, indexMs, alignedPerQuery: effort.aligned / queries,
    };
  } finally {
    await store.close();
  }
}

/** Part of the answers, as far as `right` goes, that hold the same cases. */
const agreement = (answers: readonly (readonly string[])[], right: readonly (readonly string[])[]): number => right.filter((theirs, n) => answers[n]!.toSorted().join() === theirs.toSorted().join()).length / right.length;

/** Some views of a case that is not stored, as the sentences of a text would be. */
const sentencesLike = (query: Float32Array, rows: number): Float32Array => query.slice(3 * width, (3 + rows) * width);

function addCase(index: SearchIndex, { db }: Awaited<ReturnType<typeof openBenchStore>>, vectors: Float32Array, n: number): Promise<void> {
  db.transaction(() => {
    putCase(db, { id: caseId(n), study: null, ...factsOf(n), sentences: [], demo: false, thumbnail: null }, '2026');
    putVectors(db, 'views', benchPack, caseId(n), width, vectors);
  });
  index.refresh(caseId(n));
  return Promise.resolve();
}

function removeCase(index: SearchIndex, { db }: Awaited<ReturnType<typeof openBenchStore>>, n: number): void {
  index.forget(caseId(n));
  db.run('DELETE FROM archive_case WHERE id = ?', caseId(n));
}

/** The ten right cases of the first so many queries, worked out in as many processes as there are cores. */
async function truths(count: number, cases: number, signal: AbortSignal): Promise<TruthReply[number][]> {
  if (count === 0) return [];
  const keep = 10;
  const of = availableParallelism();
  const queries = Array.from({ length: count }, (_, n) => n);
  const parts = await Promise.all(Array.from({ length: of }, (_, part) => inChild<TruthReply>({ kind: 'truth', cases, part, of, queries, keep }, signal)));
  return queries.map((q) =>
    parts
      .flatMap((part) => part[q]!)
      .sort((a, b) => b.similarity - a.similarity || (a.case < b.case ? -1 : 1))
      .slice(0, keep),
  );
}
