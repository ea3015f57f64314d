/**
 * Encodes the archive with a pack: the images of cases, stored or where they lie, and the sentences of all reports. One case
 * is one step: its vectors are stored together, so an interrupted run is taken up where it stopped. With the pack in use the
 * next studies are prepared meanwhile; with another one it works in the background, case by case in turn with what readers
 * ask for, while the vectors of the pack in use go on answering. Vectors of two packs are never in one index.
 */
import { setImmediate } from 'node:timers/promises';
import { cancelledError, EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { ahead } from '../archive/ahead.ts';
import { withArchivedStudy } from '../archive/readArchivedStudy.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import { recordAudit } from '../store/audit.ts';
import { findEncoding, putEncoding } from '../store/analyses.ts';
import { casesWithoutVectors, findCase, putVectors, sentencesOfCase, type CaseToEncode } from '../store/cases.ts';
import { startJob } from '../store/jobs.ts';
import { roleOverrides } from '../store/studies.ts';
import type { EncodedViews } from '../ports.ts';
import type { AnalysisParts } from './analysis.ts';
import { studiesAhead } from './archiveImport.ts';
import type { Models } from './models.ts';
import { packLargeArchive } from './packing.ts';
import { chooseChannels, prepareChannels, type ChosenChannels } from './reading.ts';
import { arrangeStudy } from './studyImages.ts';

export type IndexEvent =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly current: string }
  | { readonly kind: 'problem'; readonly case: string; readonly error: ErrorData }
  | { readonly kind: 'done'; readonly encoded: number; readonly failed: number; readonly alreadyThere: number; readonly pack: string };

/** A case ready for its encoders. */
interface Ready {
  /** Views of an earlier reading, or the encoder's input; null where only sentences are wanted. */
  readonly images: { readonly known: EncodedViews } | { readonly input: Float32Array; readonly channels: ChosenChannels } | null;
  /** Gives the turn back. */
  readonly leave: () => void;
}

/**
 * @param models those of the pack in use, or others for encoding in the background
 * @throws EngineError of the pack or provider, `store/...`, `cancelled`; a fault of one case is an event and the rest goes on
 */
export async function* indexArchive(parts: AnalysisParts, callSignal: AbortSignal, models: Models = parts.models): AsyncGenerator<IndexEvent, void, undefined> {
  const { store, archive, clock, queue, changes } = parts;
  const background = models !== parts.models;
  const { signal, end } = parts.activity.begin(callSignal);
  const leave = await (background ? Promise.resolve(() => undefined) : queue.enter(signal)).catch((error: unknown) => {
    end();
    throw error;
  });
  const job = startJob(store.db, clock, 'index', null);
  try {
    const pack = await models.pack();
    const key = packKey(pack);
    const withoutViews = new Map(casesWithoutVectors(store.db, 'views', key).map((item) => [item.id, item]));
    const withoutSentences = new Map(pack.manifest.text ? casesWithoutVectors(store.db, 'sentences', key).map((item) => [item.id, item]) : []);
    const open = new Map([...withoutViews, ...withoutSentences]);
    let done = 0;
    let failed = 0;
    const prepare = async (item: CaseToEncode): Promise<Ready> => {
      const turn = background ? await queue.enter(signal) : () => undefined;
      try {
        return { images: withoutViews.has(item.id) ? await prepareImages(parts, pack, item, signal) : null, leave: turn };
      } catch (error) {
        turn();
        throw error;
      }
    };
    for await (const { item, result } of ahead(open.values(), background ? 0 : studiesAhead(), prepare)) {
      if (result.status === 'fulfilled' && signal.aborted) result.value.leave();
      if (signal.aborted) throw cancelledError('index');
      yield { kind: 'progress', done, total: open.size, current: item.id };
      try {
        if (result.status === 'rejected') throw result.reason;
        try {
          const encoded = await encodeImages(parts, models, item, result.value.images, signal);
          const sentences = withoutSentences.has(item.id) ? await (await models.textEncoder())!.encodeSentences(sentencesOfCase(store.db, item.id)) : null;
          // The case may have been removed while it was being encoded.
          if (!findCase(store.db, item.id)) continue;
          store.db.transaction(() => {
            if (encoded) putVectors(store.db, 'views', key, item.id, encoded.width, encoded.projected);
            if (sentences) putVectors(store.db, 'sentences', key, item.id, pack.manifest.encoder.width, sentences);
          });
        } finally {
          result.value.leave();
        }
        archive.refresh(item.id, packStamp(pack));
        done++;
      } catch (error) {
        // A fault of the pack or the disk would come again with every case.
        if (!(error instanceof EngineError) || /^(?:store|pack|onnx|cancelled)/.test(error.code)) throw error;
        failed++;
        yield { kind: 'problem', case: item.id, error: toErrorData(error, item.id) };
      }
      await setImmediate();
    }
    for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, key, signal);
    recordAudit(store.db, clock, 'index', { pack: key, encoded: done, failed });
    job.done();
    yield { kind: 'done', encoded: done, failed, alreadyThere: archive.caseCount - open.size, pack: key };
  } catch (error) {
    job.failed(error);
    throw error;
  } finally {
    leave();
    end();
    changes.emit(null);
  }
}

async function prepareImages(parts: AnalysisParts, pack: Pack, { id, study, archived }: CaseToEncode, signal: AbortSignal): Promise<Ready['images']> {
  const { store, library } = parts;
  if (study === null && archived) {
    return withArchivedStudy(store.db, id, store.temporaryFolder, signal, async (headers) => {
      const channels = chooseChannels(arrangeStudy(headers, roleOverrides(store.db, [...new Set(headers.map(({ seriesUid }) => seriesUid))])), pack);
      return { input: await prepareChannels(parts, pack, channels, signal), channels };
    });
  }
  const channels = chooseChannels(await library.images(study!), pack);
  const known = findEncoding(store.db, study!, packStamp(pack));
  if (known?.input === channels.input) return { known: known.encoded };
  return { input: await prepareChannels(parts, pack, channels, signal), channels };
}

async function encodeImages({ store, library, clock }: AnalysisParts, models: Models, { study }: CaseToEncode, images: Ready['images'], signal: AbortSignal): Promise<EncodedViews | null> {
  if (images === null) return null;
  if ('known' in images) return images.known;
  const encoded = await (await models.encoder()).encode(images.input, { signal });
  if (study !== null && library.has(study)) putEncoding(store.db, study, images.channels, encoded, clock.now().toISOString());
  return encoded;
}
