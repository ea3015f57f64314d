/**
 * The engine: opens a data folder, puts the features together and returns the handlers of the contract. Features meet
 * here and nowhere else. Starting is quick, since no model, worker or runtime is loaded before something needs it.
 */
import type { CaseFilter, Handlers, ImportEvent, ShellHandlers, SimilarCase } from '../shared/contract.ts';
import { EngineError, isCancelled, toErrorData } from '../shared/errors.ts';
import { createFrameDecoder } from './dicom/decode/frameDecoder.ts';
import { removeIncoming } from './install/importPack.ts';
import type { Clock, Log } from './ports.ts';
import { Analyses, analysisHandlers, type AnalysisParts } from './services/analysis.ts';
import { Activity } from './services/activity.ts';
import { auditHandlers } from './services/auditing.ts';
import { Archive } from './services/archive.ts';
import { importArchive, type ArchiveImportEvent, type ArchiveImportOptions } from './services/archiveImport.ts';
import { removeCases } from './services/archiveRemoval.ts';
import { CaseFindings } from './services/caseFindings.ts';
import { Changes, changeHandlers } from './services/changes.ts';
import { Exporting, exportingHandlers } from './services/exporting.ts';
import { Flagging, flaggingHandlers } from './services/flagging.ts';
import { Grounding } from './services/grounding.ts';
import { indexCase } from './services/indexCase.ts';
import { importHandlers, importPaths, type ImportParts } from './services/importing.ts';
import { indexArchive, type IndexEvent } from './services/indexing.ts';
import { Library } from './services/library.ts';
import { layoutHandlers } from './services/layouts.ts';
import { measurementHandlers } from './services/measurements.ts';
import { matchingHandlers } from './services/matching.ts';
import { Models, providerNames, type WantedProvider } from './services/models.ts';
import type { Natives } from './services/natives.ts';
import { modelsFolderOf, packHandlers, Packs } from './services/packs.ts';
import { preferencesHandlers } from './services/preferences.ts';
import { Processing } from './services/processing.ts';
import { priorHandlers } from './services/priors.ts';
import { qualityHandlers } from './services/quality.ts';
import { Queue } from './services/queue.ts';
import { Reporting, reportingHandlers, unsupportedFlags } from './services/reporting.ts';
import { attachReports, type ReportsOutcome } from './services/reports.ts';
import { searchHandlers, searchText, type SearchHow } from './services/searching.ts';
import { Session, sessionHandlers } from './services/session.ts';
import { SignedStudies } from './services/signedStudies.ts';
import { similarHandlers } from './services/similar.ts';
import { statusHandlers } from './services/status.ts';
import { structuringHandlers } from './services/structuring.ts';
import { storageHandlers } from './services/storage.ts';
import { studyHandlers } from './services/studies.ts';
import { StudyStates } from './services/studyStates.ts';
import { Uploads } from './services/uploads.ts';
import { Volumes, volumeHandlers } from './services/volumes.ts';
import { WatchedFolder, usualPauses, type WatchPauses } from './services/watchedFolder.ts';
import { Worklist } from './services/worklist.ts';
import { demoStudies, loadDemo, storeDemo } from './store/demo/install.ts';
import { openStore, type Store } from './store/openStore.ts';
import { listMeasurements } from './store/measurements.ts';
import { openedPriors } from './store/priors.ts';
import { readSetting, writeSetting } from './store/settings.ts';
import { createPreprocessor } from './volume/preprocess.ts';
import { engineVersion } from './version.ts';

export interface EngineOptions {
  readonly dataDir: string;
  /** Folders that hold model packs, one folder a pack, in the order in which one is chosen by default. */
  readonly packFolders: readonly string[];
  /** The demonstration archive for an empty data folder (docs/demo-archive.md), or null for none. */
  readonly demoDir?: string | null;
  /** Whether demonstration studies are imported after the start; the archive's cases always are. */
  readonly demoStudies?: boolean;
  /** Whether studies are processed by the engine itself; a window's engine does, a command's does not. */
  readonly processing?: boolean | undefined;
  /** Watches the folder that the settings name, for new studies; a window's engine does, a command's does not. Null or left out: no. */
  readonly watching?: WatchPauses | null;
  /** Vocabulary of BERT-base uncased, for models that are imported; without it none can be. */
  readonly vocabularyFile?: string | undefined;
  readonly natives: Natives;
  readonly clock: Clock;
  readonly log: Log;
  /** Pack and provider for this run alone, in place of the stored settings. */
  readonly pack?: string;
  readonly provider?: WantedProvider;
}

