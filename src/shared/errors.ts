/**
 * Errors as data: a code, a sentence, a subject and advice, so that the window, the command line and a log can each
 * say what happened and what to do, and so that an error keeps its code when it crosses a process boundary
 * (structured clone drops own fields of an `Error`). Codes are `area/what`; the list below is the whole vocabulary.
 */

/** Everything that can go wrong in a way a person can act on. Anything else is a bug and carries `bug/unexpected`. */
export const errorCodes = [
  // Reading files
  'import/not-found',
  'import/nothing-readable',
  'import/outside-folder',
  'import/no-space',
  'import/unknown-upload',
  'import/unwatchable',
  'import/unreachable',
  'dicom/not-dicom',
  'dicom/truncated',
  'dicom/bad-header',
  'dicom/declared-size',
  'dicom/no-pixels',
  'dicom/no-identifiers',
  'dicom/unsupported-transfer-syntax',
  'dicom/unsupported-pixels',
  'dicom/decode-failed',
  'dicom/decode-timeout',
  'nifti/unreadable',
  'archive/unreadable',
  // Geometry
  'volume/no-position',
  'volume/bad-spacing',
  'volume/mixed-orientations',
  'volume/duplicate-positions',
  'volume/uneven-spacing',
  'volume/missing-slices',
  'volume/several-volumes',
  'volume/mosaic',
  'volume/too-few-slices',
  'volume/mixed-sizes',
  'volume/too-large',
  'volume/sheared',
  'volume/flat',
  'volume/not-finite',
  // Choosing a series
  'select/no-t1c',
  'select/t1-instead',
  'select/no-image-series',
  'select/unknown-series',
  // Packs and models
  'pack/not-found',
  'pack/bad-manifest',
  'pack/missing-file',
  'pack/altered-file',
  'pack/bad-shape',
  'pack/unsupported-format',
  'pack/no-language-model',
  'pack/no-text-encoder',
  'pack/no-lesion-head',
  'pack/tied-embeddings',
  'models/bad-checkpoint',
  'models/refused-pickle',
  'models/legacy-checkpoint',
  'models/no-tensor',
  'models/wrong-weights',
  'models/bad-language-model',
  'models/no-space',
  'models/no-memory',
  'models/licence-not-accepted',
  'models/exists',
  'models/shipped',
  'onnx/provider-unavailable',
  'onnx/self-test-failed',
  'onnx/run-failed',
  'llm/load-failed',
  'llm/run-failed',
  // Processing by the app itself
  'processing/set-aside',
  // Store
  'store/open-failed',
  'store/newer-schema',
  'store/damaged',
  'store/locked',
  'store/no-space',
  'store/not-found',
  'search/no-cases',
  'search/not-encoded',
  'search/bad-query',
  'reports/bad-table',
  // Outputs of signed reports
  'outputs/nothing-to-write',
  'outputs/not-signed',
  'outputs/not-dicom',
  'outputs/folder-not-empty',
  'outputs/cannot-write',
  'outputs/no-geometry',
  // Readers and reports
  'reader/not-signed-in',
  'reader/not-allowed',
  'reader/refused',
  'reader/exists',
  'reader/unknown',
  'report/not-open',
  'report/not-signed',
  'report/no-draft',
  'report/read-first',
  'report/conflict',
  'report/empty',
  'report/undecided',
  'report/unconfirmed',
  // Audit trail
  'audit/broken',
  'audit/not-chained',
  'reports/bad-encoding',
  'reports/bad-message',
  'reports/not-final',
  'reports/empty',
  'reports/no-study',
  'reports/ambiguous',
  'reports/contradictory',
  'reports/two-patients',
  'reports/other-patient',
  // Filling and moving an archive
  'cases/no-report',
  'cases/mixed-study',
  'cases/outside',
  'cases/no-images',
  'cases/bad-export',
  'cases/other-pack',
  'report/unknown-flag',
  'report/no-text',
  // Transport, hosts and shells
  'bridge/bad-params',
  'bridge/unknown-method',
  'bridge/closed',
  'bridge/refused',
  'host/crashed',
  'host/stuck',
  'browser/not-found',
  'browser/no-loopback',
  // Use of the command line
  'cli/usage',
  'cli/cannot-write',
  // The caller asked for the work to stop; shown to nobody
  'cancelled',
  // A fault of ours
  'bug/unexpected',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What an error is about, and what the person reading it can do next. */
export interface ErrorAbout {
  /** The file, study, series, pack or method concerned, by a name the reader knows (never a patient's name). */
  readonly subject: string;
  /** One imperative sentence. */
  readonly advice: string;
}

/** A refusal or failure with a code a program can test and a sentence a person can read. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly about: ErrorAbout;

  constructor(code: ErrorCode, message: string, about: ErrorAbout, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.about = about;
  }
}

/** The fields of an {@link EngineError} that cross process boundaries. */
export interface ErrorData extends ErrorAbout {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The error the work of a caller who changed their mind ends with. */
export function cancelledError(subject: string): EngineError {
  return new EngineError('cancelled', 'Stopped on request', { subject, advice: 'Start it again when you want it' });
}

/** True for errors that mean "the caller asked for this to stop", whichever API raised them. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof EngineError) return error.code === 'cancelled';
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * Turns anything thrown into plain data. Unknown errors become `bug/unexpected`; their message is kept for the log,
 * since hiding it would leave nobody able to report the fault.
 */
export function toErrorData(error: unknown, subject: string): ErrorData {
  if (error instanceof EngineError) return { code: error.code, message: error.message, ...error.about };
  if (isCancelled(error)) return toErrorData(cancelledError(subject), subject);
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'bug/unexpected', message, subject, advice: 'Report this as a bug, with the log file' };
}

/** The inverse of {@link toErrorData}, for the far end of a pipe. */
export function fromErrorData(data: ErrorData): EngineError {
  return new EngineError(data.code, data.message, { subject: data.subject, advice: data.advice });
}
