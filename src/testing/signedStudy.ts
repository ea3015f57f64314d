/** Signed reports with all that outputs take, made by code. */
import type { Measurement, ReportSentence, SignedReport } from '../shared/contract.ts';
import type { SignedStudy, StudyIdentity } from '../engine/outputs/report/signedStudy.ts';

export const packForTests = { id: 'tiny', version: '1.0.0', training: 'synthetic', label: 'SYNTHETIC pack: not for patients' } as const;

export const sentenceForTests = (id: string, section: ReportSentence['section'], text: string, fields: Partial<ReportSentence> = {}): ReportSentence => ({
  id, section, text, origin: 'draft', state: 'accepted', original: text, sourceCase: null, measurement: null, grounding: null, ...fields,
});

export function signedReportForTests(fields: Partial<SignedReport> = {}): SignedReport {
  return {
    id: 'r1', study: '2.25.7', number: 1,
    content: {
      sentences: [
        sentenceForTests('s1', 'technique', 'T1 after contrast, 3 mm.', { origin: 'template' }),
        sentenceForTests('s2', 'findings', 'Ring-enhancing mass in the left frontal lobe, 24 mm.'),
        sentenceForTests('s3', 'findings', 'Midline shift of 4 mm to the right.', { state: 'edited', original: 'No midline shift.' }),
        sentenceForTests('s4', 'findings', 'REJECTED-SENTENCE: hydrocephalus.', { state: 'rejected' }),
        sentenceForTests('s5', 'findings', 'PROPOSED-SENTENCE: not looked at.', { state: 'proposed' }),
        sentenceForTests('s6', 'impression', 'High-grade glioma is likely.', { origin: 'reader', original: null }),
      ],
      answers: [
        { question: 'side', answers: ['Left'], probability: 0.93, source: 'head' },
        { question: 'locations', answers: ['Left frontal lobe', 'Left temporal lobe'], probability: null, source: 'reader' },
        { question: 'shift', answers: ['Yes'], probability: null, source: 'text' },
        { question: 'sella', answers: [], probability: null, source: 'default' },
      ],
      firstImpression: 'mass',
    },
    flags: [],
    signedBy: { id: 'reader-1', name: 'Dr. Ada Lovelace', role: 'radiologist' },
    openedAt: '2026-01-05T08:50:00.000Z', signedAt: '2026-01-05T09:00:00.000Z',
    pack: packForTests, draft: null, digest: 'a1'.repeat(32),
    ...fields,
  };
}

export const identityForTests: StudyIdentity = {
  studyUid: '2.25.7', patientName: 'Doe^Jane', patientId: 'P1', issuerOfPatientId: '', birthDate: '19600301', sex: 'F', studyDate: '20240229', studyTime: '101530', studyId: 'ST1',
  accession: 'ACC7', referringPhysician: 'Who^Doctor', description: 'MR BRAIN',
};

export function measurementForTests(fields: Partial<Measurement> = {}): Measurement {
  return {
    id: 'm1', study: '2.25.7', series: '2.25.7.1', stack: 0, frameOfReference: '2.25.4', instance: '2.25.7.1.3', slice: 2, kind: 'length',
    pointsLps: [[-10, -20, 10], [14, -20, 10]], value: 24, unit: 'mm', statistics: null, label: 'Mass', createdAt: '2026-01-05T08:55:00.000Z', ...fields,
  };
}

export function signedStudyForTests(fields: Partial<SignedStudy> = {}): SignedStudy {
  return { report: signedReportForTests(), study: identityForTests, measurements: [], keyImages: [], software: { name: 'brat desktop', version: '0.1.0' }, ...fields };
}
