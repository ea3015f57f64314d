/** The FHIR bundle against the JSON schema of R4, and its references against each other. */
import { describe, expect, test } from 'vitest';
import { fhirErrors } from '../../../testing/fhirSchema.ts';
import { identityForTests, measurementForTests, sentenceForTests, signedReportForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { diagnosticReportBundle } from './diagnosticReport.ts';

const pdf = new TextEncoder().encode('%PDF-1.7');
const errorsOf = fhirErrors();

/** Every `reference` in a value. */
const referencesIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([key, inner]) => (key === 'reference' && typeof inner === 'string' ? [inner] : referencesIn(inner)));

describe('the FHIR bundle', () => {
  test('holds to the schema, which refuses a wrong one', () => {
    const bundle = diagnosticReportBundle(signedStudyForTests({ measurements: [{ measurement: measurementForTests(), image: null }] }), pdf);
    expect(errorsOf(bundle)).toEqual([]);
    expect(errorsOf({ ...bundle, type: 'parcel' })).not.toEqual([]);
    expect(errorsOf({ ...bundle, entry: [{ resource: { resourceType: 'Observation', status: 'final' } }] })).not.toEqual([]);
  });

  test('each reference leads to an entry, and each answer and measurement is a result of the report', () => {
    const { entry = [] } = diagnosticReportBundle(signedStudyForTests({ measurements: [{ measurement: measurementForTests(), image: null }] }), pdf);
    const urls = entry.map(({ fullUrl }) => fullUrl);
    expect(new Set(urls).size).toBe(urls.length);
    expect(referencesIn(entry).filter((reference) => !urls.includes(reference))).toEqual([]);
    const [report] = entry.flatMap(({ resource }) => (resource?.resourceType === 'DiagnosticReport' ? [resource] : []));
    const observations = entry.flatMap(({ resource }) => (resource?.resourceType === 'Observation' ? [resource] : []));
    expect(report).toMatchObject({ status: 'final', conclusion: 'High-grade glioma is likely.' });
    expect(report!.result).toHaveLength(4);
    expect(observations.map((item) => item.valueCodeableConcept?.text ?? item.component?.map((part) => part.valueCodeableConcept?.text) ?? item.valueQuantity?.value)).toEqual(['Left', ['Left frontal lobe', 'Left temporal lobe'], 'Yes', 24]);
    const text = Buffer.from(report!.presentedForm![0]!.data!, 'base64').toString('utf8');
    expect(text).toContain('Midline shift of 4 mm to the right.');
    expect(JSON.stringify(entry) + text).not.toMatch(/REJECTED|PROPOSED/);
  });

  test.each([
    ['nothing known of the patient', { patientName: '', patientId: '', birthDate: '', sex: '', studyDate: '', accession: '', description: '' }],
    ['names in three scripts', { patientName: '山田^太郎=山田^太郎=やまだ^たろう' }],
    ['a name that is markup', { patientName: '<b>^&amp;' }],
  ])('is valid with %s', (_, fields) => {
    const report = signedReportForTests({ number: 3, content: { sentences: [sentenceForTests('s1', 'findings', 'a < b && c > d "quoted" \u0001 左额叶')], answers: [], firstImpression: '' } });
    const bundle = diagnosticReportBundle(signedStudyForTests({ report, study: { ...identityForTests, ...fields } }), pdf);
    expect(errorsOf(bundle)).toEqual([]);
    expect(JSON.stringify(bundle)).toContain('a &lt; b &amp;&amp; c &gt; d');
    expect(bundle.entry![0]!.resource).toMatchObject({ status: 'appended' });
  });
});
