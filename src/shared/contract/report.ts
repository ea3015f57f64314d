/**
 * A report as it is written and signed: sentences with where each came from, answers to the structured questions, flags.
 * Unsigned content is a draft wherever it is shown; a signed report is never changed, a correction is an addendum.
 */
import * as z from 'zod';
import { reportSections } from '../choices.ts';
import { keyImage, measurement } from './measurements.ts';
import { draft } from './reading.ts';
import { packStamp, uid } from './words.ts';

export const reportSection = z.enum(reportSections);

/** Who wrote a sentence first: `draft` and `model` are machine text, everything else a person's choice. */
export const sentenceOrigin = z.enum(['draft', 'model', 'reader', 'template', 'case', 'measurement']);

/** What the image says of a sentence: the view aligned with it and where that view looked. */
export const sentenceGrounding = z.object({
  view: z.int(),
  similarity: z.number(),
  /** k index of the stack that was read; null when the map has no depth. */
  slice: z.int().nullable(),
  supported: z.boolean(),
});

export const reportSentence = z.object({
  /** Kept through every edit and into the signed report. */
  id: z.string().min(1).max(64),
  section: reportSection,
  text: z.string().max(4000),
  origin: sentenceOrigin,
  /** Machine text starts as `proposed`; a rejected sentence is kept, for the record, and never printed. */
  state: z.enum(['proposed', 'accepted', 'edited', 'rejected']),
  /** Words as the machine or the source gave them; null for a reader's own. */
  original: z.string().nullable(),
  /** Case a sentence was cited from. */
  sourceCase: z.string().nullable(),
  /** Measurement a sentence states. */
  measurement: z.string().nullable(),
  grounding: sentenceGrounding.nullable(),
});

/** An answer to one question of the paper's Figure 14; several where the question allows. */
export const structuredAnswer = z.object({
  question: z.string(),
  answers: z.array(z.string()),
  /** Of the source that gave it; null where that has none (a reader, a rule). */
  probability: z.number().min(0).max(1).nullable(),
  source: z.enum(['head', 'text', 'model', 'reader', 'default']),
});

export const flagKind = z.enum(['unsupported', 'wrong-side', 'contradiction', 'prior-wording', 'missed-finding']);

/** Something to look at before signing. */
export const reportFlag = z.object({
  /** The same for the same fault of the same sentence, so that a dismissal is kept. */
  id: z.string(),
  kind: flagKind,
  /** Null where no sentence is at fault but one is missing. */
  sentence: z.string().nullable(),
  reason: z.string(),
  dismissed: z.object({ by: z.string(), at: z.string(), why: z.string() }).nullable(),
});

export const reportContent = z.object({
  sentences: z.array(reportSentence),
  answers: z.array(structuredAnswer),
  /** What the reader noted before the draft was opened. */
  firstImpression: z.string().max(4000),
});

/** A report under a reader's name. Never changed; `number` 1 is the report, later ones are addenda to it. */
export const signedReport = z.object({
  id: z.string(),
  study: uid,
  number: z.int().min(1),
  content: reportContent,
  flags: z.array(reportFlag),
  signedBy: z.object({ id: z.string(), name: z.string(), role: z.string() }),
  openedAt: z.string(),
  signedAt: z.string(),
  /** What made the machine's part, and its draft as generated; null where no draft was used. */
  pack: packStamp.nullable(),
  draft: draft.nullable(),
  /** Of the study when it was signed, so that an export says what was signed; key images by the SHA-256 of their pictures. Absent in reports that were signed before these were kept. */
  measurements: z.array(measurement).optional(),
  keyImages: z.array(keyImage.extend({ sha256: z.string() })).optional(),
  /** SHA-256 over the canonical JSON of everything above. */
  digest: z.string(),
});

export type ReportSection = z.output<typeof reportSection>;
export type SentenceOrigin = z.output<typeof sentenceOrigin>;
export type SentenceGrounding = z.output<typeof sentenceGrounding>;
export type ReportSentence = z.output<typeof reportSentence>;
export type StructuredAnswer = z.output<typeof structuredAnswer>;
export type FlagKind = z.output<typeof flagKind>;
export type ReportFlag = z.output<typeof reportFlag>;
export type ReportContent = z.output<typeof reportContent>;
export type SignedReport = z.output<typeof signedReport>;
