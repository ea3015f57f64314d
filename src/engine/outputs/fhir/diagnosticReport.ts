/**
 * A signed report as a FHIR R4 Bundle: DiagnosticReport with Patient, Practitioner and ImagingStudy, and an Observation for each
 * answer and measurement. Identifiers within it are made of the report's digest, so that writing it again gives the same.
 */
import { createHash } from 'node:crypto';
import type { Bundle, CodeableConcept, DiagnosticReport, HumanName, ImagingStudy, Observation, Patient, Practitioner, Quantity, Resource } from '@medplum/fhirtypes';
import type { Measurement } from '../../../shared/contract.ts';
import { dateText, machineNote, printedSections, reportTitle, type SignedStudy, type StudyIdentity } from '../report/signedStudy.ts';
import { reportText } from '../text/reportText.ts';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';
const genders: Readonly<Record<string, NonNullable<Patient['gender']>>> = { M: 'male', F: 'female', O: 'other' };

const quantities: Readonly<Record<Measurement['kind'], { readonly code: CodeableConcept; readonly unit: Pick<Quantity, 'unit' | 'code'> } | null>> = {
  length: { code: concept('http://snomed.info/sct', '410668003', 'Length'), unit: { unit: 'mm', code: 'mm' } },
  angle: { code: concept('http://snomed.info/sct', '1483009', 'Angle'), unit: { unit: 'degree', code: 'deg' } },
  ellipse: { code: concept('http://snomed.info/sct', '42798000', 'Area'), unit: { unit: 'mm²', code: 'mm2' } },
  probe: { code: concept('http://dicom.nema.org/resources/ontology/DCM', '110852', 'MR signal intensity'), unit: { unit: 'no units', code: '1' } },
  arrow: null,
};

/** A reference to a resource of the bundle, whatever its type. */
interface Pointer {
  readonly reference: string;
  readonly display?: string;
}

function concept(system: string, code: string, display: string): CodeableConcept {
  return { coding: [{ system, code, display }], text: display };
}

/** @param pdf the report on paper, held in the DiagnosticReport beside its text */
export function diagnosticReportBundle(signed: SignedStudy, pdf: Uint8Array): Bundle {
  const { report, study, measurements } = signed;
  const url = (...words: readonly string[]): string => `urn:uuid:${uuid(report.digest, ...words)}`;
  const to = (name: string, display?: string): Pointer => ({ reference: url(name), ...(display !== undefined && display.trim() !== '' && { display }) });
  const subject = to('patient');
  const shared = { status: 'final' as const, subject, effectiveDateTime: effectiveDate(signed), issued: report.signedAt, performer: [to('practitioner', report.signedBy.name)] };
  const observations: [name: string, Observation][] = [
    ...report.content.answers.filter(({ answers }) => answers.length > 0).map(({ question, answers }): [string, Observation] => {
      const code: CodeableConcept = { coding: [{ system: 'urn:brat:questions', code: question }], text: question };
      return [`answer ${question}`, { resourceType: 'Observation', ...shared, code, ...(answers.length === 1 ? { valueCodeableConcept: { text: answers[0]! } } : { component: answers.map((text) => ({ code, valueCodeableConcept: { text } })) }) }];
    }),
    ...measurements.flatMap(({ measurement: { id, kind, value, label } }): [string, Observation][] => {
      const quantity = quantities[kind];
      if (quantity === null || value === null) return [];
      const note = label.trim() === '' ? {} : { note: [{ text: label }] };
      return [[`measurement ${id}`, { resourceType: 'Observation', ...shared, code: quantity.code, valueQuantity: { value, system: ucum, ...quantity.unit }, ...note }]];
    }),
  ];
  const impression = printedSections(report.content, { unsigned: false }).find(({ section }) => section === 'impression');
  const diagnosticReport: DiagnosticReport = {
    resourceType: 'DiagnosticReport',
    text: { status: 'generated', div: narrative(signed) },
    identifier: [
      { system: 'urn:ietf:rfc:3986', value: url('report') },
      ...(study.accession === '' ? [] : [{ type: concept('http://terminology.hl7.org/CodeSystem/v2-0203', 'ACSN', 'Accession ID'), value: study.accession }]),
    ],
    status: report.number === 1 ? 'final' : 'appended',
    category: [concept('http://terminology.hl7.org/CodeSystem/v2-0074', 'RAD', 'Radiology')],
    code: concept(loinc, '24590-2', 'MR Brain'),
    subject,
    effectiveDateTime: shared.effectiveDateTime,
    issued: report.signedAt,
    performer: shared.performer,
    resultsInterpreter: [to('practitioner', report.signedBy.name)],
    ...(observations.length > 0 && { result: observations.map(([name]) => to(name)) }),
    imagingStudy: [to('imaging study')],
    ...(impression && { conclusion: impression.sentences.join(' ') }),
    presentedForm: [
      { contentType: 'text/plain; charset=utf-8', language: 'en', title: reportTitle(report), data: base64(reportText(signed)) },
      { contentType: 'application/pdf', language: 'en', title: reportTitle(report), data: base64(pdf) },
    ],
  };
  const resources: [name: string, Resource][] = [['report', diagnosticReport], ['patient', patient(study)], ['practitioner', practitioner(signed)], ['imaging study', imagingStudy(study, subject)], ...observations];
  return { resourceType: 'Bundle', type: 'collection', timestamp: report.signedAt, entry: resources.map(([name, resource]) => ({ fullUrl: url(name), resource })) };
}

