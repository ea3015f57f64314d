/**
 * Similar cases in words: the stored archive behind the ranking of search/. One index (searchIndex.ts) holds one kind of
 * vector of one pack and is made at the first search; which cases count is decided here.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CaseFilter, PackStamp, SimilarCase } from '../../shared/contract.ts';
import { packKey } from '../pack/pack.ts';
import type { Log } from '../ports.ts';
import { alignPairwise, similarityMatrix, type AlignedPair } from '../search/alignment.ts';
import { fuseRankings } from '../search/fuseRankings.ts';
import type { RankedCase } from '../search/rankCases.ts';
import { caseOfStudy, casesByWords, casesWithWords, countCases, countVectors, findCase, sentencesOfCase, vectorKeyOfCase, vectorsOfCase, type VectorKind } from '../store/cases.ts';
import type { ReadDb } from '../store/database.ts';
import { patientOfStudy } from '../store/studies.ts';
import { SearchIndex, type IndexQuery } from './searchIndex.ts';

export interface Query {
  /** What is compared: views with views, views with report sentences, or text with views. */
  readonly by: SimilarCase['by'];
  /** float32 [rows, width] of unit rows, made by `pack` */
  readonly vectors: Float32Array;
  readonly width: number;
  readonly pack: PackStamp;
  readonly limit: number;
  /** Study whose own case is left out. */
  readonly study: string | null;
  readonly filter?: CaseFilter | undefined;
  /** Words by which reports are ranked as well; the two rankings are fused (search/fuseRankings.ts). */
  readonly withWords?: string | undefined;
  /** What else a case must be, beside the filter. */
  readonly also?: IndexQuery['eligible'];
  /** Proves the answer, which takes longer; otherwise cases are chosen by estimates (docs/search.md has how well). */
  readonly proven?: boolean;
  readonly signal?: AbortSignal;
}

export interface RankedSimilarCase {
  readonly found: SimilarCase;
  /** Row of the query, column of the case's vectors; most similar first. */
  readonly pairs: readonly AlignedPair[];
}

export interface ArchiveOptions {
  /** Where indexes are kept; null keeps them in memory alone. */
  readonly folder: string | null;
  readonly log: Log;
}

/** How deep two rankings are read at least before they are fused. */
const fusedAtLeast = 100;
/** Reports ranked by words at most; a word in every report ranks none before another. */
const mostByWords = 20_000;

/** Words as terms of FTS5, quoted, so that nothing is taken for an operator of the query language; a star at the end stays one. */
const termsOf = (words: string): string[] => (words.match(/[\p{L}\p{N}]+\*?/gu) ?? []).map((term) => (term.endsWith('*') ? `"${term.slice(0, -1)}"*` : `"${term}"`));

/** Words whose cases are remembered. */
const keptWords = 8;

export class Archive {
  readonly #db: ReadDb;
  readonly #options: ArchiveOptions;
  readonly #indexes = new Map<string, SearchIndex>();
  /** Numbers of the cases with some words, for as long as no case changes. */
  readonly #withWords = new Map<string, Set<number>>();

  constructor(db: ReadDb, options: ArchiveOptions) {
    this.#db = db;
    this.#options = options;
  }

