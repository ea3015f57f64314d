/** What leaves the workstation: signed reports in the forms other systems take, and copies of drafts that say what they are (docs/outputs.md). */
import * as z from 'zod';
import { draftCopyFormats, exportFormats } from '../choices.ts';
import { method } from './schema.ts';
import { bytes, madeFile, uid } from './words.ts';

/**
 * `text`, `pdf`: for people. `encapsulated-pdf`, `basic-sr`, `comprehensive-sr` (with the measurements), `seg` (lesions of the
 * lesion head): DICOM objects. `fhir`: R4 Bundle as JSON. `hl7`: v2.5.1 ORU^R01.
 */
export const exportFormat = z.enum(exportFormats);

/** What a draft may be written as: for people alone, never for another system. */
export const draftCopyFormat = z.enum(draftCopyFormats);

/** A report as it is laid out on paper. */
export const printedReport = z.object({
  title: z.string(),
  /** Patient and study, a line each. */
  head: z.array(z.object({ name: z.string(), value: z.string() })),
  sections: z.array(z.object({ heading: z.string(), sentences: z.array(z.string()) })),
  keyImages: z.array(z.object({ png: bytes, caption: z.string() })),
  /** Who signed, what a machine did. */
  closing: z.array(z.string()),
  /** Stands on every page of what is not signed; null for a signed report. */
  mark: z.string().nullable(),
});

const signedOf = { study: uid, number: z.int().min(1).nullable().default(null) };

export const exportingMethods = {
  /**
   * Files of what is signed. Without a number, of the report with its addenda: one file in the forms for people, as an encapsulated PDF
   * and as a segmentation, one a report in the others. Each is told to the audit trail.
   * @throws `outputs/not-signed`, `outputs/not-dicom`, `outputs/nothing-to-write`, `outputs/no-geometry`, `store/not-found`, `pack/not-found`,
   *   `pack/no-lesion-head`, `reader/not-signed-in`
   */
  'report.export': method({ params: z.object({ ...signedOf, format: exportFormat }), result: z.array(madeFile).min(1) }),
  /** What is written so far; every line or page says that it is a draft. @throws `report/not-open`, `report/empty`, `reader/not-signed-in` */
  'report.draftCopy': method({ params: z.object({ study: uid, format: draftCopyFormat }), result: madeFile }),
  /** For printing: what is signed, or what is written so far. @throws as the two above */
  'report.print': method({ params: z.object({ ...signedOf, signed: z.boolean() }), result: printedReport }),
} as const;

export type ExportFormat = z.output<typeof exportFormat>;
export type DraftCopyFormat = z.output<typeof draftCopyFormat>;
export type PrintedReport = z.output<typeof printedReport>;
