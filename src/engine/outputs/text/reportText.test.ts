import { expect, test } from 'vitest';
import { identityForTests, signedReportForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { reportText } from './reportText.ts';

test('the plain text holds what was signed, by section, and nothing that was rejected or never accepted', () => {
  expect(reportText(signedStudyForTests())).toBe(`MR Brain Report

Patient:     Doe, Jane
Patient ID:  P1
Born:        1960-03-01
Sex:         F
Study:       2024-02-29  MR BRAIN
Accession:   ACC7
Referred by: Who, Doctor

TECHNIQUE
T1 after contrast, 3 mm.

FINDINGS
Ring-enhancing mass in the left frontal lobe, 24 mm.
Midline shift of 4 mm to the right.

IMPRESSION
High-grade glioma is likely.

Signed by Dr. Ada Lovelace (radiologist) on 2026-01-05T09:00:00.000Z
Prepared with a machine draft (SYNTHETIC pack: not for patients); each sentence was reviewed by the reader who signed.
SHA-256 of the signed record: ${'a1'.repeat(32)}
`);
});

test('an addendum says so, and a report without machine text names no machine', () => {
  const { content } = signedReportForTests();
  const sentences = content.sentences.map((sentence) => ({ ...sentence, origin: 'reader' as const }));
  const text = reportText({ report: signedReportForTests({ number: 2, content: { ...content, sentences } }), study: { ...identityForTests, patientName: '', birthDate: 'x' } });
  expect(text).toMatch(/^MR Brain Report, Addendum 1\n/);
  expect(text).not.toMatch(/machine|Born|Patient: /);
});
