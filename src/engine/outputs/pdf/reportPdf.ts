/** A signed report as a PDF, by itself and inside a DICOM object; and what is not signed yet, for paper alone. */
import type { SignedReport } from '../../../shared/contract.ts';
import { dicomTime, equipment, patientAndStudy } from '../dicom/modules.ts';
import { derivedUid, writeDataSet } from '../dicom/writeDataSet.ts';
import { draftPaper, signedPaper, type UnsignedStudy } from '../report/paper.ts';
import { reportTitle, type SignedStudy } from '../report/signedStudy.ts';
import { codeItem } from '../sr/contentItems.ts';
import { layOut } from './layOut.ts';

/** @returns bytes of a PDF file: the report, with its addenda where they are given */
export function reportPdf(signed: SignedStudy): Promise<Uint8Array> {
  return layOut({ ...signedPaper(signed), study: signed.study, software: nameOf(signed.software), at: lastOf(signed).signedAt });
}

/** What is written so far, to be looked at on paper. Every page says DRAFT; there is no DICOM, FHIR or HL7 form of it. */
export function draftPdf(unsigned: UnsignedStudy): Promise<Uint8Array> {
  return layOut({ ...draftPaper(unsigned), study: unsigned.study, software: nameOf(unsigned.software), at: unsigned.at });
}

const nameOf = ({ name, version }: SignedStudy['software']): string => `${name} ${version}`;

/** The signature a document bears that holds a report with its addenda. */
const lastOf = ({ report, addenda = [] }: SignedStudy): SignedReport => addenda.at(-1) ?? report;

/** Encapsulated PDF (PS3.3 A.45.1). @returns bytes of a DICOM file */
export async function encapsulatedPdfFile(signed: SignedStudy): Promise<Uint8Array> {
  const { report, study, software } = signed;
  const pdf = await reportPdf(signed);
  const last = lastOf(signed);
  const at = dicomTime(last.signedAt);
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
    InstanceNumber: String(last.number),
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
