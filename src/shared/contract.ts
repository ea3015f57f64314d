/**
 * The one contract between the engine and whatever shows it: every method, its parameters and results, checked at
 * run time by the same schemas the types come from. A shell adds nothing to it and the renderer knows nothing else.
 * `method` answers once; `stream` answers with items until it ends, fails or is cancelled.
 */
import { z } from 'zod';
import { errorCodes } from './errors.ts';

export interface MethodSchema<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: 'method';
  readonly params: P;
  readonly result: R;
}

export interface StreamSchema<P extends z.ZodType = z.ZodType, I extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly params: P;
  readonly item: I;
}

const method = <P extends z.ZodType, R extends z.ZodType>(schema: { params: P; result: R }): MethodSchema<P, R> => ({ kind: 'method', ...schema });
const stream = <P extends z.ZodType, I extends z.ZodType>(schema: { params: P; item: I }): StreamSchema<P, I> => ({ kind: 'stream', ...schema });

// ---- words ---------------------------------------------------------------------------------------------------------

/**
 * DICOM unique identifier (PS3.5 section 9), or one derived for NIfTI input. Not held to the standard's digits and
 * dots, since real files break it; an identifier is only ever a key here, never part of a path.
 */
const uid = z.string().min(1).max(128);
const bytes = z.instanceof(Uint8Array);
const dims = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]);
/** Row-major voxel-to-LPS matrix, see geometry.ts. */
const affine = z.array(z.number()).length(16);
const nothing = z.object({});

export const errorData = z.object({ code: z.enum(errorCodes), message: z.string(), subject: z.string(), advice: z.string() });

/** What a series is used for. `other` covers everything that is not one of the four sequences the models know. */
export const role = z.enum(['t1c', 't1', 't2', 'flair', 'other']);

/** Something worth telling about a series or file; `refused` means no volume can be made of it. */
export const problem = z.object({
  code: z.enum(errorCodes),
  severity: z.enum(['note', 'warning', 'refused']),
  message: z.string(),
});

/** How a pack came to its weights; everything but `clinical` is labelled wherever its output appears. */
export const packTraining = z.enum(['untrained', 'synthetic', 'clinical']);

/** Which pack made a result. */
export const packStamp = z.object({
  id: z.string(),
  version: z.string(),
  training: packTraining,
  label: z.string(),
  /** The pack's licence forbids commercial use, and so does that of what it makes. */
  nonCommercial: z.boolean().optional(),
  /** No threshold was measured for this pack: whether a view supports a sentence is not known, and `supported` is false throughout. */
  uncalibrated: z.boolean().optional(),
});

export const packSummary = packStamp.extend({
  name: z.string(),
  licence: z.string(),
  intendedUse: z.string(),
  limits: z.array(z.string()),
  hasLanguageModel: z.boolean(),
  /** Why this pack cannot be used, or null. */
  problem: errorData.nullable(),
});

/** An execution provider and whether the pack's golden case came out right on it. */
export const providerState = z.object({
  provider: z.enum(['cuda', 'webgpu', 'dml', 'coreml', 'cpu']),
  state: z.enum(['used', 'passed', 'failed', 'unavailable', 'untested']),
  /** Largest absolute difference of the projected views from the golden ones, if the test ran. */
  goldenDifference: z.number().nullable(),
  message: z.string(),
});

/** Terms under which a model is brought in, in plain words; the licence itself is what counts. */
export const modelLicence = z.object({
  id: z.enum(['cc-by-nc-sa-4.0', 'llama-3.2', 'own']),
  name: z.string(),
  nonCommercial: z.boolean(),
  summary: z.array(z.string()),
  url: z.string(),
});

/** A pack as the Models page shows it. */
export const installedPack = packSummary.extend({
  /** `id@version`, or the folder's name where the manifest cannot be read. */
  key: z.string(),
  /** Packs that came with the app cannot be removed. */
  shipped: z.boolean(),
  inUse: z.boolean(),
  architecture: z.string(),
  channels: z.array(role),
  trainingData: z.string(),
  hasTextEncoder: z.boolean(),
  accepted: z.array(z.object({ licence: z.string(), by: z.string(), at: z.string() })),
  bytes: z.number(),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});

export const modelImportStep = z.enum(['check', 'build', 'languageModel', 'bridge', 'golden', 'trial', 'seal']);

export const modelImportEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step'), step: modelImportStep, message: z.string() }),
  z.object({ kind: z.literal('progress'), step: modelImportStep, done: z.number(), total: z.number() }),
  z.object({ kind: z.literal('done'), pack: z.string(), label: z.string(), notes: z.array(z.string()) }),
]);

