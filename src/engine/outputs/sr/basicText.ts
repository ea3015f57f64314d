/** DICOM Basic Text SR (PS3.3 A.35.1) after TID 2000, Basic Diagnostic Imaging Report. */
import { writeDataSet } from '../dicom/writeDataSet.ts';
import { machineNote, type SignedStudy } from '../report/signedStudy.ts';
import { container, text } from './contentItems.ts';
import { observationContext, srDocument, textSections } from './document.ts';

const basicTextSr = '1.2.840.10008.5.1.4.1.1.88.11';

/** @returns bytes of a DICOM file */
export function basicTextSrFile(signed: SignedStudy): Uint8Array {
  const note = machineNote(signed.report);
  return writeDataSet(srDocument(signed, {
    sopClassUid: basicTextSr,
    title: ['18748-4', 'LN', 'Diagnostic imaging study'],
    template: '2000',
    content: [
      ...observationContext(signed),
      ...textSections(signed),
      ...(note === null ? [] : [container('CONTAINS', ['121111', 'DCM', 'Summary'], [text('CONTAINS', ['121106', 'DCM', 'Comment'], note)])]),
    ],
    images: [],
  }));
}
