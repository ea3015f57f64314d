/**
 * Encodes the archive with the pack in use: the images of studies with a report, and the sentences of all reports. One
 * case is one step: its vectors are stored together, so an interrupted run is taken up where it stopped.
 */
import { cancelledError, EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import { recordAudit } from '../store/audit.ts';
import { findEncoding, putEncoding } from '../store/analyses.ts';
import { casesWithoutVectors, findCase, putVectors, sentencesOfCase, type CaseRow } from '../store/cases.ts';
import { startJob } from '../store/jobs.ts';
import type { EncodedViews } from '../ports.ts';
import type { AnalysisParts } from './analysis.ts';
import { packLargeArchive } from './packing.ts';
import { chooseChannels, encodeChannels } from './reading.ts';

export type IndexEvent =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly current: string }
  | { readonly kind: 'problem'; readonly case: string; readonly error: ErrorData }
  | { readonly kind: 'done'; readonly encoded: number; readonly failed: number; readonly alreadyThere: number; readonly pack: string };

/** @throws EngineError of the pack or provider, `store/...`, `cancelled`; a fault of one case is an event and the rest goes on */
export async function* indexArchive(parts: AnalysisParts, callSignal: AbortSignal): AsyncGenerator<IndexEvent, void, undefined> {
  const { store, models, archive, clock, queue, changes } = parts;
  const { signal, end } = parts.activity.begin(callSignal);
  const leave = await queue.enter(signal).catch((error: unknown) => {
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
    for (const item of open.values()) {
      if (signal.aborted) throw cancelledError('index');
      yield { kind: 'progress', done, total: open.size, current: item.id };
      try {
        const encoded = withoutViews.has(item.id) ? await encodeCase(parts, pack, item, signal) : null;
        const sentences = withoutSentences.has(item.id) ? await encodeSentences(parts, item) : null;
        // The case may have been removed while it was being encoded.
        if (!findCase(store.db, item.id)) continue;
        store.db.transaction(() => {
          if (encoded) putVectors(store.db, 'views', key, item.id, encoded.width, encoded.projected);
          if (sentences) putVectors(store.db, 'sentences', key, item.id, pack.manifest.encoder.width, sentences);
        });
        archive.refresh(item.id, packStamp(pack));
        done++;
      } catch (error) {
        // A fault of the pack or the disk would come again with every case.
        if (!(error instanceof EngineError) || /^(?:store|pack|onnx|cancelled)/.test(error.code)) throw error;
        failed++;
        yield { kind: 'problem', case: item.id, error: toErrorData(error, item.id) };
      }
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

async function encodeCase(parts: AnalysisParts, pack: Pack, item: CaseRow, signal: AbortSignal): Promise<EncodedViews> {
  const study = item.study!;
  const { store, library, clock } = parts;
  const channels = chooseChannels(await library.images(study), pack);
  const known = findEncoding(store.db, study, packStamp(pack));
  if (known?.input === channels.input) return known.encoded;
  const encoded = await encodeChannels(parts, pack, channels, signal);
  if (library.has(study)) putEncoding(store.db, study, channels, encoded, clock.now().toISOString());
  return encoded;
}

async function encodeSentences({ store, models }: AnalysisParts, item: CaseRow): Promise<Float32Array> {
  return (await models.textEncoder())!.encodeSentences(sentencesOfCase(store.db, item.id));
}
