/** What the writers of outputs take: a signed report with what other systems need to know of its study. Plain records. */
import { reportSections } from '../../../shared/choices.ts';
import type { Measurement, ReportContent, ReportSection, SignedReport } from '../../../shared/contract.ts';
import { isMachine } from '../../../shared/reportContent.ts';

/** Patient and study as their images name them. Values of DICOM's own forms (DA `YYYYMMDD`, TM, PN), empty where there is none. */
export interface StudyIdentity {
  readonly studyUid: string;
  readonly patientName: string;
  readonly patientId: string;
  readonly issuerOfPatientId: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly studyId: string;
  readonly accession: string;
  readonly referringPhysician: string;
  readonly description: string;
}

/** An image of the study, or one frame of it. */
export interface ImageReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesUid: string;
  /** From 1; null for an image of one frame. */
  readonly frame: number | null;
}

/** A measurement with the image it lies in: column and row of each point, (0, 0) at the upper left corner of the upper left pixel. */
export interface PlacedMeasurement {
  readonly measurement: Measurement;
  readonly image: (ImageReference & { readonly points: readonly (readonly [column: number, row: number])[] }) | null;
}

/** An image chosen to be shown with the report. */
export interface KeyImage {
  readonly png: Uint8Array;
  readonly caption: string;
}

export interface SignedStudy {
  readonly report: SignedReport;
  /** Its addenda, the first one first, where they are to be printed with it. */
  readonly addenda?: readonly SignedReport[];
  readonly study: StudyIdentity;
  readonly measurements: readonly PlacedMeasurement[];
  readonly keyImages: readonly KeyImage[];
  /** Name and version of the program that writes. */
  readonly software: { readonly name: string; readonly version: string };
}

const headings: Readonly<Record<ReportSection, string>> = { technique: 'Technique', findings: 'Findings', impression: 'Impression' };

export interface PrintedSection {
  readonly section: ReportSection;
  readonly heading: string;
  readonly sentences: readonly string[];
}

/** The sections that have text, in a report's order. @param unsigned whether proposed sentences count, which a signed report leaves out */
export function printedSections({ sentences }: Pick<ReportContent, 'sentences'>, { unsigned }: { readonly unsigned: boolean }): PrintedSection[] {
  return reportSections
    .map((section) => ({
      section,
      heading: headings[section],
      sentences: sentences.filter((sentence) => sentence.section === section && sentence.state !== 'rejected' && (unsigned || sentence.state !== 'proposed') && sentence.text.trim() !== '').map(({ text }) => text.trim()),
    }))
    .filter(({ sentences: texts }) => texts.length > 0);
}

export const reportTitle = ({ number }: Pick<SignedReport, 'number'>): string => (number === 1 ? 'MR Brain Report' : `MR Brain Report, Addendum ${number - 1}`);

/** Sections of a signed report, then those of the addenda printed with it. */
export const signedSections = ({ report, addenda = [] }: Pick<SignedStudy, 'report' | 'addenda'>): PrintedSection[] => [
  ...printedSections(report.content, { unsigned: false }),
  ...addenda.flatMap(({ number, content }) => printedSections(content, { unsigned: false }).map((part) => ({ ...part, heading: `Addendum ${number - 1}: ${part.heading}` }))),
];

/** Who signed what and when, and what a machine did: the last lines of a report on paper. */
export const signatures = ({ report, addenda = [] }: Pick<SignedStudy, 'report' | 'addenda'>): string[] =>
  [report, ...addenda].flatMap((signed) => {
    const note = machineNote(signed);
    const what = signed.number === report.number ? 'Signed' : `Addendum ${signed.number - 1} signed`;
    return [`${what} by ${signed.signedBy.name} (${signed.signedBy.role}) on ${signed.signedAt}`, ...(note === null ? [] : [note]), `SHA-256 of the signed record: ${signed.digest}`];
  });

/** Patient and study, a line each; what is not known is left out. */
export const headRows = (study: StudyIdentity): { readonly name: string; readonly value: string }[] =>
  [
    ['Patient', personText(study.patientName)], ['Patient ID', study.patientId], ['Born', dateText(study.birthDate)], ['Sex', study.sex],
    ['Study', [dateText(study.studyDate), study.description].filter((part) => part !== '').join('  ')], ['Accession', study.accession], ['Referred by', personText(study.referringPhysician)],
  ].flatMap(([name, value]) => (name === undefined || value === undefined || value === '' ? [] : [{ name, value }]));

/** What made the machine's part; null where no machine had a part in it. */
export function machineNote({ pack, content }: Pick<SignedReport, 'pack' | 'content'>): string | null {
  const assisted = content.sentences.some((sentence) => isMachine(sentence) && sentence.state !== 'rejected');
  return pack === null || !assisted ? null : `Prepared with a machine draft (${pack.label}); each sentence was reviewed by the reader who signed.`;
}

/** As `Family, Given Middle`. */
export function personText(name: string): string {
  const group = name.split('=').find((part) => part.replaceAll(/[\^\s]/g, '') !== '') ?? '';
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map((part) => part.trim());
  return [[family, [prefix, given, middle].filter((part) => part !== '').join(' ')].filter((part) => part !== '').join(', '), suffix].filter((part) => part !== '').join(', ');
}

/** `20260105` as `2026-01-05`; empty for what is no date. */
export const dateText = (date: string): string => /^(\d{4})(\d\d)(\d\d)$/.exec(date)?.slice(1).join('-') ?? '';
