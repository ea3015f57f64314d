/**
 * The index of one kind of vector of one pack, whatever the archive's size: up to some hundred cases all vectors are kept in
 * memory and compared one after another (rankCases.ts); beyond that a case index (caseIndex.ts) is made, and kept in a file
 * beside the database (codesFile.ts). While one is being made, what was there before answers: the cases in memory, the index
 * of a smaller archive, or a scan of the database.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EngineError } from '../../shared/errors.ts';
import type { Log } from '../ports.ts';
import { CaseIndex, type SearchEffort } from '../search/caseIndex.ts';
import { CodesFile } from '../search/codesFile.ts';
import { rankCases, type CaseSource, type RankedCase } from '../search/rankCases.ts';
import { learnInThread } from '../search/scanThreads.ts';
import type { StoredRows } from '../search/storedRows.ts';
import { VectorIndex } from '../search/vectorIndex.ts';
import { countVectors, vectorKeyOfCase, vectorKeys, rowsReader, type CaseFacts, type VectorKey, type VectorKind } from '../store/cases.ts';
import type { ReadDb } from '../store/database.ts';

/** Cases from which on an index pays. */
const smallArchive = 600;
/** Cases whose rows a codebook is learnt from. */
const learnCases = 640;
/** An archive that has grown so many times over gets a new codebook. */
const growth = 12;
const batch = 128;

export interface IndexQuery {
  readonly limit: number;
  readonly eligible?: ((facts: CaseFacts & { readonly case: string; readonly study: string | null }) => boolean) | undefined;
  readonly proven?: boolean;
  readonly signal?: AbortSignal;
}

export interface SearchIndexOptions {
  readonly db: ReadDb;
  readonly kind: VectorKind;
  /** id@version */
  readonly pack: string;
  readonly width: number;
  /** Where the codes are kept; null keeps none. */
  readonly file: string | null;
  readonly log: Log;
}

/** A finished index with what it needs to be kept up to date. */
interface Made {
  readonly index: CaseIndex;
  readonly file: CodesFile | null;
  /** By slot; undefined where no case is. */
  readonly facts: (VectorKey | undefined)[];
  /** Where a slot's record lies in the file. */
  readonly positions: number[];
}

export class SearchIndex {
  readonly #options: SearchIndexOptions;
  #read: (key: number) => StoredRows | null;
  #small: { readonly index: VectorIndex; readonly facts: Map<string, VectorKey> } | null = null;
  #made: Made | null = null;
  #making: Promise<void> | null = null;
  /** Cases that changed while an index was being made. */
  readonly #changed = new Set<string>();
  /** A kept index is being read. */
  #loading = false;
  #closed = false;

  constructor(options: SearchIndexOptions) {
    this.#options = options;
    const { db, kind, pack } = options;
    this.#read = rowsReader(db, kind, pack);
    const other = vectorKeys(db, kind, pack, 0, 1)[0];
    if (other && other.width !== options.width) throw otherWidth(pack, other.width, options.width);
    if (countVectors(db, kind, pack) <= smallArchive) this.#small = this.#readAll();
    else this.#startMaking();
  }

  get width(): number {
    return this.#options.width;
  }

