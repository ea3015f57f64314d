/**
 * Data sets as DICOM files, by dcmjs: explicit little endian, all text as UTF-8 (ISO_IR 192). The identifier of an object is
 * made of its content, so that the same report written twice is the same object, and any change makes another one.
 */
import { createHash } from 'node:crypto';
import dcmjs from 'dcmjs';

/** Attributes by keyword (PS3.6), sequences as lists. */
export type DataSet = Readonly<Record<string, unknown>>;

const explicitLittleEndian = '1.2.840.10008.1.2.1';
/** Of this program, made of a UUID (PS3.5 annex B.2). */
const implementationClassUid = '2.25.233197348061127853018316410867320517093';

/** An identifier that is always the same for the same words (PS3.5 annex B.2). */
export function derivedUid(...words: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32);
  return `2.25.${BigInt(`0x${hex}`).toString()}`;
}

/**
 * @param dataSet without SOPInstanceUID
 * @returns bytes of a DICOM file
 */
export function writeDataSet(dataSet: DataSet & { readonly SOPClassUID: string }): Uint8Array {
  const sopInstanceUid = derivedUid('instance', digestOf(dataSet));
  const { DicomMetaDictionary, DicomDict } = dcmjs.data;
  const meta = { FileMetaInformationVersion: new Uint8Array([0, 1]).buffer, MediaStorageSOPClassUID: dataSet.SOPClassUID, MediaStorageSOPInstanceUID: sopInstanceUid, TransferSyntaxUID: explicitLittleEndian, ImplementationClassUID: implementationClassUid, ImplementationVersionName: 'BRAT_DESKTOP' };
  const file = new DicomDict(DicomMetaDictionary.denaturalizeDataset({ ...meta, _vrMap: {} }));
  file.dict = DicomMetaDictionary.denaturalizeDataset({ SpecificCharacterSet: 'ISO_IR 192', ...dataSet, SOPInstanceUID: sopInstanceUid });
  return new Uint8Array(file.write());
}

/** Binary values count by their own bytes. */
const digestOf = (dataSet: DataSet): string =>
  createHash('sha256').update(JSON.stringify(dataSet, (_, value: unknown) => (value instanceof ArrayBuffer ? createHash('sha256').update(new Uint8Array(value)).digest('hex') : value))).digest('hex');
