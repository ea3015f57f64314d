/** A signed report without the people in it, as text and as data. What is rejected or was never accepted is in neither. */
import type { SignedReport } from '../../shared/contract.ts';
import { removeIdentifiers, type KnownIdentifiers } from '../archive/identifiers.ts';
import { machineNote, printedSections, reportTitle } from '../outputs/report/signedStudy.ts';
import type { Pseudonyms } from './pseudonyms.ts';

export interface AnonymousReport {
  readonly title: string;
  readonly number: number;
  readonly patientId: string;
  readonly studyUid: string;
  /** ISO days, moved like those of the images; empty where there is none. */
  readonly studyDate: string;
  readonly signedOn: string;
  readonly sections: readonly { readonly section: string; readonly heading: string; readonly sentences: readonly string[] }[];
  readonly answers: readonly { readonly question: string; readonly answers: readonly string[] }[];
  /** How much a machine had to do with it; null where nothing. */
  readonly prepared: string | null;
}

/** @param studyDate ISO, as the images have it */
export function anonymousReport(report: SignedReport, studyDate: string, pseudonyms: Pseudonyms, known: KnownIdentifiers): AnonymousReport {
  const clean = (text: string): string => removeIdentifiers(text, known).text;
  return {
    title: reportTitle(report), number: report.number, patientId: pseudonyms.patientId, studyUid: pseudonyms.uid(report.study),
    studyDate: studyDate === '' ? '' : pseudonyms.isoDay(studyDate), signedOn: pseudonyms.isoDay(report.signedAt.slice(0, 10)),
    sections: printedSections(report.content, { unsigned: false }).map(({ section, heading, sentences }) => ({ section, heading, sentences: sentences.map(clean) })),
    answers: report.content.answers.filter(({ answers }) => answers.length > 0).map(({ question, answers }) => ({ question, answers: answers.map(clean) })),
    prepared: machineNote(report),
  };
}

export function anonymousReportText({ title, patientId, studyDate, signedOn, sections, prepared }: AnonymousReport): string {
  const head = [['Patient ID', patientId], ['Study', studyDate], ['Signed', signedOn]].filter(([, value]) => value !== '').map(([name, value]) => `${`${name}:`.padEnd(12)}${value}`);
  const body = sections.flatMap(({ heading, sentences }) => ['', heading.toUpperCase(), ...sentences]);
  return [title, 'Anonymised: names, numbers and places removed, dates moved', '', ...head, ...body, ...(prepared === null ? [] : ['', prepared]), ''].join('\n');
}
