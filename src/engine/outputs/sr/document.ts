/** What the two structured reports share: the document around the content tree, its observer and its sections of text. */
import { bySeries, dicomTime, equipment, patientAndStudy, personName } from '../dicom/modules.ts';
import { derivedUid, type DataSet } from '../dicom/writeDataSet.ts';
import { printedSections, type ImageReference, type SignedStudy } from '../report/signedStudy.ts';
import type { ReportSection } from '../../../shared/contract.ts';
import { code, codeItem, container, person, text, type Code } from './contentItems.ts';

/** Headings and the concept of each statement under them (PS3.16 CID 7001, CID 7002). */
const sectionCodes: Readonly<Record<ReportSection, readonly [heading: Code, statement: Code]>> = {
  technique: [['121064', 'DCM', 'Current Procedure Descriptions'], ['121065', 'DCM', 'Procedure Description']],
  findings: [['121070', 'DCM', 'Findings'], ['121071', 'DCM', 'Finding']],
  impression: [['121072', 'DCM', 'Impressions'], ['121073', 'DCM', 'Impression']],
};

/** A container a section, a text a sentence (TID 2000, TID 2002). */
export function textSections({ report }: SignedStudy): DataSet[] {
  return printedSections(report.content, { unsigned: false }).map(({ section, sentences }) => {
    const [heading, statement] = sectionCodes[section];
    return container('CONTAINS', heading, sentences.map((sentence) => text('CONTAINS', statement, sentence)));
  });
}

/** Language and observer (TID 1204, TID 1002). */
export function observationContext({ report }: SignedStudy): DataSet[] {
  return [
    code('HAS CONCEPT MOD', ['121049', 'DCM', 'Language of Content Item and Descendants'], ['en', 'RFC5646', 'English']),
    code('HAS OBS CONTEXT', ['121005', 'DCM', 'Observer Type'], ['121006', 'DCM', 'Person']),
    person('HAS OBS CONTEXT', ['121008', 'DCM', 'Person Observer Name'], personName(report.signedBy.name)),
  ];
}

export interface SrDocument {
  readonly sopClassUid: string;
  readonly title: Code;
  /** Of the template the content follows. */
  readonly template: string;
  readonly content: readonly DataSet[];
  /** Images the content refers to. */
  readonly images: readonly ImageReference[];
}

/** The whole object: complete and verified by the reader who signed (PS3.3 C.17.1 to C.17.3). */
export function srDocument(signed: SignedStudy, { sopClassUid, title, template, content, images }: SrDocument): DataSet & { readonly SOPClassUID: string } {
  const { report, study } = signed;
  const at = dicomTime(report.signedAt);
  return {
    SOPClassUID: sopClassUid,
    ...patientAndStudy(study),
    Modality: 'SR',
    SeriesInstanceUID: derivedUid('series', sopClassUid, report.study),
    SeriesNumber: '9001',
    SeriesDescription: 'Reports of brat desktop',
    ReferencedPerformedProcedureStepSequence: [],
    ...equipment(signed.software),
    InstanceNumber: String(report.number),
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'VERIFIED',
    ContentDate: at.date,
    ContentTime: at.time,
    VerifyingObserverSequence: [{ VerifyingOrganization: 'Not told', VerificationDateTime: at.dateTime, VerifyingObserverName: personName(report.signedBy.name), VerifyingObserverIdentificationCodeSequence: [] }],
    PerformedProcedureCodeSequence: [],
    ...(images.length > 0 && { CurrentRequestedProcedureEvidenceSequence: [{ ReferencedSeriesSequence: bySeries(images), StudyInstanceUID: study.studyUid }] }),
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(title)],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }],
    ContentSequence: content,
  };
}
