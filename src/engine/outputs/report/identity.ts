/** Patient and study in DICOM's own forms, which objects added to a study must share with its images. */
import type { Attributes } from '../../dicom/attributes.ts';
import { tags } from '../../dicom/tags.ts';
import type { StudyAttributes } from '../../dicom/types.ts';
import { parseDate, parseTime } from '../../dicom/values.ts';
import type { StudyIdentity } from './signedStudy.ts';

/** As an image of the study has it; dates and times that are none are empty. */
export function identityOf(image: Attributes, studyUid: string): StudyIdentity {
  const sex = image.text(tags.patientSex).toUpperCase();
  return {
    studyUid,
    patientName: image.text(tags.patientName),
    patientId: image.text(tags.patientId),
    issuerOfPatientId: image.text(tags.patientIdIssuer),
    birthDate: digits(parseDate(image.text(tags.patientBirthDate))),
    sex: ['M', 'F', 'O'].includes(sex) ? sex : '',
    studyDate: digits(parseDate(image.text(tags.studyDate))),
    studyTime: digits(parseTime(image.text(tags.studyTime))),
    studyId: image.text(tags.studyId),
    accession: image.text(tags.accessionNumber),
    referringPhysician: image.text(tags.referringPhysician),
    description: image.text(tags.studyDescription),
  };
}

/** What is kept of a study beside its files, for people to read. */
export function identityOfStored(stored: StudyAttributes, studyUid: string): StudyIdentity {
  return {
    studyUid,
    patientName: stored.patientName.replace(', ', '^'),
    patientId: stored.patientId,
    issuerOfPatientId: stored.patientIdIssuer ?? '',
    birthDate: digits(stored.birthDate),
    sex: stored.sex,
    studyDate: digits(stored.studyDate),
    studyTime: digits(stored.studyTime),
    studyId: '',
    accession: stored.accession,
    referringPhysician: '',
    description: stored.studyDescription,
  };
}

/** Of a study that was removed: a report outlives it, who it was about does not. */
export const identityOfRemoved = (studyUid: string): StudyIdentity => ({
  studyUid, patientName: '', patientId: '', issuerOfPatientId: '', birthDate: '', sex: '', studyDate: '', studyTime: '', studyId: '', accession: '', referringPhysician: '',
  description: `${studyUid} (the images were removed from this computer)`,
});

const digits = (text: string): string => text.replaceAll(/[-:]/g, '');