function patient({ patientId, patientName, birthDate, sex }: StudyIdentity): Patient {
  const born = dateText(birthDate);
  const names = patientName.split('=').flatMap((group) => humanName(group) ?? []);
  return { resourceType: 'Patient', ...(patientId.trim() !== '' && { identifier: [{ value: patientId }] }), ...(names.length > 0 && { name: names }), gender: genders[sex] ?? 'unknown', ...(born !== '' && { birthDate: born }) };
}

/** A component group of DICOM's VR PN. */
function humanName(group: string): HumanName | null {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map((part) => part.trim());
  const first = [given, middle].filter((part) => part !== '');
  if (family === '' && first.length === 0) return null;
  return { ...(family !== '' && { family }), ...(first.length > 0 && { given: first }), ...(prefix !== '' && { prefix: [prefix] }), ...(suffix !== '' && { suffix: [suffix] }) };
}

const practitioner = ({ report }: SignedStudy): Practitioner => ({ resourceType: 'Practitioner', identifier: [{ value: report.signedBy.id }], name: [{ text: report.signedBy.name }] });

function imagingStudy({ studyUid, studyDate, description }: StudyIdentity, subject: Pointer): ImagingStudy {
  const started = dateText(studyDate);
  return { resourceType: 'ImagingStudy', identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${studyUid}` }], status: 'available', modality: [{ system: 'http://dicom.nema.org/resources/ontology/DCM', code: 'MR' }], subject, ...(started !== '' && { started }), ...(description.trim() !== '' && { description }) };
}

/** When the images were made; where that is not known, when the report was signed. */
const effectiveDate = ({ study, report }: SignedStudy): string => dateText(study.studyDate) || report.signedAt;

const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(/[^\t\n\r\P{Cc}]/gu, ' ');

function narrative({ report }: SignedStudy): string {
  const sections = printedSections(report.content, { unsigned: false }).map(({ heading, sentences }) => `<p><b>${heading}</b></p><ul>${sentences.map((sentence) => `<li>${html(sentence)}</li>`).join('')}</ul>`);
  const note = machineNote(report);
  return `<div xmlns="http://www.w3.org/1999/xhtml"><p>${reportTitle(report)}</p>${sections.join('')}${note === null ? '' : `<p>${html(note)}</p>`}</div>`;
}

const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');

/** A name-based UUID (RFC 9562, version 8). */
function uuid(...words: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(words)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
