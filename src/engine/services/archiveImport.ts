/**
 * Fills the archive from studies that lie anywhere and their reports (docs/archive.md): survey, reports, matching, then one
 * study after another. While a study is encoded the next ones are read and prepared. A study's case, its vectors and the
 * note that it is done are one transaction, so a run that ends at any moment is taken up at the very study it was in.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { cancelledError, EngineError, isCancelled, toErrorData, type ErrorCode } from '../../shared/errors.ts';
import { ahead } from '../archive/ahead.ts';
import { removeIdentifiers, type KnownIdentifiers } from '../archive/identifiers.ts';
import { ReportTable, type MatchedReport } from '../archive/matchReports.ts';
import { identifiersOf, withArchivedStudy } from '../archive/readArchivedStudy.ts';
import { readReportSources } from '../archive/reportSources.ts';
import type { ReportItem } from '../archive/reportRecord.ts';
import { readStructuredReport } from '../archive/structuredReport.ts';
import { surveyTrees } from '../archive/survey.ts';
import type { StudyAttributes } from '../dicom/types.ts';
import { splitSentences } from '../draft/sentences.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import type { EncodedViews } from '../ports.ts';
import { archiveStudiesAfter, countStudyStates, reportFiles, setStudyState, type ArchiveStudy } from '../store/archiveJournal.ts';
import { recordAudit } from '../store/audit.ts';
import { putCase, putVectors } from '../store/cases.ts';
import { startJob } from '../store/jobs.ts';
import { findStudy, roleOverrides } from '../store/studies.ts';
import type { AnalysisParts } from './analysis.ts';
import { packLargeArchive } from './packing.ts';
import { chooseChannels, prepareChannels, type ChosenChannels } from './reading.ts';
import { arrangeStudy } from './studyImages.ts';
import { sliceThumbnail } from './volumes.ts';

export interface ArchiveImportOptions {
  /** Trees, folders and files of studies; none to go on with those known. */
  readonly studies: readonly string[];
  readonly reports: readonly string[];
  /** Of text, tables and messages that do not say theirs; UTF-8 if null. */
  readonly encoding: string | null;
  readonly removeIdentifiers: boolean;
  /** Take T1 before contrast where there is none after it. */
  readonly acceptT1: boolean;
  /** Take images that are not of the kind the pack was made for. */
  readonly anyway: boolean;
  /** Try studies again that failed or were skipped. */
  readonly retry: boolean;
  /** Read folders again that have not changed. */
  readonly rescan: boolean;
}