export const stack = z.object({
  /** Index of this volume within its series. */
  index: z.int().min(0),
  label: z.string(),
  sliceCount: z.int().min(1),
  dims: dims.nullable(),
  spacingMm: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  plane: z.enum(['axial', 'coronal', 'sagittal', 'oblique']).nullable(),
  problems: z.array(problem),
});

export const seriesSummary = z.object({
  series: uid,
  number: z.number().nullable(),
  description: z.string(),
  modality: z.string(),
  instanceCount: z.int().min(0),
  role,
  /** The role was set by a reader, not by the rules. */
  overridden: z.boolean(),
  /** 1 is the best candidate of its role in this study; null when it cannot be used. */
  rank: z.int().min(1).nullable(),
  /** Plain-language reason for role and rank. */
  reason: z.string(),
  stacks: z.array(stack),
  problems: z.array(problem),
});

export const studySummary = z.object({
  study: uid,
  patientName: z.string(),
  patientId: z.string(),
  birthDate: z.string(),
  sex: z.string(),
  /** Whole years at the study date, or null when it cannot be told. */
  ageYears: z.int().nullable(),
  /** ISO date, or empty. */
  studyDate: z.string(),
  description: z.string(),
  accession: z.string(),
  seriesCount: z.int(),
  instanceCount: z.int(),
  state: z.enum(['new', 'processing', 'drafted', 'failed']),
  /** True for studies that came with the app. */
  demo: z.boolean(),
  /** True when this study is also a case of the archive (it has a report). */
  hasReport: z.boolean(),
});

export const studyDetail = studySummary.extend({
  series: z.array(seriesSummary),
  /** The series the models use, and any warning about that choice (no T1 post-contrast: T1 offered instead). */
  chosen: z.object({ series: uid, stack: z.int() }).nullable(),
  chosenProblem: problem.nullable(),
});

export const volumeInfo = z.object({
  series: uid,
  stack: z.int(),
  dims,
  voxelToLps: affine,
  /** Element type of the voxels as they are sent. */
  type: z.enum(['int8', 'uint8', 'int16', 'uint16', 'float32']),
  slope: z.number(),
  intercept: z.number(),
  /** Window centre and width after rescale, from the header or from percentiles. */
  window: z.object({ center: z.number(), width: z.number().positive() }),
  frameOfReference: z.string(),
  /** MONOCHROME1 shows low values bright. */
  inverted: z.boolean(),
  problems: z.array(problem),
});

/** One sentence of a draft with its grounding (design: view, similarity and map of a sentence). */
export const draftSentence = z.object({
  index: z.int().min(0),
  text: z.string(),
  /** Cosine of the sentence and its paired view; null when the pack has no text encoder. */
  similarity: z.number().nullable(),
  view: z.int().nullable(),
  /** Slice (k index) of the chosen stack to jump to; null when the map has no depth or no grounding exists. */
  slice: z.int().nullable(),
  /** False when no view supports the sentence, by the pack's own threshold. */
  supported: z.boolean(),
  /** Case this sentence was taken from, when the draft is composed of prior reports. */
  sourceCase: z.string().nullable(),
});

export const similarCase = z.object({
  case: z.string(),
  /** Pairwise view alignment similarity, -1..1. */
  similarity: z.number(),
  /** What was compared. */
  by: z.enum(['views', 'sentences', 'text']),
  report: z.string(),
  /** Indices into `sentences` that carried the match, best first. */
  matched: z.array(z.int()),
  sentences: z.array(z.string()),
  patientAge: z.int().nullable(),
  sex: z.string(),
  studyDate: z.string(),
  demo: z.boolean(),
});

/** Whether an input is of the kind a pack was made for, by the statistics of its training inputs. */
export const insideOfTraining = z.object({
  inside: z.boolean(),
  /** How unlike the training inputs it is; above `threshold` it is outside. */
  score: z.number(),
  threshold: z.number(),
  /** What speaks against it in plain words, or what was compared. */
  reason: z.string(),
  /** What the pack was made for, as it says itself. */
  madeFor: z.string(),
});

/** One answer to one question about a study (the paper's Figure 14), by a classification head. */
export const finding = z.object({ question: z.string(), answer: z.string(), probability: z.number().min(0).max(1) });

