/** Modules that all DICOM outputs share: patient, study, equipment, and references to the images of the study. */
import type { ImageReference, SignedStudy, StudyIdentity } from '../report/signedStudy.ts';
import type { DataSet } from './writeDataSet.ts';

/** Patient and general study modules (PS3.3 C.7.1.1, C.7.2.1), as the images have them. */
export function patientAndStudy(study: StudyIdentity): DataSet {
  return {
    PatientName: study.patientName,
    PatientID: study.patientId,
    ...(study.issuerOfPatientId !== '' && { IssuerOfPatientID: study.issuerOfPatientId }),
    PatientBirthDate: study.birthDate,
    PatientSex: study.sex,
    StudyInstanceUID: study.studyUid,
    StudyDate: study.studyDate,
    StudyTime: study.studyTime,
    ReferringPhysicianName: study.referringPhysician,
    StudyID: study.studyId,
    AccessionNumber: study.accession,
    ...(study.description !== '' && { StudyDescription: study.description }),
  };
}

/** General and enhanced general equipment modules (PS3.3 C.7.5.1, C.7.5.2). */
export function equipment({ name, version }: SignedStudy['software']): DataSet {
  return { Manufacturer: name, ManufacturerModelName: name, DeviceSerialNumber: version, SoftwareVersions: version };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A moment as DA, TM and DT of this machine's own time zone, as the scanner's times are; DT says which that is. */
export function dicomTime(iso: string): { readonly date: string; readonly time: string; readonly dateTime: string } {
  const at = new Date(iso);
  const date = `${String(at.getFullYear()).padStart(4, '0')}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const offset = -at.getTimezoneOffset();
  return { date, time, dateTime: `${date}${time}${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}` };
}

/** A person's name as one component where it is not in DICOM's own form; at most 64 characters. */
export const personName = (name: string): string => name.replaceAll(/[\\\p{Cc}]/gu, ' ').slice(0, 64).trim();

/** Each image once, by series. */
export function bySeries(images: readonly ImageReference[]): DataSet[] {
  const series = new Map<string, Map<string, DataSet>>();
  for (const { seriesUid, sopClassUid, sopInstanceUid } of images) {
    const known = series.get(seriesUid) ?? new Map<string, DataSet>();
    series.set(seriesUid, known.set(sopInstanceUid, { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid }));
  }
  return [...series].map(([SeriesInstanceUID, found]) => ({ ReferencedSOPSequence: [...found.values()], SeriesInstanceUID }));
}
