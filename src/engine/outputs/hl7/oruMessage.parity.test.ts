/** The HL7 message parsed and validated by hl7apy against the structure of v2.5.1. */
import { describe, expect, test } from 'vitest';
import { parsedByHl7apy as parsed } from '../../../testing/hl7apy.ts';
import { identityForTests, measurementForTests, sentenceForTests, signedReportForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { escapeHl7, oruMessage } from './oruMessage.ts';

describe('the HL7 message', () => {
  test('is a valid ORU^R01 with who, what and the signature', () => {
    const read = parsed(oruMessage(signedStudyForTests({ measurements: [{ measurement: measurementForTests(), image: null }] }), new TextEncoder().encode('%PDF-1.7')));
    expect(read).toMatchObject({ name: 'ORU_R01', structure: 'ORU^R01^ORU_R01', charset: 'UNICODE UTF-8', patient: 'P1^^^^MR', person: ['Doe', 'Jane'], birth: '19600301', sex: 'F', accession: 'ACC7', status: 'F', interpreter: 'reader-1&Dr. Ada Lovelace' });
    expect(read.observations.map(([type, code, value]) => [type, code, value])).toEqual([
      ['FT', '55111-9', 'T1 after contrast, 3 mm.'],
      ['FT', '59776-5', 'Ring-enhancing mass in the left frontal lobe, 24 mm.'],
      ['FT', '59776-5', 'Midline shift of 4 mm to the right.'],
      ['FT', '19005-8', 'High-grade glioma is likely.'],
      ['ST', 'side', 'Left'], ['ST', 'locations', 'Left frontal lobe'], ['ST', 'locations', 'Left temporal lobe'], ['ST', 'shift', 'Yes'],
      ['NM', '410668003', '24'],
      ['FT', '48767-8', expect.stringContaining('SYNTHETIC pack')],
      ['ED', '18748-4', `^application^pdf^Base64^${Buffer.from('%PDF-1.7').toString('base64')}`],
    ]);
    expect(read.observations.every(([, , , , status]) => status === 'F')).toBe(true);
  });

  test.each(['a|b^c&d~e\\f', 'one\r\ntwo\nthree', '左额叶 Ελληνικά العربية', '\\.br\\ and \\F\\ as words', 'word '.repeat(700).trim()])('text comes back as it was: %s', (words) => {
    const report = signedReportForTests({ number: 2, content: { sentences: [sentenceForTests('s1', 'findings', words, { origin: 'reader' })], answers: [], firstImpression: '' } });
    const read = parsed(oruMessage(signedStudyForTests({ report, study: { ...identityForTests, patientName: 'O\'Brien^Anne^Marie^Prof.^III', accession: 'A|1&2' } })));
    expect(read.observations.map(([, , value]) => value)).toEqual([words.replaceAll('\r\n', '\n')]);
    expect(read).toMatchObject({ person: ['O\'Brien', 'Anne', 'Marie', 'III', 'Prof.'], accession: 'A|1&2', status: 'C' });
  });

  test('no control character gets through', () => {
    expect(escapeHl7('a\u0000b\u001Bc\u000Bd')).toBe('a b c d');
  });
});
