/** Similar cases of the archive. */
import * as z from 'zod';
import { method } from './schema.ts';
import { bytes, uid } from './words.ts';

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
  /** Where words counted as well: the places it has by alignment and by words, from 1; null where it is not among the first. */
  ranks: z.object({ vectors: z.int().nullable(), words: z.int().nullable() }).optional(),
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

export const casesMethods = {
  'case.similar': method({
    params: z.object({ study: uid, limit: z.int().min(1).max(100), by: z.enum(['views', 'sentences']).default('views'), filter: caseFilter.optional() }),
    result: z.array(similarCase),
  }),
  'search.text': method({ params: z.object({ text: z.string().min(1).max(4000), limit: z.int().min(1).max(100), filter: caseFilter.optional() }), result: z.array(similarCase) }),
  'case.thumbnail': method({ params: z.object({ case: z.string() }), result: z.object({ png: bytes.nullable() }) }),
} as const;

export type CaseFilter = z.output<typeof caseFilter>;
export type SimilarCase = z.output<typeof similarCase>;
