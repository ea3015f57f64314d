/** One report as it came from a file, before it is known whose it is. */

export interface ReportRecord {
  /** The file, as the user knows it. */
  readonly source: string;
  /** Where in the file: `row 12`, `message 3, OBR 1`; empty where the file is the report. */
  readonly place: string;
  /** StudyInstanceUID, or empty. */
  readonly studyUid: string;
  /** Accession number, or empty. */
  readonly accession: string;
  /** The patient numbers it names, if any: one of them must be the study's. */
  readonly patients: readonly string[];
  /** Names of people it comes with (patient, physicians), for removing them from the text. */
  readonly people: readonly string[];
  /** When this version was issued, as digits that sort (YYYYMMDDHHMMSS); empty where the source has no versions. */
  readonly issued: string;
  readonly text: string;
}

/** Why something of a source is no report. */
export interface ReportProblem {
  readonly source: string;
  readonly place: string;
  readonly code: 'reports/bad-table' | 'reports/bad-encoding' | 'reports/bad-message' | 'reports/not-final' | 'reports/empty' | 'import/not-found' | 'dicom/bad-header';
  readonly reason: string;
}

export type ReportItem = ({ readonly kind: 'report' } & ReportRecord) | ({ readonly kind: 'problem' } & ReportProblem);
