/** What stands on paper, whatever makes the page: a PDF, a printer, plain text. */
import type { PackStamp, ReportContent } from '../../../shared/contract.ts';
import { headRows, printedSections, reportTitle, signatures, signedSections, type KeyImage, type PrintedSection, type SignedStudy, type StudyIdentity } from './signedStudy.ts';

export interface Paper {
  readonly title: string;
  /** Patient and study, a line each. */
  readonly head: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly PrintedSection[];
  readonly keyImages: readonly KeyImage[];
  /** Last lines: who signed, what a machine did. */
  readonly closing: readonly string[];
  /** Written across every page and above its text; null for a signed report. */
  readonly mark: string | null;
}

export const draftMark = 'DRAFT – NOT A REPORT';

/** What is written so far, which nobody has signed. */
export interface UnsignedStudy {
  /** 1 for the report, higher for an addendum to it. */
  readonly number: number;
  readonly content: ReportContent;
  readonly study: StudyIdentity;
  readonly keyImages: readonly KeyImage[];
  readonly pack: PackStamp | null;
  readonly software: SignedStudy['software'];
  /** ISO time it is printed at. */
  readonly at: string;
}

export const signedPaper = (signed: SignedStudy): Paper => ({
  title: reportTitle(signed.report), head: headRows(signed.study), sections: signedSections(signed), keyImages: signed.keyImages, closing: signatures(signed), mark: null,
});

export const draftPaper = ({ number, content, study, keyImages, pack, at }: Omit<UnsignedStudy, 'software'>): Paper & { readonly mark: string } => ({
  title: `DRAFT of an ${reportTitle({ number })}`,
  head: headRows(study),
  sections: printedSections(content, { unsigned: true }),
  keyImages,
  closing: ['DRAFT: not signed, not a report. Nobody has taken responsibility for these words.', ...(pack === null ? [] : [pack.label]), `Made ${at}`],
  mark: draftMark,
});
