/** Studies and series as the lists show them, their import, and the volumes of a series. */
import * as z from 'zod';
import { studyStates } from '../choices.ts';
import { method, stream } from './schema.ts';
import { affine, bytes, dims, errorData, nothing, problem, role, uid } from './words.ts';

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

/**
 * `queued` and `processing`: by the app itself or on request. `withheld`: read, but outside of what the pack was made for, so
 * that a draft is made only when it is asked for.
 */
export const studyState = z.enum(studyStates);

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
  state: studyState,
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
  /**
   * Volumes of one study that name the same space lie in the same patient coordinates: their frame of reference, or one
   * space for all NIfTI files of a study, which state none. Empty when nothing is known, and then no other shares it.
   */
  space: z.string(),
  /** MONOCHROME1 shows low values bright. */
  inverted: z.boolean(),
  problems: z.array(problem),
});

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

export const studiesMethods = {
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
  /**
   * One slice at once, for the picture that is shown until the volume is there; null asks for the middle one. Its
   * element type, rescale and window are those of this slice alone.
   */
  'volume.slice': method({
    params: z.object({ series: uid, stack: z.int().min(0), slice: z.int().min(0).nullable() }),
    result: z.object({ info: volumeInfo, slice: z.int().min(0), data: bytes }),
  }),
  /** All voxels in order, several slices an item. */
  'volume.voxels': stream({
    params: z.object({ series: uid, stack: z.int().min(0) }),
    item: z.object({ firstSlice: z.int(), sliceCount: z.int(), data: bytes }),
  }),
} as const;

export type StackSummary = z.output<typeof stack>;
export type SeriesSummary = z.output<typeof seriesSummary>;
export type StudyState = z.output<typeof studyState>;
export type StudySummary = z.output<typeof studySummary>;
export type StudyDetail = z.output<typeof studyDetail>;
export type VolumeInfo = z.output<typeof volumeInfo>;
export type ImportEvent = z.output<typeof importEvent>;