export interface Engine {
  readonly handlers: Handlers;
  readonly shellHandlers: ShellHandlers;
  /** Installed packs, for commands that name files by their paths. */
  readonly packs: Packs;
  /** What the command line needs beside the contract. */
  readonly parts: AnalysisParts;
  /** What commands do that the window asks a reader for. */
  readonly session: Session;
  readonly exporting: Exporting;
  readonly signedStudies: SignedStudies;
  importPaths(paths: readonly string[], signal: AbortSignal): AsyncGenerator<ImportEvent, void, undefined>;
  attachReports(file: string): Promise<ReportsOutcome>;
  indexArchive(signal: AbortSignal): AsyncGenerator<IndexEvent, void, undefined>;
  /** Takes cases out of the archive for good. @returns their ids */
  removeCases(wanted: readonly string[]): string[];
  importArchive(options: ArchiveImportOptions, signal: AbortSignal): AsyncGenerator<ArchiveImportEvent, void, undefined>;
  searchText(text: string, limit: number, signal: AbortSignal, filter?: CaseFilter, how?: SearchHow): Promise<SimilarCase[]>;
  /** Encodes the archive with another pack, beside the one that answers searches. */
  reembedArchive(pack: string, signal: AbortSignal): AsyncGenerator<IndexEvent, void, undefined>;
  close(): Promise<void>;
}

