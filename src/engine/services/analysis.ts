/**
 * Reading stored studies: one at a time, results kept, a second call given what the first one made. Views are stored as
 * soon as they exist, the draft when it is complete; a process killed in between loses only the step it was in.
 */
import type { AnalysisEvent, AnalysisStep, AttentionMap, CaseFilter, Draft, Handlers, LesionMap, SimilarCase, StudyFindings } from '../../shared/contract.ts';
import { cancelledError, EngineError, isCancelled, toErrorData } from '../../shared/errors.ts';
import { attentionMap } from '../ground/attentionMap.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import { findDraft, findEncoding, putDraft, putEncoding, type StoredEncoding } from '../store/analyses.ts';
import { recordAudit, studyMark } from '../store/audit.ts';
import { findFindings, putFindings, type StoredFindings } from '../store/findings.ts';
import { putMiddlePlane } from '../store/flags.ts';
import { startJob } from '../store/jobs.ts';
import { putFailure, removeProcessing } from '../store/processing.ts';
import type { Store } from '../store/openStore.ts';
import type { Activity } from './activity.ts';
import type { Changes } from './changes.ts';
import { hasHeads } from './examining.ts';
import type { Library } from './library.ts';
import type { Queue } from './queue.ts';
import { attentionGeometry, chooseChannels, readStudy, type ChosenChannels, type ReadingParts } from './reading.ts';

export interface AnalysisParts extends ReadingParts {
  readonly store: Store;
  readonly library: Library;
  readonly changes: Changes;
  readonly queue: Queue;
  readonly activity: Activity;
}

interface Stored {
  readonly channels: ChosenChannels;
  readonly encoding: StoredEncoding | null;
  readonly found: StoredFindings | null;
  readonly draft: Draft | null;
}