  get caseCount(): number {
    return countCases(this.#db);
  }

  /**
   * Cases ranked by pairwise view alignment.
   * @returns no case when the archive holds none that this pack has encoded
   * @throws EngineError `search/not-encoded` if the query's width is not that of the archive's vectors, `cancelled`
   */
  async similar(query: Query): Promise<SimilarCase[]> {
    return (await this.ranked(query)).map(({ found }) => found);
  }

  /** The same, with which row of the query each row of a case was matched with. */
  async ranked(query: Query): Promise<RankedSimilarCase[]> {
    const { limit, signal, proven = false } = query;
    const index = this.index(query.by === 'sentences' ? 'sentences' : 'views', query.pack, query.width);
    const eligible = this.#eligible(query);
    const search = (count: number): Promise<RankedCase[]> => index.search(query.vectors, { limit: count, proven, eligible, ...(signal && { signal }) });
    const words = termsOf(query.withWords ?? '');
    if (words.length > 0) return this.#rankWithWords(query, words, eligible, search);
    return (await search(limit)).flatMap((item) => {
      const found = this.#describe(item, query);
      return found ? [{ found, pairs: item.pairs }] : [];
    });
  }

  /** How many cases a search with this pack goes through. */
  encodedCount(pack: PackStamp, width: number): number {
    this.index('views', pack, width);
    return countVectors(this.#db, 'views', packKey(pack));
  }

  /** Reads a case again after its vectors, report or facts changed. */
  refresh(id: string, pack: PackStamp): void {
    this.#withWords.clear();
    for (const kind of ['views', 'sentences'] as const) this.#indexes.get(indexKey(kind, pack))?.refresh(id);
  }

  /** Reads the case of a study again in every index, after its report changed. */
  refreshStudy(study: string): void {
    this.#withWords.clear();
    const id = this.caseOfStudy(study);
    if (id !== null) for (const index of this.#indexes.values()) index.refresh(id);
  }

  /** Drops the cases of a study that is being removed, from memory and from files. */
  forgetStudy(study: string): void {
    this.#withWords.clear();
    for (const index of this.#indexes.values()) for (const id of index.casesOfStudy(study)) index.forget(id);
  }

  /** Drops one case from memory and from files. */
  forgetCase(id: string): void {
    this.#withWords.clear();
    for (const index of this.#indexes.values()) index.forget(id);
  }

  /** The index of one kind of vector of a pack, opened at its first use. @throws EngineError `search/not-encoded` */
  index(kind: VectorKind, pack: PackStamp, width: number): SearchIndex {
    const key = indexKey(kind, pack);
    let index = this.#indexes.get(key);
    if (!index) {
      const { folder, log } = this.#options;
      // Named by a hash, since a pack's name need not be a file's.
      const file = folder === null ? null : join(folder, `${kind}-${createHash('sha256').update(packKey(pack)).digest('hex').slice(0, 16)}.codes`);
      index = new SearchIndex({ db: this.#db, kind, pack: packKey(pack), width, file, log });
      this.#indexes.set(key, index);
    }
    index.expectWidth(width);
    return index;
  }

  /** Settles when every index is made. */
  async whenReady(): Promise<void> {
    for (const index of this.#indexes.values()) await index.whenReady();
  }

  async close(): Promise<void> {
    for (const index of this.#indexes.values()) await index.close();
    this.#indexes.clear();
  }

  /** The case that a study is, if it has a report. */
  caseOfStudy(study: string): string | null {
    return caseOfStudy(this.#db, study)?.id ?? null;
  }

  /** Sentences of a case with their vectors, for composing a draft. */
  priorReport(id: string, pack: PackStamp): { readonly case: string; readonly sentences: readonly string[]; readonly vectors: Float32Array | null } {
    return { case: id, sentences: sentencesOfCase(this.#db, id), vectors: vectorsOfCase(this.#db, 'sentences', packKey(pack), id) };
  }

  /** Cases ranked by alignment and by words, fused. */
  async #rankWithWords(query: Query, words: readonly string[], eligible: IndexQuery['eligible'], search: (count: number) => Promise<RankedCase[]>): Promise<RankedSimilarCase[]> {
    const kind = query.by === 'sentences' ? 'sentences' : 'views';
    const depth = Math.max(fusedAtLeast, query.limit * 10);
    const byVectors = await search(depth);
    const found = casesByWords(this.#db, words.join(' OR '), mostByWords);
    const byWords: string[] = [];
    for (const id of found) {
      if (byWords.length >= depth) break;
      const facts = vectorKeyOfCase(this.#db, kind, packKey(query.pack), id);
      if (facts && (eligible === undefined || eligible(facts))) byWords.push(id);
    }
    const ranked = new Map(byVectors.map((item) => [item.case, item]));
    return fuseRankings([byVectors.map((item) => item.case), byWords]).flatMap(({ id, ranks }) => {
      const item = ranked.get(id) ?? this.#alignOne(id, kind, query);
      const described = item && this.#describe(item, query);
      return item && described ? [{ found: { ...described, ranks: { vectors: ranks[0]!, words: ranks[1]! } }, pairs: item.pairs }] : [];
    }).slice(0, query.limit);
  }

  /** The alignment of a case that words alone have found. */
  #alignOne(id: string, kind: VectorKind, { vectors: query, width, pack }: Query): RankedCase | null {
    const vectors = vectorsOfCase(this.#db, kind, packKey(pack), id);
    if (!vectors) return null;
    const { mean, pairs } = alignPairwise(similarityMatrix(query, vectors, width), query.length / width, vectors.length / width);
    return { case: id, similarity: mean, pairs };
  }

  /** Which cases a query may find; undefined for all. */
  #eligible({ study, filter = {}, also }: Query): IndexQuery['eligible'] {
    const { from, to, ageFrom, ageTo, sex, words, notPatientOf } = filter;
    const patient = notPatientOf === undefined ? '' : patientOfStudy(this.#db, notPatientOf);
    const left = [study, notPatientOf].filter((uid) => uid != null);
    const withWords = words === undefined ? null : this.#casesWith(words);
    if (left.length === 0 && withWords === null && [from, to, ageFrom, ageTo, sex].every((bound) => bound === undefined)) return also;
    return (facts) =>
      // A case whose images lie outside is named after its study.
      !left.includes(facts.study ?? facts.case) &&
      !(patient !== '' && facts.patient === patient) &&
      (sex === undefined || facts.sex === sex) &&
      // A case without a date or an age is outside of any bounds on it.
      (from === undefined || facts.studyDate >= from) &&
      (to === undefined || (facts.studyDate !== '' && facts.studyDate <= to)) &&
      (ageFrom === undefined || (facts.ageYears !== null && facts.ageYears >= ageFrom)) &&
      (ageTo === undefined || (facts.ageYears !== null && facts.ageYears <= ageTo)) &&
      (withWords === null || withWords.has(facts.number)) &&
      (also?.(facts) ?? true);
  }

  /** Cases whose report holds all words, each as itself or as a beginning with a star after it. */
  #casesWith(words: string): Set<number> {
    let found = this.#withWords.get(words);
    if (!found) {
      const terms = termsOf(words);
      found = new Set(terms.length === 0 ? [] : casesWithWords(this.#db, terms.join(' AND ')));
      if (this.#withWords.size >= keptWords) this.#withWords.delete(this.#withWords.keys().next().value!);
      this.#withWords.set(words, found);
    }
    return found;
  }

  #describe({ case: id, similarity, pairs }: RankedCase, query: Query): SimilarCase | null {
    const row = findCase(this.#db, id);
    if (!row) return null;
    return {
      case: id,
      similarity,
      by: query.by,
      report: row.report,
      matched: query.by === 'sentences' ? pairs.map(({ column }) => column) : this.#sentencesOfViews(id, pairs.map(({ column }) => column), query),
      sentences: sentencesOfCase(this.#db, id),
      patientAge: row.ageYears,
      sex: row.sex,
      studyDate: row.studyDate,
      demo: row.demo,
    };
  }

  /** Which sentences of a case its matched views stand for, by the case's own alignment; best match first. */
  #sentencesOfViews(id: string, matchedViews: readonly number[], { pack, width }: Query): number[] {
    const views = vectorsOfCase(this.#db, 'views', packKey(pack), id);
    const sentences = vectorsOfCase(this.#db, 'sentences', packKey(pack), id);
    if (!views || !sentences) return [];
    const { pairs } = alignPairwise(similarityMatrix(views, sentences, width), views.length / width, sentences.length / width);
    const sentenceOf = new Map(pairs.map(({ row, column }) => [row, column]));
    return matchedViews.flatMap((view) => sentenceOf.get(view) ?? []);
  }
}

const indexKey = (kind: VectorKind, pack: PackStamp): string => `${kind} ${packKey(pack)}`;
