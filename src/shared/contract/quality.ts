/** The quality board: figures over signed reports by pack and month, by which a site decides whether drafts help (docs/quality.md). */
import * as z from 'zod';
import { flagKind, type FlagKind } from './report.ts';
import { method } from './schema.ts';
import { madeFile, packStamp } from './words.ts';

/** A calendar month in UTC, YYYY-MM. */
export const calendarMonth = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/);

export const qualityQuery = z.object({
  /** First and last month of signature; left out, all of them. */
  from: calendarMonth.optional(),
  to: calendarMonth.optional(),
  /** An id, for all its versions, or id@version. */
  pack: z.string().min(1).max(200).optional(),
}).refine(({ from, to }) => from === undefined || to === undefined || from <= to, { message: 'the first month is after the last one' });

/** Of values sorted by size, with linear interpolation; null where there is no value. */
export const quartiles = z.object({ lower: z.number(), median: z.number(), upper: z.number() }).nullable();

/** What became of flags. */
export const flagFigures = z.object({
  /** Stood at signature and was set aside by a reader: the sentence is right. */
  dismissed: z.int(),
  /** Stood at signature and was confirmed there. */
  confirmed: z.int(),
  /** Raised by the draft's own text and grounding, and gone from the signed text after its sentence was changed or rejected. */
  actedOn: z.int(),
});

export const findingFigures = z.object({
  /** One of Figure 14. */
  question: z.string(),
  /** Answers that are not the normal one: in the signed text and not in the draft; in the draft and not in the signed text. */
  missed: z.int(),
  madeUp: z.int(),
});

export const qualityGroup = z.object({
  /** What made the drafts; null for reports without a draft. */
  pack: packStamp.nullable(),
  /** Of signature; null for all months asked for. */
  month: calendarMonth.nullable(),
  reports: z.int(),
  /** Fewer reports than `fewReports`: no rate of this group says anything yet. */
  tooFew: z.boolean(),
  /** Share of words changed between draft and signed text, 0 to 1. */
  changedShare: quartiles,
  sentences: z.object({ kept: z.int(), edited: z.int(), rejected: z.int(), added: z.int() }),
  flags: flagFigures,
  flagsByKind: z.record(flagKind, flagFigures),
  /** From opening the report to its signature. */
  seconds: quartiles,
  /** Reports whose clock stood before their opening when they were signed; they have no seconds. */
  withoutSeconds: z.int(),
  /** Reports in which the draft missed, or made up, at least one finding. */
  reportsMissed: z.int(),
  reportsMadeUp: z.int(),
  findings: z.array(findingFigures),
});

export const qualitySummary = z.object({
  reports: z.int(),
  withDraft: z.int(),
  withoutDraft: z.int(),
  /** Months of the first and the last signed report, whatever was asked for; null where none is signed. */
  months: z.object({ first: calendarMonth, last: calendarMonth }).nullable(),
  /** By pack and month; reports without a draft last. */
  groups: z.array(qualityGroup),
  /** By pack, over all months asked for. */
  packs: z.array(qualityGroup),
});

/** Groups of fewer reports are marked as too few to judge. */
export const fewReports = 10;

/** Flags that the draft's text and grounding raise by themselves; of others it is not known whether they were acted on. */
export const followedKinds: readonly FlagKind[] = ['unsupported', 'contradiction', 'prior-wording'];

export const qualityMethods = {
  /** @throws `reader/not-signed-in`, `store/damaged` if a signed report is not what was signed */
  'quality.summary': method({ params: qualityQuery, result: qualitySummary }),
  /** A row for each pack and month. @throws as quality.summary */
  'quality.csv': method({ params: qualityQuery, result: madeFile }),
} as const;

export type QualityQuery = z.output<typeof qualityQuery>;
export type Quartiles = z.output<typeof quartiles>;
export type FlagFigures = z.output<typeof flagFigures>;
export type QualityGroup = z.output<typeof qualityGroup>;
export type QualitySummary = z.output<typeof qualitySummary>;
