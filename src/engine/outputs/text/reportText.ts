/** A signed report as plain text, for a clipboard, a mail or a system that takes nothing else. UTF-8, lines as they come. */
import { dateText, machineNote, personText, printedSections, reportTitle, type SignedStudy } from '../report/signedStudy.ts';

export function reportText({ report, study }: Pick<SignedStudy, 'report' | 'study'>): string {
  const head = [
    ['Patient', personText(study.patientName)], ['Patient ID', study.patientId], ['Born', dateText(study.birthDate)], ['Sex', study.sex],
    ['Study', [dateText(study.studyDate), study.description].filter((part) => part !== '').join('  ')], ['Accession', study.accession],
  ].filter(([, value]) => value !== '').map(([name, value]) => `${`${name}:`.padEnd(12)}${value}`);
  const body = printedSections(report.content, { unsigned: false }).flatMap(({ heading, sentences }) => ['', heading.toUpperCase(), ...sentences]);
  const note = machineNote(report);
  const foot = [`Signed by ${report.signedBy.name} (${report.signedBy.role}) on ${report.signedAt}`, ...(note === null ? [] : [note]), `SHA-256 of the signed record: ${report.digest}`];
  return [reportTitle(report), '', ...head, ...body, '', ...foot, ''].join('\n');
}
