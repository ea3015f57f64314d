/**
 * A signed report as an HL7 v2.5.1 message ORU^R01. Text is UTF-8 and says so (MSH-18); what HL7 uses as a separator is
 * escaped (chapter 2.7), line ends become `\.br\`.
 */
import type { Measurement, ReportSection } from '../../../shared/contract.ts';
import { machineNote, printedSections, type SignedStudy } from '../report/signedStudy.ts';

const escapes: Readonly<Record<string, string>> = { '\\': '\\E\\', '|': '\\F\\', '^': '\\S\\', '&': '\\T\\', '~': '\\R\\' };

export const escapeHl7 = (text: string): string =>
  text.replaceAll(/[\\|^&~]/g, (separator) => escapes[separator]!).replaceAll(/\r\n?|\n/g, '\\.br\\').replaceAll(/\p{Cc}/gu, ' ');

/** Text, components, or components of subcomponents. */
type Field = string | readonly (string | readonly string[])[];

/** Components of a field are escaped and joined; fields that end a segment empty are left out. */
function segment(name: string, fields: readonly Field[]): string {
  const written = fields.map((field) => (typeof field === 'string' ? escapeHl7(field) : field.map((part) => (typeof part === 'string' ? escapeHl7(part) : part.map(escapeHl7).join('&'))).join('^').replace(/\^+$/, '')));
  return [name, ...written].join('|').replace(/\|+$/, '');
}

/** DICOM's family^given^middle^prefix^suffix is HL7's family^given^further^suffix^prefix. */
function personOfDicom(name: string): readonly string[] {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = (name.split('=').find((group) => group !== '') ?? '').split('^');
  return [family, given, middle, suffix, prefix];
}

/** An instant in UTC, with its zone. */
const hl7Time = (iso: string): string => `${iso.replaceAll(/[-:T]/g, '').slice(0, 14)}+0000`;

/** LOINC of the sections of a report. */
const sectionCodes: Readonly<Record<ReportSection, Field>> = {
  technique: ['55111-9', 'Current imaging procedure descriptions', 'LN'],
  findings: ['59776-5', 'Procedure findings', 'LN'],
  impression: ['19005-8', 'Radiology Imaging study [Impression]', 'LN'],
};

const quantityCodes: Readonly<Record<Measurement['kind'], readonly [code: Field, unit: Field] | null>> = {
  length: [['410668003', 'Length', 'SCT'], ['mm', 'millimeter', 'UCUM']],
  angle: [['1483009', 'Angle', 'SCT'], ['deg', 'degree', 'UCUM']],
  ellipse: [['42798000', 'Area', 'SCT'], ['mm2', 'square millimeter', 'UCUM']],
  probe: [['110852', 'MR signal intensity', 'DCM'], ['1', 'no units', 'UCUM']],
  arrow: null,
};

/** @param pdf the report on paper, sent along as Base64 where given */
export function oruMessage({ report, study, measurements, software }: SignedStudy, pdf: Uint8Array | null = null): string {
  const signedAt = hl7Time(report.signedAt);
  const reader = [report.signedBy.id, report.signedBy.name];
  const observations: string[] = [];
  const observe = (type: string, code: Field, group: string, value: Field, unit: Field = ''): void => {
    observations.push(segment('OBX', [String(observations.length + 1), type, code, group, value, unit, '', '', '', '', 'F', '', '', signedAt, '', reader]));
  };
  for (const { section, sentences } of printedSections(report.content, { unsigned: false })) sentences.forEach((sentence, at) => { observe('FT', sectionCodes[section], String(at + 1), sentence); });
  for (const { question, answers } of report.content.answers) answers.forEach((answer, at) => { observe('ST', [question, question, '99BRAT'], String(at + 1), answer); });
  measurements.forEach(({ measurement: { kind, value, label } }, at) => {
    const known = quantityCodes[kind];
    if (known === null || value === null) return;
    observe('NM', known[0], label === '' ? String(at + 1) : `${at + 1} ${label}`.slice(0, 20), String(value), known[1]);
  });
  const note = machineNote(report);
  if (note !== null) observe('FT', ['48767-8', 'Annotation comment', 'LN'], '1', note);
  if (pdf !== null) observe('ED', ['18748-4', 'Diagnostic imaging study', 'LN'], '1', ['', 'application', 'pdf', 'Base64', Buffer.from(pdf).toString('base64')]);
  const studyTime = `${study.studyDate}${study.studyDate === '' ? '' : study.studyTime.replace(/\..*$/, '')}`;
  const header = ['MSH|^~\\&', escapeHl7(software.name), '', '', '', signedAt, '', 'ORU^R01^ORU_R01', report.digest.slice(0, 20), 'P', '2.5.1', '', '', '', '', '', 'UNICODE UTF-8'].join('|');
  return `${[
    header,
    segment('PID', ['1', '', [study.patientId, '', '', study.issuerOfPatientId, 'MR'], '', personOfDicom(study.patientName), '', study.birthDate, study.sex]),
    segment('OBR', [
      '1', '', study.accession, ['24590-2', 'MR Brain', 'LN'], '', '', studyTime, '', '', '', '', '', '', '', '', ['', ...personOfDicom(study.referringPhysician)],
      '', '', '', '', '', signedAt, '', 'RAD', report.number === 1 ? 'F' : 'C', '', '', '', '', '', '', [reader],
    ]),
    ...observations,
  ].join('\r')}\r`;
}
