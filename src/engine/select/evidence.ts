/**
 * Reads one series for signs of what it is: words, contrast agent, timing, image type, coverage. Signs only; what
 * follows from them is decided in rankSeries.ts, so that each rule there reads as a sentence.
 */
import type { Plane } from '../../shared/geometry.ts';
import { spacingMm } from '../../shared/geometry.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Stack } from '../volume/types.ts';
import * as phrases from './phrases.ts';

export interface SeriesEvidence {
  /** Description and protocol as written, for the reason shown to the reader. */
  readonly title: string;
  readonly seriesNumber: number | null;
  readonly modality: string;
  readonly isNifti: boolean;
  readonly hasPixels: boolean;
  readonly isScreenCapture: boolean;
  /** ImageType values that say the images were computed, e.g. `MIP`. */
  readonly derivedAs: string | null;
  /** Reformatted from another series of this study: the same tissue, seen again. */
  readonly reformatted: boolean;
  readonly localizer: string | null;
  readonly elsewhere: string | null;
  readonly partOfHead: string | null;
  readonly otherSequence: string | null;
  readonly t1: string | null;
  readonly t2: string | null;
  readonly flair: string | null;
  /** Words for contrast given, and for not given. */
  readonly contrast: string | null;
  readonly native: string | null;
  /** ContrastBolusAgent when it names one; null when absent, empty or a word for none. */
  readonly agent: string | null;
  /** True when the element says in words that none was given. */
  readonly agentDenied: boolean;
  /** Family by repetition, echo and inversion time alone. */
  readonly timing: 't1' | 't2' | 'flair' | 'pd' | null;
  readonly acquisition3d: boolean;
  readonly stack: Stack | null;
  readonly plane: Plane | null;
  readonly sliceCount: number;
  /** Distance between neighbouring slices, mm. */
  readonly sliceStepMm: number | null;
  /** Extent along the slice normal, mm. */
  readonly coverageMm: number | null;
}

const secondaryCaptureClass = '1.2.840.10008.5.1.4.1.1.7';
export const derivedImageTypes: readonly string[] = ['MIP', 'MINIP', 'PROJECTION IMAGE', 'MAX_IP', 'MIN_IP', 'SUBTRACTION', 'SUB', 'ADC', 'FA', 'TRACEW', 'PERFUSION', 'CBF', 'CBV', 'RCBV', 'RCBF', 'MTT', 'TTP', 'TMAX', 'T2 MAP', 'T1 MAP', 'T2_STAR_MAP', 'PHASE MAP', 'FIELD MAP', 'VELOCITY', 'SWI', 'MNIP', 'CSAPARALLEL', 'VRT', 'VOLUME RENDERING', 'SCREEN SAVE', 'CSA REPORT', 'UNWRAPPED'];
export const reformattedImageTypes: readonly string[] = ['MPR', 'REFORMATTED', 'RESAMPLED', 'CPR', 'CSA MPR', 'AVERAGE'];
export const wordsForNone: ReadonlySet<string> = new Set(['', 'none', 'no', 'n', 'na', 'n a', 'null', 'nil', '0', 'unknown', 'not applicable', 'without', 'no contrast', 'non', 'nein', 'ohne', 'keine', 'aucun', 'ninguno', 'no agent', 'unspecified']);

/** The stack a model would be given: usable, with the most slices; magnitude before anything else on a tie. */
export function bestStack(stacks: readonly Stack[]): Stack | null {
  let best: Stack | null = null;
  for (const candidate of stacks) {
    if (candidate.geometry === null) continue;
    if (best === null || candidate.slices.length > best.slices.length) best = candidate;
  }
  return best;
}

/**
 * T1, T2 or FLAIR by timing alone, the way scanners at 1.5 and 3 T are set. Only the clear cases: anything in between
 * is null and left to the words.
 */
export function familyByTiming(header: InstanceHeader): SeriesEvidence['timing'] {
  const { repetitionTimeMs: tr, echoTimeMs: te, inversionTimeMs: ti, scanningSequence } = header.sequence;
  if (te === null || tr === null || te <= 0) return null;
  const gradient = /\bGR\b/.test(scanningSequence) && !/\bEP\b/.test(scanningSequence);
  if (/\bEP\b/.test(scanningSequence)) return null;
  if (ti !== null && ti >= 1500 && te >= 60) return 'flair';
  if (ti !== null && ti >= 300 && ti <= 1300 && te < 30) return 't1';
  if (gradient) return te <= 12 && (header.sequence.flipAngleDeg ?? 90) >= 8 ? 't1' : null;
  if (te >= 60 && tr >= 1800) return 't2';
  if (te < 35 && tr <= 1200) return 't1';
  if (te < 50 && tr >= 1800) return 'pd';
  return null;
}

