/** Objects that may show or say who the patient is in a way that no attribute tells: left out of an anonymised export. */
import type { Attributes } from '../dicom/attributes.ts';
import type { InstanceHeader } from '../dicom/types.ts';

/**
 * `no-pixels`: reports, documents, raw data, which may hold text anywhere; `burned-in`: the object says that its pixels hold text;
 * `screen`: a secondary capture, a converted or captured picture, or a derived picture in colour.
 */
export type LeftOutReason = 'no-pixels' | 'burned-in' | 'screen';

const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7';
const conversionType = 'x00080064';
const screenWords = /SCREEN|CAPTURE|DISPLAY|REPORT|SCANNED|PASTED/;

/** @returns null for an object that is anonymised as it is */
export function reasonToLeaveOut(instance: InstanceHeader, attributes: Attributes): LeftOutReason | null {
  const { pixels, sequence, sopClassUid, imageType } = instance;
  if (pixels === null) return 'no-pixels';
  if (sequence.burnedInAnnotation === 'YES') return 'burned-in';
  if (sopClassUid === secondaryCapture || sopClassUid.startsWith(`${secondaryCapture}.`) || attributes.has(conversionType)) return 'screen';
  if (imageType.slice(1).some((word) => screenWords.test(word))) return 'screen';
  return imageType[0] === 'DERIVED' && pixels.samplesPerPixel > 1 ? 'screen' : null;
}
