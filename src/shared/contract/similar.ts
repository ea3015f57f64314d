/**
 * Similar cases as a reader asks for them: by the study's image, by a region drawn in it, by a sentence or free text; why a
 * case is similar; and cases kept beside a study.
 */
import * as z from 'zod';
import { caseFilter, similarCase } from './cases.ts';
import { method } from './schema.ts';
import { bytes, packStamp, uid } from './words.ts';

/** A point or direction in patient space, LPS mm. */
export const lpsPoint = z.tuple([z.number(), z.number(), z.number()]);

/**
 * A region in patient space: its middle and three half axes, which need not be at right angles. `cylinder` is an ellipse
 * of the first two axes drawn on a slice, as thick as twice the third.
 */
export const region = z.object({
  shape: z.enum(['ellipsoid', 'box', 'cylinder']),
  centreLps: lpsPoint,
  halfAxesLps: z.tuple([lpsPoint, lpsPoint, lpsPoint]),
});

/** An answer to one of the structured questions (the paper's Figure 14). */
export const caseFinding = z.object({ question: z.string(), answer: z.string() });

export const similarFilter = caseFilter.extend({
  /** Cases known to have this answer. */
  finding: caseFinding.optional(),
  /** Cases of the study's own patient alone, or of others alone; earlier studies are told by {@link samePatient} rules. */
  patient: z.enum(['any', 'same', 'other']).default('any'),
});

export const similarQuery = z.discriminatedUnion('by', [
  z.object({ by: z.literal('image') }),
  /** The study's views with the sentences of prior reports. */
  z.object({ by: z.literal('report') }),
  /** A sentence of the draft or the report, or any text. */
  z.object({ by: z.literal('text'), text: z.string().min(1).max(4000) }),
  /** `anyway` searches with the views that look there most, although none looks there. */
  z.object({ by: z.literal('region'), region, anyway: z.boolean().default(false) }),
]);

/** One view of the study and one of the case, as pairwise view alignment matched them. */
export const viewPair = z.object({ view: z.int().min(0), caseView: z.int().min(0), similarity: z.number() });

export const foundCase = similarCase.extend({
  /** The stored study whose images this case has; null where only its report (and perhaps a picture) is here. */
  study: uid.nullable(),
  /** View of the case that carried the match most; null where sentences were compared. */
  bestView: z.int().nullable(),
  samePatient: z.boolean(),
  findings: z.array(caseFinding),
  pinned: z.boolean(),
});

export const viewInRegion = z.object({
  view: z.int().min(0),
  /** Part of the view's attention inside the region, 0..1. */
  share: z.number(),
  /** How many times as dense as spread evenly. */
  density: z.number(),
  looks: z.boolean(),
});

export const similarAnswer = z.object({
  cases: z.array(foundCase),
  /** How many cases of this pack there were to search. */
  searched: z.int(),
  pack: packStamp,
  /** For a region: its views, the nearest first, those that were searched with, and what must be said of the choice, or empty. */
  region: z.object({ views: z.array(viewInRegion), used: z.array(z.int()), note: z.string() }).nullable(),
});

/** Where a view looked in one study. */
export const lookedAt = z.object({
  /** k index of the stack the model read; null where the map has no depth. */
  slice: z.int().nullable(),
  centreLps: lpsPoint.nullable(),
});

export const explainedPair = viewPair.extend({
  here: lookedAt,
  /** Null where the case's attention is not stored. */
  there: lookedAt.nullable(),
  /** Sentence of the case's report that its view stands for, by the case's own alignment. */
  caseSentence: z.int().nullable(),
  /** Sentence of the study's draft that its view stands for. */
  draftSentence: z.int().nullable(),
});

/** Why a case is similar: exactly what the ranking compared. */
export const explanation = z.object({
  study: uid,
  case: z.string(),
  pack: packStamp,
  /** Mean of the pairs' similarities: the case's place in the ranking. */
  similarity: z.number(),
  /** All pairs of the alignment, most similar first. */
  pairs: z.array(explainedPair),
  /** What was read here and there; null for a case without images. */
  here: z.object({ series: uid, stack: z.int() }),
  there: z.object({ study: uid, series: uid, stack: z.int() }).nullable(),
  /** Why there are no pictures of the case's views, or empty. */
  missing: z.string(),
  commonFindings: z.array(caseFinding),
  sentences: z.array(z.string()),
  draft: z.array(z.string()),
});

export const pin = z.object({ case: z.string(), pinnedAt: z.string(), found: foundCase.nullable() });

export const similarMethods = {
  /** Cases similar to a study that was read with the pack in use; a text needs no study. @throws `search/not-encoded` before it was read */
  'similar.search': method({ params: z.object({ study: uid.nullable(), query: similarQuery, limit: z.int().min(1).max(100), filter: similarFilter.optional() }), result: similarAnswer }),
  /** Answers that cases of the archive are known to have, for the filter. */
  'similar.findings': method({ params: z.object({}), result: z.array(caseFinding.extend({ cases: z.int() })) }),
  'case.explain': method({ params: z.object({ study: uid, case: z.string() }), result: explanation }),
  /** The slice a view of a stored study looked at, as a picture; null where the study or its map is not there. */
  'view.picture': method({
    params: z.object({ study: uid, view: z.int().min(0).max(1023), size: z.int().min(32).max(1024).default(192) }),
    result: z
      .object({
        png: bytes,
        slice: z.int(),
        sliceCount: z.int(),
        /** Where it looked, from the picture's left and top, 0..1. */
        mark: z.tuple([z.number(), z.number()]).nullable(),
      })
      .nullable(),
  }),
  /** Cases a reader keeps beside a study, the newest first. */
  'pins.list': method({ params: z.object({ study: uid }), result: z.array(pin) }),
  'pins.set': method({ params: z.object({ study: uid, case: z.string(), pinned: z.boolean() }), result: z.array(pin) }),
} as const;

export type Region = z.output<typeof region>;
export type CaseFinding = z.output<typeof caseFinding>;
export type SimilarFilter = z.output<typeof similarFilter>;
export type SimilarQuery = z.output<typeof similarQuery>;
export type FoundCase = z.output<typeof foundCase>;
export type SimilarAnswer = z.output<typeof similarAnswer>;
export type ViewPair = z.output<typeof viewPair>;
export type LookedAt = z.output<typeof lookedAt>;
export type ExplainedPair = z.output<typeof explainedPair>;
export type Explanation = z.output<typeof explanation>;
export type Pin = z.output<typeof pin>;
