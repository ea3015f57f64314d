/** Words that several parts of the contract share. */
import * as z from 'zod';
import { roles } from '../choices.ts';
import { errorCodes } from '../errors.ts';

/**
 * DICOM unique identifier (PS3.5 section 9), or one derived for NIfTI input. Not held to the standard's digits and
 * dots, since real files break it; an identifier is only ever a key here, never part of a path.
 */
export const uid = z.string().min(1).max(128);
export const bytes = z.instanceof(Uint8Array);
export const dims = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]);
/** Row-major voxel-to-LPS matrix, see geometry.ts. */
export const affine = z.array(z.number()).length(16);
export const nothing = z.object({});

export const errorData = z.object({ code: z.enum(errorCodes), message: z.string(), subject: z.string(), advice: z.string() });

export const role = z.enum(roles);

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
  /** It writes drafts of the image. */
  hasLanguageModel: z.boolean(),
  /** Its language model answers questions about a text, whether it sees the image or not. */
  answersQuestions: z.boolean().optional(),
  /** Why this pack cannot be used, or null. */
  problem: errorData.nullable(),
});

/** A file made by the engine for the reader to keep; the shell asks where. */
export const madeFile = z.object({ name: z.string(), mediaType: z.string(), bytes });

export type MadeFile = z.output<typeof madeFile>;
export type Role = z.output<typeof role>;
export type Problem = z.output<typeof problem>;
export type PackStamp = z.output<typeof packStamp>;
export type PackSummary = z.output<typeof packSummary>;
