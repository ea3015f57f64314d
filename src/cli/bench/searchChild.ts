/**
 * Start file of the processes beside `brat bench search`: one fills the archive and makes its index, others work out the
 * truth by brute force over the float32 vectors as they were before storing. Processes of their own, so that the memory
 * they need is not counted as the search's.
 */
import { getPriority, setPriority } from 'node:os';
import { alignPairwise } from '../../engine/search/alignment.ts';
import { Arena, openKernels, sharedMemory } from '../../engine/search/kernels.ts';
import { multiplyRows } from '../../engine/search/products.ts';
import { SearchIndex } from '../../engine/services/searchIndex.ts';
import { putCase, putReference, putVectors } from '../../engine/store/cases.ts';
import { openStore, type Store } from '../../engine/store/openStore.ts';
import { sqlite } from '../../native/sqlite.ts';
import { syntheticArchive } from './syntheticArchive.ts';

export const benchPack = 'bench@1';
export const caseId = (n: number): string => `case-${String(n).padStart(8, '0')}`;
const silent = { info: () => undefined, warn: () => undefined, error: (event: string, detail?: object) => { process.stderr.write(`${event} ${JSON.stringify(detail)}\n`); } };

export interface FillTask {
  readonly kind: 'fill';
  readonly dataDir: string;
  readonly cases: number;
}

/** Exact answers of queries among every `of`-th case from `part` on. */
export interface TruthTask {
  readonly kind: 'truth';
  readonly cases: number;
  readonly part: number;
  readonly of: number;
  readonly queries: readonly number[];
  readonly keep: number;
}

export interface FillReply {
  readonly fillMs: number;
  readonly indexMs: number;
}

export type TruthReply = readonly (readonly { readonly case: string; readonly similarity: number }[])[];

export const openBenchStore = (dataDir: string): Promise<Store> => openStore({ dataDir, database: sqlite, clock: { now: () => new Date() }, log: silent });
export const openBenchIndex = (store: Store): SearchIndex => new SearchIndex({ db: store.db, kind: 'views', pack: benchPack, width: 256, file: `${store.indexFolder}/bench.codes`, log: silent });

/** Facts that filters go by: every second case a woman's, dates over ten years, one report in eight of a kind. */
export function factsOf(n: number): { readonly sex: string; readonly studyDate: string; readonly ageYears: number; readonly report: string } {
  const day = (n * 7919) % 3650;
  return {
    sex: n % 2 === 0 ? 'F' : 'M',
    studyDate: new Date(Date.UTC(2015, 0, 1 + day)).toISOString().slice(0, 10),
    ageYears: 18 + (n % 70),
    report: n % 8 === 0 ? 'Ring enhancing lesion in the left frontal lobe.' : 'No abnormal enhancement.',
  };
}

async function fill({ dataDir, cases }: FillTask): Promise<FillReply> {
  const archive = syntheticArchive();
  const store = await openBenchStore(dataDir);
  const started = performance.now();
  const sample = Math.min(cases, 512);
  const reference = new Float32Array(archive.views * archive.width);
  for (let n = 0; n < sample; n++) archive.case(Math.floor((n * cases) / sample)).forEach((value, k) => { reference[k]! += value / sample; });
  putReference(store.db, 'views', benchPack, archive.width, reference);
  for (let from = 0; from < cases; from += 500) {
    const made = Array.from({ length: Math.min(500, cases - from) }, (_, at) => archive.case(from + at));
    store.db.transaction(() => {
      made.forEach((vectors, at) => {
        const n = from + at;
        putCase(store.db, { id: caseId(n), study: null, patient: `p${Math.floor(n / 2)}`, ...factsOf(n), sentences: [], demo: false, thumbnail: null }, '2026');
        putVectors(store.db, 'views', benchPack, caseId(n), archive.width, vectors);
      });
    });
  }
  const filled = performance.now();
  const index = openBenchIndex(store);
  await index.whenReady();
  const indexed = performance.now();
  await index.close();
  await store.close();
  return { fillMs: filled - started, indexMs: indexed - filled };
}

function truth({ cases, part, of, queries, keep }: TruthTask): TruthReply {
  const archive = syntheticArchive();
  const { views, width } = archive;
  const arena = new Arena(sharedMemory());
  const kernels = openKernels(arena.memory);
  const asked = queries.map((n) => archive.query(n, cases));
  const places = asked.map((query) => {
    const at = arena.take(query.byteLength);
    arena.floats(at, query.length).set(query);
    return at;
  });
  const at = { rows: arena.take(views * width * 4), sims: arena.take(views * views * 4), scratch: arena.take(views * 12) };
  const best = asked.map((): { case: string; similarity: number }[] => []);
  const products = new Float32Array(views * views);
  for (let n = part; n < cases; n += of) {
    const vectors = archive.case(n);
    arena.floats(at.rows, vectors.length).set(vectors);
    for (let q = 0; q < asked.length; q++) {
      const own = best[q]!;
      const worst = own.length < keep ? -Infinity : own[keep - 1]!.similarity;
      kernels.products(places[q]!, views, at.rows, views, width, at.sims, views);
      if (kernels.largestMean(at.sims, views, views, views) < worst - 1e-5 || kernels.greedy(at.sims, views, views, views, at.scratch) < worst - 1e-5) continue;
      // What may be among the answers is computed again as the plain ranking does it.
      multiplyRows(asked[q]!, views, vectors, views, width, products);
      own.push({ case: caseId(n), similarity: alignPairwise(products, views, views).mean });
      own.sort((a, b) => b.similarity - a.similarity || (a.case < b.case ? -1 : 1));
      if (own.length > keep) own.pop();
    }
  }
  return best;
}

if (process.send && process.argv[2] === 'bench-search') {
  const task = JSON.parse(process.argv[3] ?? '') as FillTask | TruthTask;
  // What only prepares takes no more than its share of a machine that is measured on with precedence.
  setPriority(Math.max(0, getPriority()));
  const reply = task.kind === 'fill' ? await fill(task) : truth(task);
  process.send(reply);
  process.disconnect();
}
