/** Earlier studies of the same patient, and how the slices of two studies go together. */
import * as z from 'zod';
import { method } from './schema.ts';
import { affine, bytes, uid } from './words.ts';
import { lpsPoint } from './similar.ts';

export const priorReport = z.object({
  /** Signed here, or attached from the hospital's archive. */
  kind: z.enum(['signed', 'attached']),
  text: z.string(),
  signedBy: z.string(),
  signedAt: z.string(),
});

/** Why an earlier study is told to be of the same patient, and what speaks against it. */
export const prior = z.object({
  study: uid,
  studyDate: z.string(),
  description: z.string(),
  patientName: z.string(),
  patientId: z.string(),
  birthDate: z.string(),
  ageYears: z.int().nullable(),
  /**
   * `same`: one patient number, and name and birth date agree as far as they are known. `mismatch`: one patient number,
   * but the name, the birth date or the sex differ. `possible`: another number or none, with the same name and birth date.
   */
  relation: z.enum(['same', 'mismatch', 'possible']),
  /** What differs, and what could not be checked since one side lacks it. */
  differs: z.array(z.enum(['patientId', 'issuer', 'name', 'birthDate', 'sex'])),
  unchecked: z.array(z.enum(['name', 'birthDate'])),
  report: priorReport.nullable(),
  /** The volume to open: the one the models would read; null where there is none. */
  shown: z.object({ series: uid, stack: z.int() }).nullable(),
  /** When it was last opened beside this study, or null. */
  openedAt: z.string().nullable(),
});

export const volumeAddress = z.object({ series: uid, stack: z.int().min(0) });

/**
 * How to find the place in one volume that belongs to a place in another. Never more than what it is called: `frame` is
 * exact, `registration` as good as its fit, `views` and `extent` are for two patients and only approximate.
 */
export const correspondence = z.object({
  by: z.enum(['frame', 'registration', 'views', 'extent', 'none']),
  /** Row-major, takes LPS mm of the first volume to LPS mm of the second; for `frame` and `registration`. */
  toOther: affine.nullable(),
  /**
   * For `views` and `extent`: a map of each LPS axis on its own, piecewise linear through these places (mm), growing in both,
   * continued with the slope of its last piece.
   */
  axes: z.tuple([z.array(z.tuple([z.number(), z.number()])), z.array(z.tuple([z.number(), z.number()])), z.array(z.tuple([z.number(), z.number()]))]).nullable(),
  /** Of a registration: how distinct its best fit is, 0..1; see docs/similar.md. */
  quality: z.number().nullable(),
  /** Of a registration: what it moved, mm at the middle and degrees. */
  movedMm: z.number().nullable(),
  turnedDeg: z.number().nullable(),
  /** What must be said of it, or why there is none. */
  note: z.string(),
  /** Paired places that `views` was made of. */
  pairs: z.array(z.object({ here: lpsPoint, there: lpsPoint, similarity: z.number() })),
});

export const priorsMethods = {
  /** Earlier studies of the patient of a study: `same` first, the newest first; then `mismatch`, then `possible`. */
  'priors.list': method({ params: z.object({ study: uid }), result: z.array(prior) }),
  /** Records that a reader looked at an earlier study beside this one. */
  'priors.opened': method({ params: z.object({ study: uid, prior: uid }), result: z.object({}) }),
  /**
   * How the slices of two volumes go together. Volumes of one patient (`prior`) are matched by their frame of reference or
   * registered; those of a similar case by the views that pairwise alignment paired, or by the extent of the heads.
   */
  'volumes.match': method({
    params: z.object({ here: volumeAddress, there: volumeAddress, kind: z.enum(['prior', 'case']), register: z.boolean().default(true) }),
    result: correspondence,
  }),
  /**
   * A picture to judge a match by: both volumes in turn, square by square, on the planes through a place; axial, coronal and
   * sagittal side by side, hung as radiologists do. Null where nothing connects the two.
   */
  'volumes.fitPicture': method({
    params: z.object({ here: volumeAddress, there: volumeAddress, kind: z.enum(['prior', 'case']), at: lpsPoint }),
    result: z.object({ png: bytes }).nullable(),
  }),
} as const;

export type Prior = z.output<typeof prior>;
export type PriorReport = z.output<typeof priorReport>;
export type Correspondence = z.output<typeof correspondence>;
export type VolumeAddress = z.output<typeof volumeAddress>;