/**
 * @throws EngineError `store/locked` if another brat has the folder, `store/damaged`, `store/newer-schema`,
 *   `store/open-failed`, `store/no-space`
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { natives, clock, log } = options;
  const store = await openStore({ dataDir: options.dataDir, database: natives.database, clock, log });
  try {
    return await assemble(options, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(options: EngineOptions, store: Store): Promise<Engine> {
  const { natives, clock, log } = options;
  const changes = new Changes();
  const queue = new Queue();
  const decoder = createFrameDecoder();
  const preprocessor = createPreprocessor();
  const library = new Library(store);
  const volumes = new Volumes(library, decoder);
  const archive = new Archive(store.db, { folder: store.indexFolder, log });
  const modelsFolder = modelsFolderOf(options.dataDir);
  const modelOptions = { natives, packFolders: [...new Set([...options.packFolders, modelsFolder])], cacheFolder: store.cacheFolder, temporaryFolder: store.temporaryFolder };
  const models = new Models({
    ...modelOptions,
    pack: options.pack ?? readSetting(store.db, 'pack') ?? '',
    provider: options.provider ?? providerNames.find((name) => name === readSetting(store.db, 'provider')) ?? 'auto',
  });
  const activity = new Activity();
  const parts: AnalysisParts = { store, library, changes, queue, activity, models, archive, decoder, preprocessor, clock };
  const analyses = new Analyses(parts);
  const grounding = new Grounding({ analyses, models, changes });
  const session = new Session({ store, clock });
  const flagging = new Flagging({ ...parts, grounding, priorOpened: (study) => openedPriors(store.db, study).size > 0, measurementsOf: (study) => listMeasurements(store.db, study), reader: () => session.requireAnyone() });
  const reporting = new Reporting({
    store, library, session, changes, clock,
    draftOf: (study) => analyses.draft(study),
    // A report can be signed where no model is installed: what it says of itself is flagged all the same.
    flagsOf: (study, content) => flagging.flags(study, content).catch((error: unknown) => {
      if (error instanceof EngineError && error.code.startsWith('pack/')) return unsupportedFlags(content);
      throw error;
    }),
    indexCase: (study) => indexCase({ store, models, archive }, study).catch((error: unknown) => { log.warn('case.not-indexed', { code: toErrorData(error, study).code }); }),
  });
  const signedStudies = new SignedStudies({ store, library, analyses, models });
  const exporting = new Exporting({ store, clock, library, studies: signedStudies });
  const states = new StudyStates({ store, library, models, isProcessing: (study) => analyses.isProcessing(study) });
  const worklist = new Worklist({ store, states, models, changes, log });
  const processing = new Processing({ ...parts, analyses, states, log });
  const processes = options.processing === true;
  const uploads = new Uploads(store.temporaryFolder);
  let arrivals = Promise.resolve();
  const importing: ImportParts = { store, library, changes, clock, log, activity, forgetVolumes: (study) => { volumes.forget(study); }, uploads, onImported: (studies) => { if (processes) arrivals = arrivals.then(() => processing.imported(studies)).catch((error: unknown) => { log.warn('processing.not-queued', { code: toErrorData(error, 'processing').code }); }); } };
  const packs = new Packs({ store, models, natives, queue, activity, changes, clock, log, uploads, modelsFolder, vocabularyFile: options.vocabularyFile ?? '' });
  const { 'import.paths': importByPath, ...pageImports } = importHandlers(importing);
  const watched = new WatchedFolder({ store, clock, log, session, dataDir: options.dataDir, importPaths: (paths, signal) => importPaths(importing, paths, signal), pauses: options.watching ?? usualPauses });

  await removeIncoming(modelsFolder);
  await installDemoArchive(options, store);
  const background = options.demoStudies === false ? Promise.resolve() : importDemoStudies(options, importing);

  worklist.start();
  if (processes) processing.start();
  if (options.watching) watched.start();

  return {
    handlers: {
      ...statusHandlers({ version: engineVersion, store, models, archive, changes, queue, clock, log }),
      ...studyHandlers({
        store, library, changes, clock, log, states,
        release: async (study) => {
          await analyses.stop(study);
          volumes.forget(study);
          archive.forgetStudy(study);
        },
        forget: (study) => { archive.forgetStudy(study); },
      }),
      ...pageImports,
      ...packHandlers(packs, uploads),
      ...volumeHandlers(volumes),
      ...measurementHandlers({ store, library }),
      ...layoutHandlers(store),
      ...analysisHandlers(analyses),
      ...searchHandlers({ store, models, archive, library, volumes, clock }),
      ...similarHandlers({ store, library, clock, models, archive, analyses, decoder, findings: new CaseFindings(store, analyses) }),
      ...priorHandlers({ store, library, clock }),
      ...matchingHandlers({ store, library, volumes, analyses, models, activity, clock }),
      ...auditHandlers({ store, clock, session }),
      ...qualityHandlers({ store, clock, session }),
      ...exportingHandlers(exporting, session),
      ...flaggingHandlers(flagging, grounding),
      ...structuringHandlers({ analyses, models }),
      ...sessionHandlers(session, { store }),
      ...reportingHandlers(reporting, { store, session, clock, library }),
      ...changeHandlers(changes),
      ...worklist.handlers(),
      ...processing.handlers(),
      ...storageHandlers(options.dataDir),
      ...watched.handlers(),
      ...preferencesHandlers({ db: store.db, changes, clock }),
    },
    shellHandlers: { 'import.paths': importByPath, 'host.ping': () => ({ pid: process.pid }) },
    packs,
    parts,
    session,
    exporting,
    signedStudies,
    importPaths: (paths, signal) => importPaths(importing, paths, signal),
    attachReports: (file) => attachReports({ store, changes, clock, refreshCase: (study) => { archive.refreshStudy(study); } }, file),
    indexArchive: (signal) => indexArchive(parts, signal),
    removeCases: (wanted) => removeCases(parts, wanted),
    importArchive: (wanted, signal) => importArchive(parts, wanted, signal),
    searchText: (text, limit, signal, filter, how) => searchText(parts, text, limit, signal, filter, how),
    reembedArchive: async function* (pack, signal) {
      const others = new Models({ ...modelOptions, pack, provider: models.wantedProvider, runtime: () => models.runtime });
      try {
        yield* indexArchive(parts, signal, others);
      } finally {
        await others.close();
      }
    },
    close: async () => {
      session.close();
      await watched.close();
      await processing.close();
      await activity.close();
      await background;
      await arrivals;
      await worklist.close();
      await archive.close();
      await models.close();
      await Promise.all([decoder.close(), preprocessor.close()]);
      await store.close();
    },
  };
}

/** Cases of the demonstration, once, in one transaction; a damaged one is left out and logged. */
async function installDemoArchive({ demoDir, clock, log }: EngineOptions, { db }: Store): Promise<void> {
  if (demoDir == null || readSetting(db, 'demo.archive') !== null) return;
  try {
    const demo = await loadDemo(demoDir);
    db.transaction(() => {
      const cases = demo ? storeDemo(db, demo, clock) : 0;
      writeSetting(db, 'demo.archive', String(cases));
    });
  } catch (error) {
    const { code, message } = toErrorData(error, 'demo');
    log.warn('demo.archive-refused', { code, message });
  }
}

/** Studies of the demonstration, after the start; what a kill leaves out is imported at the next start. */
async function importDemoStudies({ demoDir, log }: EngineOptions, importing: ImportParts): Promise<void> {
  const { db } = importing.store;
  if (demoDir == null || readSetting(db, 'demo.studies') !== null) return;
  try {
    for (const zip of await demoStudies(demoDir)) {
      for await (const event of importPaths(importing, [zip], new AbortController().signal, true)) if (event.kind === 'problem') log.warn('demo.study-problem', { code: event.error.code });
    }
    writeSetting(db, 'demo.studies', 'imported');
  } catch (error) {
    if (isCancelled(error)) return;
    const { code, message } = toErrorData(error, 'demo');
    log.warn('demo.studies-refused', { code, message });
  }
}