/** Why something did not become a case: a study, a report, or a file. */
export interface LeftOut {
  readonly what: 'study' | 'report' | 'file';
  readonly study: string;
  readonly accession: string;
  /** File or table of a report. */
  readonly source: string;
  readonly place: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface ArchiveImportSummary {
  readonly pack: string;
  readonly files: number;
  readonly filesWithoutImages: number;
  readonly studies: number;
  readonly reports: number;
  readonly matched: number;
  readonly encoded: number;
  readonly alreadyThere: number;
  /** How often each reason left something out, in this run. */
  readonly leftOut: Readonly<Record<string, number>>;
  readonly identifiersRemoved: number;
  /** Wall time by phase, and how long each kind of work took in sum; more in sum than on the clock is work done at the same time. */
  readonly ms: { readonly survey: number; readonly reports: number; readonly cases: number; readonly preparing: number; readonly encoding: number; readonly storing: number };
  /** Part of the preparing that took no time of its own, since it ran while another study was encoded. */
  readonly preparedMeanwhile: number;
  /** Processor time over wall time and cores, while cases were made. */
  readonly processorUse: number;
  readonly studiesPerHour: number;
}

export type ArchiveImportEvent =
  | { readonly kind: 'survey'; readonly folders: number; readonly unchanged: number; readonly files: number; readonly current: string }
  | { readonly kind: 'reports'; readonly read: number }
  | { readonly kind: 'case'; readonly done: number; readonly total: number; readonly study: string; readonly encoded: boolean; readonly secondsLeft: number }
  | { readonly kind: 'left-out'; readonly item: LeftOut }
  | { readonly kind: 'done'; readonly summary: ArchiveImportSummary };

/** Studies read and prepared beside the one being encoded; each holds a volume. */
export const studiesAhead = (): number => Math.min(4, Math.max(2, Math.floor(availableParallelism() / 4)));
/** Sentences of a case that count; the paper's reports have at most 20. */
const maxSentences = 64;
const packEvery = 1000;
/** A case beside its vectors: report twice (text and index of words), sentences, thumbnail. */
const bytesBeside = 48_000;
/** Other programs need the disk as well. */
const spareBytes = 256 * 2 ** 20;

/** What a study becomes before it is encoded. */
interface Ready {
  readonly input: Float32Array;
  readonly channels: ChosenChannels;
  readonly attributes: StudyAttributes;
  readonly thumbnail: Uint8Array;
  readonly known: KnownIdentifiers | null;
}

interface Pending {
  readonly study: ArchiveStudy;
  readonly report: MatchedReport;
}

/** @throws EngineError `import/not-found`, `reports/bad-encoding`, of the pack or provider, `store/...`, `cancelled`; what is wrong with one study or report is an event */
export async function* importArchive(parts: AnalysisParts, options: ArchiveImportOptions, callSignal: AbortSignal): AsyncGenerator<ArchiveImportEvent, void, undefined> {
  const { store, models, clock, queue, changes } = parts;
  const { signal, end } = parts.activity.begin(callSignal);
  const leave = await queue.enter(signal).catch((error: unknown) => {
    end();
    throw error;
  });
  const job = startJob(store.db, clock, 'import', null);
  const workDir = await mkdtemp(join(store.temporaryFolder, 'archive-'));
  const table = new ReportTable(store.db);
  const leftOut: Record<string, number> = {};
  const leftOutEvent = (item: LeftOut): ArchiveImportEvent => {
    leftOut[item.code] = (leftOut[item.code] ?? 0) + 1;
    return { kind: 'left-out', item };
  };
  try {
    const pack = await models.pack();
    const started = performance.now();
    const found = { files: 0, notImages: 0 };
    if (options.studies.length > 0) {
      const survey = surveyTrees({ db: store.db, roots: options.studies, workDir, rescan: options.rescan, signal });
      let next = await survey.next();
      for (; next.done !== true; next = await survey.next()) {
        const event = next.value;
        yield event.kind === 'progress' ? { ...event, kind: 'survey' } : leftOutEvent({ what: 'file', study: '', accession: '', source: event.name, place: '', code: event.error.code, reason: event.error.message });
      }
      Object.assign(found, next.value);
    }
    const surveyed = performance.now();
    yield* readReports(parts, options, table, leftOutEvent, signal);
    for (const { source, place, accession, studyUid, code, reason } of table.match()) yield leftOutEvent({ what: 'report', study: studyUid, accession, source, place, code, reason });
    const read = performance.now();
    const pending: Pending[] = [];
    let [alreadyThere, matched] = [0, 0];
    for (const study of allStudies(parts)) {
      if (signal.aborted) throw cancelledError('archive');
      const report = table.reportOf(study.uid);
      if (report) matched++;
      const verdict = judge(parts, study, report, table, pack, options);
      if (verdict === 'done') alreadyThere++;
      else if (verdict === 'pending') pending.push({ study, report: report! });
      else if (verdict !== null) yield leftOutEvent({ what: 'study', study: study.uid, accession: study.accession, source: '', place: '', ...verdict });
    }
    await requireRoom(store.db.get<{ file: string }>('PRAGMA database_list')!.file, pending.length, pack);
    const measured = yield* makeCases(parts, pack, pending, options, leftOutEvent, signal);
    for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, packKey(pack), signal);
    const cases = performance.now() - read;
    recordAudit(store.db, clock, 'archive.imported', { pack: packKey(pack), encoded: measured.encoded, reports: table.size, identifiersRemoved: measured.identifiersRemoved });
    job.done();
    const working = measured.preparing + measured.encoding + measured.storing;
    yield {
      kind: 'done',
      summary: {
        pack: packKey(pack), files: found.files, filesWithoutImages: found.notImages, studies: countStudyStates(store.db).reduce((sum, { studies }) => sum + studies, 0), reports: table.size, matched,
        encoded: measured.encoded, alreadyThere, leftOut, identifiersRemoved: measured.identifiersRemoved,
        ms: { survey: surveyed - started, reports: read - surveyed, cases, preparing: measured.preparing, encoding: measured.encoding, storing: measured.storing },
        preparedMeanwhile: measured.preparing === 0 ? 0 : Math.max(0, Math.min(1, (working - cases) / measured.preparing)),
        processorUse: measured.processorMs / Math.max(1, cases) / availableParallelism(),
        studiesPerHour: measured.encoded === 0 ? 0 : (measured.encoded * 3_600_000) / cases,
      },
    };
  } catch (error) {
    job.failed(error);
    throw error;
  } finally {
    table.close();
    await rm(workDir, { recursive: true, force: true });
    leave();
    end();
    changes.emit(null);
  }
}