export class Analyses {
  readonly #parts: AnalysisParts;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(parts: AnalysisParts) {
    this.#parts = parts;
  }

  isProcessing(study: string): boolean {
    return this.#running.has(study);
  }

  /** Ends the reading of a study, if there is one. */
  async stop(study: string): Promise<void> {
    const running = this.#running.get(study);
    running?.stop.abort();
    await running?.ended;
  }

  /** What the pack in use made of the series that it would read now. */
  async stored(study: string, pack: Pack): Promise<Stored> {
    const { store, library } = this.#parts;
    const channels = chooseChannels(await library.images(study), pack);
    const stamp = packStamp(pack);
    const encoding = findEncoding(store.db, study, stamp);
    // Another series was chosen since: what was made of the former one no longer counts.
    if (encoding?.input !== channels.input) return { channels, encoding: null, found: null, draft: null };
    return { channels, encoding, found: findFindings(store.db, study, stamp) ?? null, draft: findDraft(store.db, study, stamp) ?? null };
  }

  /**
   * @param options `force` makes everything anew; `anyway` drafts what is outside of what the pack was made for; `background`
   *   waits until nobody wants anything and makes way, cancelled, when somebody does
   * @throws EngineError of the step that failed, `cancelled`
   */
  async *analyse(study: string, { force, anyway, background = false }: { readonly force: boolean; readonly anyway: boolean; readonly background?: boolean }, signal: AbortSignal): AsyncGenerator<AnalysisEvent, void, undefined> {
    const { store, library, changes, clock, queue, models } = this.#parts;
    library.study(study);
    const stop = new AbortController();
    const { signal: asked, end } = this.#parts.activity.begin(AbortSignal.any([signal, stop.signal]));
    const { leave, wanted } = await (background ? queue.enterWhenIdle(asked) : queue.enter(asked).then((left) => ({ leave: left, wanted: null }))).catch((error: unknown) => {
      end();
      throw error;
    });
    const both = wanted === null ? asked : AbortSignal.any([asked, wanted]);
    if (!library.has(study)) {
      // It was removed while this call waited.
      leave();
      end();
      library.study(study);
    }
    let ended: () => void = () => undefined;
    this.#running.set(study, { stop, ended: new Promise((resolve) => { ended = resolve; }) });
    const job = startJob(store.db, clock, 'analysis', study);
    let finished = false;
    try {
      changes.emit(study);
      const images = await library.images(study);
      const pack = await models.pack();
      const kept = await this.stored(study, pack);
      if (kept.encoding && kept.draft && (kept.found || !hasHeads(pack)) && !force) {
        yield* this.#replay(study, { ...kept, encoding: kept.encoding, draft: kept.draft }, both);
      } else {
        const reading = readStudy(this.#parts, {
          study,
          images,
          stored: force ? null : (kept.encoding?.encoded ?? null),
          storedFindings: force ? null : kept.found,
          anyway,
          signal: both,
          onExamined: (found) => { putFindings(store.db, found); },
          onMiddle: ({ series, stack }, middle) => { putMiddlePlane(store.db, series, stack, middle); },
          onEncoded: (channels, encoded) => { putEncoding(store.db, study, channels, encoded, clock.now().toISOString()); },
        });
        for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
          if (both.aborted) throw cancelledError('analysis');
          if (next.value.kind === 'done') {
            // Stored before the reader is told.
            putDraft(store.db, next.value.draft);
            recordAudit(store.db, clock, 'analysis', { study: studyMark(study), pack: packKey(next.value.draft.pack), sentences: next.value.draft.sentences.length });
          }
          yield next.value;
        }
      }
      finished = true;
      job.done();
      removeProcessing(store.db, study);
    } catch (error) {
      finished = true;
      if (library.has(study)) {
        job.failed(error);
        if (!isCancelled(error) && !isOfTheMachine(error)) putFailure(store.db, study, toErrorData(error, 'study'), clock.now().toISOString());
      }
      throw error;
    } finally {
      // The caller went away between two events.
      if (!finished && library.has(study)) job.failed(cancelledError('analysis'));
      this.#running.delete(study);
      ended();
      leave();
      end();
      changes.emit(study);
    }
  }

  /** What an earlier reading made, as the same events; similar cases are looked up anew, since the archive grows. */
  async *#replay(study: string, { encoding: { encoded }, found, draft }: Pick<Stored, 'found'> & { readonly encoding: StoredEncoding; readonly draft: Draft }, signal: AbortSignal): AsyncGenerator<AnalysisEvent, void, undefined> {
    const message = 'Kept from an earlier reading';
    const skipped = (step: AnalysisStep): AnalysisEvent => ({ kind: 'step', step, state: 'skipped', ms: null, message });
    for (const step of ['read', 'preprocess', 'encode', 'findings'] as const) yield skipped(step);
    yield { kind: 'views', count: encoded.viewCount, size: encoded.hidden, pack: encoded.pack, provider: encoded.provider };
    if (found) yield { kind: 'findings', findings: found.findings };
    yield { kind: 'similar', cases: await this.#parts.archive.similar({ by: 'views', vectors: encoded.projected, width: encoded.width, pack: encoded.pack, limit: 10, study, signal }) };
    for (const step of ['draft', 'ground'] as const) yield skipped(step);
    for (const sentence of draft.sentences) yield { kind: 'sentence', sentence };
    yield { kind: 'done', draft };
  }

  async draft(study: string): Promise<Draft | null> {
    const { library, models } = this.#parts;
    library.study(study);
    const pack = await models.pack();
    return this.stored(study, pack).then(({ draft }) => draft, (error: unknown) => {
      // A study without a series to read has no draft.
      if (error instanceof EngineError && error.code.startsWith('select/')) return null;
      throw error;
    });
  }

  async findings(study: string): Promise<StudyFindings | null> {
    return (await this.#found(study))?.found.findings ?? null;
  }

  async lesionMap(study: string): Promise<LesionMap | null> {
    const known = await this.#found(study);
    if (!known?.found.lesionCells) return null;
    const { grid, values, threshold } = known.found.lesionCells;
    const [superior, anterior, right] = grid;
    return { dims: [right, anterior, superior], voxelToLps: [...gridToLps(known.channels.first.geometry, known.pack.manifest.input.size, grid)], values: new Uint8Array(values), threshold };
  }

  async #found(study: string): Promise<{ readonly pack: Pack; readonly channels: ChosenChannels; readonly found: StoredFindings } | null> {
    const { library, models } = this.#parts;
    library.study(study);
    const pack = await models.pack();
    try {
      const { channels, found } = await this.stored(study, pack);
      return found && { pack, channels, found };
    } catch (error) {
      // A study without a series to read has no findings.
      if (error instanceof EngineError && error.code.startsWith('select/')) return null;
      throw error;
    }
  }

  async attention(study: string, view: number): Promise<AttentionMap> {
    const pack = await this.#parts.models.pack();
    const { channels, encoding } = await this.stored(study, pack);
    if (!encoding) throw notEncoded(study);
    if (view >= encoding.encoded.viewCount) {
      throw new EngineError('bridge/bad-params', `There is no view ${view} among ${encoding.encoded.viewCount}`, { subject: 'view', advice: 'Choose a view of the draft' });
    }
    return attentionMap(encoding.encoded, view, attentionGeometry(channels, pack));
  }

  async similar(study: string, by: 'views' | 'sentences', limit: number, signal: AbortSignal, filter?: CaseFilter): Promise<SimilarCase[]> {
    const { encoding } = await this.stored(study, await this.#parts.models.pack());
    if (!encoding) throw notEncoded(study);
    const { projected, width, pack } = encoding.encoded;
    return this.#parts.archive.similar({ by, vectors: projected, width, pack, limit, study, filter, signal });
  }
}

/** Faults that any other study would meet as well: no pack, no provider, no space. They say nothing of the study. */
export const isOfTheMachine = (error: unknown): boolean =>
  error instanceof EngineError && /^(?:pack\/(?!no-)|models\/|onnx\/(?:provider-unavailable|self-test-failed)|store\/)/.test(error.code);

const notEncoded = (study: string): EngineError => new EngineError('search/not-encoded', 'The study has not been read with the model pack in use', { subject: study, advice: 'Process the study first' });

export function analysisHandlers(analyses: Analyses): Pick<Handlers, 'study.analyse' | 'study.draft' | 'study.findings' | 'study.lesionMap' | 'study.attention' | 'case.similar'> {
  return {
    'study.analyse': ({ study, force, anyway = false }, { signal }) => analyses.analyse(study, { force, anyway }, signal),
    'study.draft': ({ study }) => analyses.draft(study),
    'study.findings': ({ study }) => analyses.findings(study),
    'study.lesionMap': ({ study }) => analyses.lesionMap(study),
    'study.attention': async ({ study, view }) => {
      const map = await analyses.attention(study, view);
      return { ...map, values: new Uint8Array(map.values) };
    },
    'case.similar': ({ study, by, limit, filter }, { signal }) => analyses.similar(study, by, limit, signal, filter),
  };
}
