/**
 * Reading a study, step by step: voxels, preparation, views, similar cases, draft, grounding. What it reads may be stored
 * or loose files; what comes of it is the caller's to keep.
 */
import { performance } from 'node:perf_hooks';
import type { AnalysisEvent, AnalysisStep, Draft, DraftSentence, InsideOfTraining, SimilarCase } from '../../shared/contract.ts';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { FrameDecoder } from '../dicom/types.ts';
import { composeDraft } from '../draft/compose.ts';
import { writeDraft } from '../draft/write.ts';
import type { AttentionGeometry } from '../ground/attentionMap.ts';
import { createGrounder, groundSentences, type Grounder, type SentenceToGround } from '../ground/ground.ts';
import type { MiddlePlane } from '../findings/middlePlane.ts';
import { writesDrafts, type Pack } from '../pack/pack.ts';
import type { Clock, EncodedViews } from '../ports.ts';
import type { EncodingInput } from '../store/analyses.ts';
import type { StoredFindings } from '../store/findings.ts';
import { loadVolume } from '../volume/loadVolume.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import type { Preprocessor } from '../volume/preprocess.ts';
import type { Stack, StackGeometry, Volume } from '../volume/types.ts';
import type { Archive } from './archive.ts';
import { joinChannels } from './channels.ts';
import { examine, hasHeads, middleOf } from './examining.ts';
import type { Models } from './models.ts';
import { findStack, type StudyImages } from './studyImages.ts';

/** Similar cases shown with a study. */
const similarCount = 10;

export interface ReadingParts {
  readonly models: Models;
  readonly archive: Archive;
  readonly decoder: FrameDecoder;
  readonly preprocessor: Preprocessor;
  readonly clock: Clock;
}

/** A stack for each channel of the pack, or null where the study has no such series. */
export interface ChosenChannels extends EncodingInput {
  readonly stacks: readonly (Stack | null)[];
  /** The first stack there is: its grid is the encoder's, and its slices are those a sentence jumps to. */
  readonly first: Stack & { readonly geometry: StackGeometry };
  /** What the reader must be told about the choice, or empty. */
  readonly warning: string;
}

/**
 * The stacks a pack reads of a study.
 * @throws EngineError `select/no-t1c`, `select/no-image-series` if there is neither a T1 post-contrast nor a T1 series
 */
