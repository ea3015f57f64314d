/** A signed report as a PDF, by itself and inside a DICOM object; and what is not signed yet, for paper alone. */
import type { PackStamp, ReportContent } from '../../../shared/contract.ts';
import { dicomTime, equipment, patientAndStudy } from '../dicom/modules.ts';
import { derivedUid, writeDataSet } from '../dicom/writeDataSet.ts';
import { machineNote, printedSections, reportTitle, type KeyImage, type SignedStudy, type StudyIdentity } from '../report/signedStudy.ts';
import { codeItem } from '../sr/contentItems.ts';
import { layOut } from './layOut.ts';

export function reportPdf({ report, study, keyImages, software }: SignedStudy): Promise<Uint8Array> {
  const note = machineNote(report);
  return layOut({
    title: reportTitle(report),
    study,
    sections: printedSections(report.content, { unsigned: false }),
    keyImages,
    closing: [`Signed by ${report.signedBy.name} (${report.signedBy.role}) on ${report.signedAt}`, ...(note === null ? [] : [note]), `SHA-256 of the signed record: ${report.digest}`],
    mark: null,
    software: `${software.name} ${software.version}`,
    at: report.signedAt,
  });
}

export interface UnsignedStudy {
  readonly content: ReportContent;
  readonly study: StudyIdentity;
  readonly keyImages: readonly KeyImage[];
  readonly pack: PackStamp | null;
  readonly software: SignedStudy['software'];
  /** ISO time it is printed at. */
  readonly at: string;
}

/** What is written so far, to be looked at on paper. Every page says DRAFT; there is no DICOM, FHIR or HL7 form of it. */
export function draftPdf({ content, study, keyImages, pack, software, at }: UnsignedStudy): Promise<Uint8Array> {
  return layOut({
    title: 'DRAFT of an MR Brain Report',
    study,
    sections: printedSections(content, { unsigned: true }),
    keyImages,
    closing: ['DRAFT: not signed, not a report. Nobody has taken responsibility for these words.', ...(pack === null ? [] : [pack.label]), `Printed ${at}`],
    mark: 'DRAFT, not signed',
    software: `${software.name} ${software.version}`,
    at,
  });
}

/** Encapsulated PDF (PS3.3 A.45.1). @returns bytes of a DICOM file */
export async function encapsulatedPdfFile(signed: SignedStudy): Promise<Uint8Array> {
  const { report, study, software } = signed;
  const pdf = await reportPdf(signed);
  const at = dicomTime(report.signedAt);
  const padded = new Uint8Array(pdf.length + (pdf.length % 2));
  padded.set(pdf);
  return writeDataSet({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1',
    ...patientAndStudy(study),
    Modality: 'DOC',
    SeriesInstanceUID: derivedUid('series', 'pdf', report.study),
    SeriesNumber: '9003',
    SeriesDescription: 'Printed reports of brat desktop',
    ...equipment(software),
    ConversionType: 'WSD',
    InstanceNumber: String(report.number),
    ContentDate: at.date,
    ContentTime: at.time,
    AcquisitionDateTime: '',
    BurnedInAnnotation: 'YES',
    DocumentTitle: reportTitle(report),
    ConceptNameCodeSequence: [codeItem(['18748-4', 'LN', 'Diagnostic imaging study'])],
    VerificationFlag: 'VERIFIED',
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
    EncapsulatedDocument: padded.buffer,
    EncapsulatedDocumentLength: pdf.length,
  });
}
