/**
 * Similar cases in words: the stored archive behind the ranking of search/. Vectors of the pack in use are read from the
 * store at the first search and kept; each index holds one kind of vector of one pack.
 */
import type { PackStamp, SimilarCase } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { packKey } from '../pack/pack.ts';
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import { rankCases, type RankedCase } from '../search/rankCases.ts';
import { VectorIndex } from '../search/vectorIndex.ts';
import { caseOfStudy, countCases, findCase, sentencesOfCase, vectorsOfCase, vectorsOfPack, type VectorKind } from '../store/cases.ts';
import type { ReadDb } from '../store/database.ts';

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
  readonly signal?: AbortSignal;
}

export class Archive {
  readonly #db: ReadDb;
  readonly #indexes = new Map<string, VectorIndex>();

  constructor(db: ReadDb) {
    this.#db = db;
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
    const index = this.#index(query.by === 'sentences' ? 'sentences' : 'views', query.pack, query.width);
    const ranked = await rankCases(query.vectors, index, {
      limit: query.limit,
      exclude: (candidate) => query.study !== null && candidate.study === query.study,
      ...(query.signal && { signal: query.signal }),
    });
    return ranked.flatMap((item) => this.#describe(item, query) ?? []);
  }

  /** How many cases a search with this pack goes through. */
  encodedCount(pack: PackStamp, width: number): number {
    return this.#index('views', pack, width).size;
  }

  /** Reads a case again after its vectors changed. */
  refresh(id: string, pack: PackStamp): void {
    for (const kind of ['views', 'sentences'] as const) {
      const index = this.#indexes.get(indexKey(kind, pack));
      const vectors = index && vectorsOfCase(this.#db, kind, packKey(pack), id);
      if (vectors) index.put(id, findCase(this.#db, id)?.study ?? null, vectors);
    }
  }

  /** Drops a case that was removed or whose report changed. */
  forgetStudy(study: string): void {
    for (const index of this.#indexes.values()) for (const item of [...index.cases()]) if (item.study === study) index.delete(item.case);
  }

  forgetAll(): void {
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

  #index(kind: VectorKind, pack: PackStamp, width: number): VectorIndex {
    const key = indexKey(kind, pack);
    let index = this.#indexes.get(key);
    if (!index) {
      index = new VectorIndex(width);
      for (const item of vectorsOfPack(this.#db, kind, packKey(pack))) {
        if (item.width !== width) throw otherWidth(pack, item.width, width);
        index.put(item.case, item.study, item.vectors);
      }
      this.#indexes.set(key, index);
    }
    if (index.width !== width) throw otherWidth(pack, index.width, width);
    return index;
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

const otherWidth = (pack: PackStamp, stored: number, width: number): EngineError =>
  new EngineError('search/not-encoded', `The archive holds vectors of width ${stored} under ${packKey(pack)}, which now makes width ${width}`, {
    subject: packKey(pack),
    advice: 'Give the changed pack a version of its own and run brat index',
  });