/** Reports given, then those that lie among the images. */
async function* readReports({ store }: AnalysisParts, { reports, encoding }: ArchiveImportOptions, table: ReportTable, leftOut: (item: LeftOut) => ArchiveImportEvent, signal: AbortSignal): AsyncGenerator<ArchiveImportEvent, void, undefined> {
  const events: ArchiveImportEvent[] = [];
  const take = (item: ReportItem): void => {
    if (item.kind === 'report') table.add(item);
    else events.push(leftOut({ what: 'report', study: '', accession: '', source: item.source, place: item.place, code: item.code, reason: item.reason }));
  };
  for (const path of reports) {
    await readReportSources([path], { encoding, signal, take, forget: (source) => { table.forget(source); } });
    yield* events.splice(0);
    yield { kind: 'reports', read: table.size };
  }
  for (const { folder, names } of reportFiles(store.db)) {
    if (signal.aborted) throw cancelledError('archive');
    for (const name of names) if (name !== '') take(await readStructuredReport({ path: join(folder, name), name }));
    yield* events.splice(0);
  }
  yield { kind: 'reports', read: table.size };
}

function* allStudies({ store }: AnalysisParts): Generator<ArchiveStudy> {
  for (let page = archiveStudiesAfter(store.db, 0, 500); page.length > 0; page = archiveStudiesAfter(store.db, page.at(-1)!.number, 500)) yield* page;
}

/** What is to be done with a study: null for one that keeps its former verdict. */
function judge({ store }: AnalysisParts, study: ArchiveStudy, report: MatchedReport | undefined, table: ReportTable, pack: Pack, { retry, acceptT1, anyway, removeIdentifiers }: ArchiveImportOptions): 'pending' | 'done' | null | Pick<LeftOut, 'code' | 'reason'> {
  if (study.state === 'removed') return null;
  if (study.mixed) return { code: 'cases/mixed-study', reason: 'Its files name more than one patient or accession number' };
  if (!report) {
    if (study.state === 'done') return 'done';
    return table.isNamed(study.uid) ? null : { code: 'cases/no-report', reason: 'No report names this study' };
  }
  if (study.state === 'done') {
    const has = (kind: 'view' | 'sentence'): boolean => store.db.get(`SELECT 1 FROM ${kind}_embedding WHERE pack = ? AND case_id = ?`, packKey(pack), study.uid) !== undefined;
    return study.reportHash === madeOf(report, removeIdentifiers) && has('view') && (!pack.manifest.text || has('sentence')) ? 'done' : 'pending';
  }
  if (study.state === 'waiting' || retry) return 'pending';
  if ((acceptT1 && study.code === 'select/t1-instead') || (anyway && study.code === 'cases/outside')) return 'pending';
  return { code: study.code as ErrorCode, reason: `As before (${study.state}); --retry tries it again` };
}

/** What a case's text was made of, so that a report that changed, or is to be stored without identifiers now, makes it anew. */
const madeOf = ({ hash }: MatchedReport, removing: boolean): string => (removing ? `${hash} without identifiers` : hash);

/** @throws EngineError `store/no-space` before the work instead of in the middle of it */
async function requireRoom(database: string, cases: number, { manifest }: Pack): Promise<void> {
  const needed = cases * (manifest.encoder.views * manifest.encoder.width * 4 + bytesBeside);
  const { bavail, bsize } = await statfs(database);
  if (cases === 0 || bavail * bsize > needed + spareBytes) return;
  const inGb = (bytes: number): string => (bytes / 1e9).toFixed(1);
  throw new EngineError('store/no-space', `${cases} cases may need ${inGb(needed)} GB and ${inGb(bavail * bsize)} GB are free`, { subject: 'data folder', advice: 'Free some space, or import a part of the studies; nothing stored was lost' });
}

interface Measured {
  encoded: number;
  identifiersRemoved: number;
  preparing: number;
  encoding: number;
  storing: number;
  processorMs: number;
}

