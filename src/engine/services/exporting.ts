/**
 * What leaves the workstation: signed reports in every form there is, drafts as marked copies for people alone. Each is told to
 * the audit trail before it is handed out.
 */
import type { DraftCopyFormat, ExportFormat, Handlers, MadeFile, PrintedReport, SignedReport } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { diagnosticReportBundle } from '../outputs/fhir/diagnosticReport.ts';
import { oruMessage } from '../outputs/hl7/oruMessage.ts';
import { draftPdf, encapsulatedPdfFile, reportPdf } from '../outputs/pdf/reportPdf.ts';
import { draftPaper, signedPaper, type Paper, type UnsignedStudy } from '../outputs/report/paper.ts';
import type { SignedStudy } from '../outputs/report/signedStudy.ts';
import { lesionSegmentationFile } from '../outputs/seg/lesionSegmentation.ts';
import { basicTextSrFile } from '../outputs/sr/basicText.ts';
import { comprehensiveSrFile } from '../outputs/sr/comprehensive.ts';
import { draftText, reportText } from '../outputs/text/reportText.ts';
import type { Clock } from '../ports.ts';
import { recordAudit, studyMark } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { findReport } from '../store/reports.ts';
import type { Library } from './library.ts';
import type { Session } from './session.ts';
import { software, type SignedStudies } from './signedStudies.ts';

export interface ExportingParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly library: Library;
  readonly studies: SignedStudies;
}

const dicom = 'application/dicom';
const kinds: Readonly<Record<ExportFormat, { readonly suffix: string; readonly mediaType: string }>> = {
  text: { suffix: '.txt', mediaType: 'text/plain' },
  pdf: { suffix: '.pdf', mediaType: 'application/pdf' },
  'encapsulated-pdf': { suffix: '-pdf.dcm', mediaType: dicom },
  'basic-sr': { suffix: '-basic-sr.dcm', mediaType: dicom },
  'comprehensive-sr': { suffix: '-comprehensive-sr.dcm', mediaType: dicom },
  seg: { suffix: '-seg.dcm', mediaType: dicom },
  fhir: { suffix: '-fhir.json', mediaType: 'application/fhir+json' },
  hl7: { suffix: '.hl7', mediaType: 'x-application/hl7-v2+er7' },
};

export class Exporting {
  readonly #parts: ExportingParts;

  constructor(parts: ExportingParts) {
    this.#parts = parts;
  }

  /**
   * @param number of one report alone; null for the report with its addenda
   * @param by id of the reader
   * @throws EngineError as the contract's `report.export`
   */
  async export(study: string, number: number | null, format: ExportFormat, by?: string): Promise<MadeFile[]> {
    const reports = this.#parts.studies.reports(study, number);
    const made = await this.#made(reports, format);
    this.#audit(study, { format, number: number ?? 0, files: made.length }, by);
    return made;
  }

  /** @throws EngineError as the contract's `report.draftCopy` */
  async draftCopy(study: string, format: DraftCopyFormat, by?: string): Promise<MadeFile> {
    const unsigned = await this.#unsigned(study);
    const paper = draftPaper(unsigned);
    const { suffix, mediaType } = kinds[format];
    const bytes = format === 'pdf' ? await draftPdf(unsigned) : encode(draftText(paper));
    this.#audit(study, { format: `draft-${format}`, number: unsigned.number, files: 1 }, by);
    return { name: `DRAFT-not-a-report-${nameOf(unsigned.study.studyDate, study)}${suffix}`, mediaType, bytes: new Uint8Array(bytes) };
  }

  /** @throws EngineError as `export` and `draftCopy` */
  async print(study: string, number: number | null, signed: boolean, by?: string): Promise<PrintedReport> {
    const { studies } = this.#parts;
    const unsigned = signed ? null : await this.#unsigned(study);
    const paper = unsigned === null ? signedPaper(await studies.forPeople(studies.reports(study, number))) : draftPaper(unsigned);
    this.#audit(study, { format: unsigned === null ? 'print' : 'draft-print', number: unsigned?.number ?? number ?? 0, files: 1 }, by);
    return printed(paper);
  }

