/** The worklist: pages of studies by words, filters and order; and the studies that the app processes by itself. */
import * as z from 'zod';
import { analysisStep } from './reading.ts';
import { method, stream } from './schema.ts';
import { studyState, studySummary } from './studies.ts';
import { errorData, nothing, uid } from './words.ts';

export const worklistSort = z.enum(['name', 'patient', 'age', 'date', 'description', 'series', 'state', 'added']);

const day = z.iso.date();

export const worklistQuery = z.object({
  /** Beginnings of words of name, patient id, description, accession and date, in any order; case and accents make no difference. */
  text: z.string().max(200).default(''),
  states: z.array(studyState).min(1).optional(),
  demo: z.boolean().optional(),
  /** Study date, both ends included. A study without a date is in neither range. */
  from: day.optional(),
  to: day.optional(),
  sort: worklistSort.default('added'),
  descending: z.boolean().default(true),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(500).default(100),
});

export const worklistRow = studySummary.extend({
  /** When its first image was stored, ISO time. */
  addedAt: z.string(),
  /** Why it failed; null in any other state. */
  failure: errorData.nullable(),
});

/** A study that waits for the app to process it, is being processed, or could not be. */
export const processingItem = z.object({
  study: uid,
  patientName: z.string(),
  description: z.string(),
  state: z.enum(['waiting', 'running', 'failed']),
  /** Step under way; null unless it is running. */
  step: analysisStep.nullable(),
  failure: errorData.nullable(),
});

export const processingState = z.object({
  /** The policy: whether new studies are processed without being asked for. */
  on: z.boolean(),
  waiting: z.int(),
  failed: z.int(),
  /** The running one first, then those next in turn and those that failed, at most a hundred of each. */
  items: z.array(processingItem),
  /** Why nothing is processed although studies wait; null when nothing is in the way. */
  held: errorData.nullable(),
});

export const worklistMethods = {
  'worklist.query': method({ params: worklistQuery, result: z.object({ total: z.int(), rows: z.array(worklistRow) }) }),
  /** How many studies there are, in all and by state. */
  'worklist.counts': method({ params: nothing, result: z.object({ total: z.int(), states: z.partialRecord(studyState, z.int()) }) }),
  /** What is processed in the background, at once and whenever it changes. */
  'processing.watch': stream({ params: nothing, item: processingState }),
  /** Puts studies into the queue; one that failed or was cancelled is tried again. */
  'processing.enqueue': method({ params: z.object({ studies: z.array(uid).min(1).max(100_000) }), result: nothing }),
  /** Takes studies out of the queue; the running one stops. Without studies, all that wait. */
  'processing.cancel': method({ params: z.object({ studies: z.array(uid).optional() }), result: nothing }),
} as const;

export type WorklistSort = z.output<typeof worklistSort>;
export type WorklistQuery = z.output<typeof worklistQuery>;
export type WorklistRow = z.output<typeof worklistRow>;
export type ProcessingItem = z.output<typeof processingItem>;
export type ProcessingState = z.output<typeof processingState>;
