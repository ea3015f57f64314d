/** Flags of a report, grounding of what a reader writes, and which views look at a place. */
import * as z from 'zod';
import { reportContent, reportFlag, reportSentence, sentenceGrounding } from './report.ts';
import { method } from './schema.ts';
import { nothing, uid } from './words.ts';

const sentences = reportContent.pick({ sentences: true });

export const flagsMethods = {
  /** What to look at before signing, of this content; flags that were dismissed say so and stay. */
  'report.flags': method({ params: z.object({ study: uid, content: sentences }), result: z.array(reportFlag) }),
  /** Sets a flag aside, on the record. */
  'report.dismissFlag': method({ params: z.object({ study: uid, flag: z.string().min(1).max(100), by: z.string().trim().min(1).max(200), why: z.string().trim().min(1).max(500) }), result: nothing }),
  /** Takes a dismissal back. */
  'report.restoreFlag': method({ params: z.object({ study: uid, flag: z.string().min(1).max(100), by: z.string().trim().min(1).max(200) }), result: nothing }),
  /**
   * Grounds sentences as a draft's are: pairwise view alignment over all of them, so give all that stand. Null for a sentence
   * without a word, for one beyond the number of views, and for all where the pack has no text encoder.
   * @throws `search/not-encoded` before the study was read with the pack in use
   */
  'report.ground': method({
    params: z.object({ study: uid, sentences: z.array(reportSentence.pick({ id: true, text: true })).max(200) }),
    result: z.array(z.object({ id: z.string(), grounding: sentenceGrounding.nullable() })),
  }),
  /** Views that looked at a place in the patient (LPS mm), the strongest first. @throws `search/not-encoded` */
  'study.viewsAt': method({
    params: z.object({ study: uid, pointLps: z.tuple([z.number(), z.number(), z.number()]) }),
    result: z.array(z.object({ view: z.int(), weight: z.number().min(0).max(1) })),
  }),
} as const;