  /** @throws EngineError `search/not-encoded` if the index holds vectors of another width */
  expectWidth(width: number): void {
    if (width !== this.width) throw otherWidth(this.#options.pack, this.width, width);
  }

  /** Settles when no index is being made. @throws what stopped it */
  async whenReady(): Promise<void> {
    while (this.#making) await this.#making;
  }

  /** Bytes of codes a case holds in memory, and whether the index is in use. */
  get state(): { readonly made: boolean; readonly bytesOf: (rows: number) => number } {
    return { made: this.#made !== null, bytesOf: (rows) => this.#made?.index.bytesOf(rows) ?? rows * this.width * 4 };
  }

  /** @throws EngineError `cancelled`; RangeError if the query does not fill rows of the index's width */
  async search(query: Float32Array, { limit, eligible, proven, signal }: IndexQuery, effort?: SearchEffort): Promise<RankedCase[]> {
    const common = { limit, ...(signal && { signal }) };
    // Reading a kept index takes less time than a scan of what it was made of.
    if (this.#loading && !this.#made && !this.#small) await this.whenReady();
    const made = this.#made;
    if (made) {
      const { facts } = made;
      return made.index.search(query, { ...common, ...(proven && { proven }), ...(eligible && { eligible: (slot: number) => facts[slot] !== undefined && eligible(facts[slot]) }) }, effort);
    }
    const facts = this.#small?.facts ?? null;
    const source = this.#small?.index ?? this.#stored();
    return rankCases(query, source, {
      ...common,
      ...(eligible && { exclude: (item: { readonly case: string }) => {
        const found = facts ? facts.get(item.case) : vectorKeyOfCase(this.#options.db, this.#options.kind, this.#options.pack, item.case);
        return found === undefined || !eligible(found);
      } }),
    });
  }

  /** Reads a case again after its vectors were stored, replaced or removed; the next search knows. */
  refresh(id: string): void {
    const { db, kind, pack, width } = this.#options;
    if (this.#making) this.#changed.add(id);
    const key = vectorKeyOfCase(db, kind, pack, id);
    const vectors = key && this.#read(key.key)?.vectors();
    if (key && key.width !== width) throw otherWidth(pack, key.width, width);
    if (!key || !vectors) {
      this.#remove(id);
      return;
    }
    if (this.#small) {
      this.#small.index.put(id, key.study, vectors);
      this.#small.facts.set(id, key);
      if (this.#small.index.size > 2 * smallArchive) this.#startMaking();
    }
    if (this.#made) {
      this.#remove(id);
      this.#add(this.#made, key, vectors);
      if (this.#made.file && this.#made.index.size > growth * this.#made.file.casesThen) this.#startMaking();
    }
  }

  /** Takes a case out that is about to be removed from the database. */
  forget(id: string): void {
    if (this.#making) this.#changed.add(id);
    this.#remove(id);
  }

  #remove(id: string): void {
    this.#small?.index.delete(id);
    this.#small?.facts.delete(id);
    const slot = this.#made?.index.delete(id);
    if (this.#made && slot !== undefined) {
      const rows = this.#made.facts[slot]!.rows;
      this.#made.facts[slot] = undefined;
      this.#made.file?.wipe([{ position: this.#made.positions[slot]!, rows }]);
    }
  }

  /** Ids of the cases of a study that are in the index. */
  casesOfStudy(study: string): string[] {
    const keys = this.#small ? [...this.#small.facts.values()] : (this.#made?.facts ?? []);
    return keys.flatMap((item) => (item?.study === study ? [item.case] : []));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#making?.catch(() => undefined);
    await this.#drop();
  }

  /** A function, since it changes while others wait. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #drop(): Promise<void> {
    const made = this.#made;
    this.#made = null;
    made?.file?.close();
    await made?.index.close();
  }

  #readAll(): { index: VectorIndex; facts: Map<string, VectorKey> } {
    const { db, kind, pack, width } = this.#options;
    const index = new VectorIndex(width);
    const facts = new Map<string, VectorKey>();
    for (const key of vectorKeys(db, kind, pack)) {
      if (key.width !== width) throw otherWidth(pack, key.width, width);
      index.put(key.case, key.study, this.#read(key.key)!.vectors());
      facts.set(key.case, key);
    }
    return { index, facts };
  }

  /** Cases one page after another, so that the database may be written between. */
  #stored(): CaseSource {
    const { db, kind, pack, width } = this.#options;
    const read = this.#read;
    return {
      width,
      *cases() {
        for (let page = vectorKeys(db, kind, pack, 0, batch); page.length > 0; page = vectorKeys(db, kind, pack, page.at(-1)!.key, batch)) {
          for (const { key, case: id, study, rows } of page) {
            const vectors = read(key)?.vectors();
            if (vectors) yield { case: id, study, rows, vectors };
          }
        }
      },
    };
  }

  #startMaking(): void {
    if (this.#making || this.#closed) return;
    this.#changed.clear();
    const started = performance.now();
    this.#making = this.#make()
      .then(async (made) => {
        if (made === null) return;
        const before = this.#made;
        this.#made = made;
        this.#small = null;
        before?.file?.close();
        await before?.index.close();
        this.#options.log.info('search.index-made', { kind: this.#options.kind, cases: made.index.size, ms: Math.round(performance.now() - started) });
      })
      .catch((error: unknown) => {
        // What answered before goes on answering.
        this.#options.log.error('search.index-failed', { kind: this.#options.kind, message: error instanceof Error ? error.message : String(error) });
      })
      .finally(() => {
        this.#making = null;
        this.#loading = false;
      });
  }

  async #make(): Promise<Made | null> {
    const { db, kind, pack, width, file: path } = this.#options;
    // Read now: whatever is stored from here on is told by refresh().
    const wanted = new Map(vectorKeys(db, kind, pack).map((key) => [key.key, key]));
    this.#read = rowsReader(db, kind, pack);
    const growing = this.#made !== null;
    if (path !== null) mkdirSync(dirname(path), { recursive: true });
    let file = path === null || growing ? null : CodesFile.open(path, width);
    if (file && wanted.size > growth * file.casesThen) {
      file.close();
      file = null;
    }
    const kept = file !== null;
    this.#loading = kept;
    const codebook = file?.codebook ?? (await learnInThread(this.#sample([...wanted.values()]), width));
    if (this.#isClosed()) return this.#abandon(file);
    const passing = `${path ?? ''}.new`;
    if (path !== null) file ??= CodesFile.create(passing, codebook, wanted.size);
    const made: Made = { index: new CaseIndex(codebook, (key) => this.#read(key)), file, facts: [], positions: [] };
    if (kept && file) await this.#takeKept(made, file, wanted);
    const open = [...wanted.values()];
    for (let from = 0; from < open.length; from += batch) {
      if (this.#isClosed()) {
        await made.index.close();
        return this.#abandon(file);
      }
      await this.#addMany(made, open.slice(from, from + batch));
      await setImmediate();
    }
    if (this.#isClosed()) {
      await made.index.close();
      return this.#abandon(file);
    }
    // From here to the end nothing waits, so no change is missed.
    for (const id of this.#changed) {
      const slot = made.index.delete(id);
      if (slot !== undefined) {
        made.file?.wipe([{ position: made.positions[slot]!, rows: made.facts[slot]!.rows }]);
        made.facts[slot] = undefined;
      }
      const key = vectorKeyOfCase(db, kind, pack, id);
      const vectors = key && this.#read(key.key)?.vectors();
      if (key && vectors) this.#add(made, key, vectors);
    }
    if (path !== null && !kept) CodesFile.rename(passing, path);
    return made;
  }

  #abandon(file: CodesFile | null): null {
    file?.close();
    if (this.#options.file !== null) rmSync(`${this.#options.file}.new`, { force: true });
    return null;
  }

  /** Takes over the codes of vectors that still are what they were; the others are wiped. Takes them out of `wanted`. */
  async #takeKept(made: Made, file: CodesFile, wanted: Map<number, VectorKey>): Promise<void> {
    const gone: { position: number; rows: number }[] = [];
    let read = 0;
    for (const { key, rows, codes, position } of file.records()) {
      const item = wanted.get(key);
      if (item?.rows === rows) {
        made.index.putCodes(item.case, key, rows, codes);
        this.#note(made, item, position);
        wanted.delete(key);
      } else if (key !== 0) {
        gone.push({ position, rows });
      }
      // Other calls get their turn.
      if (++read % 1000 === 0) await setImmediate();
    }
    file.wipe(gone);
  }

  #note(made: Made, key: VectorKey, position: number): void {
    const slot = made.index.slotOf(key.case)!;
    while (made.facts.length <= slot) {
      made.facts.push(undefined);
      made.positions.push(0);
    }
    made.facts[slot] = key;
    made.positions[slot] = position;
  }

  #add(made: Made, key: VectorKey, vectors: Float32Array): void {
    const slot = made.index.put(key.case, key.key, vectors);
    this.#note(made, key, made.file?.write(key.key, key.rows, made.index.codesOf(slot, key.rows)) ?? 0);
  }

  async #addMany(made: Made, keys: readonly VectorKey[]): Promise<void> {
    const items = keys.flatMap((key) => {
      const vectors = this.#read(key.key)?.vectors();
      return vectors ? [{ id: key.case, key: key.key, vectors, of: key }] : [];
    });
    await made.index.putMany(items);
    const positions = made.file?.append(items.map(({ of }) => ({ key: of.key, rows: of.rows, codes: made.index.codesOf(made.index.slotOf(of.case)!, of.rows) })));
    items.forEach(({ of }, index) => { this.#note(made, of, positions?.[index] ?? 0); });
  }

  /** Rows of cases from all over the archive. */
  #sample(keys: readonly VectorKey[]): Float32Array {
    const count = Math.min(keys.length, learnCases);
    const parts = Array.from({ length: count }, (_, n) => this.#read(keys[Math.floor((n * keys.length) / count)]!.key)?.vectors()).filter((part) => part !== undefined);
    const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (rows.set(part, at), at + part.length), 0);
    return rows;
  }
}

export const otherWidth = (pack: string, stored: number, width: number): EngineError =>
  new EngineError('search/not-encoded', `The archive holds vectors of width ${stored} under ${pack}, which now makes width ${width}`, {
    subject: pack,
    advice: 'Give the changed pack a version of its own and run brat index',
  });