/** One connected region of a lesion head's cells above its threshold (26-neighbourhood). */
export const lesion = z.object({
  index: z.int().min(0),
  /** Cells times the volume of one, so no finer than the head's grid. */
  volumeMl: z.number(),
  longestDiameterMm: z.number(),
  /** Middle of the region, weighted by probability, LPS mm. */
  centreLps: z.tuple([z.number(), z.number(), z.number()]),
  /** The patient's side of the head's own middle plane. */
  side: z.enum(['left', 'right', 'midline']),
  /** Slice (k index) of the stack that was read, and its instance. */
  slice: z.int().min(0),
  instance: z.string(),
  /** Largest probability in the region. */
  probability: z.number().min(0).max(1),
});

/** What a pack's heads say of a study. A part the pack has not is null. */
export const studyFindings = z.object({
  study: uid,
  series: uid,
  stack: z.int(),
  findings: z.array(finding).nullable(),
  lesions: z.array(lesion).nullable(),
  insideOfTraining: insideOfTraining.nullable(),
  pack: packStamp,
  provider: z.string(),
  createdAt: z.string(),
});

/** Narrows a search; a case lacks nothing that a filter asks of it, so one without a date is never between two dates. */
export const caseFilter = z.object({
  /** Study date, ISO, both ends included. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  ageFrom: z.int().min(0).max(150).optional(),
  ageTo: z.int().min(0).max(150).optional(),
  sex: z.string().max(8).optional(),
  /** Words that the report must hold, all of them; `word*` for those that begin so. */
  words: z.string().max(500).optional(),
  /** Study whose patient's cases are left out. */
  notPatientOf: uid.optional(),
});

export const draft = z.object({
  study: uid,
  series: uid,
  stack: z.int(),
  /** `model`: written by the language model; `composed`: sentences of prior reports. */
  origin: z.enum(['model', 'composed']),
  sentences: z.array(draftSentence),
  pack: packStamp,
  provider: z.string(),
  createdAt: z.string(),
  /** Why writing stopped. */
  stop: z.enum(['complete', 'length', 'repetition', 'cancelled']),
  /** Set when the draft was asked for although the input is outside of what the pack was made for. */
  outside: insideOfTraining.nullable().default(null),
});

export const analysisStep = z.enum(['read', 'preprocess', 'encode', 'findings', 'search', 'draft', 'ground']);

export const analysisEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step'), step: analysisStep, state: z.enum(['started', 'done', 'skipped']), ms: z.number().nullable(), message: z.string() }),
  z.object({ kind: z.literal('views'), count: z.int(), size: z.int(), pack: packStamp, provider: z.string() }),
  /** What the pack's heads say, and whether the input is of the kind the pack was made for; not sent by a pack with neither. */
  z.object({ kind: z.literal('findings'), findings: studyFindings }),
  z.object({ kind: z.literal('similar'), cases: z.array(similarCase) }),
  /** No draft is made, since the input is outside of what the pack was made for; the last event. `anyway` asks for it all the same. */
  z.object({ kind: z.literal('withheld'), insideOfTraining }),
  /** Text as it is written; the sentence follows as its own item once complete and grounded. */
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('sentence'), sentence: draftSentence }),
  z.object({ kind: z.literal('done'), draft }),
]);

export const importEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), seen: z.int(), added: z.int(), current: z.string() }),
  z.object({ kind: z.literal('problem'), file: z.string(), error: errorData }),
  z.object({
    kind: z.literal('done'),
    studies: z.array(uid),
    /** Instances newly stored, already known, and files that are not images. */
    added: z.int(),
    duplicates: z.int(),
    skipped: z.int(),
    failed: z.int(),
  }),
]);

/** A scalar grid in patient space, small enough to send whole. */
export const attentionMap = z.object({
  view: z.int(),
  dims,
  voxelToLps: affine,
  /** float32 little-endian, i fastest, scaled so that the largest value is 1. */
  values: bytes,
  /** False when the model keeps no depth: the map then covers all slices alike. */
  hasDepth: z.boolean(),
});

/** Probability of enhancing lesion per cell, as a scalar grid in patient space. */
export const lesionMap = z.object({
  dims,
  voxelToLps: affine,
  /** uint8, i fastest; 255 is probability 1. */
  values: bytes,
  /** Value from which a cell counts as lesion. */
  threshold: z.int().min(0).max(255),
});

export const appStatus = z.object({
  version: z.string(),
  pack: packSummary.nullable(),
  packs: z.array(packSummary),
  providers: z.array(providerState),
  /** Provider in use, and whether it is the fallback after a failed self-test. */
  provider: z.object({ name: z.string(), fallback: z.boolean(), message: z.string() }),
  caseCount: z.int(),
  studyCount: z.int(),
});