  async #made(reports: readonly [SignedReport, ...SignedReport[]], format: ExportFormat): Promise<MadeFile[]> {
    const { studies } = this.#parts;
    const file = ({ study: { studyDate } }: SignedStudy, number: number | null, content: string | Uint8Array): MadeFile => {
      const { suffix, mediaType } = kinds[format];
      return { name: `mr-brain-${nameOf(studyDate, reports[0].study)}${number === null || number === 1 ? '' : `-addendum-${number - 1}`}${suffix}`, mediaType, bytes: typeof content === 'string' ? encode(content) : new Uint8Array(content) };
    };
    if (format === 'text' || format === 'pdf') {
      const signed = await studies.forPeople(reports);
      return [file(signed, signed.report.number, format === 'text' ? reportText(signed) : await reportPdf(signed))];
    }
    if (format === 'encapsulated-pdf') {
      const signed = { ...(await studies.forPeople(reports)), study: (await studies.forSystems(reports[0])).study };
      return [file(signed, signed.report.number, await encapsulatedPdfFile(signed))];
    }
    if (format === 'seg') {
      const last = reports.at(-1)!;
      const signed = await studies.forSystems(last);
      return [file(signed, null, lesionSegmentationFile(signed, await studies.lesions(withPack(reports, last))))];
    }
    const files: MadeFile[] = [];
    for (const report of reports) {
      const signed = await studies.forSystems(report);
      files.push(file(signed, report.number, await this.#asOne(signed, format)));
    }
    return files;
  }

  async #asOne(signed: SignedStudy, format: 'basic-sr' | 'comprehensive-sr' | 'fhir' | 'hl7'): Promise<string | Uint8Array> {
    if (format === 'basic-sr') return basicTextSrFile(signed);
    if (format === 'comprehensive-sr') return comprehensiveSrFile(signed);
    const pdf = await reportPdf(signed);
    return format === 'hl7' ? oruMessage(signed, pdf) : `${JSON.stringify(diagnosticReportBundle(signed, pdf), null, 2)}\n`;
  }

  async #unsigned(study: string): Promise<UnsignedStudy> {
    const { store: { db }, library, studies, clock } = this.#parts;
    library.study(study);
    const report = findReport(db, study);
    if (!report) throw new EngineError('report/not-open', 'There is no report in progress for this study', { subject: 'report', advice: 'Open the report; if it is signed, export it' });
    if (report.content.sentences.length === 0) throw new EngineError('report/empty', 'The report has no sentence', { subject: 'report', advice: 'Write the report first' });
    return { ...(await studies.asStored(study)), number: report.number, content: report.content, pack: report.draft?.pack ?? null, software, at: clock.now().toISOString() };
  }

  #audit(study: string, detail: { readonly format: string; readonly number: number; readonly files: number }, by: string | undefined): void {
    const { store: { db }, clock } = this.#parts;
    recordAudit(db, clock, 'exported', { study: studyMark(study), ...detail }, by);
  }
}

/** An addendum written without a draft says nothing of the pack; the report it belongs to does. */
const withPack = (reports: readonly SignedReport[], last: SignedReport): SignedReport => ({ ...last, pack: reports.find(({ pack }) => pack !== null)?.pack ?? null });

/** No name and no number of a patient: file names end up in logs and mails. */
const nameOf = (studyDate: string, study: string): string => `${studyDate === '' ? 'undated' : studyDate}-${studyMark(study).slice(0, 8)}`;

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const printed = ({ title, head, sections, keyImages, closing, mark }: Paper): PrintedReport => ({
  title, mark, head: head.map((row) => ({ ...row })), closing: [...closing],
  sections: sections.map(({ heading, sentences }) => ({ heading, sentences: [...sentences] })),
  keyImages: keyImages.map(({ png, caption }) => ({ png: new Uint8Array(png), caption })),
});

/** Whoever is signed in may export; nobody while the window is locked. */
export function exportingHandlers(exporting: Exporting, session: Session): Pick<Handlers, 'report.export' | 'report.draftCopy' | 'report.print'> {
  return {
    'report.export': async ({ study, number, format }) => exporting.export(study, number, format, session.requireAnyone()?.id),
    'report.draftCopy': async ({ study, format }) => exporting.draftCopy(study, format, session.requireAnyone()?.id),
    'report.print': async ({ study, number, signed }) => exporting.print(study, number, signed, session.requireAnyone()?.id),
  };
}
