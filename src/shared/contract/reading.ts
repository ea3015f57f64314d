/** What models make of a study: findings, draft, grounding, and the maps shown over the image. */
import * as z from 'zod';
import { similarCase } from './cases.ts';
import { method, stream } from './schema.ts';
import { affine, bytes, dims, packStamp, uid } from './words.ts';

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

/** Probability from which a head's answer counts, and what that was found to do. */
export const operatingPoint = z.object({
  threshold: z.number(),
  sensitivity: z.number(),
  specificity: z.number(),
  /** Cases it was measured on. */
  measuredOn: z.string(),
});

/** One answer to one question about a study (the paper's Figure 14), by a classification head. */
export const finding = z.object({
  question: z.string(),
  answer: z.string(),
  probability: z.number().min(0).max(1),
  /** Left out where none was measured for the pack: see threshold.ts. */
  operatingPoint: operatingPoint.optional(),
});

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

export const readingMethods = {
  /** `anyway` drafts although the input is outside of what the pack was made for. */
  'study.analyse': stream({ params: z.object({ study: uid, force: z.boolean().default(false), anyway: z.boolean().optional() }), item: analysisEvent }),
  'study.draft': method({ params: z.object({ study: uid }), result: draft.nullable() }),
  /** What the heads of the pack in use said of a study; null before it was read, or where the pack has no heads. */
  'study.findings': method({ params: z.object({ study: uid }), result: studyFindings.nullable() }),
  /** Null where no lesion head has read the study. */
  'study.lesionMap': method({ params: z.object({ study: uid }), result: lesionMap.nullable() }),
  'study.attention': method({ params: z.object({ study: uid, view: z.int().min(0).max(1023) }), result: attentionMap }),
} as const;

export type DraftSentence = z.output<typeof draftSentence>;
export type Draft = z.output<typeof draft>;
export type AnalysisStep = z.output<typeof analysisStep>;
export type AnalysisEvent = z.output<typeof analysisEvent>;
export type InsideOfTraining = z.output<typeof insideOfTraining>;
export type Finding = z.output<typeof finding>;
export type Lesion = z.output<typeof lesion>;
export type StudyFindings = z.output<typeof studyFindings>;
export type LesionMap = z.output<typeof lesionMap>;
export type AttentionMap = z.output<typeof attentionMap>;