export function chooseChannels(images: StudyImages, pack: Pack): ChosenChannels {
  const { chosen, problem } = images.choice;
  if (!chosen) {
    const code = problem?.code ?? 'select/no-t1c';
    throw new EngineError(code, problem?.message ?? 'The study has no series that can be read', {
      subject: 'study',
      advice: code === 'select/no-image-series' ? 'Choose another study' : 'Set the role of the series that is T1 post-contrast',
    });
  }
  const { channels } = pack.manifest.input;
  const chosenRole = problem?.code === 'select/t1-instead' ? 't1' : 't1c';
  const seriesOf = channels.map((role) => {
    if (role === chosenRole || (channels.length === 1 && role === 't1c')) return chosen;
    const best = images.ranked.find((entry) => entry.role === role && entry.rank === 1);
    return best?.stack == null ? null : { seriesUid: best.seriesUid, stack: best.stack };
  });
  const joined = joinChannels(channels, seriesOf.map((entry) => entry && findStack(images, entry.seriesUid, entry.stack)));
  const at = joined.first ?? -1;
  const first = joined.stacks[at];
  if (!first?.geometry) throw new EngineError('select/no-image-series', 'No series of this study makes a volume for this model pack', { subject: 'study', advice: 'Choose another series or pack' });
  return {
    series: seriesOf[at]!.seriesUid,
    stack: seriesOf[at]!.stack,
    input: channels.map((role, channel) => `${role}=${joined.stacks[channel] ? `${seriesOf[channel]!.seriesUid}#${seriesOf[channel]!.stack}` : '-'}`).join(' '),
    stacks: joined.stacks,
    first: { ...first, geometry: first.geometry },
    warning: [problem?.message ?? '', joined.note].filter((part) => part !== '').join(' '),
  };
}

/** The pack's attention grid laid over the chosen stack. */
export function attentionGeometry({ first }: ChosenChannels, pack: Pack): AttentionGeometry {
  const { input, encoder } = pack.manifest;
  return { grid: encoder.attentionGrid, gridToLps: gridToLps(first.geometry, input.size, encoder.attentionGrid) };
}

export interface ReadingResult {
  readonly channels: ChosenChannels;
  readonly encoded: EncodedViews;
  /** What the pack's heads say; null for a pack with none. */
  readonly found: StoredFindings | null;
  readonly similar: readonly SimilarCase[];
  /** Null when it was withheld, since the input is outside of what the pack was made for. */
  readonly draft: Draft | null;
}

export interface ReadingOptions {
  readonly study: string;
  readonly images: StudyImages;
  /** Views of the same input and pack from an earlier reading. */
  readonly stored: EncodedViews | null;
  /** What the heads said of the same input. */
  readonly storedFindings?: StoredFindings | null;
  /** Draft although the input is outside of what the pack was made for. */
  readonly anyway: boolean;
  /** Called as soon as there are new views, before anything is made of them. */
  readonly onEncoded?: (channels: ChosenChannels, encoded: EncodedViews) => void;
  readonly onExamined?: (found: StoredFindings) => void;
  /** Called with the head's middle plane when the voxels were read. */
  readonly onMiddle?: (channels: ChosenChannels, middle: MiddlePlane) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads one study. The last event is `done`, or `withheld` where no draft is made, and the generator returns everything it made.
 * @throws EngineError of the step that failed, `cancelled`
 */
export async function* readStudy(parts: ReadingParts, options: ReadingOptions): AsyncGenerator<AnalysisEvent, ReadingResult, undefined> {
  const { models, archive, clock } = parts;
  const { signal } = options;
  const pack = await models.pack();
  const channels = chooseChannels(options.images, pack);

  const { encoded, found } = yield* encodeAndExamine(parts, pack, channels, options);
  const judged = found?.findings.insideOfTraining ?? null;

  const search = stepClock('search');
  yield search.started();
  const similar = await archive.similar({ by: 'views', vectors: encoded.projected, width: encoded.width, pack: encoded.pack, limit: similarCount, study: options.study, signal });
  yield { kind: 'similar', cases: similar };
  yield similar.length > 0 ? search.done(`${archive.encodedCount(encoded.pack, encoded.width)} cases`) : search.skipped('The archive holds no case of this model pack');

  if (judged?.inside === false && !options.anyway) {
    yield* withhold(judged);
    return { channels, encoded, found, similar, draft: null };
  }
  const grounding = { encoded, supportThreshold: pack.manifest.calibration.supportThreshold, geometry: attentionGeometry(channels, pack), stack: channels.first.geometry };
  const drafting = stepClock('draft');
  yield drafting.started();
  const written = writesDrafts(pack.manifest) ? yield* writeByModel(parts, pack, encoded, createGrounder(grounding), signal) : compose(archive, encoded, similar);
  if (signal.aborted) throw cancelledError('draft');
  yield drafting.done(written.origin === 'model' ? '' : `Composed of sentences of ${new Set(written.sentences.map((item) => item.sourceCase)).size} prior reports`);

  const ground = stepClock('ground');
  yield ground.started();
  const sentences = groundSentences(written.sentences, grounding);
  // What was shown while the draft was written may have moved to another view now that all sentences are known.
  for (const sentence of sentences) if (!sameGrounding(sentence, written.shown[sentence.index])) yield { kind: 'sentence', sentence };
  yield ground.done('');

  const draft: Draft = {
    study: options.study,
    series: channels.series,
    stack: channels.stack,
    origin: written.origin,
    sentences,
    pack: encoded.pack,
    provider: encoded.provider,
    createdAt: clock.now().toISOString(),
    stop: written.stop,
    outside: judged?.inside === false ? judged : null,
  };
  yield { kind: 'done', draft };
  return { channels, encoded, found, similar, draft };
}

function* withhold(judged: InsideOfTraining): Generator<AnalysisEvent, void, undefined> {
  const message = `The image is outside of what this model was made for: ${judged.reason}`;
  for (const step of ['draft', 'ground'] as const) yield stepClock(step).skipped(message);
  yield { kind: 'withheld', insideOfTraining: judged };
}

const kept = 'Kept from an earlier reading';

interface Examined {
  readonly encoded: EncodedViews;
  readonly found: StoredFindings | null;
}

/** Views and what the heads say, from an earlier reading as far as that goes. */
async function* encodeAndExamine(parts: ReadingParts, pack: Pack, channels: ChosenChannels, options: ReadingOptions): AsyncGenerator<AnalysisEvent, Examined, undefined> {
  const storedFindings = options.storedFindings ?? null;
  const examines = hasHeads(pack);
  const views = (encoded: EncodedViews): AnalysisEvent => ({ kind: 'views', count: encoded.viewCount, size: encoded.hidden, pack: encoded.pack, provider: encoded.provider });
  if (options.stored && (storedFindings || !examines)) {
    for (const step of ['read', 'preprocess', 'encode', 'findings'] as const) yield stepClock(step).skipped(step === 'read' && channels.warning !== '' ? channels.warning : kept);
    yield views(options.stored);
    if (storedFindings) yield { kind: 'findings', findings: storedFindings.findings };
    return { encoded: options.stored, found: storedFindings };
  }
  const input = yield* prepare(parts, pack, channels, options.signal);
  const middle = middleOf(input, channels, pack);
  options.onMiddle?.(channels, middle);
  const encoded = options.stored ?? (yield* encode(parts, input, channels, options));
  if (options.stored) yield stepClock('encode').skipped(kept);
  yield views(encoded);
  const step = stepClock('findings');
  if (!examines) {
    yield step.skipped('This model pack has no heads');
    return { encoded, found: null };
  }
  yield step.started();
  const found = await examine(parts, pack, { study: options.study, channels, input, encoded, middle }, options.signal);
  options.onExamined?.(found);
  yield step.done('');
  yield { kind: 'findings', findings: found.findings };
  return { encoded, found };
}

/** Voxels, preparation and views of chosen stacks without events, for batch work. @throws as {@link readStudy} */
export async function encodeChannels(parts: ReadingParts, pack: Pack, channels: ChosenChannels, signal: AbortSignal): Promise<EncodedViews> {
  const input = await prepareChannels(parts, pack, channels, signal);
  return (await parts.models.encoder()).encode(input, { signal });
}

/** The encoder's input, float32 [channels, S, A, R]. */
export async function prepareChannels(parts: Pick<ReadingParts, 'decoder' | 'preprocessor'>, pack: Pack, channels: ChosenChannels, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
  return parts.preprocessor.run(await loadChannels(parts, channels, signal), pack.manifest.input.size, { signal });
}

async function loadChannels({ decoder }: Pick<ReadingParts, 'decoder'>, channels: ChosenChannels, signal: AbortSignal): Promise<(Volume | null)[]> {
  const volumes: (Volume | null)[] = [];
  for (const stack of channels.stacks) volumes.push(stack && (await loadVolume(stack, decoder, { signal })));
  return volumes;
}

async function* prepare(parts: ReadingParts, pack: Pack, channels: ChosenChannels, signal: AbortSignal): AsyncGenerator<AnalysisEvent, Float32Array, undefined> {
  const read = stepClock('read');
  yield read.started(channels.warning);
  const volumes = await loadChannels(parts, channels, signal);
  yield read.done(channels.warning);

  const preprocess = stepClock('preprocess');
  yield preprocess.started();
  const input = await parts.preprocessor.run(volumes, pack.manifest.input.size, { signal });
  yield preprocess.done('');
  return input;
}

async function* encode(parts: ReadingParts, input: Float32Array, channels: ChosenChannels, options: ReadingOptions): AsyncGenerator<AnalysisEvent, EncodedViews, undefined> {
  const step = stepClock('encode');
  yield step.started();
  const encoder = await parts.models.encoder();
  const encoded = await encoder.encode(input, { signal: options.signal });
  options.onEncoded?.(channels, encoded);
  yield step.done((await parts.models.provider()).message);
  return encoded;
}

interface Written {
  readonly origin: Draft['origin'];
  readonly sentences: readonly SentenceToGround[];
  /** As they were shown while the draft was being written. */
  readonly shown: readonly DraftSentence[];
  readonly stop: Draft['stop'];
}

async function* writeByModel(parts: ReadingParts, pack: Pack, encoded: EncodedViews, grounder: Grounder, signal: AbortSignal): AsyncGenerator<AnalysisEvent, Written, undefined> {
  const embeddings = await (await parts.models.bridge()).map(encoded);
  const model = await parts.models.textModel();
  const textEncoder = await parts.models.textEncoder();
  const sentences: SentenceToGround[] = [];
  const shown: DraftSentence[] = [];
  let stop: Draft['stop'] = 'complete';
  for await (const piece of writeDraft(model, pack, embeddings, { signal })) {
    if (piece.kind === 'text') {
      yield { kind: 'text', text: piece.text };
    } else if (piece.kind === 'sentence') {
      const sentence = { text: piece.text, vector: textEncoder && (await textEncoder.encodeSentences([piece.text])), sourceCase: null };
      sentences.push(sentence);
      shown.push(grounder.add(sentence));
      yield { kind: 'sentence', sentence: shown.at(-1)! };
    } else {
      stop = piece.stop;
    }
  }
  return { origin: 'model', sentences, shown, stop };
}

function compose(archive: Archive, encoded: EncodedViews, similar: readonly SimilarCase[]): Written {
  const sentences = composeDraft(encoded.projected, encoded.width, similar.map((item) => archive.priorReport(item.case, encoded.pack)));
  return { origin: 'composed', sentences, shown: [], stop: 'complete' };
}

const sameGrounding = (a: DraftSentence, b: DraftSentence | undefined): boolean => b !== undefined && a.view === b.view && a.slice === b.slice && a.similarity === b.similarity && a.supported === b.supported;

type StepEvent = Extract<AnalysisEvent, { kind: 'step' }>;

/** Makes the events of one step; time runs from `started`. */
function stepClock(step: AnalysisStep): { started(message?: string): StepEvent; done(message: string): StepEvent; skipped(message: string): StepEvent } {
  let from = performance.now();
  return {
    started: (message = '') => {
      from = performance.now();
      return { kind: 'step', step, state: 'started', ms: null, message };
    },
    done: (message) => ({ kind: 'step', step, state: 'done', ms: performance.now() - from, message }),
    skipped: (message) => ({ kind: 'step', step, state: 'skipped', ms: null, message }),
  };
}