// ---- the methods -----------------------------------------------------------------------------------------------------

export const contract = {
  'app.status': method({ params: nothing, result: appStatus }),

  'studies.list': method({ params: nothing, result: z.array(studySummary) }),
  'study.get': method({ params: z.object({ study: uid }), result: studyDetail }),
  'study.remove': method({ params: z.object({ study: uid }), result: nothing }),
  'series.setRole': method({ params: z.object({ series: uid, role: role.nullable() }), result: studyDetail }),
  'series.thumbnail': method({ params: z.object({ series: uid }), result: z.object({ png: bytes }) }),

  /** Files dropped on the window arrive as bytes, so that the page never names a path of this machine. */
  'import.begin': method({ params: nothing, result: z.object({ upload: z.string() }) }),
  'import.file': method({
    params: z.object({ upload: z.string(), name: z.string().max(4096), offset: z.int().min(0), bytes }),
    result: nothing,
  }),
  'import.finish': stream({ params: z.object({ upload: z.string() }), item: importEvent }),
  'import.discard': method({ params: z.object({ upload: z.string() }), result: nothing }),

  'volume.open': method({ params: z.object({ series: uid, stack: z.int().min(0) }), result: volumeInfo }),
  /** Voxels slice by slice from the middle outwards would reorder memory; they come in order, several slices an item. */
  'volume.voxels': stream({
    params: z.object({ series: uid, stack: z.int().min(0) }),
    item: z.object({ firstSlice: z.int(), sliceCount: z.int(), data: bytes }),
  }),

  /** `anyway` drafts although the input is outside of what the pack was made for. */
  'study.analyse': stream({ params: z.object({ study: uid, force: z.boolean().default(false), anyway: z.boolean().optional() }), item: analysisEvent }),
  'study.draft': method({ params: z.object({ study: uid }), result: draft.nullable() }),
  /** What the heads of the pack in use said of a study; null before it was read, or where the pack has no heads. */
  'study.findings': method({ params: z.object({ study: uid }), result: studyFindings.nullable() }),
  /** Null where no lesion head has read the study. */
  'study.lesionMap': method({ params: z.object({ study: uid }), result: lesionMap.nullable() }),
  'study.attention': method({ params: z.object({ study: uid, view: z.int().min(0).max(1023) }), result: attentionMap }),
  'case.similar': method({
    params: z.object({ study: uid, limit: z.int().min(1).max(100), by: z.enum(['views', 'sentences']).default('views'), filter: caseFilter.optional() }),
    result: z.array(similarCase),
  }),
  'search.text': method({ params: z.object({ text: z.string().min(1).max(4000), limit: z.int().min(1).max(100), filter: caseFilter.optional() }), result: z.array(similarCase) }),
  'case.thumbnail': method({ params: z.object({ case: z.string() }), result: z.object({ png: bytes.nullable() }) }),

  'models.list': method({ params: nothing, result: z.array(installedPack) }),
  'models.licences': method({ params: nothing, result: z.array(modelLicence) }),
  /** Makes a pack of files handed over with import.begin and import.file; the upload is discarded afterwards. */
  'models.import': stream({
    params: z.object({
      upload: z.string(),
      /** Names of the files as they were handed over. */
      weights: z.string(),
      llm: z.string().optional(),
      bridge: z.string().optional(),
      heads: z.string().optional(),
      name: z.string().max(64).optional(),
      origin: z.enum(['official', 'own']),
      precision: z.enum(['float32', 'float16']).default('float32'),
      /** Licences accepted, by id, and the name typed by whoever accepted them. */
      accepted: z.array(z.string()),
      acceptedBy: z.string().max(200),
    }),
    item: modelImportEvent,
  }),
  'models.remove': method({ params: z.object({ pack: z.string() }), result: nothing }),
  /** Hashes every file anew and runs the golden case on each provider. */
  'models.check': method({ params: z.object({ pack: z.string() }), result: z.object({ problem: errorData.nullable(), providers: z.array(providerState), message: z.string() }) }),

  'settings.get': method({ params: nothing, result: z.object({ provider: z.string(), pack: z.string() }) }),
  'settings.set': method({ params: z.object({ provider: z.string().optional(), pack: z.string().optional() }), result: nothing }),

  /** Emits whenever stored studies change, so that lists refresh themselves; null, which comes first, means any of them may have. */
  'events.changed': stream({ params: nothing, item: z.object({ study: uid.nullable() }) }),
} as const satisfies Record<string, MethodSchema | StreamSchema>;