async function* makeCases(parts: AnalysisParts, pack: Pack, pending: readonly Pending[], options: ArchiveImportOptions, leftOut: (item: LeftOut) => ArchiveImportEvent, signal: AbortSignal): AsyncGenerator<ArchiveImportEvent, Measured, undefined> {
  const { store } = parts;
  const measured: Measured = { encoded: 0, identifiersRemoved: 0, preparing: 0, encoding: 0, storing: 0, processorMs: 0 };
  const processor = process.cpuUsage();
  const started = performance.now();
  let done = 0;
  const prepare = async ({ study }: Pending): Promise<Ready> => {
    const from = performance.now();
    try {
      return await prepareStudy(parts, pack, study.uid, options, signal);
    } finally {
      measured.preparing += performance.now() - from;
    }
  };
  for await (const { item, result } of ahead(pending, studiesAhead(), prepare)) {
    if (signal.aborted) throw cancelledError('archive');
    const { study, report } = item;
    let encoded = false;
    try {
      if (result.status === 'rejected') throw result.reason;
      const { removed } = await makeCase(parts, pack, item, result.value, options, measured, signal);
      measured.identifiersRemoved += removed;
      measured.encoded++;
      encoded = true;
      if (measured.encoded % packEvery === 0) for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, packKey(pack), signal);
    } catch (error) {
      // A fault of the pack or the disk would come again with every study.
      if (isCancelled(error) || !(error instanceof EngineError) || /^(?:store|pack|onnx|cancelled)/.test(error.code)) throw error;
      setStudyState(store.db, study.uid, /^(?:select|cases|reports)/.test(error.code) ? 'skipped' : 'failed', error.code);
      yield leftOut({ what: 'study', study: study.uid, accession: study.accession, source: report.source, place: report.place, code: error.code, reason: toErrorData(error, study.uid).message });
    }
    done++;
    const { user, system } = process.cpuUsage(processor);
    measured.processorMs = (user + system) / 1000;
    yield { kind: 'case', done, total: pending.length, study: study.uid, encoded, secondsLeft: ((performance.now() - started) / done / 1000) * (pending.length - done) };
    // Searches and the window get their turn.
    await setImmediate();
  }
  return measured;
}

/** Reads and prepares a study without storing anything. @throws EngineError of what is wrong with it */
async function prepareStudy(parts: AnalysisParts, pack: Pack, uid: string, { acceptT1, anyway, removeIdentifiers: removing }: ArchiveImportOptions, signal: AbortSignal): Promise<Ready> {
  const { store, models, decoder } = parts;
  return withArchivedStudy(store.db, uid, store.temporaryFolder, signal, async (headers) => {
    const images = arrangeStudy(headers, roleOverrides(store.db, [...new Set(headers.map(({ seriesUid }) => seriesUid))]));
    if (images.choice.problem?.code === 'select/t1-instead' && !acceptT1) {
      throw new EngineError('select/t1-instead', 'It has T1 before contrast only', { subject: uid, advice: 'Pass --accept-t1 to take it all the same' });
    }
    const channels = chooseChannels(images, pack);
    const input = await prepareChannels(parts, pack, channels, signal);
    const judged = (await models.outsideDetector())?.judge(input);
    if (judged?.inside === false && !anyway) throw new EngineError('cases/outside', `The image is outside of what this model was made for: ${judged.reason}`, { subject: uid, advice: 'Pass --anyway to take it all the same' });
    const instance = headers.find(({ seriesUid }) => seriesUid === channels.series)!;
    return { input, channels, attributes: instance.study, thumbnail: await sliceThumbnail(channels.first, decoder), known: removing ? await identifiersOf(instance) : null };
  });
}

async function makeCase(parts: AnalysisParts, pack: Pack, { study, report }: Pending, ready: Ready, options: ArchiveImportOptions, measured: Measured, signal: AbortSignal): Promise<{ readonly removed: number }> {
  const { store, models, archive, clock } = parts;
  const { text, removed } = options.removeIdentifiers ? removeIdentifiers(report.text, { ...ready.known!, names: [...ready.known!.names, ...report.people] }) : { text: report.text, removed: {} };
  const sentences = splitSentences(text).slice(0, maxSentences);
  if (sentences.length === 0) throw new EngineError('reports/empty', 'The report has no sentence', { subject: study.uid, advice: 'Check the report' });
  const from = performance.now();
  const encoded: EncodedViews = await (await models.encoder()).encode(ready.input, { signal });
  const vectors = pack.manifest.text ? await (await models.textEncoder())!.encodeSentences(sentences) : null;
  const storing = performance.now();
  measured.encoding += storing - from;
  const { attributes, thumbnail } = ready;
  const { uid } = study;
  const key = packKey(pack);
  store.db.transaction(() => {
    putCase(store.db, { id: uid, study: findStudy(store.db, uid) ? uid : null, patient: attributes.patientId, report: text, sentences, ageYears: attributes.ageYears, sex: attributes.sex, studyDate: attributes.studyDate, demo: false, thumbnail }, clock.now().toISOString());
    putVectors(store.db, 'views', key, uid, encoded.width, encoded.projected);
    if (vectors) putVectors(store.db, 'sentences', key, uid, pack.manifest.encoder.width, vectors);
    setStudyState(store.db, uid, 'done', '', madeOf(report, options.removeIdentifiers));
  });
  archive.refresh(uid, packStamp(pack));
  measured.storing += performance.now() - storing;
  return { removed: Object.values(removed).reduce((sum, count) => sum + count, 0) };
}
