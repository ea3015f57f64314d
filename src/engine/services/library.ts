/** Stored studies with their series arranged, kept in memory while they are looked at. */
import { EngineError } from '../../shared/errors.ts';
import { readInstance } from '../dicom/header.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Store } from '../store/openStore.ts';
import { findStudy, instancesOfStudy, roleOverrides, studyOfSeries, updateHeader, type StudyRow } from '../store/studies.ts';
import { arrangeStudy, unknownSeries, type StudyImages } from './studyImages.ts';

/** Studies kept arranged; the headers of one take about a megabyte. */
const keptStudies = 8;

export class Library {
  readonly #store: Store;
  readonly #kept = new Map<string, Promise<StudyImages>>();

  constructor(store: Store) {
    this.#store = store;
  }

  has(uid: string): boolean {
    return findStudy(this.#store.db, uid) !== undefined;
  }

  /** @throws EngineError `store/not-found` */
  study(uid: string): StudyRow {
    const row = findStudy(this.#store.db, uid);
    if (!row) throw new EngineError('store/not-found', 'The study is not stored here', { subject: 'study', advice: 'Import it first' });
    return row;
  }

  /** @throws EngineError `select/unknown-series` */
  studyOfSeries(series: string): string {
    const study = studyOfSeries(this.#store.db, series);
    if (study === undefined) throw unknownSeries(series);
    return study;
  }

  /** @throws EngineError `store/not-found` */
  async images(study: string): Promise<StudyImages> {
    this.study(study);
    const known = this.#kept.get(study);
    if (known) {
      // Moved to the end: the first key is the one unused longest.
      this.#kept.delete(study);
      this.#kept.set(study, known);
      return known;
    }
    const arranging = this.#arrange(study);
    this.#kept.set(study, arranging);
    if (this.#kept.size > keptStudies) this.#kept.delete(this.#kept.keys().next().value!);
    try {
      return await arranging;
    } catch (error) {
      this.forget(study);
      throw error;
    }
  }

  /** Drops what is kept of a study after it changed. */
  forget(study: string): void {
    this.#kept.delete(study);
  }

  async #arrange(study: string): Promise<StudyImages> {
    const { db, files } = this.#store;
    const instances: InstanceHeader[] = [];
    for (const { header, contentHash, sourceName, current } of instancesOfStudy(db, study)) {
      const source = { path: files.path(contentHash), name: sourceName };
      if (current) {
        instances.push({ ...header, source });
      } else {
        const read = await readInstance(source);
        updateHeader(db, read);
        instances.push(read);
      }
    }
    return arrangeStudy(instances, roleOverrides(db, [...new Set(instances.map((instance) => instance.seriesUid))]));
  }
}
