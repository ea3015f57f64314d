/** Grounding of what a reader writes, and which views look at a place: the study's views are kept while it is worked on. */
import type { SentenceGrounding } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { lps } from '../../shared/geometry.ts';
import type { AttentionGeometry } from '../ground/attentionMap.ts';
import { groundSentences } from '../ground/ground.ts';
import { viewsAt, type ViewAtPoint } from '../ground/viewPlace.ts';
import type { Pack } from '../pack/pack.ts';
import type { EncodedViews } from '../ports.ts';
import type { Analyses } from './analysis.ts';
import type { Changes } from './changes.ts';
import type { Models } from './models.ts';
import { attentionGeometry, type ChosenChannels } from './reading.ts';

/** What the pack in use made of a study. */
export interface ReadStudy {
  readonly pack: Pack;
  readonly channels: ChosenChannels;
  readonly encoded: EncodedViews;
  readonly geometry: AttentionGeometry;
}

interface SentenceOfReport {
  readonly id: string;
  readonly text: string;
}

/** Studies kept; views and attention of one take some megabytes. */
const keptStudies = 4;
/** Vectors of sentences kept, by pack and text. */
const keptVectors = 2000;

export class Grounding {
  readonly #analyses: Analyses;
  readonly #models: Models;
  readonly #studies = new Map<string, Promise<ReadStudy | null>>();
  readonly #vectors = new Map<string, Float32Array>();

  constructor({ analyses, models, changes }: { readonly analyses: Analyses; readonly models: Models; readonly changes: Changes }) {
    this.#analyses = analyses;
    this.#models = models;
    changes.listen(({ study }) => {
      if (study === null) this.#studies.clear();
      else for (const key of this.#studies.keys()) if (key.endsWith(` ${study}`)) this.#studies.delete(key);
    });
  }

  /** Null where the study was not read with the pack in use, or has no series to read. @throws EngineError `store/not-found`, what a pack throws */
  async read(study: string): Promise<ReadStudy | null> {
    const pack = await this.#models.pack();
    const key = `${pack.folder} ${study}`;
    let known = this.#studies.get(key);
    if (!known) {
      known = this.#find(study, pack);
      this.#studies.set(key, known);
      known.then((found) => { if (!found) this.#studies.delete(key); }, () => { this.#studies.delete(key); });
      if (this.#studies.size > keptStudies) this.#studies.delete(this.#studies.keys().next().value!);
    }
    return known;
  }

  async #find(study: string, pack: Pack): Promise<ReadStudy | null> {
    try {
      const { channels, encoding } = await this.#analyses.stored(study, pack);
      return encoding && { pack, channels, encoded: encoding.encoded, geometry: attentionGeometry(channels, pack) };
    } catch (error) {
      // A study without a series to read has no views.
      if (error instanceof EngineError && error.code.startsWith('select/')) return null;
      throw error;
    }
  }

  async #need(study: string): Promise<ReadStudy> {
    const read = await this.read(study);
    if (!read) throw new EngineError('search/not-encoded', 'The study has not been read with the model pack in use', { subject: study, advice: 'Process the study first' });
    return read;
  }

  /** @throws EngineError `search/not-encoded`, `onnx/run-failed` */
  async ground(study: string, sentences: readonly SentenceOfReport[]): Promise<{ id: string; grounding: SentenceGrounding | null }[]> {
    const { pack, channels, encoded, geometry } = await this.#need(study);
    const vectors = await this.#encode(pack, sentences.map(({ text }) => text));
    const grounded = groundSentences(
      sentences.map(({ text }, at) => ({ text, vector: vectors[at]!, sourceCase: null })),
      { encoded, supportThreshold: pack.manifest.calibration.supportThreshold, geometry, stack: channels.first.geometry },
    );
    return grounded.map(({ view, similarity, slice, supported }, at) => ({ id: sentences[at]!.id, grounding: view === null || similarity === null ? null : { view, similarity, slice, supported } }));
  }

  /** Only sentences that were not met before cost time. */
  async #encode(pack: Pack, texts: readonly string[]): Promise<(Float32Array | null)[]> {
    const encoder = await this.#models.textEncoder();
    if (!encoder) return texts.map(() => null);
    const keyOf = (text: string): string => `${pack.folder} ${text}`;
    const words = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);
    if (this.#vectors.size + texts.length > keptVectors) this.#vectors.clear();
    const missing = [...new Set(texts)].filter((text) => words(text) && !this.#vectors.has(keyOf(text)));
    const rows = missing.length > 0 ? await encoder.encodeSentences(missing) : new Float32Array(0);
    missing.forEach((text, at) => { this.#vectors.set(keyOf(text), rows.slice(at * encoder.width, (at + 1) * encoder.width)); });
    return texts.map((text) => this.#vectors.get(keyOf(text)) ?? null);
  }

  /** @throws EngineError `search/not-encoded` */
  async viewsAt(study: string, [x, y, z]: readonly [number, number, number]): Promise<ViewAtPoint[]> {
    const { encoded, geometry } = await this.#need(study);
    return viewsAt(encoded, lps(x, y, z), geometry);
  }
}