/**
 * Methods only a shell's own trusted process may call (a native dialog returns paths; the page never sees them).
 * They are served on a pipe of their own, never on the renderer's.
 */
export const shellContract = {
  'import.paths': stream({ params: z.object({ paths: z.array(z.string()).min(1) }), item: importEvent }),
  'host.ping': method({ params: nothing, result: z.object({ pid: z.int() }) }),
} as const satisfies Record<string, MethodSchema | StreamSchema>;

// ---- types derived from it -------------------------------------------------------------------------------------------

export type AnyContract = Record<string, MethodSchema | StreamSchema>;
export type Contract = typeof contract;
export type ShellContract = typeof shellContract;

export type ParamsOf<C extends AnyContract, M extends keyof C> = z.input<C[M]['params']>;
export type ResultOf<C extends AnyContract, M extends keyof C> = C[M] extends MethodSchema<z.ZodType, infer R> ? z.output<R> : never;
export type ItemOf<C extends AnyContract, M extends keyof C> = C[M] extends StreamSchema<z.ZodType, infer I> ? z.output<I> : never;
export type MethodNames<C extends AnyContract> = { [M in keyof C]: C[M] extends MethodSchema ? M : never }[keyof C] & string;
export type StreamNames<C extends AnyContract> = { [M in keyof C]: C[M] extends StreamSchema ? M : never }[keyof C] & string;

/** What a handler is given beside its parameters. */
export interface Call {
  /** Aborted when the caller cancels or the pipe closes. */
  readonly signal: AbortSignal;
}

/** The functions that fulfil a contract: a promise for a method, an async iterable for a stream. */
export type HandlersOf<C extends AnyContract> = {
  [M in keyof C]: C[M] extends StreamSchema
    ? (params: z.output<C[M]['params']>, call: Call) => AsyncIterable<ItemOf<C, M>>
    : (params: z.output<C[M]['params']>, call: Call) => Promise<ResultOf<C, M>> | ResultOf<C, M>;
};
export type Handlers = HandlersOf<Contract>;
export type ShellHandlers = HandlersOf<ShellContract>;

/** What a shell puts on `window.brat`, and all that the renderer can reach. */
export interface BratBridge {
  readonly shell: 'electron' | 'browser';
  call<M extends MethodNames<Contract>>(method: M, params: ParamsOf<Contract, M>): Promise<ResultOf<Contract, M>>;
  stream<M extends StreamNames<Contract>>(method: M, params: ParamsOf<Contract, M>, signal?: AbortSignal): AsyncIterable<ItemOf<Contract, M>>;
  /** Opens the shell's own dialog and imports what was chosen, telling how far it is; absent where the shell has no dialog. */
  importWithDialog?(kind: 'files' | 'folder', onEvent?: (event: ImportEvent) => void): Promise<void>;
}

export type Role = z.output<typeof role>;
export type Problem = z.output<typeof problem>;
export type PackStamp = z.output<typeof packStamp>;
export type PackSummary = z.output<typeof packSummary>;
export type ModelLicence = z.output<typeof modelLicence>;
export type InstalledPack = z.output<typeof installedPack>;
export type ModelImportStep = z.output<typeof modelImportStep>;
export type ModelImportEvent = z.output<typeof modelImportEvent>;
export type ProviderState = z.output<typeof providerState>;
export type StackSummary = z.output<typeof stack>;
export type SeriesSummary = z.output<typeof seriesSummary>;
export type StudySummary = z.output<typeof studySummary>;
export type StudyDetail = z.output<typeof studyDetail>;
export type VolumeInfo = z.output<typeof volumeInfo>;
export type DraftSentence = z.output<typeof draftSentence>;
export type CaseFilter = z.output<typeof caseFilter>;
export type SimilarCase = z.output<typeof similarCase>;
export type Draft = z.output<typeof draft>;
export type AnalysisStep = z.output<typeof analysisStep>;
export type AnalysisEvent = z.output<typeof analysisEvent>;
export type ImportEvent = z.output<typeof importEvent>;
export type InsideOfTraining = z.output<typeof insideOfTraining>;
export type Finding = z.output<typeof finding>;
export type Lesion = z.output<typeof lesion>;
export type StudyFindings = z.output<typeof studyFindings>;
export type LesionMap = z.output<typeof lesionMap>;
export type AttentionMap = z.output<typeof attentionMap>;
export type AppStatus = z.output<typeof appStatus>;