/**
 * Collects the evidence of one series.
 * @param instances instances of the series, at least one
 * @param stacks its volumes from `buildStacks`
 */
export function readEvidence(instances: readonly InstanceHeader[], stacks: readonly Stack[]): SeriesEvidence {
  const header = instances.find((instance) => instance.pixels !== null) ?? instances[0];
  if (header === undefined) throw new RangeError('a series has at least one instance');
  const { sequence } = header;
  const title = [sequence.seriesDescription, sequence.protocolName].filter((text, index, all) => text !== '' && all.indexOf(text) === index).join(' / ');
  const description = phrases.normaliseDescription(sequence.seriesDescription);
  const protocol = phrases.normaliseDescription(sequence.protocolName);
  // The protocol name is often shared by all series of an exam, so it is asked only when the description is silent.
  const firstOf = (list: readonly string[]): string | null => phrases.findPhrase(description, list) ?? phrases.findPhrase(protocol, list);
  const sequenceWords = phrases.normaliseDescription(sequence.sequenceName.replace(/[*#]/g, ' '));
  const clean = phrases.withoutPhrases(description, phrases.misleadingPhrases);
  const native = phrases.findPhrase(clean, phrases.nativePhrases);
  const contrast = phrases.findPhrase(phrases.withoutPhrases(clean, phrases.nativePhrases), phrases.contrastPhrases);
  const protocolClean = phrases.withoutPhrases(protocol, phrases.misleadingPhrases);
  const silent = native === null && contrast === null;

  const imageTypes = new Set(instances.flatMap((instance) => instance.imageType.slice(2)));
  const derivedAs = derivedImageTypes.find((type) => imageTypes.has(type)) ?? phrases.findPhrase(description, phrases.derivedPhrases);
  const agent = sequence.contrastAgent.trim();
  const agentWord = phrases.normaliseDescription(agent);

  const stack = bestStack(stacks);
  const spacing = stack?.geometry ? spacingMm(stack.geometry.voxelToLps) : null;
  return {
    title: title === '' ? 'no description' : title,
    seriesNumber: sequence.seriesNumber,
    modality: header.modality,
    isNifti: header.kind === 'nifti',
    hasPixels: instances.some((instance) => instance.pixels !== null),
    isScreenCapture: header.sopClassUid.startsWith(secondaryCaptureClass) || imageTypes.has('SCREEN SAVE'),
    derivedAs,
    reformatted: reformattedImageTypes.some((type) => imageTypes.has(type)),
    localizer: imageTypes.has('LOCALIZER') || header.imageType.includes('LOCALIZER') ? 'LOCALIZER' : phrases.findPhrase(description, phrases.localizerPhrases),
    elsewhere: firstOf(phrases.elsewherePhrases) ?? phrases.findPhrase(phrases.normaliseDescription(sequence.bodyPart), phrases.elsewherePhrases),
    partOfHead: phrases.findPhrase(description, phrases.partOfHeadPhrases),
    otherSequence: phrases.findPhrase(description, phrases.otherSequencePhrases),
    t1: firstOf(phrases.t1Phrases) ?? phrases.findPhrase(sequenceWords, phrases.t1Phrases),
    t2: firstOf(phrases.t2Phrases),
    flair: firstOf(phrases.flairPhrases) ?? phrases.findPhrase(sequenceWords, phrases.flairPhrases),
    contrast: silent ? phrases.findPhrase(phrases.withoutPhrases(protocolClean, phrases.nativePhrases), phrases.contrastPhrases) : contrast,
    native: silent ? phrases.findPhrase(protocolClean, phrases.nativePhrases) : native,
    agent: wordsForNone.has(agentWord) ? null : agent,
    agentDenied: agentWord !== '' && wordsForNone.has(agentWord),
    timing: familyByTiming(header),
    acquisition3d: sequence.mrAcquisitionType === '3D',
    stack,
    plane: stack?.geometry?.plane ?? null,
    sliceCount: stack?.slices.length ?? 0,
    sliceStepMm: spacing?.[2] ?? null,
    coverageMm: spacing && stack?.geometry ? spacing[2] * stack.geometry.dims[2] : null,
  };
}
